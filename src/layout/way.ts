/**
 * The way of one net through one panel: straight down past ranks, curving only in the gaps between them, into a box, out
 * of the frame, or around and up where it closes a cycle.
 */
import { f64, i32 } from './arrays';
import type { Layers } from './layers';
import type { Line } from './line';
import type { Part } from './part';

/** How far a loop runs from the boxes it goes around. */
const loopRoom = 8;

/** Writes one net's way onto a line. */
export class Way {
  readonly #layers: Layers;
  readonly #source: number;
  #rank: number;

  constructor(
    private readonly part: Part,
    private readonly net: number,
    private readonly left: number,
    private readonly top: number,
    private readonly border: number,
    private readonly line: Line,
  ) {
    this.#layers = part.arranged.layers;
    this.#source = i32(part.arranged.container.netSource, net);
    this.#rank = i32(this.#layers.rank, this.#source);
    this.restart();
  }

  /** From the source to the bottom of its rank. */
  restart(): void {
    const { part, line } = this;
    const source = this.#source;
    this.#rank = i32(this.#layers.rank, source);
    const isBox = source < part.arranged.container.boxes;
    const x = this.#startX();
    line.add(x, isBox ? this.top + f64(part.boxTop, source) + f64(part.shapes.h, source) : this.border);
    line.add(x, this.top + f64(part.rankBottom, this.#rank));
  }

  /** Past every rank down to the bottom of `rank`; with `keep`, that point stays a point of the line. */
  down(rank: number, keep: boolean): void {
    const first = i32(this.#layers.chain, this.net) - i32(this.#layers.rank, this.#source) - 1;
    for (let r = this.#rank + 1; r <= rank; r++) {
      const x = this.left + f64(this.part.x, first + r);
      this.line.add(x, this.top + f64(this.part.rankTop, r));
      this.line.add(x, this.top + f64(this.part.rankBottom, r));
    }
    this.#rank = Math.max(this.#rank, rank);
    if (keep) this.line.keep();
  }

  into(item: number): void {
    const x = this.#endX(item);
    this.line.add(x, this.top + f64(this.part.rankTop, i32(this.#layers.rank, item)));
    this.line.add(x, this.top + f64(this.part.boxTop, item));
  }

  /** Through an exit to the frame's bottom border. */
  out(exit: number, bottom: number): void {
    const x = this.left + f64(this.part.x, exit);
    this.line.add(x, this.top + f64(this.part.rankTop, i32(this.#layers.rank, exit)));
    this.line.add(x, bottom);
  }

  /** Around the boxes and up: the way of a link that closes a cycle. */
  loop(target: number, item: number): void {
    const loop = this.#layers.loops.find((one) => one.target === target);
    if (loop === undefined) return;
    const source = this.#source;
    const { part, line, top } = this;
    const startX = this.#startX();
    const endX = this.#endX(item);
    const aside = this.left + f64(part.x, loop.firstDummy);
    const low = top + f64(part.rankBottom, loop.bottom) + loopRoom;
    const high = top + f64(part.rankTop, loop.top) - loopRoom;
    line.add(startX, top + f64(part.boxTop, source) + f64(part.shapes.h, source));
    line.add(startX, low);
    line.add(aside, low);
    line.add(aside, high);
    line.add(endX, high);
    line.add(endX, top + f64(part.boxTop, item));
  }

  #startX(): number {
    const source = this.#source;
    const { part } = this;
    const { container } = part.arranged;
    const port =
      source < container.boxes ? part.shapes.port(source, i32(container.netValue, this.net), true) : 0;
    return this.left + f64(part.x, source) + port;
  }

  #endX(item: number): number {
    const { part } = this;
    return (
      this.left +
      f64(part.x, item) +
      part.shapes.port(item, i32(part.arranged.container.netValue, this.net), false)
    );
  }
}
