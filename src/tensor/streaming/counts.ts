/** A histogram per index over a range that is known beforehand. NaN is counted nowhere. Pure. */
import type { Piece, Reducer } from './piece';

export interface CountsOf {
  readonly kind: 'histogram';
  readonly from: number;
  readonly to: number;
  readonly counts: Float64Array;
  readonly below: Float64Array;
  readonly above: Float64Array;
}

export class Counts implements Reducer<CountsOf> {
  readonly #counts: Float64Array;
  readonly #below: Float64Array;
  readonly #above: Float64Array;

  constructor(
    size: number,
    private readonly from: number,
    private readonly to: number,
    private readonly bins: number,
  ) {
    this.#counts = new Float64Array(size * bins);
    this.#below = new Float64Array(size);
    this.#above = new Float64Array(size);
  }

  add({ numbers, outer, count, inner }: Piece): void {
    const { from, to, bins } = this;
    const scale = bins / (to - from);
    for (let o = 0, at = 0; o < outer; o++) {
      for (let u = 0; u < count; u++) {
        for (let i = 0; i < inner; i++, at++) {
          const x = numbers[at] ?? 0;
          if (x >= from && x <= to) {
            const bin = u * bins + Math.min(bins - 1, Math.floor((x - from) * scale));
            this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
          } else if (x < from) this.#below[u] = (this.#below[u] ?? 0) + 1;
          else if (x > to) this.#above[u] = (this.#above[u] ?? 0) + 1;
        }
      }
    }
  }

  finish(): CountsOf {
    const { from, to } = this;
    const [counts, below, above] = [this.#counts.slice(), this.#below.slice(), this.#above.slice()];
    return { kind: 'histogram', from, to, counts, below, above };
  }
}
