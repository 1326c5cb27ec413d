/** Time per node, from the runtime's profile: every node that ran, by its own id, in a session of its own. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, floats, fn, graph, info, model, modelWith, node, slowModel } from './models';
import { nameUniquely, timesOf, type ProfileEvent } from '../../../src/engine/child/profile';
import { openLocal } from '../../../src/onnx/files';
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

  it('has times that are spent: more than none, and no more than the whole took', async () => {
    const id = await open('slow.onnx', slowModel(20));
    const x = { ...floats([300, 300], 0), data: new Float32Array(90_000).fill(0.01) };
    const start = performance.now();
    const times = await engine.profile(id, { feeds: { x }, capture: [] });
    const whole = 1000 * (performance.now() - start);
    const sum = times.reduce((all, { microseconds }) => all + microseconds, 0);
    assert.equal(times.length, 41);
    assert.ok(sum > 0 && sum <= whole, `${String(sum)} of ${String(whole)}`);
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

  it('has the nodes inside a body and a function once each, however often they ran', async () => {
    const square = graph({
      nodes: [
        node('Identity', ['go'], ['again']),
        node('MatMul', ['h', 'h'], ['p']),
        node('Tanh', ['p'], ['next']),
      ],
      inputs: [info('i', 'int64', []), info('go', 'bool', []), info('h', 'float32', [20, 20])],
      outputs: [info('again', 'bool', []), info('next', 'float32', [20, 20])],
    });
    const bytes = modelWith([fn('Twice', ['a'], ['c'], [node('Sqrt', ['a'], ['c'])])], {
      nodes: [
        call('Twice', ['x'], ['once']),
        call('Twice', ['once'], ['twice']),
        node('Loop', ['times', 'yes', 'twice'], ['y'], { body: square }),
      ],
      inputs: [info('x', 'float32', [20, 20]), info('times', 'int64', []), info('yes', 'bool', [])],
      outputs: [info('y', 'float32', [20, 20])],
    });
    const id = await open('loop.onnx', bytes);
    const times = await engine.profile(id, {
      feeds: {
        x: { dtype: 'float32', dims: [20, 20], data: new Float32Array(400).fill(0.01) },
        times: { dtype: 'int64', dims: [], data: BigInt64Array.of(3n) },
        yes: { dtype: 'bool', dims: [], data: Uint8Array.of(1) },
      },
      capture: [],
    });
    assert.ok(times.every(({ node: row }) => row >= 0));
    assert.deepEqual(times.map(({ op }) => op).sort(), ['Identity', 'Loop', 'MatMul', 'Sqrt', 'Tanh']);
  });

  it('adds up the turns of the last run, and takes from a loop what its body took', async () => {
    const body = graph({
      nodes: [node('Identity', ['go'], ['again']), node('MatMul', ['h', 'h'], ['next'])],
      inputs: [info('i', 'int64', []), info('go', 'bool', []), info('h', 'float32', [2, 2])],
      outputs: [info('again', 'bool', []), info('next', 'float32', [2, 2])],
    });
    const bytes = model({
      nodes: [node('Relu', ['x'], ['r']), node('Loop', ['times', 'yes', 'r'], ['y'], { body })],
      inputs: [info('x', 'float32', [2, 2]), info('times', 'int64', []), info('yes', 'bool', [])],
      outputs: [info('y', 'float32', [2, 2])],
    });
    const file = join(folder, 'turns.onnx');
    writeFileSync(file, bytes);
    const { skeleton, source } = await openLocal(file);
    await source.close();
    const { nodes } = nameUniquely(skeleton.graph);
    const nameOf = (op: string): string =>
      [...nodes].find(([, { id }]) => skeleton.nodes[id]?.op === op)?.[0] ?? 'none';
    const kernel = (op: string, ts: number, dur: number): ProfileEvent => ({
      cat: 'Node',
      name: `${nameOf(op)}_kernel_time`,
      ts,
      dur,
      args: { op_name: op },
    });
    // As the runtime writes them: a line per run and per kernel, microseconds, the body's kernels before their loop's.
    const events: ProfileEvent[] = [
      { cat: 'Session', name: 'model_run', ts: 100, dur: 900 },
      kernel('Relu', 110, 500),
      kernel('MatMul', 620, 70),
      kernel('Loop', 615, 300),
      { cat: 'Session', name: 'model_run', ts: 2000, dur: 200 },
      kernel('Relu', 2010, 5),
      { cat: 'Node', name: `${nameOf('Relu')}_fence_before`, ts: 2010, dur: 40 },
      kernel('Identity', 2021, 1),
      kernel('MatMul', 2022, 30),
      kernel('Identity', 2053, 2),
      kernel('MatMul', 2056, 20),
      kernel('Loop', 2020, 64),
      { cat: 'Node', name: 'reorder_kernel_time', ts: 2090, dur: 7, args: { op_name: 'ReorderOutput' } },
    ];
    const told = timesOf(skeleton, nodes, events).map(({ node: id, name, op, microseconds }) => ({
      op,
      microseconds,
      ...(id < 0 ? { name } : {}),
    }));
    assert.deepEqual(
      told.sort((a, b) => a.op.localeCompare(b.op)),
      [
        { op: 'Identity', microseconds: 3 },
        { op: 'Loop', microseconds: 64 - 53 },
        { op: 'MatMul', microseconds: 50 },
        { op: 'Relu', microseconds: 5 },
        { op: 'ReorderOutput', microseconds: 7, name: 'reorder' },
      ],
    );
  });

  it('leaves no file behind', () => {
    assert.deepEqual(
      readdirSync(process.cwd()).filter((name) => /profile.*\.json$/.test(name)),
      [],
    );
  });
});
