import assert from 'node:assert/strict';
import { fromRaw, toNumbers, toRaw } from '../../../src/tensor/buffers';
import { floatToBfloat, floatToHalf } from '../../../src/tensor/half';
import type { Dtype } from '../../../src/tensor/dtype';
import { reference, toNumber } from './reference';

describe('small floats', () => {
  for (const [dtype, expected] of Object.entries(reference.small)) {
    it(`decodes ${dtype} as NumPy and ml_dtypes do`, () => {
      const wide = dtype === 'float16' || dtype === 'bfloat16';
      const codes = wide
        ? Uint16Array.from(expected, (_unused, i) => i * 41)
        : Uint8Array.from(expected, (_unused, i) => i);
      const values = toNumbers(dtype as Dtype, codes);
      expected.forEach((value, i) => {
        assert.ok(
          Object.is(values[i], toNumber(value)),
          `${dtype} code ${codes[i] ?? 0}: ${values[i] ?? ''} and ${value}`,
        );
      });
    });
  }

  it('rounds to float16 and bfloat16 as NumPy and ml_dtypes do, ties to even', () => {
    const { values, float16, bfloat16 } = reference.rounding;
    const isNaN16 = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    values.map(toNumber).forEach((value, i) => {
      const half = floatToHalf(value);
      if (Number.isNaN(value)) assert.ok(isNaN16(half));
      else assert.equal(half, float16[i], `float16 of ${value}`);
      if (!Number.isNaN(value)) assert.equal(floatToBfloat(value), bfloat16[i], `bfloat16 of ${value}`);
    });
  });
});

describe('raw bytes', () => {
  it('packs and unpacks types under a byte, low bits first', () => {
    assert.deepEqual([...(fromRaw('int4', Uint8Array.of(0x21, 0x8f), 4) as Int8Array)], [1, 2, -1, -8]);
    assert.deepEqual([...(fromRaw('uint4', Uint8Array.of(0x21, 0x0f), 3) as Uint8Array)], [1, 2, 15]);
    assert.deepEqual([...(fromRaw('int2', Uint8Array.of(0b11_10_01_00), 4) as Int8Array)], [0, 1, -2, -1]);
    assert.deepEqual([...toRaw('int4', Int8Array.of(1, 2, -1, -8, 7))], [0x21, 0x8f, 0x07]);
  });

  it('refuses bytes that do not fit the count', () => {
    assert.throws(() => fromRaw('float32', new Uint8Array(7), 2), RangeError);
  });

  it('gives the magnitude of complex numbers and rounds 64-bit integers', () => {
    assert.deepEqual([...toNumbers('complex64', Float32Array.of(3, 4, 0, -2))], [5, 2]);
    assert.deepEqual([...toNumbers('int64', BigInt64Array.of(-5n, 2n ** 60n), 0, 1)], [-5]);
  });
});
