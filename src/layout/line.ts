/** A line as it is drawn point by point. Coordinates are the drawing's. */
import type { FloatList } from './arrays';

/** A growing line that leaves out points that change nothing, and can be cut back to an earlier state. */
export class Line {
  readonly #x: number[] = [];
  readonly #y: number[] = [];
  /** Points that stay even where they change nothing. */
  readonly #kept: boolean[] = [];
  /** Points before this belong to someone who may still cut back to them. */
  #floor = 0;

  add(x: number, y: number): void {
    const last = this.#x.length - 1;
    if (last >= 0 && this.#x[last] === x && this.#y[last] === y) return;
    if (
      last - 1 >= this.#floor &&
      this.#kept[last] !== true &&
      this.#x[last] === x &&
      this.#x[last - 1] === x
    ) {
      this.#y[last] = y;
      return;
    }
    this.#x.push(x);
    this.#y.push(y);
    this.#kept.push(false);
  }

  keep(): void {
    const last = this.#x.length - 1;
    if (last >= 0) this.#kept[last] = true;
  }

  /** Remembers this state: nothing up to here changes until the line is cut back. */
  mark(): number {
    this.#floor = this.#x.length;
    return this.#floor;
  }

  /** Cuts back to `mark`; points from `floor` on may be joined with what comes. */
  reset(mark: number, floor = mark): void {
    this.#x.length = mark;
    this.#y.length = mark;
    this.#kept.length = mark;
    this.#floor = floor;
  }

  copyTo(points: FloatList): void {
    const end = this.#x.length;
    for (let at = 0; at < end; at++) {
      const x = this.#x[at] as number;
      const middle = at > 0 && at < end - 1 && this.#kept[at] !== true;
      if (middle && this.#x[at - 1] === x && this.#x[at + 1] === x) continue;
      points.push(x);
      points.push(this.#y[at] as number);
    }
  }
}
