import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runsOf, sliceTensor } from '../../../src/tensor/slice';
import { sizeOf, stridesOf } from '../../../src/tensor/shape';

describe('boxes of a tensor', () => {
  it('copies the same elements as indexing one by one', () => {
    const axis = fc.record({
      dim: fc.integer({ min: 0, max: 5 }),
      start: fc.integer({ min: -1, max: 6 }),
      size: fc.integer({ min: -1, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 4 }), (axes) => {
        const dims = axes.map(({ dim }) => dim);
        const data = Int32Array.from({ length: sizeOf(dims) }, (_unused, i) => i);
        const box = { start: axes.map(({ start }) => start), size: axes.map(({ size }) => size) };
        const slice = sliceTensor({ dtype: 'int32', dims, data }, box);
        const strides = stridesOf(dims);
        let expected = [0];
        axes.forEach(({ dim, start, size }, i) => {
          const from = Math.min(Math.max(0, start), dim);
          const length = Math.min(Math.max(0, size), dim - from);
          assert.equal(slice.dims[i], length);
          const indices = Array.from({ length }, (_unused, k) => (from + k) * (strides[i] ?? 1));
          expected = expected.flatMap((base) => indices.map((offset) => base + offset));
        });
        assert.deepEqual([...(slice.data as Int32Array)], data.length === 0 ? [] : expected);
      }),
    );
  });

  it('joins whole inner axes into one run', () => {
    assert.deepEqual([...runsOf([4, 3, 5], { start: [1], size: [2] })], [{ from: 15, length: 30 }]);
    assert.deepEqual(
      [...runsOf([4, 3, 5], { start: [1, 1], size: [2, 1] })],
      [
        { from: 20, length: 5 },
        { from: 35, length: 5 },
      ],
    );
    assert.deepEqual([...runsOf([], { start: [], size: [] })], [{ from: 0, length: 1 }]);
  });

  it('slices strings', () => {
    const tensor = { dtype: 'string' as const, dims: [2, 2], data: ['a', 'b', 'c', 'd'] };
    assert.deepEqual(sliceTensor(tensor, { start: [0, 1], size: [2, 1] }).data, ['b', 'd']);
  });
});
