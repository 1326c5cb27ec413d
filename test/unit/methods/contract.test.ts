/**
 * What every method promises, asked of each in the list and of a trivial one added here: it finishes on a tiny model,
 * stops when told, gives the same bytes for a seed, and never a figure without its control.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Method } from '../../../src/contract/method';
import { defaults } from '../../../src/methods/params';
import { methods } from '../../../src/methods';
import { isCancelled } from '../../../src/base/cancel';
import { methodsCommand } from '../../../src/cli/methods';
import { probeCommand } from '../../../src/cli/probe';
import { ask, engineWith, MODELS, noise } from './support';

/** One file's worth of a method: counts the elements of the first input. */
const counting: Method = {
  id: 'counting',
  title: 'How large is the input?',
  summary: 'Counts the elements of the first input.',
  paper: null,
  params: [{ name: 'times', type: 'integer', default: 1, min: 1, description: 'Counted this often.' }],
  appliesTo: (model) => model.graph.inputs.length > 0 || 'The model has no input.',
  async *run(context, params) {
    yield { progress: { done: 0, total: 1, text: 'Counting' } };
    const [name, feed] = Object.entries(context.feeds)[0] ?? ['', { data: [] }];
    await context.run({ feeds: context.feeds, capture: [], keep: false });
    yield {
      method: 'counting',
      title: `How large is ${name}?`,
      figures: [
        {
          kind: 'scalars',
          title: 'Elements',
          columns: ['quantity', 'value'],
          rows: [['elements', feed.data.length * Number(params['times'])]],
          control: { title: 'A random count', rows: [['elements', Math.floor(context.random() * 100)]] },
        },
      ],
      overlay: null,
      controls: ['Compared with a random number.'],
      caveats: ['It counts and does no more.'],
      provenance: { ...context.provenance, params },
    };
  },
};

const list: readonly Method[] = [...methods, counting];
const model = join(MODELS, 'mlp.onnx');
const feeds = { x: noise([2, 6], 3) };

for (const method of list) {
  describe(`the method ${method.id}`, function () {
    this.timeout(60_000);
    const params = defaults(method);

    it('describes itself', () => {
      assert.match(method.id, /^[a-z][a-z0-9-]*$/);
      assert.ok(method.title !== '' && /\.$/.test(method.summary));
      for (const { name, description } of method.params)
        assert.ok(/^\w+$/.test(name) && /\.$/.test(description));
    });

    it('finishes on a tiny model, with progress and findings that say all they should', async () => {
      const { findings, progress } = await ask(list, method.id, model, feeds, params);
      assert.ok(findings.length > 0 && progress.length > 0);
      for (const { done, total } of progress) assert.ok(done >= 0 && done <= total);
      for (const finding of findings) {
        assert.equal(finding.method, method.id);
        assert.ok(finding.caveats.length > 0 && finding.controls.length > 0 && finding.figures.length > 0);
        assert.equal(finding.provenance.model, 'mlp.onnx');
        assert.match(finding.provenance.modelHash, /^[0-9a-f]{64}$/);
        assert.deepEqual(Object.keys(finding.provenance.feeds), ['x']);
        assert.ok(Object.keys(finding.provenance.versions).includes('patchclamp'));
      }
    });

    it('never gives a figure without its control', async () => {
      const { findings } = await ask(list, method.id, model, feeds, params);
      for (const { columns, rows, control, title } of findings.flatMap(({ figures }) => figures)) {
        assert.ok(control !== null && control.title !== '', `${title} has no control`);
        assert.ok(rows.length > 0 && control.rows.length === rows.length, `${title}: rows`);
        for (const row of [...rows, ...control.rows]) assert.equal(row.length, columns.length);
        assert.notDeepEqual(control.rows, rows, `${title}: the control is the figure itself`);
      }
    });

    it('gives the same bytes for the same seed, and another control for another', async () => {
      const bytes = async (seed: number): Promise<string> =>
        JSON.stringify((await ask(list, method.id, model, feeds, params, seed)).findings);
      const first = await bytes(5);
      assert.equal(await bytes(5), first);
      assert.notEqual(await bytes(6), first);
    });

    it('stops when told, before it starts and while it runs', async () => {
      const before = new AbortController();
      before.abort();
      await assert.rejects(ask(list, method.id, model, feeds, params, 1, before.signal), isCancelled);
      const during = new AbortController();
      let told = 0;
      const running = ask(list, method.id, model, feeds, params, 1, during.signal, () => {
        told++;
        during.abort();
      });
      await assert.rejects(running, isCancelled);
      assert.equal(told, 1, 'it went on');
    });
  });
}

describe('a method in the list', function () {
  this.timeout(60_000);

  async function run(
    command: ReturnType<typeof methodsCommand>,
    args: readonly string[],
  ): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const lines: string[] = [];
    const { signal } = new AbortController();
    const code = await command.run(args, { out: (line) => lines.push(line), err: () => undefined, signal });
    return { code, lines };
  }

  it('is on the command line by being in the list', async () => {
    const { lines } = await run(methodsCommand(list), ['--json']);
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      told.map(({ id }) => id),
      list.map(({ id }) => id),
    );
    for (const one of told) {
      assert.deepEqual(Object.keys(one).sort(), ['id', 'paper', 'params', 'summary', 'title']);
      for (const param of one['params'] as object[])
        assert.deepEqual(Object.keys(param).sort(), ['default', 'description', 'name', 'type']);
    }
  });

  it('runs from the command line, a finding a line, the last one done', async () => {
    const probe = probeCommand(list, () => engineWith(list));
    const args = ['counting', model, '--feed', 'x=random:1', '--param', 'times=3', '--json'];
    const { code, lines } = await run(probe, args);
    assert.equal(code, 0);
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      found.map(({ done }) => done),
      [true],
    );
    const [finding = {}] = found;
    for (const field of ['method', 'title', 'figures', 'overlay', 'controls', 'caveats', 'provenance'])
      assert.ok(field in finding, field);
    const [figure] = finding['figures'] as { kind: string; rows: unknown[]; control: unknown }[];
    assert.deepEqual([figure?.kind, figure?.rows], ['scalars', [['elements', 36]]]);
  });

  it('is refused with what there is when it, its parameter or its value is unknown', async () => {
    const probe = probeCommand(list, () => engineWith(list));
    await assert.rejects(run(probe, ['nothing', model]), /Choose from attribution, counting/);
    await assert.rejects(run(probe, ['counting', model, '--param', 'size=3']), /It takes times/);
    await assert.rejects(run(probe, ['counting', model, '--param', 'times=0']), /at least 1/);
    await assert.rejects(
      run(probe, ['counting', model, '--param', 'times=many']),
      /cannot be "many"\. Give a whole number/,
    );
  });
});
