/**
 * The lines of one panel. They run straight down past a rank and curve only in the gaps between ranks, where no box
 * stands; points where another reader branches off are kept, so that shared stretches are the same segments in every
 * edge. In open children lines go on as the children's fragments say.
 */
import { f64, i32, IntList, u8 } from './arrays';
import type { Lines } from './fragment';
import { byBox, type Boxes, type Child, type Ways } from './fragment';
import type { Line } from './line';
import type { Place, PlacedPanel } from './panel';
import type { Part } from './part';
import { Way } from './way';

/** More branches than this on one tensor are not kept as points: the lines would grow with their square. */
const mostBranches = 64;
/** Where a line begins that comes from outside. */
const outside = -1;

/** What all drawings write on, one after the other. */
export interface Paper {
  /** Lines between boxes. */
  readonly lines: Lines;
  /** Lines to and from the border. */
  readonly ways: Lines;
  readonly line: Line;
}

export class Drawing {
  readonly #placed: PlacedPanel;
  readonly #own: Boxes;
  readonly #children: readonly Child[];
  readonly #childIn: readonly (Child | undefined)[];
  readonly #line: Line;
  readonly #paper: Paper;
  /** Where lines are written at the moment. */
  #lines: Lines;

  constructor(placed: PlacedPanel, own: Boxes, children: readonly Child[], paper: Paper) {
    this.#placed = placed;
    this.#own = own;
    this.#children = children;
    this.#childIn = byBox(own.count, children, (child) => child);
    this.#paper = paper;
    this.#line = paper.line;
    this.#lines = paper.lines;
  }

  /** The lines of every tensor that is made in the panel, to all its readers in it and below. */
  connect(): void {
    this.#lines = this.#paper.lines;
    this.#placed.parts.forEach((part, piece) => {
      const { container } = part.arranged;
      for (let net = 0; net < container.nets; net++) {
        if (i32(container.netSource, net) >= container.boxes) continue;
        this.#line.reset(0);
        this.#follow({ piece, at: net }, this.#leave({ piece, at: net }));
      }
    });
  }

  /** The ways of tensors that come from outside. */
  enters(): Ways {
    return this.#ways(this.#placed.panel.entries.keys(), (value) => {
      const net = this.#placed.panel.nets.get(value);
      this.#line.reset(0);
      if (net !== undefined) this.#follow(net, outside);
    });
  }

  /** The ways of tensors that are read outside. */
  leaves(): Ways {
    const { panel, parts, h } = this.#placed;
    return this.#ways(panel.exits.keys(), (value) => {
      const exit = panel.exits.get(value);
      const net = panel.nets.get(value);
      const part = parts[net?.piece ?? -1];
      if (exit === undefined || net === undefined || part === undefined) return;
      this.#line.reset(0);
      const from = this.#leave(net);
      const way = this.#way(part, net);
      way.down(i32(part.arranged.layers.rank, exit.at) - 1, false);
      way.out(exit.at, h);
      this.#lines.begin(outside, from, value, false);
      this.#line.copyTo(this.#lines.points);
    });
  }

  #ways(values: Iterable<number>, draw: (value: number) => void): Ways {
    const { ways } = this.#paper;
    this.#lines = ways;
    ways.clear();
    const rowOf = new Map<number, number>();
    const start = new IntList(16);
    for (const value of values) {
      rowOf.set(value, start.length);
      start.push(ways.to.length);
      draw(value);
    }
    start.push(ways.to.length);
    ways.offset.push(ways.points.length / 2);
    return {
      rowOf,
      start: start.toArray(),
      end: ways.to.toArray(),
      tag: new Uint8Array(ways.tag.view()),
      offset: ways.offset.toArray(),
      points: ways.points.toArray(),
    };
  }

  #way(part: Part, { piece, at }: Place): Way {
    const { left, top, spots } = this.#placed;
    const spot = spots[piece] ?? { x: 0, y: 0 };
    return new Way(part, at, left + spot.x, top + spot.y, 0, this.#line);
  }

  /** Draws from inside the box where a net is made to its bottom; gives the row of the very box that makes it. */
  #leave({ piece, at }: Place): number {
    const container = this.#placed.parts[piece]?.arranged.container;
    if (container === undefined) return 0;
    const box = this.#wholeBox(piece, i32(container.netSource, at));
    const child = this.#childIn[box];
    const way = child?.fragment.leaves.rowOf.get(i32(container.netValue, at));
    if (child === undefined || way === undefined) return box;
    const { end, offset, points } = child.fragment.leaves;
    const [x, y] = [f64(this.#own.x, box), f64(this.#own.y, box)];
    for (let k = 2 * i32(offset, way); k < 2 * i32(offset, way + 1); k += 2)
      this.#line.add(x + f64(points, k), y + f64(points, k + 1));
    return child.base + i32(end, way);
  }

  /** One edge for every reader of a net, going on into open frames. Readers share the line down to where they branch. */
  #follow(net: Place, from: number): void {
    const part = this.#placed.parts[net.piece];
    if (part === undefined) return;
    const line = this.#line;
    const { container, layers } = part.arranged;
    const value = i32(container.netValue, net.at);
    const start = i32(container.targetStart, net.at);
    const end = i32(container.targetStart, net.at + 1);
    const keep = end - start > 1 && end - start <= mostBranches;
    const base = line.mark();
    const way = this.#way(part, net);
    for (let k = start; k < end; k++) {
      const t = i32(layers.byRank, k);
      const item = i32(container.targets, t);
      if (item >= container.boxes) continue;
      const box = this.#wholeBox(net.piece, item);
      if (u8(layers.tagged, t) === 1) this.#enterByTag(box, value, from);
      else if (u8(layers.ranks.backward, t) === 1) {
        line.reset(base);
        way.loop(t, item);
        this.#enter(box, value, from);
        line.reset(base);
        way.restart();
      } else {
        way.down(i32(layers.rank, item) - 1, keep);
        const mark = line.mark();
        way.into(item);
        this.#enter(box, value, from);
        line.reset(mark, base);
      }
    }
    line.reset(base);
  }

  /** Ends the line at a box, or at every reader inside it. */
  #enter(box: number, value: number, from: number): void {
    const lines = this.#lines;
    const child = this.#childIn[box];
    const row = child?.fragment.enters.rowOf.get(value);
    if (child === undefined || row === undefined) {
      lines.begin(from, box, value, false);
      this.#line.copyTo(lines.points);
      return;
    }
    const { start, end, tag, offset, points } = child.fragment.enters;
    const [x, y] = [f64(this.#own.x, box), f64(this.#own.y, box)];
    for (let k = i32(start, row); k < i32(start, row + 1); k++) {
      const to = child.base + i32(end, k);
      if (u8(tag, k) === 1) {
        this.#tag(from, to, value);
        continue;
      }
      lines.begin(from, to, value, false);
      // Its first point is where this line ends.
      const first = 2 * i32(offset, k) + 2;
      const last = 2 * i32(offset, k + 1);
      this.#line.copyTo(lines.points, x + f64(points, first));
      for (let p = first; p < last; p += 2) {
        lines.points.push(x + f64(points, p));
        lines.points.push(y + f64(points, p + 1));
      }
    }
  }

  #enterByTag(box: number, value: number, from: number): void {
    const child = this.#childIn[box];
    const row = child?.fragment.enters.rowOf.get(value);
    if (child === undefined || row === undefined) {
      this.#tag(from, box, value);
      return;
    }
    const { start, end } = child.fragment.enters;
    for (let k = i32(start, row); k < i32(start, row + 1); k++)
      this.#tag(from, child.base + i32(end, k), value);
  }

  /** A tag has no line: its points are where it leaves and where it is read, once it is known where it leaves. */
  #tag(from: number, to: number, value: number): void {
    const { points } = this.#lines;
    this.#lines.begin(from, to, value, true);
    if (from === outside) return;
    const maker = this.#rectOf(from);
    const reader = this.#rectOf(to);
    points.push(maker.x + maker.w / 2);
    points.push(maker.y + maker.h);
    points.push(reader.x + reader.w / 2);
    points.push(reader.y);
  }

  #rectOf(row: number): { readonly x: number; readonly y: number; readonly w: number; readonly h: number } {
    const own = this.#own;
    if (row < own.count)
      return { x: f64(own.x, row), y: f64(own.y, row), w: f64(own.w, row), h: f64(own.h, row) };
    let [low, high] = [0, this.#children.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#children[middle]?.base ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    const child = this.#children[low];
    if (child === undefined) throw new Error('Broken invariant: a row is a box of the panel or of a child.');
    const { box, base, fragment } = child;
    return {
      x: f64(own.x, box) + f64(fragment.x, row - base),
      y: f64(own.y, box) + f64(fragment.y, row - base),
      w: f64(fragment.w, row - base),
      h: f64(fragment.h, row - base),
    };
  }

  #wholeBox(piece: number, local: number): number {
    const boxes = this.#placed.panel.pieces[piece]?.boxes;
    return boxes === undefined ? 0 : i32(boxes, local);
  }
}
