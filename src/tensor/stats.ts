/**
 * Statistics and a histogram of any number of elements in one streaming pass. Pure.
 * Moments are over finite elements, in double precision, chunk by chunk (mean first, then squares about it, chunks merged
 * by Chan's formula), so a million float32 agree with NumPy to about 1e-12. Bin edges are multiples of a power of two,
 * so that counts stay exact while the range grows.
 */
import { toNumbers, type TensorData } from './buffers';

export interface Histogram {
  /** Left edge of the first bin and right edge of the last. */
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** Everything a hover or an overlay shows of a tensor without holding it. Moments are over finite elements. */
export interface TensorSummary {
  readonly count: number;
  /** NaN when no element is finite, like `std`, `min` and `max`. */
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Exact zeros. */
  readonly zeros: number;
  readonly nan: number;
  readonly inf: number;
  readonly histogram: Histogram;
}

const CHUNK = 8192;
/** Histograms come out with at most this many bins, and more than half of it where values differ. */
const BINS = 64;

/** Takes elements in pieces of any size; `finish` may be asked at any time. */
export class Summarizer {
  #count = 0;
  #finite = 0;
  #mean = 0;
  #squares = 0;
  #min = Infinity;
  #max = -Infinity;
  #zeros = 0;
  #nan = 0;
  #inf = 0;
  readonly #bins = new GrowingHistogram();

  add(numbers: ArrayLike<number>): void {
    for (let start = 0; start < numbers.length; start += CHUNK) {
      this.#addChunk(numbers, start, Math.min(start + CHUNK, numbers.length));
    }
  }

  #addChunk(numbers: ArrayLike<number>, start: number, end: number): void {
    const seen = look(numbers, start, end);
    const { finite, min, max } = seen;
    this.#count += end - start;
    this.#nan += seen.nan;
    this.#inf += end - start - finite - seen.nan;
    this.#zeros += seen.zeros;
    if (finite === 0) return;
    const whole = finite === end - start;
    const mean = seen.sum / finite;
    const squares = squaresAbout(mean, numbers, start, end, whole);
    const total = this.#finite + finite;
    const delta = mean - this.#mean;
    this.#mean += (delta * finite) / total;
    this.#squares += squares + (delta * delta * this.#finite * finite) / total;
    this.#finite = total;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
    this.#bins.cover(this.#min, this.#max);
    this.#bins.add(numbers, start, end, whole);
  }

  finish(): TensorSummary {
    const any = this.#finite > 0;
    return {
      count: this.#count,
      mean: any ? this.#mean : NaN,
      std: any ? Math.sqrt(this.#squares / this.#finite) : NaN,
      min: any ? this.#min : NaN,
      max: any ? this.#max : NaN,
      zeros: this.#zeros,
      nan: this.#nan,
      inf: this.#inf,
      histogram: this.#bins.finish(),
    };
  }
}

interface Seen {
  readonly sum: number;
  readonly finite: number;
  readonly zeros: number;
  readonly nan: number;
  readonly min: number;
  readonly max: number;
}

/** A chunk's first pass. Almost all are finite throughout, which their sum says: nothing is asked of each element then. */
function look(numbers: ArrayLike<number>, start: number, end: number): Seen {
  let sum = 0;
  let zeros = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let i = start; i < end; i++) {
    const x = numbers[i] ?? 0;
    sum += x;
    if (x === 0) zeros++;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  if (sum - sum === 0) return { sum, finite: end - start, zeros, nan: 0, min, max };
  return lookClosely(numbers, start, end);
}

function lookClosely(numbers: ArrayLike<number>, start: number, end: number): Seen {
  let [sum, finite, zeros, nan, min, max] = [0, 0, 0, 0, Infinity, -Infinity];
  for (let i = start; i < end; i++) {
    const x = numbers[i] ?? 0;
    // NaN and infinities alone are not equal to themselves less themselves.
    if (x - x !== 0) {
      if (x !== x) nan++;
      continue;
    }
    finite++;
    sum += x;
    if (x === 0) zeros++;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return { sum, finite, zeros, nan, min, max };
}

function squaresAbout(
  mean: number,
  numbers: ArrayLike<number>,
  start: number,
  end: number,
  whole: boolean,
): number {
  let squares = 0;
  for (let i = start; i < end; i++) {
    const d = (numbers[i] ?? 0) - mean;
    if (whole || d - d === 0) squares += d * d;
  }
  return squares;
}

/** The summary of a tensor in memory; null for strings. */
export function summarize({ dtype, data }: TensorData): TensorSummary | null {
  if (!ArrayBuffer.isView(data)) return null;
  const summarizer = new Summarizer();
  summarizer.add(toNumbers(dtype, data));
  return summarizer.finish();
}

const FINE = 4096;

/**
 * Bins of width 2^k whose edges are multiples of it. When values fall outside, k grows and bins merge in pairs: an edge
 * stays an edge, so no count is ever split.
 */
class GrowingHistogram {
  #counts = new Float64Array(FINE);
  /** Index of the first bin on the grid of width 2^#k. */
  #first = 0;
  #k = 0;
  /** While all values are one: that value. */
  #only: number | null = null;
  #onlyCount = 0;
  #started = false;
  #min = 0;
  #max = 0;

  /** Makes room for values in [min, max]. */
  cover(min: number, max: number): void {
    this.#min = min;
    this.#max = max;
    if (!this.#started) {
      if (min === max) {
        this.#only = min;
        return;
      }
      this.#started = true;
      // In the middle half, so that later values that lie a little further out need no coarser grid.
      // Widths below 2^-1060 would leave the normal numbers.
      this.#k = Math.max(-1060, Math.ceil(Math.log2(max / FINE - min / FINE)) + 1);
      this.#first = this.#index(min) - FINE / 4;
      if (this.#only !== null) {
        this.#grow(min, max);
        this.#counts[this.#index(this.#only) - this.#first] = this.#onlyCount;
        this.#only = null;
      }
    }
    this.#grow(min, max);
  }

  /** `whole`: all of them are finite. */
  add(numbers: ArrayLike<number>, start: number, end: number, whole: boolean): void {
    if (!this.#started) {
      for (let i = start; i < end; i++) if (numbers[i] === this.#only) this.#onlyCount++;
      return;
    }
    const counts = this.#counts;
    const first = this.#first;
    const scale = 2 ** -this.#k;
    // Beyond this the product may leave the normal numbers.
    const exact = Math.abs(this.#k) < 60;
    if (whole && exact) {
      for (let i = start; i < end; i++) {
        const at = Math.floor((numbers[i] ?? 0) * scale) - first;
        counts[at] = (counts[at] ?? 0) + 1;
      }
      return;
    }
    for (let i = start; i < end; i++) {
      const x = numbers[i] ?? 0;
      if (x - x !== 0) continue;
      const at = (exact ? Math.floor(x * scale) : this.#index(x)) - first;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }

  finish(): Histogram {
    if (!this.#started) {
      if (this.#only === null) return { from: 0, to: 0, counts: [] };
      return { from: this.#only, to: this.#only, counts: [this.#onlyCount] };
    }
    let k = this.#k;
    let [low, high] = [this.#index(this.#min), this.#index(this.#max)];
    while (high - low + 1 > BINS) {
      k++;
      low = Math.floor(low / 2);
      high = Math.floor(high / 2);
    }
    const counts = new Array<number>(high - low + 1).fill(0);
    const shift = 2 ** (k - this.#k);
    for (let at = 0; at < FINE; at++) {
      const count = this.#counts[at] ?? 0;
      if (count === 0) continue;
      const bin = Math.floor((this.#first + at) / shift) - low;
      counts[bin] = (counts[bin] ?? 0) + count;
    }
    const width = 2 ** k;
    return { from: low * width, to: (high + 1) * width, counts };
  }

  #index(x: number, k = this.#k): number {
    // Two steps, since 2^-k alone may pass the largest number.
    const half = Math.floor(-k / 2);
    const bin = Math.floor(x * 2 ** half * 2 ** (-k - half));
    // A negative number that underflows still lies left of zero.
    return bin === 0 && x < 0 ? -1 : bin;
  }

  #grow(min: number, max: number): void {
    if (this.#index(min) >= this.#first && this.#index(max) < this.#first + FINE) return;
    // From the values themselves at each width: on the finest grid an index may pass the largest number.
    let steps = 0;
    const low = (): number =>
      Math.min(this.#index(min, this.#k + steps), Math.floor(this.#first / 2 ** steps));
    const high = (): number => Math.max(this.#index(max, this.#k + steps), this.#last(steps));
    while (!(high() - low() < FINE)) steps++;
    const first = low();
    const counts = new Float64Array(FINE);
    this.#counts.forEach((count, at) => {
      if (count === 0) return;
      const bin = Math.floor((this.#first + at) / 2 ** steps) - first;
      counts[bin] = (counts[bin] ?? 0) + count;
    });
    this.#counts = counts;
    this.#first = first;
    this.#k += steps;
  }

  /** Last bin in use, on the grid `steps` coarser. */
  #last(steps: number): number {
    let last = this.#counts.length - 1;
    while (last > 0 && this.#counts[last] === 0) last--;
    return Math.floor((this.#first + last) / 2 ** steps);
  }
}
