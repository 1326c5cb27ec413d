/**
 * Gradients through a ReLU that a maximum pool reads: stopped where it won, they are those of a pool that cannot know
 * what it reads. Ties, zeros and NaN among the numbers.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { buildBackward } from '../../../src/engine/child/autodiff/graph';
import { sizeOf } from '../../../src/tensor/shape';
import { mulberry } from '../../reference/gradients/check';
import { info, model, node, tensor } from '../engine/models';
import { testEngine } from '../engine/testEngine';
import { read } from '../onnx/memory';

const IN = [2, 3, 8, 8];
const OUT = [2, 3, 4, 4];
const WINDOWS: Readonly<Record<string, Readonly<Record<string, number[]>>>> = {
  'that lie apart': { kernel_shape: [2, 2], strides: [2, 2] },
  'that overlap': { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
};

const random = mulberry(5);
const floats = (dims: readonly number[], make: () => number): TensorData => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: sizeOf(dims) }, make),
});
const weights = floats(OUT, () => random() * 2 - 1);

/** loss = Σ r · pool(relu(x)) [+ Σ relu(x)²], the pool reading the ReLU through as many other nodes. */
function pooled(window: Readonly<Record<string, number[]>>, between: boolean, twice: boolean): Uint8Array {
  return model({
    nodes: [
      node('Relu', ['x'], ['h']),
      ...(between ? [node('Add', ['h', 'nothing'], ['read'])] : []),
      node('MaxPool', [between ? 'read' : 'h'], ['y'], window),
      node('Mul', ['y', 'r'], ['z']),
      node('ReduceSum', ['z'], ['sum'], { keepdims: 0 }),
      ...(twice ? [node('ReduceSumSquare', ['h'], ['more'], { keepdims: 0 })] : []),
      node('Add', ['sum', twice ? 'more' : 'nothing'], ['loss']),
    ],
    inputs: [info('x', 'float32', IN)],
    outputs: [info('loss', 'float32', [])],
    weights: [
      tensor('r', weights),
      tensor(
        'nothing',
        floats([], () => 0),
      ),
    ],
  });
}

describe('gradients through a ReLU and a maximum pool', function () {
  this.timeout(120_000);
  const engine = testEngine();
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-pools-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function gradients(bytes: Uint8Array, x: TensorData, wrt: readonly string[]): Promise<number[][]> {
    const file = join(folder, 'model.onnx');
    writeFileSync(file, bytes);
    const { id } = await engine.open(file);
    const answer = await engine.gradient(id, { feeds: { x }, objective: 'loss', wrt });
    const found = [];
    for (const { handle } of answer.gradients)
      found.push(Array.from((await engine.tensor(handle ?? '')).data as Float32Array));
    return found;
  }

  for (const [what, window] of Object.entries(WINDOWS)) {
    it(`are the same where a node lies between: windows ${what}`, async () => {
      for (const number of [
        () => Math.round(random() * 6 - 3),
        () => (random() < 0.2 ? NaN : random() - 0.5),
      ]) {
        const x = floats(IN, number);
        for (const twice of [false, true]) {
          const ours = await gradients(pooled(window, false, twice), x, ['x', 'h']);
          assert.deepEqual(ours, await gradients(pooled(window, true, twice), x, ['x', 'h']));
          assert.ok(ours[0]?.some((slope) => slope !== 0));
        }
      }
    });

    it(`are stopped in few places: windows ${what}`, async () => {
      const seen = (dims: readonly number[]) => ({ dtype: 'float32' as const, dims });
      const observed = new Map([
        ...['x', 'h'].map((name) => [name, seen(IN)] as const),
        ...['y', 'z'].map((name) => [name, seen(OUT)] as const),
        ...['sum', 'loss'].map((name) => [name, seen([])] as const),
      ]);
      const line = { model: await read(pooled(window, false, false)), observed };
      const { parts, types } = buildBackward(line, ['x'], (_, declare) => ({
        seeds: new Map([['loss', declare('seed', 'float32', [])]]),
      }));
      const stops = parts.graph.nodes
        .filter(({ op }) => op === 'Where')
        .map(({ outputs }) => types.get(outputs[0] ?? ''));
      assert.deepEqual(stops, [{ kind: 'tensor', dtype: 'float32', shape: OUT }]);
    });
  }
});
