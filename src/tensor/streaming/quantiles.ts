/**
 * Quantiles per index in bounded memory: elements are kept until a buffer is full; then it is sorted, every other one goes
 * up a level with twice the weight, and the rest go. Which half stays alternates, so errors cancel. Exact while all
 * elements fit; the bound on the error of a rank is given with the answer. NaN is left out. Pure.
 */
import type { Piece, Reducer } from './piece';

export interface QuantilesOf {
  readonly kind: 'quantile';
  readonly at: readonly number[];
  readonly values: Float64Array;
  readonly rankError: number;
}

/** Elements per level. */
const BUFFER = 1024;

class Sketch {
  readonly #levels: Float64Array[] = [new Float64Array(BUFFER)];
  readonly #filled: number[] = [0];
  readonly #odd: boolean[] = [false];
  #count = 0;
  /** Sum of the weights at which halvings happened: each moves a rank by at most its weight. */
  #moved = 0;

  add(x: number): void {
    if (x !== x) return;
    this.#count++;
    this.#put(0, x);
  }

  #put(level: number, x: number): void {
    let values = this.#levels[level];
    if (values === undefined) {
      values = new Float64Array(BUFFER);
      this.#levels.push(values);
      this.#filled.push(0);
      this.#odd.push(false);
    }
    const filled = this.#filled[level] ?? 0;
    values[filled] = x;
    this.#filled[level] = filled + 1;
    if (filled + 1 < BUFFER) return;
    values.sort();
    this.#filled[level] = 0;
    this.#moved += 2 ** level;
    const odd = this.#odd[level] === true;
    this.#odd[level] = !odd;
    for (let i = odd ? 1 : 0; i < BUFFER; i += 2) this.#put(level + 1, values[i] ?? 0);
  }

  get rankError(): number {
    return this.#count === 0 ? 0 : this.#moved / this.#count;
  }

  /** Values at these shares, by linear interpolation between neighbours where all elements were kept. */
  at(shares: readonly number[]): number[] {
    if (this.#count === 0) return shares.map(() => NaN);
    const kept: { readonly value: number; readonly weight: number }[] = [];
    this.#levels.forEach((values, level) => {
      for (let i = 0; i < (this.#filled[level] ?? 0); i++)
        kept.push({ value: values[i] ?? 0, weight: 2 ** level });
    });
    kept.sort((a, b) => a.value - b.value);
    return shares.map((share) => this.#quantile(kept, share * (this.#count - 1)));
  }

  #quantile(kept: readonly { readonly value: number; readonly weight: number }[], rank: number): number {
    let before = 0;
    for (const [index, { value, weight }] of kept.entries()) {
      if (rank <= before + weight - 1) return value;
      const next = kept[index + 1];
      if (next === undefined) return value;
      before += weight;
      if (rank < before) return value + (next.value - value) * (rank - (before - 1));
    }
    return NaN;
  }
}

export class Quantiles implements Reducer<QuantilesOf> {
  readonly #sketches: readonly Sketch[];

  constructor(
    size: number,
    private readonly shares: readonly number[],
  ) {
    this.#sketches = Array.from({ length: size }, () => new Sketch());
  }

  add({ numbers, outer, count, inner }: Piece): void {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let u = 0; u < count; u++) {
        const sketch = this.#sketches[u];
        for (let i = 0; i < inner; i++, at++) sketch?.add(numbers[at] ?? 0);
      }
    }
  }

  finish(): QuantilesOf {
    const values = Float64Array.from(this.#sketches.flatMap((sketch) => sketch.at(this.shares)));
    const rankError = Math.max(0, ...this.#sketches.map((sketch) => sketch.rankError));
    return { kind: 'quantile', at: this.shares, values, rankError };
  }
}
