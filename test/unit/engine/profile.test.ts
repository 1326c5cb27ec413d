/** Time per node, from the runtime's profile: every node that ran, by its own id, in a session of its own. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../../src/engine/child/engine';
import { call, floats, fn, info, model, modelWith, node, slowModel } from './models';

describe('time per node', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-profile-'));
  after(() => rmSync(folder, { recursive: true }));
  const engine = new Engine({ sessionBudget: 1e9, tensorBudget: 1e9, threads: 1 }, () => undefined).api();

  const open = async (name: string, bytes: Uint8Array): Promise<string> => {
    const file = join(folder, name);
    writeFileSync(file, bytes);
    return (await engine.open(file)).id;
  };

  it('has every node once, by its id, whatever it is called', async () => {
    const twice = model({
      nodes: [
        { ...node('Sub', ['x', 'x'], ['a']), name: 'same' },
        { ...node('Relu', ['a'], ['b']), name: 'same' },
        { ...node('Neg', ['b'], ['y']), name: '' },
      ],
      inputs: [info('x', 'float32', ['n', 3])],
      outputs: [info('y', 'float32', ['n', 3])],
    });
    const times = await engine.profile(await open('twice.onnx', twice), {
      feeds: { x: floats([2, 3], 0) },
      capture: [],
    });
    assert.deepEqual(
      times.map(({ node: id, op }) => [id, op]).sort(([a], [b]) => Number(a) - Number(b)),
      [
        [0, 'Sub'],
        [1, 'Relu'],
        [2, 'Neg'],
      ],
    );
    assert.ok(times.every(({ microseconds }) => Number.isInteger(microseconds) && microseconds >= 0));
  });

  it('finds the slow ones', async () => {
    const id = await open('slow.onnx', slowModel(3));
    const x = { ...floats([300, 300], 0), data: new Float32Array(90_000).fill(0.01) };
    const times = await engine.profile(id, { feeds: { x }, capture: [] });
    const spent = (op: string): number =>
      times.filter((time) => time.op === op).reduce((sum, { microseconds }) => sum + microseconds, 0);
    assert.ok(spent('MatMul') > spent('Identity'));
    assert.ok(spent('MatMul') > 0);
  });

  it('says which time no node of the file stands for', async () => {
    const bytes = modelWith([fn('Twice', ['a'], ['c'], [node('Add', ['a', 'a'], ['c'])])], {
      nodes: [call('Twice', ['x'], ['h']), node('Relu', ['h'], ['y'])],
      inputs: [info('x', 'float32', ['n', 3])],
      outputs: [info('y', 'float32', ['n', 3])],
    });
    const times = await engine.profile(await open('function.onnx', bytes), {
      feeds: { x: floats([2, 3], 0) },
      capture: [],
    });
    assert.ok(times.some(({ op, node: id }) => op === 'Relu' && id >= 0));
    const add = times.find(({ op }) => op === 'Add');
    assert.ok(add !== undefined, 'the body of the function ran');
  });

  it('leaves no file behind', () => {
    assert.deepEqual(
      readdirSync(process.cwd()).filter((name) => /profile.*\.json$/.test(name)),
      [],
    );
  });
});
