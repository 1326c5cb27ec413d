/** How far apart two lists of numbers are: sums over pairs of elements, in double precision, a piece at a time. */

export interface Numbers {
  /** True when every element is the same number: NaN equals NaN, and 0 equals -0. */
  readonly equal: boolean;
  /** Elements that differ. */
  readonly differing: number;
  /** Euclidean norms of A, of B and of B - A, over elements that are finite in both. */
  readonly normA: number;
  readonly normB: number;
  readonly norm: number;
  /** norm / normA; Infinity where A is all zeros and B is not, or where one is NaN or infinite and the other is not. */
  readonly relative: number;
  /** Largest |B - A|, and where it is in the flattened list. */
  readonly max: number;
  readonly maxAt: number;
  /** Cosine of the angle between them; NaN where one is all zeros. */
  readonly cosine: number;
  /** Elements left out of the norms: one is NaN or infinite, and the other is not the same. */
  readonly notFinite: number;
}

export class DifferenceSums {
  #a = 0;
  #b = 0;
  #ab = 0;
  #d = 0;
  #max = 0;
  #maxAt = 0;
  #count = 0;
  #differing = 0;
  #notFinite = 0;

  /** Takes the next elements of both. */
  add(a: ArrayLike<number>, b: ArrayLike<number>): void {
    for (let i = 0; i < a.length; i++) {
      const x = a[i] ?? 0;
      const y = b[i] ?? 0;
      const d = y - x;
      if (d - d === 0) {
        this.#a += x * x;
        this.#b += y * y;
        this.#ab += x * y;
        this.#d += d * d;
        if (d !== 0) this.#differing++;
        if (Math.abs(d) > this.#max) {
          this.#max = Math.abs(d);
          this.#maxAt = this.#count + i;
        }
      } else if (!Object.is(x, y)) {
        this.#notFinite++;
        this.#differing++;
      }
    }
    this.#count += a.length;
  }

  finish(): Numbers {
    const norm = Math.sqrt(this.#d);
    const normA = Math.sqrt(this.#a);
    const normB = Math.sqrt(this.#b);
    const relative = this.#notFinite > 0 ? Infinity : norm === 0 ? 0 : norm / normA;
    return {
      equal: this.#differing === 0,
      differing: this.#differing,
      normA,
      normB,
      norm,
      relative,
      max: this.#max,
      maxAt: this.#maxAt,
      cosine: this.#ab / (normA * normB),
      notFinite: this.#notFinite,
    };
  }
}
