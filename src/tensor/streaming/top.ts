/** The largest (or smallest) elements per index, with where they came from; of equal ones the first to come stay. Pure. */
import { BLOCK, findCandidates, vectorised } from './kernels';
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
  /** The same in the numbers' own precision, while all have had that one. */
  #narrow: Float32Array | undefined;
  readonly #sign: number;

  constructor(
    size: number,
    private readonly k: number,
    least: boolean,
    private readonly vectors = true,
  ) {
    this.#values = new Float64Array(size * k).fill(-Infinity);
    this.#examples = new Int32Array(size * k).fill(-1);
    this.#places = new Int32Array(size * k).fill(-1);
    this.#bars = new Float64Array(size).fill(-Infinity);
    this.#narrow = size % 4 === 0 ? new Float32Array(size).fill(-Infinity) : undefined;
    this.#sign = least ? -1 : 1;
  }

  add({ numbers, rows, first, outer, count, inner }: Piece): void {
    const perRow = outer / rows;
    // Row after row of single elements: eight rows are looked at together.
    const whole = inner === 1 ? outer - (outer % BLOCK) : 0;
    const offer = (data: ArrayLike<number>, at: number, apart: number, row: number, u: number): number => {
      for (let i = at, o = row; o < row + BLOCK; o++, i += apart) {
        const x = this.#sign * (data[i] ?? 0);
        if (this.#isTaken(x, u)) this.#insert(u, x, first + Math.floor(o / perRow), o % perRow);
      }
      return this.#bars[u] ?? 0;
    };
    if (!(numbers instanceof Float32Array)) this.#narrow = undefined;
    if (whole > 0 && this.vectors && this.#narrow !== undefined && vectorised())
      findCandidates(numbers as Float32Array, whole, count, this.#sign < 0, this.#narrow, offer);
    else
      for (let o = 0; o < whole; o += BLOCK)
        for (let u = 0, at = o * count; u < count; u++, at++)
          if (this.#passes(numbers, at, count, u)) offer(numbers, at, count, o, u);
    for (let o = whole, at = whole * count; o < outer; o++) {
      const example = first + Math.floor(o / perRow);
      const place = (o % perRow) * inner;
      for (let u = 0; u < count; u++) {
        for (let i = 0; i < inner; i++, at++) {
          const x = this.#sign * (numbers[at] ?? 0);
          if (this.#isTaken(x, u)) this.#insert(u, x, example, place + i);
        }
      }
    }
  }

  /** Whether any of an index's next eight elements may be among its largest: few are, once there were many. */
  #passes(numbers: ArrayLike<number>, at: number, count: number, u: number): boolean {
    const bar = this.#bars[u] ?? 0;
    if (bar === -Infinity) return true;
    let i = at;
    const a = numbers[i] ?? 0;
    const b = numbers[(i += count)] ?? 0;
    const c = numbers[(i += count)] ?? 0;
    const d = numbers[(i += count)] ?? 0;
    const e = numbers[(i += count)] ?? 0;
    const f = numbers[(i += count)] ?? 0;
    const g = numbers[(i += count)] ?? 0;
    const h = numbers[(i += count)] ?? 0;
    if (this.#sign > 0)
      return a > bar || b > bar || c > bar || d > bar || e > bar || f > bar || g > bar || h > bar;
    const low = -bar;
    return a < low || b < low || c < low || d < low || e < low || f < low || g < low || h < low;
  }

  /** An element that is -Infinity itself is taken while there is room; NaN never passes. */
  #isTaken(x: number, u: number): boolean {
    return x > (this.#bars[u] ?? 0) || (x === -Infinity && this.#hasRoom(u));
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
    const bar = this.#values[start + this.k - 1] ?? 0;
    this.#bars[u] = bar;
    if (this.#narrow !== undefined) this.#narrow[u] = bar;
  }

  finish(): TopOf {
    const values = this.#values.map((x, at) => (this.#examples[at] === -1 ? NaN : this.#sign * x));
    return { kind: 'top', k: this.k, values, examples: this.#examples.slice(), places: this.#places.slice() };
  }
}
