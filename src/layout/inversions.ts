/**
 * Counting crossings between neighbouring ranks: pairs of links whose ends stand in opposite order.
 * With curves that all span the same gap, two links cross exactly once when they are inverted and never otherwise.
 */
import { f64, i32 } from './arrays';
import type { Layers } from './layers';

export interface Order {
  /** Items rank by rank, left to right: rank r is `items[start[r]] …`. */
  readonly start: Int32Array;
  readonly items: Int32Array;
  /** Per item: its place in its rank, from 0. */
  readonly place: Int32Array;
}

/** Counts inversions in one order that changes rank by rank: what it knows it counts no second time. */
export class CrossingCounter {
  readonly #tree: Int32Array;
  /** Crossings below each rank; -1 where not counted since a rank changed. */
  readonly #known: Float64Array;
  #ends: Int32Array;

  constructor(
    private readonly layers: Layers,
    widest: number,
  ) {
    this.#tree = new Int32Array(widest + 2);
    this.#known = new Float64Array(layers.rankCount + 1).fill(-1);
    this.#ends = new Int32Array(64);
  }

  /** The order of a rank is another. */
  changed(rank: number): void {
    this.#known[rank] = -1;
    if (rank > 0) this.#known[rank - 1] = -1;
  }

  changedAll(): void {
    this.#known.fill(-1);
  }

  /** Crossings in all gaps; stops early once more than `limit`. */
  total(order: Order, limit = Infinity): number {
    let sum = 0;
    for (let rank = 0; rank + 1 < this.layers.rankCount && sum <= limit; rank++) sum += this.gap(order, rank);
    return sum;
  }

  /** Crossings between rank and rank + 1. */
  gap(order: Order, rank: number): number {
    const known = f64(this.#known, rank);
    if (known >= 0) return known;
    const counted = this.#count(order, rank);
    this.#known[rank] = counted;
    return counted;
  }

  #count(order: Order, rank: number): number {
    const { down, lower } = this.layers;
    const { start, items, place } = order;
    const width = i32(start, rank + 2) - i32(start, rank + 1);
    if (width < 2 || i32(start, rank + 1) - i32(start, rank) < 2) return 0;
    const tree = this.#tree;
    tree.fill(0, 0, width + 1);
    let seen = 0;
    let crossings = 0;
    for (let at = i32(start, rank); at < i32(start, rank + 1); at++) {
      const item = i32(items, at);
      const from = i32(down.start, item);
      const count = i32(down.start, item + 1) - from;
      if (count > this.#ends.length) this.#ends = new Int32Array(count * 2);
      const ends = this.#ends;
      for (let k = 0; k < count; k++) ends[k] = i32(place, i32(lower, i32(down.rows, from + k)));
      for (let k = 0; k < count; k++) {
        let notRight = 0;
        for (let i = i32(ends, k) + 1; i > 0; i -= i & -i) notRight += i32(tree, i);
        crossings += seen - notRight;
      }
      for (let k = 0; k < count; k++) {
        for (let i = i32(ends, k) + 1; i <= width; i += i & -i) tree[i] = i32(tree, i) + 1;
      }
      seen += count;
    }
    return crossings;
  }
}

/** Pairs of a list that stand in descending order; pairs with NaN do not count. Quadratic: for short lists. */
export function inversions(list: readonly number[]): number {
  let count = 0;
  for (let a = 0; a < list.length; a++) {
    for (let b = a + 1; b < list.length; b++) if ((list[a] as number) > (list[b] as number)) count++;
  }
  return count;
}
