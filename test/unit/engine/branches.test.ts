/** Branches inside loops: what only some iterations make is stacked over those, changed in those, and told of as such. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRequest, RunResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { graph, info, model, node, tensor } from './models';
import { testEngine } from './testEngine';

const number = (name: string, value: number): ReturnType<typeof tensor> =>
  tensor(name, { dtype: 'float32', dims: [], data: Float32Array.of(value) });
const whole = (name: string, value: bigint): ReturnType<typeof tensor> =>
  tensor(name, { dtype: 'int64', dims: [], data: BigInt64Array.of(value) });
const trips = { trips: { dtype: 'int64' as const, dims: [], data: BigInt64Array.of(4n) } };
const line = (...values: number[]): TensorData => ({
  dtype: 'float32',
  dims: [values.length],
  data: Float32Array.from(values),
});

/** Iterations 0 and 2 double what they have, 1 and 3 add 1 to it. Nobody states a shape inside. */
const stepping = (outer?: ReturnType<typeof graph>): ReturnType<typeof graph> =>
  graph({
    nodes: [
      node('Mod', ['i', 'two'], ['rest']),
      node('Cast', ['rest'], ['odd'], { to: 9 }),
      node('If', ['odd'], ['next'], {
        then_branch: graph({
          nodes: [node('Add', ['acc', 'one'], ['more']), node('Identity', ['more'], ['t'])],
          outputs: [info('t')],
          weights: [number('one', 1)],
        }),
        else_branch:
          outer ?? graph({ nodes: [node('Add', ['acc', 'acc'], ['twice'])], outputs: [info('twice')] }),
      }),
      node('Identity', ['go'], ['going']),
    ],
    inputs: [info('i', 'int64', []), info('go', 'bool', []), info('acc', 'float32')],
    outputs: [info('going', 'bool', []), info('next', 'float32')],
    weights: [whole('two', 2n)],
  });

const loop = (body: ReturnType<typeof graph>): Uint8Array =>
  model({
    nodes: [node('Loop', ['trips', '', 'x'], ['y'], { body })],
    inputs: [info('x', 'float32', ['n']), info('trips', 'int64', [])],
    outputs: [info('y', 'float32', ['n'])],
  });

describe('branches inside loops', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-branches-'));
  const api = testEngine({ sessionBudget: 1 << 24, tensorBudget: 1 << 24 });
  let count = 0;
  after(() => rmSync(folder, { recursive: true }));

  const open = async (bytes: Uint8Array): Promise<string> => {
    const file = join(folder, `${String(count++)}.onnx`);
    writeFileSync(file, bytes);
    return (await api.open(file)).id;
  };
  const feeds = { x: line(1, 10), ...trips };
  const run = (id: string, request: Partial<RunRequest>): Promise<RunResult> =>
    api.run(id, { feeds, capture: [], ...request });
  const numbers = async ({ captures, outputs }: RunResult, site: string): Promise<number[]> => {
    const found = [...captures, ...outputs].find((captured) => captured.site === site);
    assert.ok(found?.handle, `"${site}" was given out`);
    return Array.from((await api.tensor(found.handle)).data as Float32Array);
  };

  it('are stacked over the iterations that take them, and say which those are', async () => {
    const id = await open(loop(stepping()));
    const capture = ['more', 'twice', 'more#1', 'more@iteration=3', 'more@iteration=0', 'one'];
    const result = await run(id, { capture });
    assert.deepEqual(await numbers(result, 'y'), [7, 43]);
    assert.equal(result.check, 'equal');
    assert.deepEqual(await numbers(result, 'more'), [3, 21, 7, 43]);
    assert.deepEqual(await numbers(result, 'twice'), [2, 20, 6, 42]);
    assert.deepEqual(await numbers(result, 'more#1'), [21, 43]);
    assert.deepEqual(await numbers(result, 'more@iteration=3'), [7, 43]);
    assert.deepEqual(await numbers(result, 'one'), [1, 1]);
    assert.deepEqual(
      [result.captures[0]?.dims, result.captures[0]?.axes],
      [
        [2, 2],
        ['iteration', 'unit'],
      ],
    );
    assert.equal(result.captures[4]?.handle, null);
    assert.match(result.notes.join('\n'), /^"more" is made by iterations 1, 3 of 4, counted from 0: /);
    assert.match(result.notes.join('\n'), /"more@iteration=0" was not computed: iteration 0 does not take/);
    // Alone, without outputs, it is held against a run of the whole model.
    const cut = await run(id, { capture: ['more'], outputs: [] });
    assert.deepEqual([await numbers(cut, 'more'), cut.check], [[3, 21, 7, 43], 'equal']);
  });

  it('are changed in the iterations that take them', async () => {
    const id = await open(loop(stepping()));
    const set = await run(id, {
      capture: ['more', 'more!raw'],
      interventions: [{ kind: 'set', site: 'more#0', value: 0 }],
    });
    assert.deepEqual([await numbers(set, 'y'), set.check], [[0, 43], 'equal']);
    assert.deepEqual(await numbers(set, 'more'), [0, 21, 0, 43]);
    assert.deepEqual(await numbers(set, 'more!raw'), [3, 21, 1, 43]);
    const scaled = await run(id, { interventions: [{ kind: 'scale', site: 'twice', factor: 0.5 }] });
    assert.deepEqual([await numbers(scaled, 'y'), scaled.check], [[3, 12], 'equal']);
    const weight = await run(id, { interventions: [{ kind: 'set', site: 'one', value: 5 }] });
    assert.deepEqual(await numbers(weight, 'y'), [19, 55]);
  });

  it('that an intervention closes are said not to be taken, and those it opens are seen', async () => {
    const id = await open(loop(stepping()));
    const never = await run(id, {
      capture: ['more'],
      interventions: [
        { kind: 'set', site: 'odd', value: 0 },
        { kind: 'scale', site: 'more', factor: 3 },
      ],
    });
    assert.deepEqual([await numbers(never, 'y'), never.check], [[16, 160], 'equal']);
    assert.equal(never.captures[0]?.handle, null);
    assert.match(never.notes.join('\n'), /"more" was not computed: the branch that makes it was not taken\./);
    assert.match(never.notes.join('\n'), /"more" lies in a branch that was not taken: .* no effect/);
    const always = await run(id, {
      capture: ['more'],
      interventions: [{ kind: 'set', site: 'odd', value: 1 }],
    });
    assert.deepEqual(await numbers(always, 'more'), [2, 11, 3, 12, 4, 13, 5, 14]);
    assert.equal(
      always.notes.some((note) => note.includes('is made by')),
      false,
    );
  });

  it('of changing shapes are refused with the reason', async () => {
    const growing = graph({
      nodes: [node('Concat', ['acc', 'acc'], ['twice'], { axis: 0 })],
      outputs: [info('twice')],
    });
    const id = await open(loop(stepping(growing)));
    assert.equal((await numbers(await run(id, {}), 'y')).length, 8);
    await assert.rejects(run(id, { capture: ['twice'] }), {
      code: 'unsupported',
      message: /^"twice" changes its shape from one iteration to the next/,
    });
  });

  it('leave a Scan whose body does not infer its shapes behind an intervention', async () => {
    const body = graph({
      nodes: [node('Add', ['acc', 'row'], ['sum']), node('Neg', ['sum'], ['out'])],
      inputs: [info('acc', 'float32', [2]), info('row', 'float32', [2])],
      outputs: [info('sum', 'float32', [2]), info('out', 'float32', [2])],
    });
    const id = await open(
      model({
        nodes: [node('Scan', ['start', 'x'], ['last', 'y'], { body, num_scan_inputs: 1 })],
        inputs: [info('start', 'float32', [2]), info('x', 'float32', ['n', 2])],
        outputs: [info('y', 'float32', ['n', 2])],
      }),
    );
    const rows: TensorData = { dtype: 'float32', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const result = await run(id, {
      feeds: { start: line(1, 1), x: rows },
      capture: ['acc', 'acc!raw', 'sum'],
      interventions: [{ kind: 'scale', site: 'acc', factor: 10 }],
    });
    assert.deepEqual(await numbers(result, 'acc!raw'), [1, 1, 11, 12]);
    assert.deepEqual(await numbers(result, 'acc'), [10, 10, 110, 120]);
    assert.deepEqual([await numbers(result, 'y'), result.check], [[-11, -12, -113, -124], 'equal']);
  });
});
