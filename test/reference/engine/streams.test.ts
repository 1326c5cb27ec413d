/** Reductions of streams against NumPy (generate_streams.py), one example a run, many a run, and rows pushed together. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reduced, Reduction, StreamResult } from '../../../src/contract/stream';
import type { TensorData } from '../../../src/contract/tensor';
import { info, model, node, tensor } from '../../unit/engine/models';
import { testEngine } from '../../unit/engine/testEngine';

type Numbers = readonly number[];

interface Golden {
  readonly x: Numbers;
  readonly moments: Readonly<Record<'mean' | 'std' | 'min' | 'max', Numbers>>;
  readonly momentsByPosition: Readonly<Record<'mean' | 'std', Numbers>>;
  readonly top: Readonly<Record<'values' | 'examples' | 'places', Numbers>>;
  readonly direction: Numbers;
  readonly leastDot: Readonly<Record<'values' | 'examples' | 'places', Numbers>>;
  readonly histogram: Readonly<Record<'counts' | 'below' | 'above', Numbers>>;
  readonly quantile: Numbers;
  readonly covariance: Readonly<Record<'mean' | 'covariance', Numbers>>;
  readonly dot: Numbers;
  readonly unit3: Numbers;
}

const golden = JSON.parse(readFileSync(join(__dirname, 'streams.json'), 'utf8')) as Golden;
const EXAMPLES = 7;
const direction: TensorData = { dtype: 'float32', dims: [5], data: Float32Array.from(golden.direction) };
const AT = [0, 0.1, 0.5, 0.99, 1];

const REDUCTIONS: readonly Reduction[] = [
  { kind: 'moments', site: 'y', per: 'unit' },
  { kind: 'moments', site: 'y', per: 'position' },
  { kind: 'top', site: 'y', per: 'unit', k: 3 },
  { kind: 'top', site: 'y', k: 3, least: true, direction },
  { kind: 'histogram', site: 'y', per: 'unit', from: 5, to: 20, bins: 6 },
  { kind: 'quantile', site: 'y', per: 'unit', at: AT },
  { kind: 'covariance', site: 'y', per: 'unit' },
  { kind: 'summary', site: 'y' },
  { kind: 'each', site: 'y', direction },
  { kind: 'moments', site: 'y#3' },
];

/** y = 3 x - 1, after a MatMul with the identity, which tells that the last axis counts units. */
function line(batch: string | number): Uint8Array {
  const eye = Float32Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 1 : 0));
  const one = (value: number): TensorData => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) });
  return model({
    nodes: [
      node('MatMul', ['x', 'eye'], ['h']),
      node('Mul', ['h', 'three'], ['m']),
      node('Sub', ['m', 'one'], ['y']),
    ],
    inputs: [info('x', 'float32', [batch, 4, 5])],
    outputs: [info('y', 'float32', [batch, 4, 5])],
    weights: [
      tensor('eye', { dtype: 'float32', dims: [5, 5], data: eye }),
      tensor('three', one(3)),
      tensor('one', one(1)),
    ],
  });
}

function rows(from: number, count: number): Readonly<Record<string, TensorData>> {
  const data = Float32Array.from(golden.x.slice(from * 20, (from + count) * 20));
  return { x: { dtype: 'float32', dims: [count, 4, 5], data } };
}

function close(actual: ArrayLike<number>, expected: Numbers, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...expected.map((number, i) => Math.abs(number - (actual[i] ?? NaN))));
  assert.ok(worst <= 1e-12 * scale, `${what}: ${String(worst)}`);
}

describe('streams against NumPy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-streams-'));
  const api = testEngine({ sessionBudget: 1 << 26, tensorBudget: 1 << 26 });
  after(() => rmSync(folder, { recursive: true }));

  const streamed = async (
    batch: string | number,
    pushes: readonly (readonly ReturnType<typeof rows>[])[],
  ) => {
    const file = join(folder, `line-${String(batch)}.onnx`);
    writeFileSync(file, line(batch));
    const { id } = await api.open(file);
    const stream = await api.stream(id, { reductions: REDUCTIONS });
    for (const examples of pushes) await api.push(stream, examples);
    const result = await api.reduced(stream);
    api.endStream(stream);
    return result;
  };

  const agrees = async (result: StreamResult): Promise<void> => {
    assert.equal(result.examples, EXAMPLES);
    const of = <K extends Reduced['kind']>(index: number, kind: K): Extract<Reduced, { kind: K }> => {
      const found = result.reduced[index];
      assert.ok(found?.kind === kind);
      return found as Extract<Reduced, { kind: K }>;
    };
    for (const key of ['mean', 'std', 'min', 'max'] as const)
      close(of(0, 'moments')[key], golden.moments[key], key);
    for (const key of ['mean', 'std'] as const)
      close(of(1, 'moments')[key], golden.momentsByPosition[key], key);
    for (const [index, expected] of [
      [2, golden.top],
      [3, golden.leastDot],
    ] as const) {
      const top = of(index, 'top');
      close(top.values, expected.values, 'top');
      assert.deepEqual([...top.examples], expected.examples);
      assert.deepEqual([...top.places], expected.places);
    }
    const { counts, below, above } = of(4, 'histogram');
    assert.deepEqual(
      [[...counts], [...below], [...above]],
      [golden.histogram.counts, golden.histogram.below, golden.histogram.above],
    );
    const quantile = of(5, 'quantile');
    close(quantile.values, golden.quantile, 'quantile');
    assert.equal(quantile.rankError, 0);
    close(of(6, 'covariance').mean, golden.covariance.mean, 'mean');
    close(of(6, 'covariance').covariance, golden.covariance.covariance, 'covariance');
    assert.equal(of(7, 'summary').summary.count, EXAMPLES * 20);
    const each = await api.tensor(of(8, 'each').captured.handle ?? '');
    assert.deepEqual(each.dims, [EXAMPLES, 4]);
    close(each.data as Float64Array, golden.dot, 'dot');
    close(of(9, 'moments').mean, golden.unit3, 'unit 3');
  };

  it('agree one example a run and many a run', async () => {
    const single = Array.from({ length: EXAMPLES }, (_, i) => rows(i, 1));
    const ridden = await streamed('n', [single]);
    assert.ok(ridden.ridden > 1 && ridden.runs < EXAMPLES);
    await agrees(ridden);
    await agrees(await streamed('n', [[rows(0, 2)], [rows(2, 1), rows(3, 4)]]));
  });

  it('agree where the batch of an export is fixed', async () => {
    const single = Array.from({ length: EXAMPLES }, (_, i) => rows(i, 1));
    const result = await streamed(1, [single.slice(0, 3), single.slice(3)]);
    assert.ok(result.ridden > 1);
    await agrees(result);
  });

  it('bound the error of quantiles that do not fit', async () => {
    const file = join(folder, 'same.onnx');
    writeFileSync(
      file,
      model({
        nodes: [node('Identity', ['x'], ['y'])],
        inputs: [info('x', 'float32', ['n'])],
        outputs: [info('y', 'float32', ['n'])],
      }),
    );
    const { id } = await api.open(file);
    const stream = await api.stream(id, { reductions: [{ kind: 'quantile', site: 'y', at: AT }] });
    const count = 100_000;
    // Every number from 0 to 99,999 once, in an order that a stride coprime to it gives.
    const data = Float32Array.from({ length: count }, (_, i) => (i * 61_803) % count);
    await api.push(stream, [{ x: { dtype: 'float32', dims: [count], data } }]);
    const [answer] = (await api.reduced(stream)).reduced;
    assert.ok(answer?.kind === 'quantile' && answer.rankError > 0 && answer.rankError < 0.01);
    for (const [i, share] of AT.entries()) {
      const off = Math.abs((answer.values[i] ?? NaN) / (count - 1) - share);
      assert.ok(off <= answer.rankError, `${String(share)}: ${String(off)} of ${String(answer.rankError)}`);
    }
  });

  it('refuse what cannot be reduced', async () => {
    const { id } = await api.open(join(folder, 'line-n.onnx'));
    const refused = (reduction: Reduction, message: RegExp): Promise<void> =>
      assert.rejects(
        async () => {
          const stream = await api.stream(id, { reductions: [reduction] });
          await api.push(stream, [rows(0, 1)]);
        },
        { code: 'bad-site', message },
      );
    await refused({ kind: 'moments', site: 'z' }, /no value "z"/);
    await refused({ kind: 'moments', site: 'y', per: 'head' }, /axis head, which the value has not/);
    await refused({ kind: 'top', site: 'y', k: 0 }, /is no count/);
    await refused({ kind: 'quantile', site: 'y', at: [2] }, /outside of 0 to 1/);
    const short = { ...direction, dims: [2], data: Float32Array.of(1, 2) };
    await refused({ kind: 'summary', site: 'y', direction: short }, /direction for "y" has shape 2/);
    const stream = await api.stream(id, { reductions: REDUCTIONS });
    await assert.rejects(api.reduced(stream), { code: 'usage' });
    api.endStream(stream);
    await assert.rejects(api.reduced(stream), { code: 'disconnected', message: /does not hold this stream/ });
  });
});
