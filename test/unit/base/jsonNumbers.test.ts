import assert from 'node:assert/strict';
import { decodeNumbers, encodeNumbers } from '../../../src/base/jsonNumbers';

describe('numbers through JSON', () => {
  const through = (value: unknown): unknown =>
    decodeNumbers(JSON.parse(JSON.stringify(encodeNumbers(value))));

  it('keeps NaN and the infinities, wherever they stand', () => {
    const value = { mean: NaN, list: [1, -Infinity, { max: Infinity }], text: 'NaN', none: null };
    assert.deepEqual(through(value), value);
    assert.deepEqual(through(NaN), NaN);
  });

  it('copies nothing that holds only finite numbers', () => {
    const value = { a: [1, 2, { b: 'x' }], c: null };
    assert.equal(encodeNumbers(value), value);
    assert.equal(decodeNumbers(value), value);
  });

  it('leaves typed arrays, and objects that only look like a number, as they are', () => {
    const data = Float32Array.of(NaN, 1);
    assert.equal((encodeNumbers({ data }) as { data: unknown }).data, data);
    const lookalike = { $number: 'NaN', more: 1 };
    assert.deepEqual(through(lookalike), lookalike);
    assert.deepEqual(through({ $number: 3 }), { $number: 3 });
  });
});
