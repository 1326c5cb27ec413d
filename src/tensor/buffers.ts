/**
 * Tensors in memory: typed arrays, raw little-endian bytes, and elements as plain numbers. Pure.
 * Arrays hold what the runtime holds: float16 and bfloat16 as bits in Uint16Array, 8-bit floats as bits in Uint8Array,
 * bool as Uint8Array, types under a byte one element per entry (Int8Array or Uint8Array), complex numbers as pairs.
 */
import { byteLengthOf, dtypeBits, type Dtype } from './dtype';
import { bfloatToFloat, halfToFloat, smallFloatTable } from './half';

/** Numbers as the runtime keeps them: float16 and bfloat16 as their bits in Uint16Array, bool as Uint8Array. */
export type TensorBuffer =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface TensorData {
  readonly dtype: Dtype;
  readonly dims: readonly number[];
  /** Row-major; strings for dtype `string`. */
  readonly data: TensorBuffer | readonly string[];
}

type ArrayType = new (buffer: ArrayBuffer) => TensorBuffer;

const ARRAYS: Partial<Record<Dtype, ArrayType>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int4: Int8Array,
  int2: Int8Array,
  complex64: Float32Array,
  complex128: Float64Array,
};

/** `count` elements from ONNX's raw form. `bytes` must hold them exactly; throws a RangeError otherwise. */
export function fromRaw(dtype: Dtype, bytes: Uint8Array, count: number): TensorBuffer {
  if (bytes.length !== byteLengthOf(dtype, count)) {
    throw new RangeError(`${bytes.length} bytes do not hold ${count} elements of ${dtype}.`);
  }
  const bits = dtypeBits(dtype);
  if (bits < 8) return unpack(dtype, bytes, count, bits);
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return new (ARRAYS[dtype] ?? Uint8Array)(copy);
}

/** ONNX's raw form of a typed array; types under a byte are packed. */
export function toRaw(dtype: Dtype, data: TensorBuffer): Uint8Array {
  const bits = dtypeBits(dtype);
  if (bits >= 8) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const bytes = new Uint8Array(byteLengthOf(dtype, data.length));
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  for (let i = 0; i < data.length; i++) {
    const at = Math.floor(i / perByte);
    bytes[at] = (bytes[at] ?? 0) | ((Number(data[i]) & mask) << ((i % perByte) * bits));
  }
  return bytes;
}

/** First element in the low bits. float4e2m1 stays as codes. */
function unpack(dtype: Dtype, bytes: Uint8Array, count: number, bits: number): TensorBuffer {
  const signed = dtype === 'int4' || dtype === 'int2';
  const out = signed ? new Int8Array(count) : new Uint8Array(count);
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  const shift = 32 - bits;
  for (let i = 0; i < count; i++) {
    const code = ((bytes[Math.floor(i / perByte)] ?? 0) >> ((i % perByte) * bits)) & mask;
    out[i] = signed ? (code << shift) >> shift : code;
  }
  return out;
}

let halfTable: Float32Array | undefined;

/**
 * Elements [start, end) as numbers: 64-bit integers beyond 2^53 are rounded, a complex number gives its magnitude.
 * A Float32Array or Float64Array is handed out as a view where nothing needs converting.
 */
export function toNumbers(
  dtype: Dtype,
  data: TensorBuffer,
  start = 0,
  end = elementsIn(dtype, data),
):
  Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array {
  if (dtype === 'complex64' || dtype === 'complex128') return magnitudes(data, start, end);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float64Array.from({ length: end - start }, (_unused, i) => Number(data[start + i]));
  }
  const part = data.subarray(start, end);
  if (dtype === 'float16') {
    const table = (halfTable ??= Float32Array.from({ length: 65536 }, (_unused, bits) => halfToFloat(bits)));
    return lookUp(part, table);
  }
  if (dtype === 'bfloat16') return Float32Array.from(part, bfloatToFloat);
  const table = smallFloatTable(dtype);
  return table === undefined ? part : lookUp(part, table);
}

/** Elements an array holds: half its entries for complex numbers. */
export function elementsIn(dtype: Dtype, data: { readonly length: number }): number {
  return dtype.startsWith('complex') ? data.length / 2 : data.length;
}

function lookUp(codes: ArrayLike<number>, table: Float32Array): Float32Array {
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i] ?? 0] ?? NaN;
  return out;
}

function magnitudes(data: TensorBuffer, start: number, end: number): Float64Array {
  const out = new Float64Array(end - start);
  for (let i = start; i < end; i++) out[i - start] = Math.hypot(Number(data[2 * i]), Number(data[2 * i + 1]));
  return out;
}
