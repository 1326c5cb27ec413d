/** The largest (or smallest) elements per index, with where they came from; of equal ones the first to come stay. Pure. */
import type { Piece, Reducer } from './piece';

export interface TopOf {
  readonly kind: 'top';
  readonly k: number;
  readonly values: Float64Array;
  readonly examples: Int32Array;
  readonly places: Int32Array;
}

export class Top implements Reducer<TopOf> {
  /** Best first, per index; for the smallest, of opposite sign. */
  readonly #values: Float64Array;
  readonly #examples: Int32Array;
  readonly #places: Int32Array;
  /** What an element has to pass: the last of each index. */
  readonly #bars: Float64Array;
  readonly #sign: number;

  constructor(
    size: number,
    private readonly k: number,
    least: boolean,
  ) {
    this.#values = new Float64Array(size * k).fill(-Infinity);
    this.#examples = new Int32Array(size * k).fill(-1);
    this.#places = new Int32Array(size * k).fill(-1);
    this.#bars = new Float64Array(size).fill(-Infinity);
    this.#sign = least ? -1 : 1;
  }

  add({ numbers, rows, first, outer, count, inner }: Piece): void {
    const perRow = outer / rows;
    const [bars, sign] = [this.#bars, this.#sign];
    for (let o = 0, at = 0; o < outer; o++) {
      const example = first + Math.floor(o / perRow);
      const place = (o % perRow) * inner;
      for (let u = 0; u < count; u++) {
        for (let i = 0; i < inner; i++, at++) {
          const x = sign * (numbers[at] ?? 0);
          // An element that is -Infinity itself is taken while there is room; NaN never passes.
          if (x > (bars[u] ?? 0) || (x === -Infinity && this.#hasRoom(u)))
            this.#insert(u, x, example, place + i);
        }
      }
    }
  }

  #hasRoom(u: number): boolean {
    return this.#examples[(u + 1) * this.k - 1] === -1;
  }

  #insert(u: number, x: number, example: number, place: number): void {
    const start = u * this.k;
    let at = start + this.k - 1;
    while (at > start && (this.#examples[at - 1] === -1 || x > (this.#values[at - 1] ?? 0))) {
      this.#values[at] = this.#values[at - 1] ?? 0;
      this.#examples[at] = this.#examples[at - 1] ?? 0;
      this.#places[at] = this.#places[at - 1] ?? 0;
      at--;
    }
    this.#values[at] = x;
    this.#examples[at] = example;
    this.#places[at] = place;
    this.#bars[u] = this.#values[start + this.k - 1] ?? 0;
  }

  finish(): TopOf {
    const values = this.#values.map((x, at) => (this.#examples[at] === -1 ? NaN : this.#sign * x));
    return { kind: 'top', k: this.k, values, examples: this.#examples.slice(), places: this.#places.slice() };
  }
}
