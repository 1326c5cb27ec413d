/** Time per node, from the runtime's profile: every node that ran, by its own id, in a session of its own. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, floats, fn, graph, info, model, modelWith, node, slowModel } from './models';
import { testEngine } from './testEngine';

describe('time per node', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-profile-'));
  after(() => rmSync(folder, { recursive: true }));
  const engine = testEngine();

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
    assert.deepEqual(times.map(({ op }) => op).sort(), ['Add', 'Relu']);
  });

  it('adds up the iterations of a body and the calls of a function, at the nodes inside', async () => {
    const square = graph({
      nodes: [
        node('Identity', ['go'], ['again']),
        node('MatMul', ['h', 'h'], ['p']),
        node('Tanh', ['p'], ['next']),
      ],
      inputs: [info('i', 'int64', []), info('go', 'bool', []), info('h', 'float32', [200, 200])],
      outputs: [info('again', 'bool', []), info('next', 'float32', [200, 200])],
    });
    const bytes = modelWith([fn('Twice', ['a'], ['c'], [node('Sqrt', ['a'], ['c'])])], {
      nodes: [
        call('Twice', ['x'], ['once']),
        call('Twice', ['once'], ['twice']),
        node('Loop', ['times', 'yes', 'twice'], ['y'], { body: square }),
      ],
      inputs: [info('x', 'float32', [200, 200]), info('times', 'int64', []), info('yes', 'bool', [])],
      outputs: [info('y', 'float32', [200, 200])],
    });
    const id = await open('loop.onnx', bytes);
    const profile = async (turns: bigint): Promise<Map<string, number>> => {
      const times = await engine.profile(id, {
        feeds: {
          x: { dtype: 'float32', dims: [200, 200], data: new Float32Array(40_000).fill(0.01) },
          times: { dtype: 'int64', dims: [], data: BigInt64Array.of(turns) },
          yes: { dtype: 'bool', dims: [], data: Uint8Array.of(1) },
        },
        capture: [],
      });
      assert.ok(times.every(({ node: row }) => row >= 0));
      return new Map(times.map(({ op, microseconds }) => [op, microseconds]));
    };
    const few = await profile(2n);
    const many = await profile(40n);
    assert.deepEqual([...many.keys()].sort(), ['Identity', 'Loop', 'MatMul', 'Sqrt', 'Tanh']);
    // Twenty times the turns; a loaded machine blurs that, but never to less than four.
    assert.ok((many.get('MatMul') ?? 0) > 4 * (few.get('MatMul') ?? Infinity));
    // What the loop's body took is not the loop's own.
    assert.ok((many.get('Loop') ?? Infinity) < (many.get('MatMul') ?? 0) + (many.get('Tanh') ?? 0));
  });

  it('leaves no file behind', () => {
    assert.deepEqual(
      readdirSync(process.cwd()).filter((name) => /profile.*\.json$/.test(name)),
      [],
    );
  });
});
