/**
 * Mean, spread and extremes per index, in one pass and double precision: sums and squares of the distance to each index's
 * first value, which keeps them accurate however far from zero the values lie. Pure.
 */
import { addMoments, BLOCK, KEPT, vectorised } from './kernels';
import type { Piece, Reducer } from './piece';

export interface MomentsOf {
  readonly kind: 'moments';
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly std: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly zeros: Float64Array;
  readonly nonFinite: Float64Array;
}

export class Moments implements Reducer<MomentsOf> {
  /** Elements of each index so far, finite or not. */
  #elements = 0;
  /** What the kernels work on: the six arrays below, one after another. */
  readonly #kept: Float64Array;
  /** NaN until the first finite one. */
  readonly #shift: Float64Array;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #zeros: Float64Array;
  readonly #nonFinite: Float64Array;

  /** `size`: how many indices. `vectors`: whether the machine's own may be used; what comes out is the same. */
  constructor(
    size: number,
    private readonly vectors = true,
  ) {
    this.#kept = new Float64Array(size * KEPT);
    const part = (index: number): Float64Array => this.#kept.subarray(index * size, (index + 1) * size);
    [this.#shift, this.#sum, this.#squares] = [part(0).fill(NaN), part(1), part(2)];
    [this.#min, this.#max, this.#zeros] = [part(3).fill(Infinity), part(4).fill(-Infinity), part(5)];
    this.#nonFinite = new Float64Array(size);
  }

  add({ numbers, outer, count, inner }: Piece): void {
    this.#elements += outer * inner;
    if (inner === 1) {
      this.#addRows(numbers, outer, count);
      return;
    }
    for (let o = 0, at = 0; o < outer; o++) {
      for (let u = 0; u < count; u++, at += inner) this.#takeRun(numbers, at, at + inner, u);
    }
  }

  /**
   * The same where every index has one element at a time, row after row: what units of a sequence have. Eight rows go
   * together, so that an index's sums are fetched once for them; a block with anything but plain finite numbers, or an
   * index without its first value yet, takes the long way.
   */
  #addRows(numbers: ArrayLike<number>, outer: number, count: number): void {
    const whole = outer - (outer % BLOCK);
    if (whole > 0 && this.vectors && numbers instanceof Float32Array && count % 4 === 0 && vectorised()) {
      addMoments(numbers, whole, count, this.#kept, (kept, apart, row, u) => {
        this.#lend(kept, apart, u, () => {
          for (let o = row, at = row * count + u; o < row + BLOCK; o++, at += count)
            this.#take(numbers, at, u);
        });
      });
    } else for (let o = 0; o < whole; o += BLOCK) this.#addBlock(numbers, o * count, count);
    for (let o = whole, at = whole * count; o < outer; o++) {
      for (let u = 0; u < count; u++, at++) this.#take(numbers, at, u);
    }
  }

  /** What the kernels keep of one index, changed by `work` as this reducer's own. */
  #lend(kept: Float64Array, apart: number, u: number, work: () => void): void {
    const size = this.#shift.length;
    for (let i = 0; i < KEPT; i++) this.#kept[i * size + u] = kept[i * apart + u] ?? 0;
    work();
    for (let i = 0; i < KEPT; i++) kept[i * apart + u] = this.#kept[i * size + u] ?? 0;
  }

  /** `BLOCK` rows from `start` on. */
  #addBlock(numbers: ArrayLike<number>, start: number, count: number): void {
    const shifts = this.#shift;
    const sums = this.#sum;
    const squares = this.#squares;
    const mins = this.#min;
    const maxs = this.#max;
    const zeros = this.#zeros;
    // Written out: as a loop over the eight it takes twice the time, and this is where a stream's time goes.
    for (let u = 0, at = start; u < count; u++, at++) {
      let i = at;
      const a = numbers[i] ?? 0;
      const b = numbers[(i += count)] ?? 0;
      const c = numbers[(i += count)] ?? 0;
      const d = numbers[(i += count)] ?? 0;
      const e = numbers[(i += count)] ?? 0;
      const f = numbers[(i += count)] ?? 0;
      const g = numbers[(i += count)] ?? 0;
      const h = numbers[(i += count)] ?? 0;
      const shift = shifts[u] ?? 0;
      const sa = a - shift;
      const sb = b - shift;
      const sc = c - shift;
      const sd = d - shift;
      const se = e - shift;
      const sf = f - shift;
      const sg = g - shift;
      const sh = h - shift;
      const sum = sa + sb + (sc + sd) + (se + sf + (sg + sh));
      if (sum - sum !== 0) {
        for (let row = 0, from = at; row < BLOCK; row++, from += count) this.#take(numbers, from, u);
        continue;
      }
      sums[u] = (sums[u] ?? 0) + sum;
      const first = sa * sa + sb * sb + (sc * sc + sd * sd);
      squares[u] = (squares[u] ?? 0) + (first + (se * se + sf * sf + (sg * sg + sh * sh)));
      const low = mins[u] ?? 0;
      if (a < low || b < low || c < low || d < low || e < low || f < low || g < low || h < low)
        mins[u] = smallest(a, b, c, d, e, f, g, h);
      const high = maxs[u] ?? 0;
      if (a > high || b > high || c > high || d > high || e > high || f > high || g > high || h > high)
        maxs[u] = -smallest(-a, -b, -c, -d, -e, -f, -g, -h);
      // A product may also be 0 because it is too small: the zeros are counted, not taken for granted.
      if (a * b * c * d === 0 || e * f * g * h === 0) {
        const front = +(a === 0) + +(b === 0) + +(c === 0) + +(d === 0);
        zeros[u] = (zeros[u] ?? 0) + front + +(e === 0) + +(f === 0) + +(g === 0) + +(h === 0);
      }
    }
  }

  /** One element, whatever it is. */
  #take(numbers: ArrayLike<number>, at: number, u: number): void {
    const x = numbers[at] ?? 0;
    if (x - x !== 0) {
      this.#nonFinite[u] = (this.#nonFinite[u] ?? 0) + 1;
      return;
    }
    let shift = this.#shift[u] ?? 0;
    if (shift !== shift) this.#shift[u] = shift = x;
    const d = x - shift;
    this.#sum[u] = (this.#sum[u] ?? 0) + d;
    this.#squares[u] = (this.#squares[u] ?? 0) + d * d;
    if (x < (this.#min[u] ?? 0)) this.#min[u] = x;
    if (x > (this.#max[u] ?? 0)) this.#max[u] = x;
    if (x === 0) this.#zeros[u] = (this.#zeros[u] ?? 0) + 1;
  }

  #takeRun(numbers: ArrayLike<number>, from: number, to: number, u: number): void {
    let shift = this.#shift[u] ?? 0;
    let [sum, squares] = [this.#sum[u] ?? 0, this.#squares[u] ?? 0];
    let [min, max] = [this.#min[u] ?? 0, this.#max[u] ?? 0];
    for (let at = from; at < to; at++) {
      const x = numbers[at] ?? 0;
      if (x - x !== 0) {
        this.#nonFinite[u] = (this.#nonFinite[u] ?? 0) + 1;
        continue;
      }
      if (shift !== shift) this.#shift[u] = shift = x;
      const d = x - shift;
      sum += d;
      squares += d * d;
      if (x < min) min = x;
      if (x > max) max = x;
      if (x === 0) this.#zeros[u] = (this.#zeros[u] ?? 0) + 1;
    }
    this.#sum[u] = sum;
    this.#squares[u] = squares;
    this.#min[u] = min;
    this.#max[u] = max;
  }

  finish(): MomentsOf {
    const count = this.#nonFinite.map((others) => this.#elements - others);
    const any = (values: Float64Array): Float64Array =>
      values.map((value, u) => (count[u] === 0 ? NaN : value));
    const mean = any(this.#sum.map((sum, u) => (this.#shift[u] ?? 0) + sum / (count[u] ?? 1)));
    const std = any(
      this.#squares.map((squares, u) => {
        const [n, sum] = [count[u] ?? 1, this.#sum[u] ?? 0];
        return Math.sqrt(Math.max(0, squares - (sum * sum) / n) / n);
      }),
    );
    const [min, max] = [any(this.#min), any(this.#max)];
    return {
      kind: 'moments',
      count,
      mean,
      std,
      min,
      max,
      zeros: this.#zeros.slice(),
      nonFinite: this.#nonFinite.slice(),
    };
  }
}

/** Of zeros of both signs the first. */
function smallest(...numbers: readonly number[]): number {
  return numbers.reduce((least, x) => (x < least ? x : least));
}
