/** Methods from other people's modules: listed, run beside the tensors, and refused where they are not what they should be. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '../../../src/base/errors';
import { methodsCommand } from '../../../src/cli/methods';
import type { Command } from '../../../src/cli/options';
import { probeCommand } from '../../../src/cli/probe';
import { methods } from '../../../src/methods';
import { Contributed, loadMethods } from '../../../src/methods/contributed';
import { METHOD_IDS } from '../../../src/methods/ids';
import { MethodList } from '../../../src/methods/methodList';
import { engineWith, MODELS } from './support';

const MODULE = join(__dirname, '../../fixtures/methods/counting.cjs');
const MODEL = join(MODELS, 'mlp.onnx');

describe('methods from a module', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-methods-'));
  after(() => rmSync(folder, { recursive: true }));

  const run = async (command: Command, args: readonly string[]): Promise<readonly string[]> => {
    const lines: string[] = [];
    const { signal } = new AbortController();
    const code = await command.run(args, { out: (line) => lines.push(line), err: () => undefined, signal });
    assert.equal(code, 0);
    return lines;
  };
  const probe = probeCommand(methods, () => engineWith(methods));

  it('cannot take an id of Patchclamp’s own, which is known before these are loaded', () => {
    assert.deepEqual(
      methods.map(({ id }) => id),
      METHOD_IDS,
    );
    const id = METHOD_IDS[0] ?? '';
    const file = join(folder, 'taken.cjs');
    writeFileSync(
      file,
      `exports.methods = [{ ...require(${JSON.stringify(MODULE)}).methods[0], id: '${id}' }];`,
    );
    assert.throws(() => new Contributed().add(file), {
      code: 'usage',
      message: new RegExp(`"${id}", which there is already`),
    });
  });

  it('stand in the list until they are taken back, and never twice', () => {
    const list = new MethodList();
    const own = list.all.map(({ id }) => id);
    const added = list.add(MODULE);
    assert.deepEqual(
      list.all.map(({ id }) => id),
      [...own, 'counting', 'careless'],
    );
    const counting = list.all.find(({ id }) => id === 'counting');
    assert.ok(counting);
    assert.equal(list.moduleOf(counting), MODULE);
    assert.throws(() => list.add(MODULE), { code: 'usage', message: /"counting", which there is already/ });
    added.dispose();
    assert.deepEqual(
      list.all.map(({ id }) => id),
      own,
    );
  });

  it('are on the command line with --methods, and run in the engine that has never heard of them', async () => {
    const told = await run(methodsCommand(methods), ['--methods', MODULE]);
    assert.ok(told.some((line) => line.startsWith('counting  Counts')));
    const args = ['counting', MODEL, '--feed', 'x=random:1', '--param', 'times=3'];
    const [line = ''] = await run(probe, [...args, '--methods', MODULE, '--json']);
    const { figures, done } = JSON.parse(line) as { figures: { rows: unknown[] }[]; done: boolean };
    assert.equal(done, true);
    const [[, count] = []] = (figures[0]?.rows ?? []) as [string, number][];
    assert.ok(count !== undefined && count > 0 && count % 3 === 0, String(count));
    await assert.rejects(run(probe, args), { code: 'usage', message: /no method "counting"/ });
  });

  it('show no finding without its control', async () => {
    const args = ['careless', MODEL, '--feed', 'x=random:1', '--methods', MODULE];
    await assert.rejects(run(probe, args), {
      code: 'internal',
      message: /A finding of “How large is the input \(careless\)\?” gives the figure "Elements" no control/,
    });
  });

  it('are refused with what is wrong with them', () => {
    const refused = (code: string): string => {
      const file = join(folder, `${String(Math.random()).slice(2)}.cjs`);
      writeFileSync(file, code);
      try {
        loadMethods(file);
      } catch (error) {
        if (isFailure(error) && error.code === 'usage') return error.message;
        throw error;
      }
      return '';
    };
    assert.match(refused('exports.methods = [];'), /exports no array `methods`/);
    assert.match(refused('syntax error('), /cannot be loaded: /);
    assert.match(refused('throw new Error("in a bad mood")'), /cannot be loaded: in a bad mood/);
    const method = 'id: "mine", title: "Mine", summary: "It is mine.", paper: null, params: []';
    assert.match(
      refused(`exports.methods = [{ ${method} }];`),
      /"mine" without the functions appliesTo and run/,
    );
    const whole = `${method}, appliesTo() { return true; }, async *run() {}`;
    assert.equal(refused(`exports.methods = [{ ${whole} }];`), '');
    assert.match(refused(`exports.methods = [{ ${whole}, id: "My method" }];`), /number 1.*small letters/);
    assert.match(refused(`exports.methods = [{ ${whole}, summary: "Mine" }];`), /no sentence/);
    assert.match(refused(`exports.methods = [{ ${whole}, params: [{ name: "a" }] }];`), /parameter 1 lacks/);
    assert.throws(() => loadMethods('counting.cjs'), { message: /Give an absolute path/ });
    assert.throws(() => loadMethods(join(folder, 'none.cjs')), { message: /cannot be loaded/ });
  });
});
