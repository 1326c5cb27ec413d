/** Riding on the batch: what is opened, what is proved on two rows, and what is never ridden over. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { judgeBatch, stackRows, type BatchVerdict } from '../../../src/engine/child/batch';
import { Executor } from '../../../src/engine/child/executor';
import { EngineModel } from '../../../src/engine/child/model';
import { Sessions } from '../../../src/engine/child/sessions';
import { floats, graph, info, model, node, tensor } from './models';

describe('the batch axis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-batch-'));
  const executor = new Executor(new Sessions(1 << 24), () => undefined);
  const settings = { level: 'disabled', packed: false, providers: ['cpu'], threads: 1 } as const;
  let count = 0;

  after(() => rmSync(folder, { recursive: true }));

  const judge = async (
    bytes: Uint8Array,
    feeds: Readonly<Record<string, TensorData>>,
  ): Promise<BatchVerdict> => {
    const file = join(folder, `${String(count++)}.onnx`);
    writeFileSync(file, bytes);
    const opened = await EngineModel.open(file, file);
    try {
      return await judgeBatch(executor, opened, feeds, settings);
    } finally {
      await opened.close();
    }
  };
  const ints = (name: string, values: readonly number[]) =>
    tensor(name, { dtype: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });

  it('opens a fixed batch with its reshapes and its class token', async () => {
    const verdict = await judge(
      model({
        nodes: [
          node('Reshape', ['x', 'to'], ['r']),
          node('Concat', ['token', 'r'], ['c'], { axis: 1 }),
          node('Softmax', ['c'], ['y'], { axis: -1 }),
        ],
        inputs: [info('x', 'float32', [1, 6])],
        outputs: [info('y', 'float32', [1, 3, 3])],
        weights: [ints('to', [1, 2, 3]), tensor('token', floats([1, 1, 3], 5))],
      }),
      { x: floats([1, 6], 0) },
    );
    assert.deepEqual(verdict, { rides: true, relaxed: true, changes: ['Reshape "r"', 'Concat "c"'] });
  });

  // As the older exporter writes a vision transformer's `cls_token.expand(x.shape[0], -1, -1)` at a batch of 1.
  it('opens a class token that is expanded to a size computed from constants', async () => {
    const verdict = await judge(
      model({
        nodes: [
          node('Reshape', ['x', 'to'], ['r']),
          node('Identity', ['token'], ['copy']),
          node('Equal', ['asked', 'minus'], ['free']),
          node('Where', ['free', 'ones', 'asked'], ['size']),
          node('Expand', ['copy', 'size'], ['e']),
          node('Concat', ['e', 'r'], ['c'], { axis: 1 }),
          node('Softmax', ['c'], ['y'], { axis: -1 }),
        ],
        inputs: [info('x', 'float32', [1, 6])],
        outputs: [info('y', 'float32', [1, 3, 3])],
        weights: [
          ints('to', [1, 2, 3]),
          ints('asked', [1, -1, -1]),
          ints('minus', [-1]),
          ints('ones', [1, 1, 1]),
          tensor('token', floats([1, 1, 3], 5)),
        ],
      }),
      { x: floats([1, 6], 0) },
    );
    assert.deepEqual(verdict, { rides: true, relaxed: true, changes: ['Reshape "r"', 'Concat "c"'] });
  });

  it('opens reshapes that put the positions of all rows below each other', async () => {
    const verdict = await judge(
      model({
        nodes: [
          node('Reshape', ['x', 'flat'], ['r']),
          node('MatMul', ['r', 'w'], ['m']),
          node('Reshape', ['m', 'apart'], ['y']),
        ],
        inputs: [info('x', 'float32', [1, 3, 2])],
        outputs: [info('y', 'float32', [1, 3, 2])],
        weights: [ints('flat', [3, 2]), ints('apart', [1, 3, 2]), tensor('w', floats([2, 2], 1))],
      }),
      { x: floats([1, 3, 2], 0) },
    );
    assert.deepEqual(verdict, { rides: true, relaxed: true, changes: ['Reshape "r"', 'Reshape "y"'] });
  });

  it('rides as it is where the batch is open already', async () => {
    const verdict = await judge(
      model({
        nodes: [node('Relu', ['x'], ['y'])],
        inputs: [info('x', 'float32', ['n', 2])],
        outputs: [info('y', 'float32', ['n', 2])],
      }),
      { x: floats([1, 2], 1) },
    );
    assert.deepEqual(verdict, { rides: true, relaxed: false, changes: [] });
  });

  it('finds rows that leak into each other, though no operator says so', async () => {
    const verdict = await judge(
      model({
        // Transposed and multiplied by itself: every row sees every other.
        nodes: [
          node('Transpose', ['x'], ['t'], { perm: [1, 0] }),
          node('MatMul', ['t', 'x'], ['m']),
          node('MatMul', ['x', 'm'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 2])],
        outputs: [info('y', 'float32', ['n', 2])],
      }),
      { x: floats([1, 2], 1) },
    );
    assert.deepEqual(verdict, { rides: false, why: 'In a batch of two, "y" depends on the other row.' });
  });

  it('proves it on rows that differ, also where all tokens are one and the same', async () => {
    const tokens = (...values: number[]): TensorData => ({
      dtype: 'int64',
      dims: [1, values.length],
      data: BigInt64Array.from(values, BigInt),
    });
    const through = (op: string): Uint8Array =>
      model({
        nodes: [
          node('Cast', ['x'], ['f'], { to: 1 }),
          // The mean of each column, that of all rows: the axis is counted from the end.
          node(op, ['f'], ['m'], { axes: [-2], keepdims: 1 }),
          node('Sub', ['f', 'm'], ['y']),
        ],
        inputs: [info('x', 'int64', ['n', 3])],
        outputs: [info('y', 'float32', ['n', 3])],
      });
    for (const row of [tokens(5, 5, 5), tokens(2, 7, 2), tokens(3, 5, 7)])
      for (const op of ['ReduceMean', 'ReduceMax'])
        assert.deepEqual(await judge(through(op), { x: row }), {
          rides: false,
          why: 'In a batch of two, "y" depends on the other row.',
        });
    const half = model({
      nodes: [node('ReduceMean', ['x'], ['m'], { axes: [-2], keepdims: 1 }), node('Sub', ['x', 'm'], ['y'])],
      inputs: [info('x', 'float16', ['n', 2])],
      outputs: [info('y', 'float16', ['n', 2])],
    });
    const ones = { dtype: 'float16' as const, dims: [1, 2], data: Uint16Array.of(0x3c00, 0x3c00) };
    assert.equal((await judge(half, { x: ones })).rides, false);
  });

  it('does not ride where no second row runs', async () => {
    // One element of the row says how the others are cut.
    const verdict = await judge(
      model({
        nodes: [
          node('Reshape', ['x', 'flat'], ['line']),
          node('Gather', ['line', 'first'], ['size']),
          node('Reshape', ['x', 'size'], ['y']),
        ],
        inputs: [info('x', 'int64', ['n', 4])],
        outputs: [info('y', 'int64')],
        weights: [ints('flat', [-1]), ints('first', [0, 1])],
      }),
      { x: { dtype: 'int64', dims: [1, 4], data: BigInt64Array.of(2n, 2n, 7n, 7n) } },
    );
    assert.ok(
      !verdict.rides && /^No second row could be made to prove/.test(verdict.why),
      JSON.stringify(verdict),
    );
  });

  it('never rides over operators that mix rows by what they are', async () => {
    const io = { inputs: [info('x', 'float32', ['n', 2])], outputs: [info('y', 'float32')] };
    const quantised = model({
      nodes: [
        node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z']),
        node('DequantizeLinear', ['q', 's', 'z'], ['y']),
      ],
      ...io,
    });
    const reduced = model({ nodes: [node('ReduceMean', ['x'], ['y'], { axes: [0] })], ...io });
    const branch = (op: string): ReturnType<typeof graph> =>
      graph({
        nodes: [node(op, ['x'], ['q', 's', 'z']), node('DequantizeLinear', ['q', 's', 'z'], ['d'])],
        outputs: [info('d', 'float32')],
      });
    const inside = model({
      nodes: [
        node('If', ['yes'], ['y'], {
          then_branch: branch('DynamicQuantizeLinear'),
          else_branch: branch('DynamicQuantizeLinear'),
        }),
      ],
      ...io,
      weights: [tensor('yes', { dtype: 'bool', dims: [], data: Uint8Array.of(1) })],
    });
    for (const bytes of [quantised, reduced, inside]) {
      const verdict = await judge(bytes, { x: floats([1, 2], 1) });
      assert.ok(!verdict.rides && /rows cannot share a run\.$/.test(verdict.why), JSON.stringify(verdict));
    }
  });

  it('says why a model without a batch cannot be ridden on', async () => {
    const verdict = await judge(
      model({
        nodes: [node('Relu', ['x'], ['y'])],
        inputs: [info('x', 'float32', [3])],
        outputs: [info('y', 'float32', [3])],
      }),
      { x: floats([3], 0) },
    );
    assert.ok(!verdict.rides && /does not start with a batch of 1/.test(verdict.why));
  });

  it('stacks rows in order', () => {
    const stacked = stackRows([floats([1, 2], 0), floats([1, 2], 5)]);
    assert.deepEqual([stacked.dims, stacked.data], [[2, 2], Float32Array.of(0, 1, 5, 6)]);
  });
});
