/**
 * Just enough of WebAssembly's binary form to write a few functions over vectors of 16 bytes: no parser, no names, one
 * memory. https://webassembly.github.io/spec/core/binary
 */

/** Instructions, encoded: one after the other. */
export type Code = readonly number[];

export type Local = 'i32' | 'v128';

export interface Routine {
  readonly name: string;
  /** How many numbers it takes (i32 all); it gives one i32. */
  readonly takes: number;
  /** Locals beyond those, in the order of their numbers. */
  readonly locals: readonly Local[];
  readonly code: Code;
}

const TYPES = { i32: 0x7f, v128: 0x7b } as const;

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}

/** Signed LEB128. */
function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return last ? [low] : [low | 0x80, ...signed(rest)];
}

const vector = (number: number, ...immediate: number[]): Code => [0xfd, ...unsigned(number), ...immediate];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const put = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const int = (value: number): Code => [0x41, ...signed(value)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const or = (a: Code, b: Code): Code => [...a, ...b, 0x72];
export const shiftLeft = (a: Code, bits: number): Code => [...a, ...int(bits), 0x74];
export const less = (a: Code, b: Code): Code => [...a, ...b, 0x49];
export const storeInt = (address: Code, value: Code): Code => [...address, ...value, 0x36, 2, 0];
/** Adds to a local. */
export const step = (local: number, by: Code): Code => put(local, add(get(local), by));
export const when = (condition: Code, then: Code): Code => [...condition, 0x04, 0x40, ...then, 0x0b];
/** Goes round until `again` is false; at least once. */
export const loop = (body: Code, again: Code): Code => [0x03, 0x40, ...body, ...again, 0x0d, 0, 0x0b];

export const load = (address: Code, offset = 0): Code => [
  ...address,
  ...vector(0x00, 2, ...unsigned(offset)),
];
/** Eight bytes, and zeros after them. */
export const loadHalf = (address: Code, offset = 0): Code => [
  ...address,
  ...vector(0x5d, 3, ...unsigned(offset)),
];
export const store = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  ...vector(0x0b, 2, ...unsigned(offset)),
];
const unary =
  (number: number) =>
  (a: Code): Code => [...a, ...vector(number)];
const binary =
  (number: number) =>
  (a: Code, b: Code): Code => [...a, ...b, ...vector(number)];

/** The upper two of four lanes, twice. */
export const upper = (a: Code): Code => [
  ...a,
  ...a,
  ...vector(0x0d, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
];
export const zeros: Code = vector(0x0c, ...new Array<number>(16).fill(0));
export const ints = { splat: unary(0x11), add: binary(0xae), lowToDoubles: unary(0xfe) };
export const bits = {
  and: binary(0x4e),
  or: binary(0x50),
  xor: binary(0x51),
  any: unary(0x53),
  /** One bit per double: its uppermost. */
  ofDoubles: unary(0xc4),
  ofFloats: unary(0xa4),
  /** `a` where the mask is set, else `b`. */
  select: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...vector(0x52)],
};
export const floats = {
  splat: unary(0x13),
  eq: binary(0x41),
  gt: binary(0x44),
  /** `b` where it is less than `a`, else `a`: NaN in `b` is passed over. */
  smaller: binary(0xea),
  larger: binary(0xeb),
  /** The lower two lanes as doubles. */
  lowToDoubles: unary(0x5f),
};
export const doubles = {
  eq: binary(0x47),
  lt: binary(0x49),
  gt: binary(0x4a),
  add: binary(0xf0),
  sub: binary(0xf1),
  mul: binary(0xf2),
};

/** A module of these routines with a memory exported as `memory`, of 64 KiB at first. */
export function encode(routines: readonly Routine[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: readonly Code[]): Code => {
    const content = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(content.length), ...content];
  };
  const text = (name: string): Code => [...unsigned(name.length), ...new TextEncoder().encode(name)];
  const types = routines.map(({ takes }) => {
    const given = new Array<number>(takes).fill(TYPES.i32);
    return [0x60, ...unsigned(takes), ...given, 1, TYPES.i32];
  });
  const bodies = routines.map(({ locals, code }) => {
    const declared = locals.flatMap((type) => [1, TYPES[type]]);
    const body = [...unsigned(locals.length), ...declared, ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  const memory = [...text('memory'), 2, 0];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(
      3,
      routines.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [memory, ...routines.map(({ name }, index) => [...text(name), 0, ...unsigned(index)])]),
    ...section(10, bodies),
  ]);
}
