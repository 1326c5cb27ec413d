/** Means and covariances between the indices of an axis, in double precision about the first vector. Pure. */
import type { Piece, Reducer } from './piece';

export interface CovarianceOf {
  readonly kind: 'covariance';
  readonly count: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

export class Covariance implements Reducer<CovarianceOf> {
  #count = 0;
  readonly #shift: Float64Array;
  readonly #sums: Float64Array;
  /** Upper triangle, row by row, in a whole square. */
  readonly #products: Float64Array;
  readonly #vector: Float64Array;

  constructor(private readonly size: number) {
    this.#shift = new Float64Array(size);
    this.#sums = new Float64Array(size);
    this.#products = new Float64Array(size * size);
    this.#vector = new Float64Array(size);
  }

  add({ numbers, outer, count, inner }: Piece): void {
    const { size } = this;
    const [vector, sums, products, shift] = [this.#vector, this.#sums, this.#products, this.#shift];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        for (let u = 0; u < count; u++) vector[u] = numbers[(o * count + u) * inner + i] ?? 0;
        if (this.#count === 0) shift.set(vector);
        this.#count++;
        for (let u = 0; u < size; u++) vector[u] = (vector[u] ?? 0) - (shift[u] ?? 0);
        for (let u = 0; u < size; u++) {
          const x = vector[u] ?? 0;
          sums[u] = (sums[u] ?? 0) + x;
          const row = u * size;
          for (let v = u; v < size; v++) products[row + v] = (products[row + v] ?? 0) + x * (vector[v] ?? 0);
        }
      }
    }
  }

  finish(): CovarianceOf {
    const { size } = this;
    const n = this.#count;
    const mean = this.#sums.map((sum, u) => (this.#shift[u] ?? 0) + sum / n);
    const covariance = new Float64Array(size * size);
    for (let u = 0; u < size; u++) {
      for (let v = u; v < size; v++) {
        const product = this.#products[u * size + v] ?? 0;
        const value = (product - ((this.#sums[u] ?? 0) * (this.#sums[v] ?? 0)) / n) / n;
        covariance[u * size + v] = value;
        covariance[v * size + u] = value;
      }
    }
    return { kind: 'covariance', count: n, mean, covariance };
  }
}
