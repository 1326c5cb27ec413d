/**
 * The trunk of a container: the items that every path from its main input to its main output passes. In a residual
 * network these are the additions of the residual stream; what runs directly from one to the next is drawn straight.
 */
import { i32, u8 } from './arrays';
import type { Layers } from './layers';

/** Per item: its number along the trunk, from 0, or -1. */
export function findTrunk(layers: Layers): Int32Array {
  const { container, items, up, down } = layers;
  const total = container.boxes + container.entries + container.exits;
  const none: Int32Array = new Int32Array(items).fill(-1);
  if (total === 0) return none;
  const byRank = itemsByRank(layers);
  const sources = candidates(total, container.boxes, (item) => i32(up.start, item) === i32(up.start, item + 1));
  const tries = items > 20000 ? 1 : 4;
  let best = none;
  let longest = 1;
  for (const source of sources.slice(0, tries)) {
    const forward = reach(layers, byRank, source, true);
    const sinks: number[] = [];
    for (let at = byRank.length - 1; at >= 0 && sinks.length < tries; at--) {
      const item = i32(byRank, at);
      if (item < total && u8(forward, item) === 1 && i32(down.start, item) === i32(down.start, item + 1)) sinks.push(item);
    }
    for (const sink of sinks) {
      const backward = reach(layers, byRank, sink, false);
      const { trunk, length } = cuts(layers, byRank, forward, backward);
      if (length <= longest) continue;
      longest = length;
      best = trunk;
    }
  }
  return best;
}

/** Entries first, then boxes in file order. */
function candidates(total: number, boxes: number, isSource: (item: number) => boolean): number[] {
  const list: number[] = [];
  for (let item = boxes; item < total && list.length < 8; item++) if (isSource(item)) list.push(item);
  for (let item = 0; item < boxes && list.length < 8; item++) if (isSource(item)) list.push(item);
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
    for (let g = i32(groups.start, item); g < i32(groups.start, item + 1); g++) reached[i32(ends, i32(groups.rows, g))] = 1;
  }
  return reached;
}

/** An item is on the trunk when it stands alone among the items of its rank that lie between source and sink. */
function cuts(
  layers: Layers,
  byRank: Int32Array,
  forward: Uint8Array,
  backward: Uint8Array,
): { trunk: Int32Array; length: number } {
  const { items, rank, firstDummy, rankCount } = layers;
  const active = new Int32Array(rankCount);
  for (let item = 0; item < items; item++) {
    if (u8(forward, item) + u8(backward, item) === 2) active[i32(rank, item)] = i32(active, i32(rank, item)) + 1;
  }
  const trunk = new Int32Array(items).fill(-1);
  let length = 0;
  for (let k = 0; k < byRank.length; k++) {
    const item = i32(byRank, k);
    if (item >= firstDummy || u8(forward, item) + u8(backward, item) !== 2) continue;
    if (i32(active, i32(rank, item)) === 1) trunk[item] = length++;
  }
  return { trunk, length };
}
