/**
 * The same numbers in another dtype: floats among each other, rounded to nearest, and integers where all of them fit.
 * Never from one kind to the other. Pure.
 */
import { toNumbers, type TensorBuffer, type TensorData } from './buffers';
import type { Dtype } from './dtype';
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from './half';

export interface Cast {
  readonly tensor: TensorData;
  /** The most that a finite number changed; Infinity where one no longer fits. 0 for integers. */
  readonly moved: number;
}

const RANGES: Partial<Record<Dtype, readonly [least: bigint, most: bigint]>> = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** null where the kinds differ, an integer does not fit, or a dtype has no arithmetic here (strings, 8-bit floats). */
export function castTo(tensor: TensorData, dtype: Dtype): Cast | null {
  if (tensor.dtype === dtype) return { tensor, moved: 0 };
  const { data } = tensor;
  if (!ArrayBuffer.isView(data)) return null;
  return castFloats(tensor, data, dtype) ?? castIntegers(tensor, data, dtype);
}

function castFloats(tensor: TensorData, data: TensorBuffer, dtype: Dtype): Cast | null {
  const write = FLOATS[dtype];
  if (write === undefined || FLOATS[tensor.dtype] === undefined) return null;
  const numbers = toNumbers(tensor.dtype, data);
  const [made, read] = write(numbers);
  let moved = 0;
  numbers.forEach((value: number, at: number) => {
    if (Number.isFinite(value)) moved = Math.max(moved, Math.abs(read(at) - value));
  });
  return { tensor: { dtype, dims: tensor.dims, data: made }, moved };
}

type Written = readonly [data: TensorBuffer, read: (at: number) => number];

const FLOATS: Partial<Record<Dtype, (numbers: ArrayLike<number>) => Written>> = {
  float64: (numbers) => plain(Float64Array.from(numbers)),
  float32: (numbers) => plain(Float32Array.from(numbers)),
  float16: (numbers) => coded(numbers, floatToHalf, halfToFloat),
  bfloat16: (numbers) => coded(numbers, floatToBfloat, bfloatToFloat),
};

function plain(data: Float32Array | Float64Array): Written {
  return [data, (at) => data[at] ?? 0];
}

function coded(
  numbers: ArrayLike<number>,
  encode: (value: number) => number,
  decode: (bits: number) => number,
): Written {
  const data = Uint16Array.from(numbers, encode);
  return [data, (at) => decode(data[at] ?? 0)];
}

function castIntegers({ dtype: from, dims }: TensorData, data: TensorBuffer, dtype: Dtype): Cast | null {
  const range = RANGES[dtype];
  if (range === undefined || RANGES[from] === undefined) return null;
  const [least, most] = range;
  const values = Array.from(data, BigInt);
  if (values.some((value) => value < least || value > most)) return null;
  return { tensor: { dtype, dims, data: integers(dtype, values) }, moved: 0 };
}

function integers(dtype: Dtype, values: readonly bigint[]): TensorBuffer {
  switch (dtype) {
    case 'int64':
      return BigInt64Array.from(values);
    case 'uint64':
      return BigUint64Array.from(values);
    case 'int32':
      return Int32Array.from(values, Number);
    case 'uint32':
      return Uint32Array.from(values, Number);
    case 'int16':
      return Int16Array.from(values, Number);
    case 'uint16':
      return Uint16Array.from(values, Number);
    case 'int8':
      return Int8Array.from(values, Number);
    default:
      return Uint8Array.from(values, Number);
  }
}
