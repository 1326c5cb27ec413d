/** Which boxes are where: boxes sorted into square cells by their top left corner. For boxes of bounded size. */
import { groupBy, type Groups } from '../../src/layout/arrays';
import type { Rect } from './camera';

export class Grid {
  readonly #cells: Groups;
  readonly #columns: number;
  readonly #rows: number;
  readonly #cell: number;
  readonly #left: number;
  readonly #top: number;
  /** How far a box may reach beyond its corner. */
  readonly #reachX: number;
  readonly #reachY: number;

  constructor(boxes: readonly number[], x: Float32Array, y: Float32Array, w: Float32Array, h: Float32Array) {
    let [left, top, right, bottom, reachX, reachY] = [Infinity, Infinity, -Infinity, -Infinity, 0, 0];
    for (const box of boxes) {
      left = Math.min(left, x[box] ?? 0);
      top = Math.min(top, y[box] ?? 0);
      right = Math.max(right, x[box] ?? 0);
      bottom = Math.max(bottom, y[box] ?? 0);
      reachX = Math.max(reachX, w[box] ?? 0);
      reachY = Math.max(reachY, h[box] ?? 0);
    }
    if (boxes.length === 0) [left, top, right, bottom] = [0, 0, 0, 0];
    this.#left = left;
    this.#top = top;
    this.#reachX = reachX;
    this.#reachY = reachY;
    this.#cell = Math.max(
      192,
      Math.sqrt(((right - left + 1) * (bottom - top + 1)) / 400_000),
      (bottom - top) / 200_000,
    );
    this.#columns = Math.floor((right - left) / this.#cell) + 1;
    this.#rows = Math.floor((bottom - top) / this.#cell) + 1;
    const key = new Int32Array(x.length).fill(-1);
    for (const box of boxes) key[box] = this.#row(y[box] ?? 0) * this.#columns + this.#column(x[box] ?? 0);
    this.#cells = groupBy(key, key.length, this.#columns * this.#rows);
  }

  /** Calls back for every box whose corner may put it inside the rectangle. */
  query(rect: Rect, found: (box: number) => void): void {
    const { start, rows } = this.#cells;
    const fromColumn = this.#column(rect.x - this.#reachX);
    const toColumn = this.#column(rect.x + rect.w);
    const toRow = this.#row(rect.y + rect.h);
    for (let row = this.#row(rect.y - this.#reachY); row <= toRow; row++) {
      const from = start[row * this.#columns + fromColumn] ?? 0;
      const to = start[row * this.#columns + toColumn + 1] ?? 0;
      for (let at = from; at < to; at++) found(rows[at] ?? 0);
    }
  }

  #column(x: number): number {
    return Math.max(0, Math.min(this.#columns - 1, Math.floor((x - this.#left) / this.#cell)));
  }

  #row(y: number): number {
    return Math.max(0, Math.min(this.#rows - 1, Math.floor((y - this.#top) / this.#cell)));
  }
}
