/** Gradients through branches, loops and functions, of what is not a number, and of what has none: by known answers. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GradientRequest, GradientResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { call, fn, graph, info, model, modelWith, node, tensor } from '../engine/models';
import { testEngine } from '../engine/testEngine';

const at = (...numbers: number[]): TensorData => ({
  dtype: 'float32',
  dims: [numbers.length],
  data: Float32Array.from(numbers),
});
const scalar = (value: number): TensorData => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
const count = (value: number): TensorData => ({
  dtype: 'int64',
  dims: [],
  data: BigInt64Array.of(BigInt(value)),
});
const truth = (value: boolean): TensorData => ({
  dtype: 'bool',
  dims: [],
  data: Uint8Array.of(value ? 1 : 0),
});

/** y = sum(x) > 0 ? x² : 3x */
function branching(): Uint8Array {
  const branch = (made: ReturnType<typeof node>) =>
    graph({ nodes: [made], outputs: [info('made', 'float32', ['n'])] });
  return model({
    nodes: [
      node('ReduceSum', ['x'], ['s'], { keepdims: 0 }),
      node('Greater', ['s', 'zero'], ['positive']),
      node('If', ['positive'], ['y'], {
        then_branch: branch(node('Mul', ['x', 'x'], ['made'])),
        else_branch: branch(node('Mul', ['x', 'three'], ['made'])),
      }),
    ],
    inputs: [info('x', 'float32', ['n'])],
    outputs: [info('y', 'float32', ['n'])],
    weights: [tensor('zero', scalar(0)), tensor('three', scalar(3))],
  });
}

/** state = x; n times: state = state · w, each state stacked; gives the last and all. */
function looping(): Uint8Array {
  const body = graph({
    nodes: [
      node('Mul', ['state', 'w'], ['next']),
      node('Identity', ['next'], ['seen']),
      node('Identity', ['go'], ['on']),
    ],
    inputs: [info('turn', 'int64', []), info('go', 'bool', []), info('state', 'float32', ['n'])],
    outputs: [info('on', 'bool', []), info('next', 'float32', ['n']), info('seen', 'float32', ['n'])],
  });
  return model({
    nodes: [node('Loop', ['times', 'yes', 'x'], ['last', 'all'], { body })],
    inputs: [info('x', 'float32', ['n']), info('w', 'float32', ['n']), info('times', 'int64', [])],
    outputs: [info('last', 'float32', ['n']), info('all', 'float32', ['turns', 'n'])],
    weights: [tensor('yes', truth(true))],
  });
}

describe('gradients where the graph is not a straight line', function () {
  this.timeout(120_000);
  const engine = testEngine();
  let folder = '';
  let files = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-flow-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function ask(
    bytes: Uint8Array,
    request: GradientRequest,
  ): Promise<GradientResult & { found: number[][] }> {
    const file = join(folder, `${String(files++)}.onnx`);
    await writeFile(file, bytes);
    const { id } = await engine.open(file);
    const result = await engine.gradient(id, request);
    const found: number[][] = [];
    for (const { handle } of result.gradients)
      found.push(Array.from((await engine.tensor(handle ?? '')).data as Float32Array));
    await engine.close(id);
    return { ...result, found };
  }

  it('takes the branch that the input takes', async () => {
    const request = { objective: 'sum(y)', wrt: ['x'] };
    assert.deepEqual((await ask(branching(), { ...request, feeds: { x: at(1, 2) } })).found, [[2, 4]]);
    assert.deepEqual((await ask(branching(), { ...request, feeds: { x: at(-1, -2) } })).found, [[3, 3]]);
  });

  it('says so when the way changes while an integral moves the input', async () => {
    const request: GradientRequest = {
      feeds: { x: at(1, 2) },
      objective: 'sum(y)',
      wrt: ['x'],
      integrated: { steps: 4, rule: 'gauss-legendre', baselines: { x: at(-3, -3) } },
    };
    await assert.rejects(
      ask(branching(), request),
      /steer the graph .*: "positive", made by Greater "Greater_positive", does/,
    );
  });

  it('writes a loop out as often as it turns', async () => {
    const feeds = { x: at(1, 2), w: at(3, 0.5), times: count(3) };
    const last = await ask(looping(), { feeds, objective: 'sum(last)', wrt: ['x', 'w'] });
    // x w³: w³ and 3 x w²
    assert.deepEqual(last.found, [
      [27, 0.125],
      [27, 1.5],
    ]);
    const all = await ask(looping(), { feeds, objective: 'all[1,0]', wrt: ['x', 'w'] });
    assert.deepEqual(all.found, [
      [9, 0],
      [6, 0],
    ]);
  });

  it('goes through local functions', async () => {
    const bytes = modelWith(
      [fn('Cube', ['v'], ['c'], [node('Mul', ['v', 'v'], ['q']), node('Mul', ['q', 'v'], ['c'])])],
      {
        nodes: [call('Cube', ['x'], ['y'])],
        inputs: [info('x', 'float32', ['n'])],
        outputs: [info('y', 'float32', ['n'])],
      },
    );
    assert.deepEqual((await ask(bytes, { feeds: { x: at(1, 2) }, objective: 'sum(y)', wrt: ['x'] })).found, [
      [3, 12],
    ]);
  });

  it('gives the product of the Hessian with a direction', async () => {
    const bytes = model({
      nodes: [node('Mul', ['x', 'x'], ['q']), node('Mul', ['q', 'x'], ['y'])],
      inputs: [info('x', 'float32', ['n'])],
      outputs: [info('y', 'float32', ['n'])],
    });
    const request = { feeds: { x: at(1, 2) }, objective: 'sum(y)', wrt: ['x'], along: { x: at(1, -1) } };
    assert.deepEqual((await ask(bytes, request)).found, [[6, -12]]);
  });

  it('says that a second derivative is zero where the first does not change', async () => {
    const bytes = model({
      nodes: [node('Add', ['x', 'x'], ['y'])],
      inputs: [info('x', 'float32', ['n'])],
      outputs: [info('y', 'float32', ['n'])],
    });
    const request = { feeds: { x: at(1, 2) }, objective: 'sum(y)', wrt: ['x'], along: { x: at(1, 1) } };
    const { found, notes } = await ask(bytes, request);
    assert.deepEqual(found, [[0, 0]]);
    assert.match(notes.join(), /does not change with "x"/);
  });

  it('traces what is not a number to the node whose way back makes it', async () => {
    const root = node('Sqrt', ['x'], ['root']);
    const bytes = model({
      nodes: [root, node('Mul', ['root', 'root'], ['y'])],
      inputs: [info('x', 'float32', ['n'])],
      outputs: [info('y', 'float32', ['n'])],
    });
    const { notes } = await ask(bytes, { feeds: { x: at(4, 0) }, objective: 'sum(y)', wrt: ['x'] });
    assert.match(notes.join(), /back through Sqrt "Sqrt_root"/);
  });

  it('names the value that was no number on the way there', async () => {
    const bytes = model({
      nodes: [node('Log', ['x'], ['l']), node('Mul', ['l', 'l'], ['y'])],
      inputs: [info('x', 'float32', ['n'])],
      outputs: [info('y', 'float32', ['n'])],
    });
    const { notes } = await ask(bytes, { feeds: { x: at(1, -1) }, objective: 'sum(y)', wrt: ['x'] });
    assert.match(notes.join(), /value "l", made by Log/);
  });

  it('refuses what has no gradient by operator and node, and says what to export', async () => {
    const bytes = model({
      nodes: [
        node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero']),
        node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n'])],
      outputs: [info('y', 'float32', ['n'])],
    });
    const request = { feeds: { x: at(1, 2) }, objective: 'sum(y)', wrt: ['x'] };
    await assert.rejects(
      ask(bytes, request),
      /DequantizeLinear "DequantizeLinear_y".*Export the float model/,
    );
  });

  it('refuses several objectives that differ in more than their indices', async () => {
    const request = { feeds: { x: at(1, 2) }, objective: ['y[0]', 'sum(y)'], wrt: ['x'] };
    await assert.rejects(ask(branching(), request), /not of one form/);
  });
});
