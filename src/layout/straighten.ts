/**
 * Where items stand from left to right. Aligned items form blocks that move as one; blocks are packed from the left and
 * from the right, put between the two, and then drawn towards what they are linked to as far as there is room.
 */
import { f64, groupBy, i32, IntList, type Groups } from './arrays';
import type { Alignment } from './align';
import type { Order } from './inversions';
import type { Layers } from './layers';

/** What the geometry of boxes adds to the layers: all in pixels. */
export interface Extents {
  /** Half the width of an item. */
  readonly half: Float64Array;
  /** Least distance between the facing sides of two neighbours. */
  gap(left: number, right: number): number;
  /** Where link ends attach, from the item's centre. */
  readonly upperPort: Float64Array;
  readonly lowerPort: Float64Array;
  /** How much a link would like to be straight. */
  readonly weight: Float64Array;
}

/** Centre of every item, the leftmost side at 0. */
export function straighten(
  layers: Layers,
  order: Order,
  alignment: Alignment,
  extents: Extents,
): Float64Array {
  const blocks = new Blocks(layers, order, alignment, extents);
  const left = blocks.pack();
  const right = blocks.packRight(left);
  const place = new Float64Array(left.length);
  for (let b = 0; b < left.length; b++) place[b] = (f64(left, b) + f64(right, b)) / 2;
  blocks.relax(place, layers.items > 20000 ? 2 : layers.items > 2000 ? 4 : 10);
  return blocks.items(place);
}

class Blocks {
  readonly #layers: Layers;
  readonly #extents: Extents;
  readonly #block: Int32Array;
  readonly #shift: Float64Array;
  readonly #count: number;
  readonly #members: Groups;
  /** Neighbours in a rank whose blocks differ: left block, right block, least distance of their origins. */
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #distance: Float64Array;
  readonly #rightwards: Groups;
  readonly #leftwards: Groups;
  readonly #sequence: Int32Array;

  constructor(layers: Layers, order: Order, alignment: Alignment, extents: Extents) {
    this.#layers = layers;
    this.#extents = extents;
    const { items, rankCount, upper } = layers;
    const block = new Int32Array(items).fill(-1);
    const shift = new Float64Array(items);
    let count = 0;
    for (let index = 0; index < items; index++) {
      const item = i32(order.items, index);
      const link = i32(alignment.above, item);
      if (link < 0) block[item] = count++;
      else {
        const above = i32(upper, link);
        block[item] = i32(block, above);
        shift[item] = f64(shift, above) + f64(extents.upperPort, link) - f64(extents.lowerPort, link);
      }
    }
    const left = new IntList(items);
    const right = new IntList(items);
    const distance: number[] = [];
    for (let rank = 0; rank < rankCount; rank++) {
      for (let at = i32(order.start, rank) + 1; at < i32(order.start, rank + 1); at++) {
        const a = i32(order.items, at - 1);
        const b = i32(order.items, at);
        left.push(i32(block, a));
        right.push(i32(block, b));
        distance.push(
          f64(extents.half, a) + extents.gap(a, b) + f64(extents.half, b) + f64(shift, a) - f64(shift, b),
        );
      }
    }
    this.#block = block;
    this.#shift = shift;
    this.#count = count;
    this.#members = groupBy(block, items, count);
    this.#left = left.toArray();
    this.#right = right.toArray();
    this.#distance = Float64Array.from(distance);
    this.#rightwards = groupBy(this.#left, left.length, count);
    this.#leftwards = groupBy(this.#right, left.length, count);
    this.#sequence = this.#topological();
  }

  /** Blocks from left to right: aligned links never cross, so neighbours never close a ring. */
  #topological(): Int32Array {
    const waiting = new Int32Array(this.#count);
    for (const block of this.#right) waiting[block] = i32(waiting, block) + 1;
    const sequence = new Int32Array(this.#count);
    let filled = 0;
    for (let b = 0; b < this.#count; b++) if (i32(waiting, b) === 0) sequence[filled++] = b;
    for (let read = 0; read < filled; read++) {
      const b = i32(sequence, read);
      for (let k = i32(this.#rightwards.start, b); k < i32(this.#rightwards.start, b + 1); k++) {
        const next = i32(this.#right, i32(this.#rightwards.rows, k));
        waiting[next] = i32(waiting, next) - 1;
        if (i32(waiting, next) === 0) sequence[filled++] = next;
      }
    }
    if (filled !== this.#count) throw new Error('Broken invariant: aligned links cross.');
    return sequence;
  }

  /** As far left as it goes. */
  pack(): Float64Array {
    const x = new Float64Array(this.#count);
    for (const b of this.#sequence) {
      let at = this.#reach(b);
      for (let k = i32(this.#leftwards.start, b); k < i32(this.#leftwards.start, b + 1); k++) {
        const row = i32(this.#leftwards.rows, k);
        at = Math.max(at, f64(x, i32(this.#left, row)) + f64(this.#distance, row));
      }
      x[b] = at;
    }
    return x;
  }

  /** As far right as it goes without becoming wider. */
  packRight(left: Float64Array): Float64Array {
    let width = 0;
    for (let b = 0; b < this.#count; b++) width = Math.max(width, f64(left, b) + this.#reach(b, true));
    const x = new Float64Array(this.#count);
    for (let s = this.#count - 1; s >= 0; s--) {
      const b = i32(this.#sequence, s);
      let at = width - this.#reach(b, true);
      for (let k = i32(this.#rightwards.start, b); k < i32(this.#rightwards.start, b + 1); k++) {
        const row = i32(this.#rightwards.rows, k);
        at = Math.min(at, f64(x, i32(this.#right, row)) - f64(this.#distance, row));
      }
      x[b] = at;
    }
    return x;
  }

  /** How far a block reaches left of its origin (or right of it). */
  #reach(b: number, toTheRight = false): number {
    let most = 0;
    for (let k = i32(this.#members.start, b); k < i32(this.#members.start, b + 1); k++) {
      const item = i32(this.#members.rows, k);
      const shift = f64(this.#shift, item);
      most = Math.max(most, f64(this.#extents.half, item) + (toTheRight ? shift : -shift));
    }
    return most;
  }

  /** Moves each block towards the weighted median of what it is linked to, within the room its neighbours leave. */
  relax(x: Float64Array, rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      let moved = 0;
      for (let s = 0; s < this.#count; s++) {
        const b = i32(this.#sequence, round % 2 === 0 ? this.#count - 1 - s : s);
        const wish = this.#wish(b, x);
        if (Number.isNaN(wish)) continue;
        let low = -Infinity;
        let high = Infinity;
        for (let k = i32(this.#leftwards.start, b); k < i32(this.#leftwards.start, b + 1); k++) {
          const row = i32(this.#leftwards.rows, k);
          low = Math.max(low, f64(x, i32(this.#left, row)) + f64(this.#distance, row));
        }
        for (let k = i32(this.#rightwards.start, b); k < i32(this.#rightwards.start, b + 1); k++) {
          const row = i32(this.#rightwards.rows, k);
          high = Math.min(high, f64(x, i32(this.#right, row)) - f64(this.#distance, row));
        }
        const to = Math.max(low, Math.min(high, wish));
        moved += Math.abs(to - f64(x, b));
        x[b] = to;
      }
      if (moved < 0.5) return;
    }
  }

  #wish(b: number, x: Float64Array): number {
    const { up, down, upper, lower } = this.#layers;
    const wishes: number[] = [];
    const weights: number[] = [];
    let total = 0;
    const add = (item: number, other: number, ownPort: number, otherPort: number, weight: number): void => {
      const block = i32(this.#block, other);
      if (block === b) return;
      wishes.push(f64(x, block) + f64(this.#shift, other) + otherPort - f64(this.#shift, item) - ownPort);
      weights.push(weight);
      total += weight;
    };
    const { upperPort, lowerPort, weight } = this.#extents;
    for (let m = i32(this.#members.start, b); m < i32(this.#members.start, b + 1); m++) {
      const item = i32(this.#members.rows, m);
      for (let k = i32(up.start, item); k < i32(up.start, item + 1); k++) {
        const link = i32(up.rows, k);
        add(item, i32(upper, link), f64(lowerPort, link), f64(upperPort, link), f64(weight, link));
      }
      for (let k = i32(down.start, item); k < i32(down.start, item + 1); k++) {
        const link = i32(down.rows, k);
        add(item, i32(lower, link), f64(upperPort, link), f64(lowerPort, link), f64(weight, link));
      }
    }
    return weightedMedian(wishes, weights, total);
  }

  /** Centres of items; the leftmost side of anything at 0. */
  items(x: Float64Array): Float64Array {
    const centres = new Float64Array(this.#layers.items);
    let least = Infinity;
    for (let item = 0; item < centres.length; item++) {
      centres[item] = f64(x, i32(this.#block, item)) + f64(this.#shift, item);
      least = Math.min(least, f64(centres, item) - f64(this.#extents.half, item));
    }
    for (let item = 0; item < centres.length; item++) centres[item] = f64(centres, item) - least;
    return centres;
  }
}

/** Between the two middle ones where they tie; NaN for none. */
function weightedMedian(values: readonly number[], weights: readonly number[], total: number): number {
  if (values.length === 0) return Number.NaN;
  if (values.length === 1) return values[0] as number;
  const order = values
    .map((_value, index) => index)
    .sort((a, b) => (values[a] as number) - (values[b] as number));
  let sum = 0;
  for (let k = 0; k < order.length; k++) {
    const index = order[k] as number;
    sum += weights[index] as number;
    if (sum > total / 2) return values[index] as number;
    if (sum === total / 2) return ((values[index] as number) + (values[order[k + 1] ?? index] as number)) / 2;
  }
  return values[order[order.length - 1] as number] as number;
}
