/**
 * The order of items in each rank: few crossings, and the same picture every time. Starts from a walk in file order,
 * sweeps barycentres down and up, exchanges neighbours (later also where that changes nothing: what stood in the way may
 * then move), and moves whole rails from side to side; keeps the best.
 * Effort follows size: small containers are searched harder, large ones get a fixed number of linear passes.
 */
import { f64, i32, u8 } from './arrays';
import { CrossingCounter, inversions, type Order } from './inversions';
import type { Layers } from './layers';

/** Where the surroundings would like entries and exits to stand: any ascending numbers, NaN where they do not care. */
export interface Surroundings {
  readonly entries: Float64Array;
  readonly exits: Float64Array;
}

export interface Ordered extends Order {
  readonly crossings: number;
}

/** `checkpoint` is called between passes; it throws to stop. */
export function orderLayers(layers: Layers, around: Surroundings, checkpoint: () => void): Ordered {
  return new Orderer(layers, around, checkpoint).run();
}

class Orderer {
  readonly #layers: Layers;
  readonly #around: Surroundings;
  readonly #start: Int32Array;
  readonly #key: Float64Array;
  readonly #counter: CrossingCounter;
  #items: Int32Array;
  #place: Int32Array;
  #best: Int32Array;
  #bestCrossings = Infinity;

  constructor(
    layers: Layers,
    around: Surroundings,
    private readonly checkpoint: () => void,
  ) {
    this.#layers = layers;
    this.#around = around;
    const start = new Int32Array(layers.rankCount + 2);
    for (let item = 0; item < layers.items; item++) {
      const rank = i32(layers.rank, item);
      start[rank + 1] = i32(start, rank + 1) + 1;
    }
    let widest = 0;
    for (let rank = 0; rank < layers.rankCount; rank++) {
      widest = Math.max(widest, i32(start, rank + 1));
      start[rank + 1] = i32(start, rank + 1) + i32(start, rank);
    }
    start[layers.rankCount + 1] = layers.items;
    this.#start = start;
    this.#counter = new CrossingCounter(layers, widest);
    this.#key = new Float64Array(layers.items);
    this.#items = new Int32Array(layers.items);
    this.#place = new Int32Array(layers.items);
    this.#best = new Int32Array(layers.items);
  }

  run(): Ordered {
    const { items } = this.#layers;
    const small = items <= 600;
    const sweeps = items <= 2000 ? 16 : items <= 20000 ? 8 : 4;
    this.#seed(false);
    this.#improve(sweeps, small);
    if (this.#bestCrossings > 0 && items <= 6000) {
      this.#seed(true);
      this.#improve(sweeps, small, true);
    }
    if (this.#bestCrossings > 0 && small) {
      this.#use(this.#best);
      this.#improve(sweeps, small, true);
    }
    const tries = this.#bestCrossings === 0 || !small ? 0 : Math.min(8, Math.ceil(1600 / (items + 1)));
    for (let trial = 0; trial < tries && this.#bestCrossings > 0; trial++) {
      this.#shuffle(trial);
      this.#improve(sweeps, true, true);
    }
    this.#use(this.#best);
    if (this.#bestCrossings > 0) this.#moveRails();
    return {
      start: this.#start,
      items: this.#best,
      place: placesOf(this.#layers, this.#start, this.#best),
      crossings: this.#bestCrossings,
    };
  }

  #total(limit = Infinity): number {
    return this.#counter.total(this.#order(), limit) + this.#outside();
  }

  #order(): Order {
    return { start: this.#start, items: this.#items, place: this.#place };
  }

  /** Crossings that entries and exits would make with what lies around the scope. */
  #outside(): number {
    const { container, rankCount } = this.#layers;
    if (container.entries > 256 || container.exits > 256) return 0;
    const wish = (item: number): number => this.#wish(item);
    const inRank = (rank: number): number[] =>
      [...this.#items.subarray(i32(this.#start, rank), i32(this.#start, rank + 1))].map(wish);
    return (
      (container.entries > 1 ? inversions(inRank(0)) : 0) +
      (container.exits > 1 ? inversions(inRank(rankCount - 1)) : 0)
    );
  }

  #wish(item: number): number {
    const { boxes, entries } = this.#layers.container;
    if (item < boxes) return Number.NaN;
    return item < boxes + entries
      ? f64(this.#around.entries, item - boxes)
      : f64(this.#around.exits, item - boxes - entries);
  }

  /** First order: depth first from the top in file order, or with `flat`, file order in every rank. */
  #seed(flat: boolean): void {
    const { layers, next } = { layers: this.#layers, next: this.#start.slice() };
    const { container, down, lower, rank, items } = layers;
    const put = (item: number): void => {
      const r = i32(rank, item);
      const at = i32(next, r);
      this.#items[at] = item;
      next[r] = at + 1;
    };
    if (flat) {
      for (let item = container.boxes; item < items; item++) put(item);
      for (let item = 0; item < container.boxes; item++) put(item);
      this.#index();
      return;
    }
    const seen = new Uint8Array(items);
    const stack: number[] = [];
    const visit = (root: number): void => {
      stack.push(root);
      for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
        if (u8(seen, item) === 1) continue;
        seen[item] = 1;
        put(item);
        for (let k = i32(down.start, item + 1) - 1; k >= i32(down.start, item); k--) {
          const to = i32(lower, i32(down.rows, k));
          if (u8(seen, to) === 0) stack.push(to);
        }
      }
    };
    const entries = Array.from({ length: container.entries }, (_unused, index) => container.boxes + index);
    entries.sort((a, b) => compare(this.#wish(a), this.#wish(b)) || a - b);
    entries.forEach(visit);
    for (let item = 0; item < container.boxes; item++) visit(item);
    for (let item = container.boxes; item < items; item++) visit(item);
    this.#index();
  }

  /** A different start that is the same every time: ranks rotated and flipped by a small generator. */
  #shuffle(trial: number): void {
    let state = 0x9e3779b9 ^ (trial * 0x85ebca6b);
    const random = (): number => {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
      state = Math.imul(state ^ (state >>> 12), 0x297a2d39);
      state ^= state >>> 15;
      return (state >>> 0) / 4294967296;
    };
    this.#use(this.#best);
    for (let rank = 0; rank < this.#layers.rankCount; rank++) {
      for (let at = i32(this.#start, rank + 1) - 1; at > i32(this.#start, rank); at--) {
        const other = i32(this.#start, rank) + Math.floor(random() * (at - i32(this.#start, rank) + 1));
        const item = i32(this.#items, at);
        this.#items[at] = i32(this.#items, other);
        this.#items[other] = item;
      }
    }
    this.#index();
  }

  #use(items: Int32Array): void {
    this.#items.set(items);
    this.#index();
  }

  #index(): void {
    this.#counter.changedAll();
    for (let rank = 0; rank < this.#layers.rankCount; rank++) {
      const from = i32(this.#start, rank);
      for (let at = from; at < i32(this.#start, rank + 1); at++)
        this.#place[i32(this.#items, at)] = at - from;
    }
  }

  #keep(): boolean {
    const crossings = this.#total(this.#bestCrossings);
    if (crossings >= this.#bestCrossings) return false;
    this.#bestCrossings = crossings;
    this.#best.set(this.#items);
    return true;
  }

  /** `restless`: of every four sweeps the last two exchange equals too. */
  #improve(sweeps: number, exchange: boolean, restless = false): void {
    const { rankCount } = this.#layers;
    this.#keep();
    let idle = 0;
    for (let sweep = 0; sweep < sweeps && idle < 4 && this.#bestCrossings > 0; sweep++) {
      this.checkpoint();
      const bias = sweep % 4 >= 2;
      if (sweep % 2 === 0) for (let rank = 0; rank < rankCount; rank++) this.#sort(rank, true, bias);
      else for (let rank = rankCount - 1; rank >= 0; rank--) this.#sort(rank, false, bias);
      if (exchange) this.#exchange(restless && bias ? 2 : 0);
      idle = this.#keep() ? 0 : idle + 1;
    }
  }

  /** Sorts a rank by the mean place of its neighbours above (or below); items without any keep their place. */
  #sort(rank: number, fromAbove: boolean, bias: boolean): void {
    const { up, down, upper, lower, rankCount, container } = this.#layers;
    const from = i32(this.#start, rank);
    const to = i32(this.#start, rank + 1);
    if (to - from < 2) return;
    const groups = fromAbove ? up : down;
    const ends = fromAbove ? upper : lower;
    const border = (fromAbove && rank === 0) || (!fromAbove && rank === rankCount - 1);
    const sorted: number[] = [];
    for (let at = from; at < to; at++) {
      const item = i32(this.#items, at);
      const begin = i32(groups.start, item);
      const end = i32(groups.start, item + 1);
      if (end > begin) {
        let sum = 0;
        for (let k = begin; k < end; k++) sum += i32(this.#place, i32(ends, i32(groups.rows, k)));
        this.#key[item] = sum / (end - begin);
        sorted.push(item);
      } else if (border && item >= container.boxes) {
        const wish = this.#wish(item);
        this.#key[item] = wish;
        if (!Number.isNaN(wish)) sorted.push(item);
        else this.#key[item] = Number.NaN;
      } else this.#key[item] = Number.NaN;
    }
    const sign = bias ? -1 : 1;
    sorted.sort(
      (a, b) => f64(this.#key, a) - f64(this.#key, b) || sign * (i32(this.#place, a) - i32(this.#place, b)),
    );
    let taken = 0;
    let changed = false;
    for (let at = from; at < to; at++) {
      if (Number.isNaN(f64(this.#key, i32(this.#items, at)))) continue;
      const item = sorted[taken++] as number;
      if (item === i32(this.#items, at)) continue;
      this.#items[at] = item;
      changed = true;
    }
    if (!changed) return;
    this.#counter.changed(rank);
    for (let at = from; at < to; at++) this.#place[i32(this.#items, at)] = at - from;
  }

  /** Exchanges neighbours while that takes crossings away; in the first `restless` rounds where it adds none. */
  #exchange(restless: number): void {
    const { rankCount } = this.#layers;
    let better = true;
    for (let round = 0; better && round < 8; round++) {
      better = false;
      let above = 0;
      for (let rank = 0; rank < rankCount; rank++) {
        const below = rank + 1 < rankCount ? this.#counter.gap(this.#order(), rank) : 0;
        const calm = above === 0 && below === 0 && rank > 0 && rank + 1 < rankCount;
        above = below;
        if (calm) continue;
        let changed = false;
        for (let at = i32(this.#start, rank); at + 1 < i32(this.#start, rank + 1); at++) {
          const a = i32(this.#items, at);
          const b = i32(this.#items, at + 1);
          const gain = this.#between(a, b) - this.#between(b, a);
          if (round < restless ? gain < 0 : gain <= 0) continue;
          this.#items[at] = b;
          this.#items[at + 1] = a;
          this.#place[b] = i32(this.#place, a);
          this.#place[a] = i32(this.#place, b) + 1;
          better ||= gain > 0 || round === 0;
          changed = true;
        }
        if (changed) this.#counter.changed(rank);
        if (rank + 1 < rankCount && above > 0) above = this.#counter.gap(this.#order(), rank);
      }
    }
  }

  /** Crossings between the links of two neighbours when `left` stands left of `right`. */
  #between(left: number, right: number): number {
    const { up, down, upper, lower } = this.#layers;
    let count = 0;
    for (let k = i32(up.start, left); k < i32(up.start, left + 1); k++) {
      const place = i32(this.#place, i32(upper, i32(up.rows, k)));
      for (let j = i32(up.start, right); j < i32(up.start, right + 1); j++) {
        if (place > i32(this.#place, i32(upper, i32(up.rows, j)))) count++;
      }
    }
    for (let k = i32(down.start, left); k < i32(down.start, left + 1); k++) {
      const place = i32(this.#place, i32(lower, i32(down.rows, k)));
      for (let j = i32(down.start, right); j < i32(down.start, right + 1); j++) {
        if (place > i32(this.#place, i32(lower, i32(down.rows, j)))) count++;
      }
    }
    if (this.#wish(left) > this.#wish(right)) count++;
    return count;
  }

  /** Tries each long tensor, with its source where that is only a border or a source, on either side of everything. */
  #moveRails(): void {
    const { chainLength, container, links, items } = this.#layers;
    const rails: number[] = [];
    for (let net = 0; net < container.nets; net++) if (i32(chainLength, net) >= 2) rails.push(net);
    rails.sort((a, b) => i32(chainLength, b) - i32(chainLength, a) || a - b);
    const trials = Math.min(rails.length, 48, Math.floor(4_000_000 / (links + items + 1)));
    for (let round = 0; round < 2; round++) {
      let better = false;
      for (const net of rails.slice(0, trials)) {
        for (const left of [true, false]) {
          this.#moveRail(net, left);
          if (this.#keep()) better = true;
          else this.#use(this.#best);
        }
      }
      if (!better) return;
      if (items <= 6000) {
        this.#improve(4, items <= 600);
        this.#use(this.#best);
      }
    }
  }

  #moveRail(net: number, left: boolean): void {
    const { chain, chainLength, container, rank, up, down } = this.#layers;
    const source = i32(container.netSource, net);
    const alone = i32(up.start, source) === i32(up.start, source + 1);
    const links = i32(down.start, source + 1) - i32(down.start, source);
    if (alone && links <= i32(container.targetStart, net + 1) - i32(container.targetStart, net) + 1) {
      this.#toSide(source, i32(rank, source), left);
    }
    const first = i32(chain, net);
    for (let d = 0; d < i32(chainLength, net); d++) this.#toSide(first + d, i32(rank, first + d), left);
  }

  #toSide(item: number, rank: number, left: boolean): void {
    const from = i32(this.#start, rank);
    const to = i32(this.#start, rank + 1);
    const at = from + i32(this.#place, item);
    if (left) this.#items.copyWithin(from + 1, from, at);
    else this.#items.copyWithin(at, at + 1, to);
    this.#items[left ? from : to - 1] = item;
    for (let k = from; k < to; k++) this.#place[i32(this.#items, k)] = k - from;
    this.#counter.changed(rank);
  }
}

function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return 0;
  return a - b;
}

function placesOf(layers: Layers, start: Int32Array, items: Int32Array): Int32Array {
  const place = new Int32Array(layers.items);
  for (let rank = 0; rank < layers.rankCount; rank++) {
    for (let at = i32(start, rank); at < i32(start, rank + 1); at++)
      place[i32(items, at)] = at - i32(start, rank);
  }
  return place;
}
