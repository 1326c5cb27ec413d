/**
 * What keys and neighbours leave over, by its place in the sequence: both orders are cut at the pairs that follow each
 * other on both sides, and each gap is aligned so that the sum of likenesses is largest, order kept.
 */
import type { Pairing } from './pairing';

/** How alike two nodes are: 0 never a pair, more is better. */
export type Likeness = (a: number, b: number) => number;

/** A gap of up to this many cells is aligned whole; beyond, a band of about this many is. */
const WHOLE_CELLS = 1 << 21;
const BAND_CELLS = 1 << 22;
const LEAST_BAND = 32;

/**
 * Ties the unmatched nodes of every gap between pairs, or, not `anchored`, of both models as one gap: for what was moved
 * out of its place, as parts are that no longer lead to an output. `wanted` leaves nodes out.
 */
export function alignGaps(
  pairing: Pairing,
  likeness: Likeness,
  wanted: (side: 0 | 1, node: number) => boolean,
  anchored: boolean,
): void {
  const { a, b, ofA, ofB } = pairing;
  const paired = anchored ? [...a.order].filter((node) => ofA[node] !== -1) : [];
  const anchors = increasing(paired, (node) => b.place[ofA[node] ?? 0] ?? 0);
  const gaps: { readonly left: number[]; readonly right: number[] }[] = [];
  let [fromA, fromB] = [0, 0];
  for (const anchor of [...anchors, -1]) {
    const toA = anchor === -1 ? a.count : (a.place[anchor] ?? 0);
    const toB = anchor === -1 ? b.count : (b.place[ofA[anchor] ?? 0] ?? 0);
    const left: number[] = [];
    for (let at = fromA; at < toA; at++) {
      const node = a.order[at] ?? 0;
      if (ofA[node] === -1 && wanted(0, node)) left.push(node);
    }
    const right: number[] = [];
    for (let at = fromB; at < toB; at++) {
      const node = b.order[at] ?? 0;
      if (ofB[node] === -1 && wanted(1, node)) right.push(node);
    }
    if (left.length > 0 && right.length > 0) gaps.push({ left, right });
    [fromA, fromB] = [toA + 1, toB + 1];
  }
  for (const { left, right } of gaps) {
    for (const [x, y] of align(left, right, likeness)) pairing.tie(x, y);
  }
}

/**
 * The alignment of largest total likeness, as pairs in order. Large gaps are aligned within a band about the diagonal, so
 * that time and memory stay linear where nothing is alike.
 */
function align(left: readonly number[], right: readonly number[], likeness: Likeness): [number, number][] {
  const [rows, columns] = [left.length, right.length];
  const half =
    rows * columns <= WHOLE_CELLS ? columns : Math.max(LEAST_BAND, Math.floor(BAND_CELLS / rows / 2));
  const low = (i: number): number => Math.max(1, Math.min(columns, Math.round((i * columns) / rows) - half));
  const high = (i: number): number => Math.min(columns, Math.round((i * columns) / rows) + half);
  const width = Math.min(columns, 2 * half + 1);
  /** 1 pair, 2 skip left, 3 skip right. */
  const step = new Uint8Array((rows + 1) * width);
  let above = new Float64Array(columns + 1);
  let row = new Float64Array(columns + 1);
  let filled = columns;
  for (let i = 1; i <= rows; i++) {
    const [from, to] = [low(i), high(i)];
    above.fill(-Infinity, filled + 1, to + 1);
    row[from - 1] = from === 1 ? 0 : -Infinity;
    for (let j = from; j <= to; j++) {
      let best = above[j] ?? 0;
      let move = 2;
      if ((row[j - 1] ?? 0) > best) {
        best = row[j - 1] ?? 0;
        move = 3;
      }
      const own = likeness(left[i - 1] ?? 0, right[j - 1] ?? 0);
      if (own > 0 && (above[j - 1] ?? 0) + own > best) {
        best = (above[j - 1] ?? 0) + own;
        move = 1;
      }
      row[j] = best;
      step[i * width + j - from] = move;
    }
    filled = to;
    [above, row] = [row, above];
  }
  const pairs: [number, number][] = [];
  for (let i = rows, j = columns; i > 0 && j > 0;) {
    const move = j < low(i) ? 2 : step[i * width + j - low(i)];
    if (move === 1) pairs.push([left[--i] ?? 0, right[--j] ?? 0]);
    else if (move === 3) j--;
    else i--;
  }
  return pairs.reverse();
}

/** The longest subsequence whose measure rises. */
function increasing(items: readonly number[], measure: (item: number) => number): number[] {
  const tails: number[] = [];
  const before = new Int32Array(items.length).fill(-1);
  const values = items.map(measure);
  items.forEach((_item, index) => {
    const value = values[index] ?? 0;
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? (tails[low - 1] ?? -1) : -1;
    tails[low] = index;
  });
  const found: number[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) found.push(items[at] ?? 0);
  return found.reverse();
}
