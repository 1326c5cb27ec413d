/**
 * Gradients at the input of convolutions whose weights are the model's own, and of transposed ones. What they compute is
 * linear in the input, so the runtime's own forward kernels say the product with any direction.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { buildBackward, type BackwardModel, type Observed } from '../../../src/engine/child/autodiff/graph';
import { sizeOf } from '../../../src/tensor/shape';
import { mulberry } from '../../reference/gradients/check';
import { info, model, node, tensor } from '../engine/models';
import { testEngine } from '../engine/testEngine';
import { read } from '../onnx/memory';

interface Case {
  readonly what: string;
  readonly op: 'Conv' | 'ConvTranspose';
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly number[];
  readonly attributes: Readonly<Record<string, number | number[] | string>>;
  /** Whether weights are turned round once, when the session is made. */
  readonly folds: boolean;
  /** A batch norm comes after it. */
  readonly norm?: true;
}

const CASES: readonly Case[] = [
  {
    what: 'plain',
    op: 'Conv',
    x: [2, 16, 9, 11],
    w: [32, 16, 3, 3],
    y: [2, 32, 9, 11],
    attributes: { pads: [1, 1, 1, 1] },
    folds: true,
  },
  {
    what: 'grouped',
    op: 'Conv',
    x: [1, 12, 16, 16],
    w: [18, 4, 3, 3],
    y: [1, 18, 16, 16],
    attributes: { pads: [1, 1, 1, 1], group: 3 },
    folds: true,
  },
  {
    what: 'each channel alone',
    op: 'Conv',
    x: [1, 32, 16, 16],
    w: [32, 1, 3, 3],
    y: [1, 32, 16, 16],
    attributes: { pads: [1, 1, 1, 1], group: 32 },
    folds: true,
  },
  {
    what: 'dilated, padded unevenly',
    op: 'Conv',
    x: [1, 16, 17, 15],
    w: [16, 16, 3, 2],
    y: [1, 16, 16, 15],
    attributes: { pads: [1, 0, 2, 2], dilations: [2, 2] },
    folds: true,
  },
  {
    what: 'padded beyond the window’s reach',
    op: 'Conv',
    x: [1, 16, 17, 15],
    w: [16, 16, 3, 2],
    y: [1, 16, 16, 16],
    attributes: { pads: [1, 0, 2, 3], dilations: [2, 2] },
    folds: false,
  },
  {
    what: 'padded by name',
    op: 'Conv',
    x: [1, 8, 14, 14],
    w: [8, 8, 4, 4],
    y: [1, 8, 14, 14],
    attributes: { auto_pad: 'SAME_LOWER' },
    folds: true,
  },
  {
    what: 'in one dimension',
    op: 'Conv',
    x: [2, 4, 80],
    w: [6, 4, 5],
    y: [2, 6, 78],
    attributes: { pads: [1, 1] },
    folds: true,
  },
  {
    what: 'in three dimensions',
    op: 'Conv',
    x: [1, 2, 6, 6, 7],
    w: [3, 2, 3, 3, 3],
    y: [1, 3, 6, 6, 7],
    attributes: { pads: [1, 1, 1, 1, 1, 1] },
    folds: true,
  },
  {
    what: 'meeting few places',
    op: 'Conv',
    x: [1, 96, 4, 4],
    w: [96, 96, 3, 3],
    y: [1, 96, 4, 4],
    attributes: { pads: [1, 1, 1, 1] },
    folds: false,
  },
  {
    what: 'meeting few places with few weights',
    op: 'Conv',
    x: [1, 16, 4, 4],
    w: [16, 16, 3, 3],
    y: [1, 16, 4, 4],
    attributes: { pads: [1, 1, 1, 1] },
    folds: true,
  },
  {
    what: 'normed',
    op: 'Conv',
    x: [2, 16, 9, 11],
    w: [32, 16, 3, 3],
    y: [2, 32, 9, 11],
    attributes: { pads: [1, 1, 1, 1] },
    folds: true,
    norm: true,
  },
  {
    what: 'in steps, grouped and normed',
    op: 'Conv',
    x: [1, 6, 20, 21],
    w: [8, 3, 3, 3],
    y: [1, 8, 10, 11],
    attributes: { pads: [1, 1, 1, 1], strides: [2, 2], group: 2 },
    folds: true,
    norm: true,
  },
  {
    what: 'in steps',
    op: 'Conv',
    x: [1, 6, 20, 21],
    w: [8, 6, 3, 3],
    y: [1, 8, 10, 11],
    attributes: { pads: [1, 1, 1, 1], strides: [2, 2] },
    folds: false,
  },
  {
    what: 'in steps that leave places out',
    op: 'Conv',
    x: [2, 6, 22, 23],
    w: [6, 3, 2, 3],
    y: [2, 6, 8, 6],
    attributes: { pads: [2, 0, 0, 0], strides: [3, 4], group: 2 },
    folds: false,
  },
  {
    what: 'in steps along one axis',
    op: 'Conv',
    x: [1, 4, 16, 16],
    w: [4, 4, 3, 3],
    y: [1, 4, 16, 8],
    attributes: { pads: [1, 1, 1, 1], strides: [1, 2] },
    folds: false,
  },
  {
    what: 'transposed',
    op: 'ConvTranspose',
    x: [1, 6, 12, 12],
    w: [6, 4, 3, 3],
    y: [1, 4, 24, 24],
    attributes: { pads: [1, 1, 1, 1], strides: [2, 2], output_padding: [1, 1] },
    folds: false,
  },
];

const random = mulberry(11);
const noise = (dims: readonly number[]): TensorData => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: sizeOf(dims) }, () => random() * 2 - 1),
});
const numbers = ({ data }: TensorData): number[] => Array.from(data as Float32Array);
const product = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

/** loss = Σ r · Conv(x, w), normed or not; all but x is fixed. */
function weighed({ op, x, w, y, attributes, norm }: Case): Uint8Array {
  const channels = [y[1] ?? 1];
  const positive = noise(channels);
  const variance = { ...positive, data: Float32Array.from(numbers(positive), (v) => v * v + 0.1) };
  return model({
    nodes: [
      node(op, ['x', 'w'], ['y'], { kernel_shape: w.slice(2), ...attributes }),
      norm === true
        ? node('BatchNormalization', ['y', 'slope', 'shift', 'mean', 'variance'], ['n'])
        : node('Identity', ['y'], ['n']),
      node('Mul', ['n', 'r'], ['z']),
      node('ReduceSum', ['z'], ['loss'], { keepdims: 0 }),
    ],
    inputs: [info('x', 'float32', x)],
    outputs: [info('loss', 'float32', [])],
    weights: [
      tensor('w', noise(w)),
      tensor('r', noise(y)),
      ...['slope', 'shift', 'mean'].map((name) => tensor(name, noise(channels))),
      tensor('variance', variance),
    ],
  });
}

/** Its backward graph, from the gradient of the loss to that of x. */
async function builtFor(bytes: Uint8Array, { x, y }: Case): Promise<BackwardModel> {
  const seen = (dims: readonly number[]): Observed => ({ dtype: 'float32', dims });
  const observed = new Map([
    ['x', seen(x)],
    ...['y', 'n', 'z'].map((name) => [name, seen(y)] as const),
    ['loss', seen([])],
  ]);
  return buildBackward({ model: await read(bytes), observed }, ['x'], (_, declare) => ({
    seeds: new Map([['loss', declare('seed', 'float32', [])]]),
  }));
}

describe('gradients at the input of convolutions', function () {
  this.timeout(120_000);
  const engine = testEngine();
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-convolutions-'));
  });
  after(() => rm(folder, { recursive: true }));

  CASES.forEach((one, i) => {
    it(`give the product with any direction: ${one.what}`, async () => {
      const bytes = weighed(one);
      const { folds, parts, types } = await builtFor(bytes, one);
      assert.equal(folds, one.folds);
      // The loss is a product, and the norm's slope is a factor of the weights and of nothing else.
      const factors = parts.graph.nodes.filter(({ op, outputs: [made = ''] }) => {
        const type = types.get(made);
        return op === 'Mul' && type?.kind === 'tensor' && sizeOf(type.shape as number[]) === sizeOf(one.y);
      });
      assert.equal(factors.length, 1);
      const file = join(folder, `${String(i)}.onnx`);
      await writeFile(file, bytes);
      const { id } = await engine.open(file);
      const asked = { feeds: { x: noise(one.x) }, objective: 'loss', wrt: ['x'] };
      const { gradients } = await engine.gradient(id, asked);
      const gradient = numbers(await engine.tensor(gradients[0]?.handle ?? ''));
      const lossAt = async (x: TensorData): Promise<number> => {
        const { outputs } = await engine.run(id, { feeds: { x }, capture: [] });
        return numbers(await engine.tensor(outputs[0]?.handle ?? ''))[0] ?? Number.NaN;
      };
      const zeros = { ...noise(one.x), data: new Float32Array(sizeOf(one.x)) };
      const middle = await lossAt(zeros);
      for (let turn = 0; turn < 3; turn++) {
        const direction = noise(one.x);
        const said = (await lossAt(direction)) - middle;
        const along = numbers(direction);
        const scale = Math.sqrt(product(gradient, gradient) * product(along, along));
        assert.ok(Math.abs(said - product(gradient, along)) < 1e-6 * scale, `${String(said)} was run`);
      }
    });
  });
});
