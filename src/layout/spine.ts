/**
 * The spine of a container: one line from its main input to its main output, drawn straight. Between two items that
 * every path passes (the additions of a residual stream) it takes the direct tensor where there is one, else the way
 * with the most boxes. So residual streams run straight, through every frame they cross.
 */
import { i32, IntList, u8 } from './arrays';
import type { Layers } from './layers';

/** Links (rows of the layers' links) that make the spine, top to bottom; they are drawn as one straight line. */
export function findSpine(layers: Layers): Int32Array {
  const { container, items, up } = layers;
  const total = container.boxes + container.entries + container.exits;
  const byRank = itemsByRank(layers);
  const sources = candidates(
    total,
    container.boxes,
    (item) => i32(up.start, item) === i32(up.start, item + 1),
  );
  const tries = items > 20000 ? 1 : 4;
  let between: Uint8Array | undefined;
  let most = 1;
  for (const source of sources.slice(0, tries)) {
    const forward = reach(layers, byRank, source, true);
    const sinks = lastOf(layers, byRank, forward, total, tries);
    for (const sink of sinks) {
      const active = reach(layers, byRank, sink, false);
      let count = 0;
      for (let item = 0; item < items; item++) {
        active[item] = u8(active, item) & u8(forward, item);
        if (item < total) count += u8(active, item);
      }
      if (count <= most) continue;
      most = count;
      between = active;
    }
  }
  return between === undefined ? new Int32Array(0) : spine(layers, byRank, between);
}

/** From the top item down: straight to the next item that everything passes, else along the most boxes. */
function spine(layers: Layers, byRank: Int32Array, active: Uint8Array): Int32Array {
  const { down, lower, firstDummy, linkNet } = layers;
  const trunk = cuts(layers, byRank, active);
  const best = new Int32Array(layers.items);
  const next = new Int32Array(layers.items).fill(-1);
  for (let k = byRank.length - 1; k >= 0; k--) {
    const item = i32(byRank, k);
    if (u8(active, item) === 0) continue;
    const direct = item < firstDummy ? directNet(layers, item, trunk) : -1;
    for (let g = i32(down.start, item); g < i32(down.start, item + 1); g++) {
      const link = i32(down.rows, g);
      const to = i32(lower, link);
      if (u8(active, to) === 0 || (direct >= 0 && i32(linkNet, link) !== direct)) continue;
      const boxes = i32(best, to) + (to < firstDummy ? 1 : 0);
      if (i32(next, item) >= 0 && boxes <= i32(best, item)) continue;
      best[item] = boxes;
      next[item] = link;
    }
  }
  const links = new IntList();
  let at = -1;
  for (let k = 0; k < byRank.length && at < 0; k++) if (u8(active, i32(byRank, k)) === 1) at = i32(byRank, k);
  while (at >= 0 && i32(next, at) >= 0) {
    const link = i32(next, at);
    links.push(link);
    at = i32(lower, link);
  }
  return links.toArray();
}

/** The net that leads from a trunk item to the next one without passing a box, or -1. */
function directNet(layers: Layers, item: number, trunk: Int32Array): number {
  const { container, down, linkNet } = layers;
  const number = i32(trunk, item);
  if (number < 0) return -1;
  let last = -1;
  for (let g = i32(down.start, item); g < i32(down.start, item + 1); g++) {
    const net = i32(linkNet, i32(down.rows, g));
    if (net === last) continue;
    last = net;
    for (let t = i32(container.targetStart, net); t < i32(container.targetStart, net + 1); t++) {
      if (i32(trunk, i32(container.targets, t)) === number + 1) return net;
    }
  }
  return -1;
}

/** Entries first, then boxes in file order. */
function candidates(total: number, boxes: number, isSource: (item: number) => boolean): number[] {
  const list: number[] = [];
  for (let item = boxes; item < total && list.length < 8; item++) if (isSource(item)) list.push(item);
  for (let item = 0; item < boxes && list.length < 8; item++) if (isSource(item)) list.push(item);
  return list;
}

/** The ends of what is reached, those in the lowest rank first, in file order where they stand side by side. */
function lastOf(
  { rank, down }: Layers,
  byRank: Int32Array,
  reached: Uint8Array,
  total: number,
  most: number,
): number[] {
  const list: number[] = [];
  for (let end = byRank.length; end > 0 && list.length < most;) {
    let begin = end;
    while (begin > 0 && i32(rank, i32(byRank, begin - 1)) === i32(rank, i32(byRank, end - 1))) begin--;
    for (let at = begin; at < end && list.length < most; at++) {
      const item = i32(byRank, at);
      const ends = item < total && i32(down.start, item) === i32(down.start, item + 1);
      if (ends && u8(reached, item) === 1) list.push(item);
    }
    end = begin;
  }
  return list;
}

function itemsByRank({ items, rank, rankCount }: Layers): Int32Array {
  const start = new Int32Array(rankCount + 1);
  for (let item = 0; item < items; item++) start[i32(rank, item) + 1] = i32(start, i32(rank, item) + 1) + 1;
  for (let r = 0; r < rankCount; r++) start[r + 1] = i32(start, r + 1) + i32(start, r);
  const sorted = new Int32Array(items);
  for (let item = 0; item < items; item++) {
    const r = i32(rank, item);
    sorted[i32(start, r)] = item;
    start[r] = i32(start, r) + 1;
  }
  return sorted;
}

function reach(layers: Layers, byRank: Int32Array, from: number, forward: boolean): Uint8Array {
  const { upper, lower, up, down } = layers;
  const reached = new Uint8Array(layers.items);
  reached[from] = 1;
  const groups = forward ? down : up;
  const ends = forward ? lower : upper;
  for (let k = 0; k < byRank.length; k++) {
    const item = i32(byRank, forward ? k : byRank.length - 1 - k);
    if (u8(reached, item) === 0) continue;
    for (let g = i32(groups.start, item); g < i32(groups.start, item + 1); g++)
      reached[i32(ends, i32(groups.rows, g))] = 1;
  }
  return reached;
}

/** Items that stand alone in their rank among those between source and sink, numbered from the top; -1 elsewhere. */
function cuts(layers: Layers, byRank: Int32Array, active: Uint8Array): Int32Array {
  const { items, rank, firstDummy, rankCount } = layers;
  const inRank = new Int32Array(rankCount);
  for (let item = 0; item < items; item++)
    if (u8(active, item) === 1) inRank[i32(rank, item)] = i32(inRank, i32(rank, item)) + 1;
  const trunk = new Int32Array(items).fill(-1);
  let length = 0;
  for (let k = 0; k < byRank.length; k++) {
    const item = i32(byRank, k);
    if (item < firstDummy && u8(active, item) === 1 && i32(inRank, i32(rank, item)) === 1)
      trunk[item] = length++;
  }
  return trunk;
}
