/**
 * Mean, spread and extremes per index, in one pass and double precision: sums and squares of the distance to each index's
 * first value, which keeps them accurate however far from zero the values lie. Pure.
 */
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
  readonly #count: Float64Array;
  readonly #shift: Float64Array;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #zeros: Float64Array;
  readonly #nonFinite: Float64Array;

  /** `size`: how many indices. */
  constructor(size: number) {
    const zeros = (): Float64Array => new Float64Array(size);
    [this.#count, this.#sum, this.#squares] = [zeros(), zeros(), zeros()];
    [this.#shift, this.#zeros, this.#nonFinite] = [zeros(), zeros(), zeros()];
    [this.#min, this.#max] = [zeros().fill(Infinity), zeros().fill(-Infinity)];
  }

  add({ numbers, outer, count, inner }: Piece): void {
    if (inner === 1) {
      this.#addRows(numbers, outer, count);
      return;
    }
    for (let o = 0, at = 0; o < outer; o++) {
      for (let u = 0; u < count; u++, at += inner) this.#take(numbers, at, at + inner, u);
    }
  }

  /** The same where every index has one element at a time, row after row: what units of a sequence have. */
  #addRows(numbers: ArrayLike<number>, outer: number, count: number): void {
    const [counts, shifts, sums, squares] = [this.#count, this.#shift, this.#sum, this.#squares];
    const [mins, maxs] = [this.#min, this.#max];
    for (let o = 0, at = 0; o < outer; o++) {
      for (let u = 0; u < count; u++, at++) {
        const x = numbers[at] ?? 0;
        const n = counts[u] ?? 0;
        if (n === 0 || x === 0 || x - x !== 0) {
          this.#take(numbers, at, at + 1, u);
          continue;
        }
        counts[u] = n + 1;
        const d = x - (shifts[u] ?? 0);
        sums[u] = (sums[u] ?? 0) + d;
        squares[u] = (squares[u] ?? 0) + d * d;
        if (x < (mins[u] ?? 0)) mins[u] = x;
        if (x > (maxs[u] ?? 0)) maxs[u] = x;
      }
    }
  }

  #take(numbers: ArrayLike<number>, from: number, to: number, u: number): void {
    let n = this.#count[u] ?? 0;
    let shift = this.#shift[u] ?? 0;
    let [sum, squares] = [this.#sum[u] ?? 0, this.#squares[u] ?? 0];
    let [min, max] = [this.#min[u] ?? 0, this.#max[u] ?? 0];
    for (let at = from; at < to; at++) {
      const x = numbers[at] ?? 0;
      if (x - x !== 0) {
        this.#nonFinite[u] = (this.#nonFinite[u] ?? 0) + 1;
        continue;
      }
      if (n === 0) this.#shift[u] = shift = x;
      n++;
      const d = x - shift;
      sum += d;
      squares += d * d;
      if (x < min) min = x;
      if (x > max) max = x;
      if (x === 0) this.#zeros[u] = (this.#zeros[u] ?? 0) + 1;
    }
    this.#count[u] = n;
    this.#sum[u] = sum;
    this.#squares[u] = squares;
    this.#min[u] = min;
    this.#max[u] = max;
  }

  finish(): MomentsOf {
    const count = this.#count.slice();
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
