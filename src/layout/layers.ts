/**
 * A ranked container as layers: every tensor that passes a rank stands in it as one dummy, whatever the number of its
 * readers further down, and links run between neighbouring ranks only.
 */
import { groupBy, i32, IntList, u8, type Groups } from './arrays';
import type { Container } from './container';
import type { Ranks } from './ranks';

export interface Layers {
  readonly container: Container;
  readonly ranks: Ranks;
  /** Boxes, entries, exits, then dummies. */
  readonly items: number;
  readonly firstDummy: number;
  readonly rankCount: number;
  readonly rank: Int32Array;
  /** Per dummy (from `firstDummy`): its net. */
  readonly dummyNet: Int32Array;
  /** Per net: its first dummy item and how many follow it, one a rank. */
  readonly chain: Int32Array;
  readonly chainLength: Int32Array;
  /** Links from a rank to the next. */
  readonly links: number;
  readonly upper: Int32Array;
  readonly lower: Int32Array;
  readonly linkNet: Int32Array;
  readonly down: Groups;
  readonly up: Groups;
  /** Per target of the container: 1 where it is read through a tag and no line leads to it. */
  readonly tagged: Uint8Array;
  /** Rows of the container's targets: those of each net together, the nearest rank first. */
  readonly byRank: Int32Array;
  /** Loops: links that point upward, each with a chain of its own from the reader's rank to the producer's. */
  readonly loops: readonly Loop[];
}

export interface Loop {
  readonly net: number;
  /** Row in the container's targets. */
  readonly target: number;
  readonly firstDummy: number;
  readonly top: number;
  readonly bottom: number;
}

export function layerContainer(container: Container, ranks: Ranks, tagged: Uint8Array): Layers {
  const { boxes, entries, exits, nets, netSource, targetStart, targets } = container;
  const firstDummy = boxes + entries + exits;
  const chain = new Int32Array(nets);
  const chainLength = new Int32Array(nets);
  const dummyNet = new IntList();
  const dummyRank = new IntList();
  const upper = new IntList(targets.length);
  const lower = new IntList(targets.length);
  const linkNet = new IntList(targets.length);
  const link = (net: number, from: number, to: number): void => {
    linkNet.push(net);
    upper.push(from);
    lower.push(to);
  };
  const loops: Loop[] = [];
  for (let net = 0; net < nets; net++) {
    const source = i32(netSource, net);
    const start = i32(ranks.rank, source);
    let deepest = start;
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      if (u8(ranks.backward, t) + u8(tagged, t) === 0)
        deepest = Math.max(deepest, i32(ranks.rank, i32(targets, t)));
    }
    const first = firstDummy + dummyNet.length;
    chain[net] = first;
    chainLength[net] = Math.max(0, deepest - start - 1);
    for (let at = start + 1; at < deepest; at++) {
      link(net, at === start + 1 ? source : first + at - start - 2, first + at - start - 1);
      dummyNet.push(net);
      dummyRank.push(at);
    }
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      if (u8(tagged, t) === 1) continue;
      const to = i32(targets, t);
      const at = i32(ranks.rank, to);
      if (u8(ranks.backward, t) === 1) {
        const loop = { net, target: t, firstDummy: firstDummy + dummyNet.length, top: at, bottom: start };
        for (let r = at; r <= start; r++) {
          if (r < start) link(net, firstDummy + dummyNet.length, firstDummy + dummyNet.length + 1);
          dummyNet.push(net);
          dummyRank.push(r);
        }
        loops.push(loop);
      } else link(net, at === start + 1 ? source : first + at - start - 2, to);
    }
  }
  const items = firstDummy + dummyNet.length;
  const rank = new Int32Array(items);
  rank.set(ranks.rank);
  rank.set(dummyRank.toArray(), firstDummy);
  const upperRows = upper.toArray();
  const lowerRows = lower.toArray();
  return {
    container,
    ranks,
    items,
    firstDummy,
    rankCount: ranks.last + 1,
    rank,
    dummyNet: dummyNet.toArray(),
    chain,
    chainLength,
    links: upperRows.length,
    upper: upperRows,
    lower: lowerRows,
    linkNet: linkNet.toArray(),
    down: groupBy(upperRows, upperRows.length, items),
    up: groupBy(lowerRows, lowerRows.length, items),
    tagged,
    byRank: targetsByRank(container, ranks),
    loops,
  };
}

function targetsByRank({ nets, targetStart, targets }: Container, { rank }: Ranks): Int32Array {
  const rows = Int32Array.from({ length: targets.length }, (_unused, row) => row);
  for (let net = 0; net < nets; net++) {
    if (i32(targetStart, net + 1) - i32(targetStart, net) < 2) continue;
    rows
      .subarray(i32(targetStart, net), i32(targetStart, net + 1))
      .sort((a, b) => i32(rank, i32(targets, a)) - i32(rank, i32(targets, b)) || a - b);
  }
  return rows;
}

/** Dummies a container may have; beyond that the longest tensors are read through tags, or memory would run out. */
const mostDummies = 400_000;

/** Tags for the farthest readers, as many as it takes to stay within what can be drawn; usually none. */
export function tagsForSize(container: Container, ranks: Ranks): Uint8Array {
  const { nets, netSource, targetStart, targets, boxes, entries } = container;
  const tagged = new Uint8Array(targets.length);
  const spans: { length: number; net: number }[] = [];
  let total = 0;
  for (let net = 0; net < nets; net++) {
    let deepest = 0;
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      if (u8(ranks.backward, t) === 0) deepest = Math.max(deepest, i32(ranks.rank, i32(targets, t)));
    }
    const length = Math.max(0, deepest - i32(ranks.rank, i32(netSource, net)) - 1);
    total += length;
    if (length > 0) spans.push({ length, net });
  }
  const most = mostDummies + 4 * (boxes + entries);
  if (total <= most) return tagged;
  spans.sort((a, b) => b.length - a.length || a.net - b.net);
  for (const { net, length } of spans) {
    if (total <= most) break;
    let reach = 0;
    const start = i32(ranks.rank, i32(netSource, net));
    for (let t = i32(targetStart, net); t < i32(targetStart, net + 1); t++) {
      const item = i32(targets, t);
      const span = i32(ranks.rank, item) - start - 1;
      if (item < boxes && span > 64 && u8(ranks.backward, t) === 0) tagged[t] = 1;
      else reach = Math.max(reach, span);
    }
    total -= length - reach;
  }
  return tagged;
}
