/** The same numbers in another dtype, and what cannot be told in it. */
import assert from 'node:assert/strict';
import { castTo } from '../../../src/tensor/cast';

describe('casting a tensor', () => {
  it('rounds floats to nearest and says by how much', () => {
    // 0.1 in binary16 is 0x2e66 = 0.0999755859375 (IEEE 754).
    const cast = castTo({ dtype: 'float32', dims: [2], data: Float32Array.of(0.1, 1) }, 'float16');
    assert.deepEqual(cast?.tensor, { dtype: 'float16', dims: [2], data: Uint16Array.of(0x2e66, 0x3c00) });
    assert.ok(Math.abs(cast.moved - 2.4415e-5) < 1e-8);
  });

  it('says when a number no longer fits', () => {
    const cast = castTo({ dtype: 'float32', dims: [1], data: Float32Array.of(1e6) }, 'float16');
    assert.equal(cast?.moved, Infinity);
  });

  it('moves integers only where all of them fit', () => {
    const ids = { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 2n ** 31n) } as const;
    assert.equal(castTo(ids, 'int32'), null);
    const small = { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 7n) } as const;
    assert.deepEqual(castTo(small, 'int32')?.tensor.data, Int32Array.of(-1, 7));
    assert.equal(castTo(small, 'uint8'), null);
  });

  it('never turns one kind into the other', () => {
    assert.equal(castTo({ dtype: 'float32', dims: [1], data: Float32Array.of(1) }, 'int64'), null);
    assert.equal(castTo({ dtype: 'string', dims: [1], data: ['a'] }, 'float32'), null);
  });
});
