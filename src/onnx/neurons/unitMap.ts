/**
 * Where the units of a layer lie in a value: along which axis, and in which order once other axes were folded into it.
 * Follows reshapes, transposes and the like as long as that is exact; gives undefined where it is not. Pure.
 */

import type { Node } from '../../contract/skeleton';

/** Dims as far as they are known; undefined where nothing is known of the shape. */
export type KnownDims = readonly (number | undefined)[] | undefined;

export interface UnitMap {
  readonly layer: number;
  /** Counted from the end. */
  readonly axis: number;
  /** Axes of the value, where known. */
  readonly rank: number | undefined;
  readonly units: number;
  /**
   * `same`: index i is unit i. `block`: each unit has a run of neighbours (channels flattened with the places behind
   * them). `modulo`: units repeat (places flattened before the channels). `heads`: index i of the head at `heads.axis`.
   */
  readonly form: 'same' | 'block' | 'modulo' | 'heads';
  /** Where `form` is `heads`: how many, and their axis from the end. */
  readonly heads?: { readonly count: number; readonly axis: number };
  /** Where `form` is `heads`: the node that mixed places within each head since they were parted. */
  readonly mixed?: Node;
}

/** The unit that index `at` of an axis of `length` belongs to. */
export function unitAt({ form, units }: UnitMap, at: number, length: number): number {
  if (form === 'same') return at;
  return form === 'block' ? Math.floor(at / Math.max(1, Math.round(length / units))) : at % units;
}

/** Whether an axis of this length can hold the units as the map says. */
export function fits({ form, units, heads }: UnitMap, length: number): boolean {
  if (form === 'heads') return length * (heads?.count ?? 1) === units;
  return form === 'same' ? length === units : length % units === 0;
}

/** After axes are taken away. Axes may count from either end. */
export function removeAxes(map: UnitMap, axes: readonly number[]): UnitMap | undefined {
  const { rank } = map;
  if (map.form === 'heads' || (rank === undefined && axes.some((axis) => axis >= 0))) return undefined;
  const fromEnd = axes.map((axis) => (axis >= 0 ? axis - (rank ?? 0) : axis));
  if (fromEnd.includes(map.axis)) return undefined;
  const behind = fromEnd.filter((axis) => axis > map.axis).length;
  return { ...map, axis: map.axis + behind, rank: rank === undefined ? undefined : rank - axes.length };
}

/** After axes are reduced to length one. */
export function reduceAxes(map: UnitMap, axes: readonly number[]): UnitMap | undefined {
  return removeAxes(map, axes) === undefined ? undefined : map;
}

/** After axes of length one are put in, where the result has them. */
export function insertAxes(map: UnitMap, axes: readonly number[]): UnitMap | undefined {
  if (map.rank === undefined || map.form === 'heads') return undefined;
  const rank = map.rank + axes.length;
  const at = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  const kept = Array.from({ length: rank }, (_unused, axis) => axis).filter((axis) => !at.has(axis));
  const now = kept[map.rank + map.axis];
  return now === undefined ? undefined : { ...map, axis: now - rank, rank };
}

export function transpose(map: UnitMap, perm: readonly number[]): UnitMap | undefined {
  const rank = perm.length;
  const now = (axis: number): number => perm.indexOf(rank + axis) - rank;
  const axis = now(map.axis);
  if (axis < -rank) return undefined;
  const { heads } = map;
  return heads === undefined
    ? { ...map, axis, rank }
    : { ...map, axis, rank, heads: { ...heads, axis: now(heads.axis) } };
}

/** ONNX's Flatten: everything from `axis` on becomes the second of two axes. */
export function flatten(map: UnitMap, axis: number): UnitMap | undefined {
  const { rank } = map;
  if (rank === undefined || map.form !== 'same') return undefined;
  const at = rank + map.axis;
  const from = axis < 0 ? axis + rank : axis;
  if (at < from) return undefined;
  const flat = { ...map, axis: -1, rank: 2 };
  if (from === rank - 1) return flat;
  if (at === from) return { ...flat, form: 'block' };
  return at === rank - 1 ? { ...flat, form: 'modulo' } : undefined;
}

/** From one shape to another. Only dims from the unit axis on must be known, and all of them when units are folded. */
export function reshape(map: UnitMap, from: KnownDims, to: KnownDims): UnitMap | undefined {
  if (to === undefined) return undefined;
  if (map.form === 'heads') return joinHeads(map, to);
  if (map.form !== 'same') return undefined;
  const rank = to.length;
  const stride =
    map.axis === -1 ? 1 : from === undefined ? undefined : product(from.slice(from.length + map.axis + 1));
  const found = (axis: number, form: UnitMap['form']): UnitMap => ({ ...map, axis: axis - rank, rank, form });
  if (stride === undefined) {
    // [N, C, …] to [N, all the rest] is what an unknown shape of more than two axes is flattened to.
    const rest = to[1];
    const flattens = rank === 2 && map.rank !== undefined && map.axis === 1 - map.rank;
    return flattens && rest !== undefined && rest % map.units === 0
      ? found(1, rest === map.units ? 'same' : 'block')
      : undefined;
  }
  const [count, size] = to.slice(-2);
  if (map.axis === -1 && rank > 2 && count !== undefined && count * (size ?? 0) === map.units)
    return { ...map, rank, form: 'heads', heads: { count, axis: -2 } };
  for (let axis = rank - 1, behind = 1; axis >= 0; axis--) {
    const length = to[axis];
    if (length === undefined) return undefined;
    if (behind === stride && length === map.units) return found(axis, 'same');
    if (behind === stride && length > map.units && length % map.units === 0) return found(axis, 'modulo');
    if (behind < stride && stride % behind === 0 && length === (map.units * stride) / behind)
      return found(axis, 'block');
    if (behind > stride) return undefined;
    behind *= length;
  }
  return undefined;
}

/** Heads side by side again, where they and what is in them are the last two axes. */
function joinHeads({ heads: _heads, mixed: _mixed, ...map }: UnitMap, to: KnownDims): UnitMap | undefined {
  const beside = _heads?.axis === -2 && map.axis === -1;
  return beside && to?.at(-1) === map.units ? { ...map, axis: -1, rank: to.length, form: 'same' } : undefined;
}

function product(dims: KnownDims): number | undefined {
  let all = 1;
  for (const dim of dims ?? []) {
    if (dim === undefined) return undefined;
    all *= dim;
  }
  return all;
}
