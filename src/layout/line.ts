/** A line as it is drawn point by point. Coordinates are the drawing's. */
import { f64, u8, type FloatList } from './arrays';

/** A growing line that leaves out points that change nothing, and can be cut back to an earlier state. */
export class Line {
  #x = new Float64Array(64);
  #y = new Float64Array(64);
  /** Points that stay even where they change nothing. */
  #kept = new Uint8Array(64);
  #length = 0;
  /** Points before this belong to someone who may still cut back to them. */
  #floor = 0;

  add(x: number, y: number): void {
    const last = this.#length - 1;
    if (last >= 0 && f64(this.#x, last) === x) {
      if (f64(this.#y, last) === y) return;
      if (last - 1 >= this.#floor && u8(this.#kept, last) === 0 && f64(this.#x, last - 1) === x) {
        this.#y[last] = y;
        return;
      }
    }
    if (this.#length === this.#x.length) this.#grow();
    this.#x[this.#length] = x;
    this.#y[this.#length] = y;
    this.#kept[this.#length++] = 0;
  }

  keep(): void {
    if (this.#length > 0) this.#kept[this.#length - 1] = 1;
  }

  /** Remembers this state: nothing up to here changes until the line is cut back. */
  mark(): number {
    this.#floor = this.#length;
    return this.#floor;
  }

  /** Cuts back to `mark`; points from `floor` on may be joined with what comes. */
  reset(mark: number, floor = mark): void {
    this.#length = mark;
    this.#floor = floor;
  }

  /** Writes the line; where it goes on at x `next`, its last point is left out if it changes nothing. */
  copyTo(points: FloatList, next = Number.NaN): void {
    const end = this.#length;
    for (let at = 0; at < end; at++) {
      const x = f64(this.#x, at);
      const after = at < end - 1 ? f64(this.#x, at + 1) : next;
      if (at > 0 && after === x && u8(this.#kept, at) === 0 && f64(this.#x, at - 1) === x) continue;
      points.push(x);
      points.push(f64(this.#y, at));
    }
  }

  #grow(): void {
    const size = 2 * this.#length;
    const grown = <T extends Float64Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#x = grown(this.#x, new Float64Array(size));
    this.#y = grown(this.#y, new Float64Array(size));
    this.#kept = grown(this.#kept, new Uint8Array(size));
  }
}
