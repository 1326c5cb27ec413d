/**
 * Counts crossings in a finished drawing: proper intersections of two drawn segments. Stretches that edges of one
 * tensor share are counted once. Works on points alone, so that it can count any layout, ours or another's.
 */
import { f64, i32 } from './arrays';

export interface DrawnLines {
  readonly count: number;
  /** Edges with equal numbers share what they draw on top of each other. */
  readonly value: Int32Array;
  readonly tag: Uint8Array;
  readonly offset: Int32Array;
  readonly points: Float32Array;
}

export function countCrossings(lines: DrawnLines): number {
  const segments = mergedSegments(lines);
  return intersections(segments);
}

interface Segments {
  readonly count: number;
  /** x1, y1, x2, y2 with y1 <= y2. */
  readonly at: Float64Array;
}

/** Every drawn segment once; collinear vertical stretches of one tensor joined. */
function mergedSegments({ count, value, tag, offset, points }: DrawnLines): Segments {
  const seen = new Set<string>();
  const at: number[] = [];
  const verticals = new Map<string, number[]>();
  for (let edge = 0; edge < count; edge++) {
    if (tag[edge] === 1) continue;
    const net = i32(value, edge);
    for (let p = i32(offset, edge); p + 1 < i32(offset, edge + 1); p++) {
      let x1 = points[2 * p] as number;
      let y1 = points[2 * p + 1] as number;
      let x2 = points[2 * p + 2] as number;
      let y2 = points[2 * p + 3] as number;
      if (y1 > y2 || (y1 === y2 && x1 > x2)) [x1, y1, x2, y2] = [x2, y2, x1, y1];
      if (x1 === x2 && y1 === y2) continue;
      if (x1 === x2) {
        const key = `${String(net)}:${String(x1)}`;
        const spans = verticals.get(key);
        if (spans === undefined) verticals.set(key, [y1, y2]);
        else spans.push(y1, y2);
        continue;
      }
      const key = `${String(net)}:${String(x1)},${String(y1)},${String(x2)},${String(y2)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      at.push(x1, y1, x2, y2);
    }
  }
  for (const [key, spans] of verticals) {
    const x = Number(key.slice(key.indexOf(':') + 1));
    const order = Array.from({ length: spans.length / 2 }, (_unused, k) => k).sort(
      (a, b) => (spans[2 * a] as number) - (spans[2 * b] as number),
    );
    let top = Number.NaN;
    let bottom = Number.NaN;
    for (const k of order) {
      const y1 = spans[2 * k] as number;
      const y2 = spans[2 * k + 1] as number;
      if (y1 <= bottom) {
        bottom = Math.max(bottom, y2);
        continue;
      }
      if (!Number.isNaN(top)) at.push(x, top, x, bottom);
      top = y1;
      bottom = y2;
    }
    if (!Number.isNaN(top)) at.push(x, top, x, bottom);
  }
  return { count: at.length / 4, at: Float64Array.from(at) };
}

/** Sweeps bands of equal height; a pair counts in the band that holds its intersection. */
function intersections({ count, at }: Segments): number {
  if (count < 2) return 0;
  let low = Infinity;
  let high = -Infinity;
  let total = 0;
  for (let s = 0; s < count; s++) {
    low = Math.min(low, f64(at, 4 * s + 1));
    high = Math.max(high, f64(at, 4 * s + 3));
  }
  const bands = Math.max(1, Math.min(200_000, Math.ceil((high - low) / 24)));
  const height = Math.max((high - low) / bands, 1e-6);
  const inBand: number[][] = Array.from({ length: bands }, () => []);
  for (let s = 0; s < count; s++) {
    const from = Math.min(bands - 1, Math.floor((f64(at, 4 * s + 1) - low) / height));
    const to = Math.min(bands - 1, Math.floor((f64(at, 4 * s + 3) - low) / height));
    for (let b = from; b <= to; b++) inBand[b]?.push(s);
  }
  const left = new Float64Array(count);
  for (let s = 0; s < count; s++) left[s] = Math.min(f64(at, 4 * s), f64(at, 4 * s + 2));
  for (const [b, list] of inBand.entries()) {
    list.sort((p, q) => f64(left, p) - f64(left, q));
    for (let i = 0; i < list.length; i++) {
      const p = list[i] as number;
      const [x, y1] = [at[4 * p], at[4 * p + 1]];
      const reach = Math.max(f64(at, 4 * p), f64(at, 4 * p + 2));
      for (let j = i + 1; j < list.length; j++) {
        const q = list[j] as number;
        if ((left[q] as number) > reach) break;
        // The fan of one tensor leaves one point: nothing in it crosses.
        if (at[4 * q] === x && at[4 * q + 1] === y1) continue;
        const y = crossingY(at, p, q);
        if (Number.isNaN(y)) continue;
        if (Math.min(bands - 1, Math.floor((y - low) / height)) === b) total++;
      }
    }
  }
  return total;
}

/** Where two segments properly intersect; NaN where they do not or only touch. */
function crossingY(at: Float64Array, p: number, q: number): number {
  const ax = f64(at, 4 * p);
  const ay = f64(at, 4 * p + 1);
  const bx = f64(at, 4 * p + 2);
  const by = f64(at, 4 * p + 3);
  const cx = f64(at, 4 * q);
  const cy = f64(at, 4 * q + 1);
  const dx = f64(at, 4 * q + 2);
  const dy = f64(at, 4 * q + 3);
  const side = (ox: number, oy: number, px: number, py: number, qx: number, qy: number): number =>
    (px - ox) * (qy - oy) - (py - oy) * (qx - ox);
  const c = side(ax, ay, bx, by, cx, cy);
  const d = side(ax, ay, bx, by, dx, dy);
  if (!((c > 0 && d < 0) || (c < 0 && d > 0))) return Number.NaN;
  const a = side(cx, cy, dx, dy, ax, ay);
  const b = side(cx, cy, dx, dy, bx, by);
  if (!((a > 0 && b < 0) || (a < 0 && b > 0))) return Number.NaN;
  return ay + ((by - ay) * a) / (a - b);
}
