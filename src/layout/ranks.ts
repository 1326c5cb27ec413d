/**
 * Ranks: how far down each box of a container stands. Longest path from the top, then sources and whatever shortens
 * more tensors than it lengthens are pulled down. A cycle is broken at the box that comes first in the file; the links
 * that then point upward are marked and drawn as loops.
 */
import { groupBy, i32, u8 } from './arrays';
import type { Container } from './container';

export interface Ranks {
  /** Per item (boxes, entries, exits). Entries stand at 0, boxes from 1, exits at `last`. */
  readonly rank: Int32Array;
  readonly last: number;
  /** Per target row of the container: 1 where the link points upward or to its own rank. */
  readonly backward: Uint8Array;
  /** Boxes at which a cycle had to be broken. */
  readonly cycles: readonly number[];
}

/** `low`: boxes that may as well stand higher or lower stand low. */
export function rankContainer(container: Container, low = true): Ranks {
  const { boxes, entries, exits, nets, netSource, targetStart, targets } = container;
  const items = boxes + entries + exits;
  const links = targets.length;
  const netOfTarget = new Int32Array(links);
  const source = new Int32Array(links);
  const target = new Int32Array(links);
  for (let net = 0; net < nets; net++) {
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      netOfTarget[t] = net;
      source[t] = i32(netSource, net);
      target[t] = i32(targets, t);
    }
  }
  const out = groupBy(source, links, items);
  const into = groupBy(target, links, items);
  const backward = new Uint8Array(links);
  const { order, cycles } = topological(boxes, items, out, into, target, source, backward);

  const rank = new Int32Array(items);
  for (const item of order) {
    if (item >= boxes + entries) continue;
    if (item < boxes && i32(rank, item) === 0) rank[item] = 1;
    for (let k = i32(out.start, item); k < i32(out.start, item + 1); k++) {
      const link = i32(out.rows, k);
      if (u8(backward, link) === 1) continue;
      const to = i32(target, link);
      rank[to] = Math.max(i32(rank, to), i32(rank, item) + 1);
    }
  }
  pullDown(container, order, out, into, target, netOfTarget, backward, rank, low);
  spreadStars(container, out, into, rank);
  let last = 0;
  for (let box = 0; box < boxes; box++) last = Math.max(last, i32(rank, box));
  last += 1;
  for (let exit = boxes + entries; exit < items; exit++) rank[exit] = last;
  for (let link = 0; link < links; link++) {
    if (i32(rank, i32(source, link)) < i32(rank, i32(target, link))) backward[link] = 0;
  }
  return { rank, last, backward, cycles };
}

/** Kahn's order by file order; where only cycles are left the first box in the file goes next. */
function topological(
  boxes: number,
  items: number,
  out: { start: Int32Array; rows: Int32Array },
  into: { start: Int32Array; rows: Int32Array },
  target: Int32Array,
  source: Int32Array,
  backward: Uint8Array,
): { order: Int32Array; cycles: number[] } {
  const waiting = new Int32Array(items);
  const order = new Int32Array(items);
  const done = new Uint8Array(items);
  const cycles: number[] = [];
  let filled = 0;
  let read = 0;
  for (let item = 0; item < items; item++) {
    waiting[item] = i32(into.start, item + 1) - i32(into.start, item);
    if (i32(waiting, item) === 0) {
      order[filled++] = item;
      done[item] = 1;
    }
  }
  let oldest = 0;
  for (;;) {
    while (read < filled) {
      const item = i32(order, read++);
      for (let k = i32(out.start, item); k < i32(out.start, item + 1); k++) {
        const link = i32(out.rows, k);
        if (u8(backward, link) === 1) continue;
        const to = i32(target, link);
        waiting[to] = i32(waiting, to) - 1;
        if (i32(waiting, to) > 0 || u8(done, to) === 1) continue;
        order[filled++] = to;
        done[to] = 1;
      }
    }
    while (oldest < boxes && u8(done, oldest) === 1) oldest++;
    if (oldest >= boxes) break;
    cycles.push(oldest);
    for (let k = i32(into.start, oldest); k < i32(into.start, oldest + 1); k++) {
      const link = i32(into.rows, k);
      if (u8(done, i32(source, link)) === 0) backward[link] = 1;
    }
    order[filled++] = oldest;
    done[oldest] = 1;
  }
  return { order: order.slice(0, filled), cycles };
}

/** Moves boxes down towards their readers where that shortens more tensors than it lengthens. */
function pullDown(
  container: Container,
  order: Int32Array,
  out: { start: Int32Array; rows: Int32Array },
  into: { start: Int32Array; rows: Int32Array },
  target: Int32Array,
  netOfTarget: Int32Array,
  backward: Uint8Array,
  rank: Int32Array,
  low: boolean,
): void {
  const { boxes, entries, nets, netSource, targetStart, targets } = container;
  const exitBase = boxes + entries;
  // How deep each tensor already reaches: moving its last reader further down makes it longer.
  const reach = new Int32Array(nets);
  const atReach = new Int32Array(nets);
  const measure = (net: number): void => {
    let deepest = 0;
    let count = 0;
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      const item = i32(targets, t);
      if (u8(backward, t) === 1) continue;
      const at = item >= exitBase ? 0x7fffffff : i32(rank, item);
      if (at > deepest) {
        deepest = at;
        count = 0;
      }
      if (at === deepest) count++;
    }
    reach[net] = deepest;
    atReach[net] = count;
  };
  for (let net = 0; net < nets; net++) measure(net);
  const loose = looseItems(container, order, into, netOfTarget);
  for (let index = order.length - 1; index >= 0; index--) {
    const item = i32(order, index);
    if (item >= boxes) continue;
    let floor = 0x7fffffff;
    let outNets = 0;
    let lastNet = -1;
    for (let k = i32(out.start, item); k < i32(out.start, item + 1); k++) {
      const link = i32(out.rows, k);
      const to = i32(target, link);
      if (u8(backward, link) === 1) continue;
      if (i32(netOfTarget, link) !== lastNet) {
        lastNet = i32(netOfTarget, link);
        outNets++;
      }
      if (to < boxes) floor = Math.min(floor, i32(rank, to));
    }
    if (floor === 0x7fffffff || floor - 1 <= i32(rank, item)) continue;
    let stretched = 0;
    for (let k = i32(into.start, item); k < i32(into.start, item + 1); k++) {
      const link = i32(into.rows, k);
      const net = i32(netOfTarget, link);
      // A tensor that nobody else reads comes along where its maker can follow.
      const follows = isAlone(container, net) && u8(loose, i32(netSource, net)) === 1;
      if (follows || u8(backward, link) === 1) continue;
      if (i32(reach, net) <= i32(rank, item) && i32(atReach, net) === 1) stretched++;
    }
    if (low ? outNets < stretched : outNets <= stretched) continue;
    rank[item] = floor - 1;
    for (let k = i32(into.start, item); k < i32(into.start, item + 1); k++) {
      const net = i32(netOfTarget, i32(into.rows, k));
      // Only short nets are measured again: a rail with thousands of readers keeps its reach.
      if (i32(targetStart, net + 1) - i32(targetStart, net) <= 16) measure(net);
    }
  }
}

/** Boxes that nothing holds up: all they read is made for them alone by such boxes. A weight and what unpacks it, say. */
function looseItems(
  container: Container,
  order: Int32Array,
  into: { start: Int32Array; rows: Int32Array },
  netOfTarget: Int32Array,
): Uint8Array {
  const loose = new Uint8Array(container.boxes + container.entries + container.exits);
  for (const item of order) {
    if (item >= container.boxes) continue;
    let free = true;
    for (let k = i32(into.start, item); free && k < i32(into.start, item + 1); k++) {
      const net = i32(netOfTarget, i32(into.rows, k));
      free = isAlone(container, net) && u8(loose, i32(container.netSource, net)) === 1;
    }
    loose[item] = free ? 1 : 0;
  }
  return loose;
}

/** Is the tensor read at one place only? */
function isAlone({ targetStart }: Container, net: number): boolean {
  return i32(targetStart, net + 1) - i32(targetStart, net) === 1;
}

/** More readers than this that lead nowhere are set in rows below their tensor, not in one endless rank. */
const widestStar = 96;

function spreadStars(
  { boxes, nets, netSource, targetStart, targets }: Container,
  out: { start: Int32Array },
  into: { start: Int32Array },
  rank: Int32Array,
): void {
  for (let net = 0; net < nets; net++) {
    if (i32(targetStart, net + 1) - i32(targetStart, net) <= widestStar) continue;
    const ends: number[] = [];
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      const item = i32(targets, t);
      const isEnd = item < boxes && i32(out.start, item) === i32(out.start, item + 1);
      if (isEnd && i32(into.start, item + 1) - i32(into.start, item) === 1) ends.push(item);
    }
    if (ends.length <= widestStar) continue;
    const perRow = Math.max(16, Math.ceil(Math.sqrt(ends.length * 0.7)));
    const from = i32(rank, i32(netSource, net)) + 1;
    ends.forEach((item, index) => (rank[item] = from + Math.floor(index / perRow)));
  }
}
