/**
 * Numbers of 16 bits and fewer: their bits to values, and values to the nearest bits, ties to even. Pure.
 * binary16 (IEEE 754-2008), bfloat16 (upper half of float32), the 8-bit floats of ONNX 1.14 and later, float4e2m1.
 */
import type { Dtype } from './dtype';

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** The number that 16 bits of binary16 stand for. */
export function halfToFloat(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest binary16, ties to even; infinity from 65520 on. */
export function floatToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
  const exponent = exponentOf(magnitude);
  const fraction = roundEven((magnitude / 2 ** exponent - 1) * 1024);
  return sign | (((exponent + 15) << 10) + fraction);
}

/** The number that 16 bits of bfloat16 stand for. */
export function bfloatToFloat(bits: number): number {
  bitsView[0] = bits << 16;
  return floatView[0] ?? 0;
}

/** The nearest bfloat16, ties to even. Rounds from float32, as PyTorch does. */
export function floatToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  floatView[0] = value;
  const bits = bitsView[0] ?? 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

interface SmallFloat {
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  /** Which codes are special: `ieee` has infinities; `fn` only NaN at all ones; `fnuz` only NaN at minus zero. */
  readonly style: 'ieee' | 'fn' | 'fnuz' | 'finite';
}

const SMALL: Partial<Record<Dtype, SmallFloat>> = {
  float8e4m3fn: { exponentBits: 4, fractionBits: 3, bias: 7, style: 'fn' },
  float8e4m3fnuz: { exponentBits: 4, fractionBits: 3, bias: 8, style: 'fnuz' },
  float8e5m2: { exponentBits: 5, fractionBits: 2, bias: 15, style: 'ieee' },
  float8e5m2fnuz: { exponentBits: 5, fractionBits: 2, bias: 16, style: 'fnuz' },
  float4e2m1: { exponentBits: 2, fractionBits: 1, bias: 1, style: 'finite' },
};

const tables = new Map<Dtype, Float32Array>();

/** The values of all codes of a small float, by code; undefined for other element types. */
export function smallFloatTable(dtype: Dtype): Float32Array | undefined {
  const known = tables.get(dtype);
  if (known !== undefined) return known;
  const format = SMALL[dtype];
  if (format === undefined && dtype !== 'float8e8m0') return undefined;
  const size = dtype === 'float4e2m1' ? 16 : 256;
  const table = Float32Array.from({ length: size }, (_unused, code) =>
    // An exponent alone: a power of two, all ones being NaN.
    format === undefined ? (code === 255 ? NaN : 2 ** (code - 127)) : smallToFloat(code, format),
  );
  tables.set(dtype, table);
  return table;
}

function smallToFloat(code: number, { exponentBits, fractionBits, bias, style }: SmallFloat): number {
  const signBit = 1 << (exponentBits + fractionBits);
  const sign = (code & signBit) === 0 ? 1 : -1;
  const rest = code & (signBit - 1);
  const exponent = rest >> fractionBits;
  const fraction = rest & ((1 << fractionBits) - 1);
  const top = (1 << exponentBits) - 1;
  if (style === 'fnuz' && code === signBit) return NaN;
  if (style === 'fn' && rest === signBit - 1) return NaN;
  if (style === 'ieee' && exponent === top) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / (1 << fractionBits)) * 2 ** (exponent - bias);
}

/** floor(log2), exact where Math.log2 rounds up to a whole number. */
function exponentOf(magnitude: number): number {
  const exponent = Math.floor(Math.log2(magnitude));
  return 2 ** exponent > magnitude ? exponent - 1 : exponent;
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
