/** Attribution by known answers: what it adds up to, what it draws, and that its check can fail. */
import { create } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TensorProtoSchema } from 'onnx-buf';
import type { Finding, Params } from '../../../src/contract/method';
import type { TensorData } from '../../../src/contract/tensor';
import { uniform } from '../../../src/data/random';
import { methods } from '../../../src/methods';
import { attribution } from '../../../src/methods/attribution';
import { sumTo } from '../../../src/methods/maps';
import { defaults } from '../../../src/methods/params';
import { ranks, shuffledCopy, spearman } from '../../../src/methods/rank';
import { info, model, node, tensor } from '../engine/models';
import { externalTensor } from '../onnx/seeds';
import { ask, noise } from './support';

const floats = (dims: readonly number[], data: readonly number[]): TensorData => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from(data),
});

/** y = x w */
function linear(weights: readonly number[]): Uint8Array {
  return model({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    inputs: [info('x', 'float32', ['n', weights.length])],
    outputs: [info('y', 'float32', ['n', 1])],
    weights: [tensor('w', floats([weights.length, 1], weights))],
  });
}

describe('attribution', function () {
  this.timeout(120_000);
  let folder = '';
  let files = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-attribution-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function found(
    bytes: Uint8Array,
    feeds: Record<string, TensorData>,
    params: Params = {},
    seed = 1,
  ): Promise<Finding> {
    const file = join(folder, `${String(files++)}.onnx`);
    await writeFile(file, bytes);
    const asked = { ...defaults(attribution), ...params };
    const { findings } = await ask(methods, 'attribution', file, feeds, asked, seed);
    const [finding] = findings;
    assert.ok(finding);
    return finding;
  }

  it('gives a linear model’s terms, by either way, and they add up', async () => {
    for (const kind of ['integrated-gradients', 'gradient-x-activation']) {
      const { figures, title } = await found(linear([2, -1, 3]), { x: floats([1, 3], [1, 2, 4]) }, { kind });
      assert.equal(title, 'What drives y[0,0]?');
      const [bars, sums] = figures;
      assert.deepEqual(
        bars?.rows.map(([, value]) => value),
        [2, -2, 12],
      );
      const error = sums?.rows.find(([name]) => name === 'completeness error')?.[1];
      assert.ok(Number(error) < 1e-5);
    }
  });

  it('finds the same where weights lie in a file of their own', async () => {
    const weights = [2, -1, 3];
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(Float32Array.from(weights).buffer));
    const outside = model({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      inputs: [info('x', 'float32', ['n', 3])],
      outputs: [info('y', 'float32', ['n', 1])],
      weights: [create(TensorProtoSchema, externalTensor('w', [3, 1], 'weights.bin'))],
    });
    const x = floats([1, 3], [1, 2, 4]);
    assert.deepEqual((await found(outside, { x })).figures, (await found(linear(weights), { x })).figures);
  });

  it('shuffles weights, and not the numbers that say a size', async () => {
    const bytes = model({
      nodes: [
        node('Conv', ['x', 'w'], ['c']),
        node('Resize', ['c', '', 'scales'], ['r']),
        node('Mul', ['r', 'gain'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 1, 2, 2])],
      outputs: [info('y', 'float32', ['n', 2, 4, 6])],
      weights: [
        tensor('w', floats([2, 1, 1, 1], [1, -2])),
        tensor('scales', floats([4], [1, 1, 2, 3])),
        tensor('gain', noise([2, 4, 6], 1)),
      ],
    });
    for (let seed = 0; seed < 5; seed++) {
      const { figures } = await found(bytes, { x: floats([1, 1, 2, 2], [1, 2, 3, 4]) }, {}, seed);
      assert.ok(figures.some(({ title }) => title.startsWith('Model randomisation')));
    }
  });

  it('measures from another baseline', async () => {
    const { figures } = await found(linear([2, -1, 3]), { x: floats([1, 3], [1, 2, 4]) }, { baseline: '1' });
    assert.deepEqual(
      figures[0]?.rows.map(([, value]) => value),
      [0, -1, 9],
    );
  });

  it('says whether they add up: not on a path over which the objective leaps', async () => {
    const x = { x: floats([1, 3], [1, 2, 4]) };
    const { controls } = await found(linear([2, -1, 3]), x);
    assert.match(controls.join('\n'), /^Passed completeness/m);
    // All along the path the signs are the same, and at its start they are none.
    const signs = model({
      nodes: [
        node('Abs', ['x'], ['size']),
        node('Add', ['size', 'tiny'], ['above']),
        node('Div', ['x', 'above'], ['sign']),
        node('MatMul', ['sign', 'w'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 3])],
      outputs: [info('y', 'float32', ['n', 1])],
      weights: [tensor('w', floats([3, 1], [2, 1, 3])), tensor('tiny', floats([1], [1e-9]))],
    });
    const leaping = await found(signs, x);
    assert.match(leaping.controls.join('\n'), /^FAILED completeness.* off by 100 % of/m);
    const estimated = await found(signs, x, { kind: 'gradient-x-activation' });
    assert.ok(!/completeness/.test(estimated.controls.join()));
  });

  it('fails the check where the order of the weights does not matter to the map', async () => {
    const x = noise([1, 64], 5);
    const { controls } = await found(linear(new Array<number>(64).fill(2)), { x });
    assert.match(controls.join(), /^FAILED model randomisation/);
  });

  it('passes it where the map is made of the weights', async () => {
    const random = uniform(3);
    const weights = Array.from({ length: 64 }, () => 2 * random() - 1);
    const { controls } = await found(linear(weights), { x: noise([1, 64], 5) });
    assert.match(controls.join(), /^Passed model randomisation/);
  });

  it('draws heat over pictures and strips of tokens, summed over what they have no axis for', async () => {
    const picture = await found(
      model({
        nodes: [node('Mul', ['x', 'w'], ['z']), node('ReduceSum', ['z', 'axes'], ['y'], { keepdims: 0 })],
        inputs: [info('x', 'float32', ['n', 2, 3, 4])],
        outputs: [info('y', 'float32', ['n'])],
        weights: [
          tensor(
            'w',
            floats(
              [1, 2, 3, 4],
              Array.from({ length: 24 }, (_, i) => i - 7),
            ),
          ),
          tensor('axes', { dtype: 'int64', dims: [3], data: BigInt64Array.of(1n, 2n, 3n) }),
        ],
      }),
      { x: floats([1, 2, 3, 4], new Array<number>(24).fill(1)) },
    );
    assert.equal(picture.figures[0]?.kind, 'heatmap');
    assert.deepEqual(picture.figures[0].rows[0]?.slice(0, 3), [0, 0, -7 + 5]);
    const tokens = await found(
      model({
        nodes: [node('Gather', ['table', 'ids'], ['rows']), node('MatMul', ['rows', 'w'], ['y'])],
        inputs: [info('ids', 'int64', ['n', 's'])],
        outputs: [info('y', 'float32', ['n', 's', 1])],
        weights: [tensor('table', floats([3, 2], [1, 2, 3, 4, 5, 6])), tensor('w', floats([2, 1], [1, -3]))],
      }),
      { ids: { dtype: 'int64', dims: [1, 3], data: BigInt64Array.of(2n, 0n, 1n) } },
      { objective: 'sum(y)' },
    );
    assert.equal(tokens.figures[0]?.kind, 'tokens');
    assert.deepEqual(
      tokens.figures[0].rows.map(([, , value]) => value),
      [5 - 18, 1 - 6, 3 - 12],
    );
  });

  it('tells a model without anything to attribute to from others', () => {
    assert.match(
      String(attribution.appliesTo({ graph: { inputs: [], nodes: [] } } as never)),
      /no float input/,
    );
  });
});

describe('rank correlation', () => {
  it('is Spearman’s, with ties at their mean rank', () => {
    assert.deepEqual([...ranks([3, 1, 3, 2])], [2.5, 0, 2.5, 1]);
    assert.equal(spearman([1, 2, 3], [10, 20, 30]), 1);
    assert.equal(spearman([1, 2, 3], [3, 2, 1]), -1);
    // scipy.stats.spearmanr([1, 2, 2, 4, 7], [3, 1, 4, 4, 9])
    assert.ok(Math.abs(spearman([1, 2, 2, 4, 7], [3, 1, 4, 4, 9]) - 0.763157894736842) < 1e-12);
    assert.ok(Number.isNaN(spearman([1, 1], [1, 2])));
  });

  it('shuffles without losing anything', () => {
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = shuffledCopy(numbers, uniform(1));
    assert.notDeepEqual([...shuffled], numbers);
    assert.deepEqual(
      [...shuffled].sort((a, b) => a - b),
      numbers,
    );
  });

  it('sums over the axes that are not asked for', () => {
    assert.deepEqual([...sumTo(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3], [1])], [5, 7, 9]);
    assert.deepEqual([...sumTo(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3], [0])], [6, 15]);
    assert.deepEqual([...sumTo(Float64Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3], [1, 2])], [1, 2, 3, 4, 5, 6]);
  });
});
