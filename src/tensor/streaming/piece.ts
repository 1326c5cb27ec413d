/**
 * Values of some examples as a reduction reads them: `outer` × `count` × `inner` numbers, where the middle axis is the one
 * whose indices are reduced apart. Pure.
 */
import { sizeOf } from '../shape';

export interface Piece {
  readonly numbers: ArrayLike<number>;
  /** Examples in it; `outer` is a multiple. */
  readonly rows: number;
  /** Number of its first example. */
  readonly first: number;
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** Takes pieces as they come; `finish` may be asked at any time. */
export interface Reducer<T> {
  add(piece: Piece): void;
  finish(): T;
}

/** A value with these dims, the axis `per` apart (none: all together). Axis 0 counts the rows where there are several. */
export function pieceOf(
  numbers: ArrayLike<number>,
  dims: readonly number[],
  per: number | null,
  rows: number,
  first: number,
): Piece {
  if (per === null) return { numbers, rows, first, outer: rows, count: 1, inner: sizeOf(dims) / rows };
  const outer = sizeOf(dims.slice(0, per));
  return { numbers, rows, first, outer, count: dims[per] ?? 1, inner: sizeOf(dims.slice(per + 1)) };
}

/** Dot product with `direction` along an axis, which goes. */
export function project(
  numbers: ArrayLike<number>,
  dims: readonly number[],
  along: number,
  direction: ArrayLike<number>,
): { readonly numbers: Float64Array; readonly dims: readonly number[] } {
  const outer = sizeOf(dims.slice(0, along));
  const inner = sizeOf(dims.slice(along + 1));
  const length = dims[along] ?? 1;
  const result = new Float64Array(outer * inner);
  for (let o = 0, at = 0; o < outer; o++) {
    for (let d = 0; d < length; d++) {
      const weight = direction[d] ?? 0;
      for (let i = 0; i < inner; i++, at++) {
        const to = o * inner + i;
        result[to] = (result[to] ?? 0) + weight * (numbers[at] ?? 0);
      }
    }
  }
  return { numbers: result, dims: dims.toSpliced(along, 1) };
}
