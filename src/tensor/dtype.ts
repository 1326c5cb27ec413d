/** ONNX element types: names, codes, sizes. Pure; knows nothing of files or runtimes. */

/** Element types by ONNX TensorProto.DataType code. */
const TABLE = [
  ['undefined', 0, 0],
  ['float32', 1, 32],
  ['uint8', 2, 8],
  ['int8', 3, 8],
  ['uint16', 4, 16],
  ['int16', 5, 16],
  ['int32', 6, 32],
  ['int64', 7, 64],
  ['string', 8, 0],
  ['bool', 9, 8],
  ['float16', 10, 16],
  ['float64', 11, 64],
  ['uint32', 12, 32],
  ['uint64', 13, 64],
  ['complex64', 14, 64],
  ['complex128', 15, 128],
  ['bfloat16', 16, 16],
  ['float8e4m3fn', 17, 8],
  ['float8e4m3fnuz', 18, 8],
  ['float8e5m2', 19, 8],
  ['float8e5m2fnuz', 20, 8],
  ['uint4', 21, 4],
  ['int4', 22, 4],
  ['float4e2m1', 23, 4],
  ['float8e8m0', 24, 8],
  ['uint2', 25, 2],
  ['int2', 26, 2],
] as const;

export type Dtype = (typeof TABLE)[number][0];

const BY_CODE = new Map<number, Dtype>(TABLE.map(([name, code]) => [code, name]));
const CODES = new Map<Dtype, number>(TABLE.map(([name, code]) => [name, code]));
const BITS = new Map<Dtype, number>(TABLE.map(([name, , bits]) => [name, bits]));

/** The dtype of an ONNX code, or undefined for a code this version does not know. */
export function maybeDtype(code: number): Dtype | undefined {
  return BY_CODE.get(code);
}

export function dtypeCode(dtype: Dtype): number {
  return CODES.get(dtype) ?? 0;
}

/** Bits per element; 0 for strings and `undefined`. */
export function dtypeBits(dtype: Dtype): number {
  return BITS.get(dtype) ?? 0;
}

/** Bytes that `count` elements take, sub-byte types packed as ONNX packs them. */
export function byteLengthOf(dtype: Dtype, count: number): number {
  return Math.ceil((dtypeBits(dtype) * count) / 8);
}

export function isFloat(dtype: Dtype): boolean {
  return /^b?float/.test(dtype);
}

/** The dtype of that name, or undefined. */
export function maybeDtypeNamed(name: string): Dtype | undefined {
  const found = TABLE.find(([known]) => known === name);
  return found?.[0];
}

const WHOLE: Partial<Record<Dtype, readonly [number, number]>> = {
  bool: [0, 1],
  int2: [-2, 1],
  uint2: [0, 3],
  int4: [-8, 7],
  uint4: [0, 15],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // The largest that a double holds below the type's own.
  int64: [-(2 ** 63), 2 ** 63 - 2 ** 10],
  uint64: [0, 2 ** 64 - 2 ** 11],
};

/** Least and most of the whole numbers that a type holds and a double too; undefined for other types. */
export function wholeRange(dtype: Dtype): readonly [number, number] | undefined {
  return WHOLE[dtype];
}
