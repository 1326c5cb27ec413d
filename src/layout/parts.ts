/**
 * A container cut into its connected parts, and the parts put beside and below each other. Parts that touch the
 * container's border stand in one row, so that their lines reach it; the others fill shelves.
 */
import { i32, IntList } from './arrays';
import type { Container } from './container';
import { gaps } from './metrics';
import type { Surroundings } from './order';

/** One part as a container of its own; `boxes` gives the row of each of its boxes in the whole. */
export interface Piece {
  readonly container: Container;
  readonly boxes: Int32Array;
}

/** The parts in file order; a connected container is its own only part. */
export function split(whole: Container): readonly Piece[] {
  const items = whole.boxes + whole.entries + whole.exits;
  const leader = Int32Array.from({ length: items }, (_unused, item) => item);
  const find = (item: number): number => {
    let at = item;
    while (i32(leader, at) !== at) {
      leader[at] = i32(leader, i32(leader, at));
      at = i32(leader, at);
    }
    return at;
  };
  for (let net = 0; net < whole.nets; net++) {
    const source = i32(whole.netSource, net);
    for (let t = i32(whole.targetStart, net); t < i32(whole.targetStart, net + 1); t++) {
      const a = find(source);
      const b = find(i32(whole.targets, t));
      if (a !== b) leader[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const partOf = new Int32Array(items).fill(-1);
  let parts = 0;
  for (let item = 0; item < items; item++) {
    const head = find(item);
    if (i32(partOf, head) < 0) partOf[head] = parts++;
    partOf[item] = i32(partOf, head);
  }
  if (parts <= 1)
    return [{ container: whole, boxes: Int32Array.from({ length: whole.boxes }, (_unused, box) => box) }];
  return cutInto(whole, partOf, parts);
}

function cutInto(whole: Container, partOf: Int32Array, parts: number): Piece[] {
  const local = new Int32Array(partOf.length);
  const lists = Array.from({ length: parts }, () => ({
    boxes: new IntList(4),
    entries: new IntList(4),
    exits: new IntList(4),
  }));
  for (let item = 0; item < partOf.length; item++) {
    const list = lists[i32(partOf, item)];
    if (list === undefined) continue;
    const kind =
      item < whole.boxes ? list.boxes : item < whole.boxes + whole.entries ? list.entries : list.exits;
    local[item] = kind.length;
    kind.push(item);
  }
  const nets = Array.from({ length: parts }, () => new IntList(4));
  for (let net = 0; net < whole.nets; net++) nets[i32(partOf, i32(whole.netSource, net))]?.push(net);
  return lists.map((list, part) => {
    const boxes = list.boxes.toArray();
    const entries = list.entries.toArray();
    const exits = list.exits.toArray();
    const item = (of: number): number =>
      i32(local, of) +
      (of < whole.boxes
        ? 0
        : of < whole.boxes + whole.entries
          ? boxes.length
          : boxes.length + entries.length);
    const rows = nets[part]?.toArray() ?? new Int32Array(0);
    const targets = new IntList();
    const uses = new IntList();
    const targetStart = new Int32Array(rows.length + 1);
    rows.forEach((net, row) => {
      targetStart[row] = targets.length;
      for (let t = i32(whole.targetStart, net); t < i32(whole.targetStart, net + 1); t++) {
        targets.push(item(i32(whole.targets, t)));
        uses.push(i32(whole.uses, t));
      }
    });
    targetStart[rows.length] = targets.length;
    const container: Container = {
      scope: whole.scope,
      boxes: boxes.length,
      ref: boxes.map((box) => i32(whole.ref, box)),
      entries: entries.length,
      exits: exits.length,
      entryValue: entries.map((entry) => i32(whole.entryValue, entry - whole.boxes)),
      exitValue: exits.map((exit) => i32(whole.exitValue, exit - whole.boxes - whole.entries)),
      nets: rows.length,
      netValue: rows.map((net) => i32(whole.netValue, net)),
      netSource: rows.map((net) => item(i32(whole.netSource, net))),
      targetStart,
      targets: targets.toArray(),
      uses: uses.toArray(),
    };
    return { container, boxes };
  });
}

/** Parts that stand in one row are exchanged as long as that takes crossings away; more than this are only sorted. */
const mostExchanged = 64;

/**
 * Parts in the order in which they stand side by side: those whose lines come from the left, and lead to the left, first.
 * File order where the surroundings do not care.
 */
export function besideEachOther<T extends { readonly around: Surroundings }>(
  parts: readonly T[],
): readonly T[] {
  if (parts.length < 2) return parts;
  const crossings = (order: readonly T[]): number =>
    order.reduce(
      (sum, left, at) => order.slice(at + 1).reduce((all, right) => all + between(left, right), sum),
      0,
    );
  const sorted = [...parts].sort((a, b) => compare(meanWish(a.around), meanWish(b.around)));
  if (parts.length > mostExchanged) return sorted;
  const best = crossings(sorted) < crossings(parts) ? sorted : [...parts];
  for (let better = true; better;) {
    better = false;
    for (let at = 0; at + 1 < best.length; at++) {
      const [left, right] = best.slice(at, at + 2);
      if (left === undefined || right === undefined || between(right, left) >= between(left, right)) continue;
      best.splice(at, 2, right, left);
      better = true;
    }
  }
  return best;
}

/** Pairs of lines that cross at the border when one part stands left of the other. */
function between(left: { readonly around: Surroundings }, right: { readonly around: Surroundings }): number {
  let count = 0;
  for (const side of ['entries', 'exits'] as const)
    for (const a of left.around[side]) for (const b of right.around[side]) if (a > b) count++;
  return count;
}

function meanWish({ entries, exits }: Surroundings): number {
  const known = [...entries, ...exits].filter((wish) => !Number.isNaN(wish));
  return known.reduce((sum, wish) => sum + wish, 0) / known.length;
}

function compare(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? 0 : a - b;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Where each part goes: those with lines to the border in a row, the rest on shelves right of it. */
export function pack(
  parts: readonly { readonly width: number; readonly height: number; readonly bordered: boolean }[],
): { readonly spots: readonly Spot[]; readonly width: number; readonly height: number } {
  const spots: Spot[] = parts.map(() => ({ x: 0, y: 0 }));
  let x = 0;
  let height = 0;
  parts.forEach((part, index) => {
    if (!part.bordered) return;
    spots[index] = { x, y: 0 };
    x += part.width + gaps.part;
    height = Math.max(height, part.height);
  });
  const loose = parts.filter((part) => !part.bordered);
  const area = loose.reduce((sum, part) => sum + (part.width + gaps.part) * (part.height + gaps.part), 0);
  const widest = loose.reduce((most, part) => Math.max(most, part.width), 0);
  const limit = Math.max(widest, Math.sqrt(area * 1.6));
  const left = x;
  let shelfX = 0;
  let shelfY = 0;
  let shelfHeight = 0;
  let right = 0;
  parts.forEach((part, index) => {
    if (part.bordered) return;
    if (shelfX > 0 && shelfX + part.width > limit) {
      shelfY += shelfHeight + gaps.part;
      shelfX = 0;
      shelfHeight = 0;
    }
    spots[index] = { x: left + shelfX, y: shelfY };
    shelfX += part.width + gaps.part;
    shelfHeight = Math.max(shelfHeight, part.height);
    right = Math.max(right, shelfX);
    height = Math.max(height, shelfY + shelfHeight);
  });
  return { spots, width: Math.max(0, left + right - gaps.part), height };
}
