/**
 * From placed panels to the result: absolute boxes, and one line per tensor and reader, stitched through every frame it
 * crosses. Lines run straight down past a rank and curve only in the gaps between ranks, where no box stands; points
 * where another reader branches off are kept, so that shared stretches are the same segments in every edge. Each panel
 * is drawn once and kept as a fragment for as long as it stands as it does.
 */
import { BoxKind, type LayoutResult } from '../contract/layout';
import { f64, i32, u8 } from './arrays';
import {
  addBoxes,
  joinLines,
  Lines,
  toResult,
  type Boxes,
  type Child,
  type Fragment,
  type Inner,
} from './fragment';
import { Line } from './line';
import type { PlacedPanel } from './panel';
import { Way } from './way';

/** Panels nested deeper than this are drawn anew whenever something around them changes. */
const deepest = 12;
/** More branches than this on one tensor are not kept as points: the lines would grow with their square. */
const mostBranches = 64;

/** A panel as one sees it from the fragment that is made: its corner, and its first row there. */
interface Seat {
  readonly placed: PlacedPanel;
  readonly inner: Fragment['inner'];
  readonly x: number;
  readonly y: number;
  readonly base: number;
}

/** Keeps the fragments of panels that stand as they stood. */
export class Assembler {
  readonly #known = new WeakMap<PlacedPanel, Fragment>();
  readonly #lines = new Lines();
  readonly #line = new Line();

  /** `repeatOf`: how many equal scopes a scope's box stands for; always the same for the same scope. */
  constructor(private readonly repeatOf: (scope: number) => number) {}

  assemble(
    root: PlacedPanel,
    shift: { readonly x: number; readonly y: number },
    checkpoint: () => void,
  ): LayoutResult {
    this.#make(root, checkpoint);
    // The whole is given away: it is never kept.
    const { boxes, children } = this.#lay(root);
    return toResult(boxes, children, this.#lines, root, shift);
  }

  /** Everything open in `root`, children before their parents, without recursion: modules may be nested a thousand deep. */
  #make(root: PlacedPanel, checkpoint: () => void): void {
    const order: { readonly placed: PlacedPanel; readonly depth: number }[] = [];
    const stack = [{ placed: root, depth: 0 }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      order.push(next);
      const depth = next.depth + 1;
      for (const placed of next.placed.open.values())
        if (!this.#known.has(placed)) stack.push({ placed, depth });
    }
    for (const { placed, depth } of order.reverse()) {
      if (placed === root) break;
      checkpoint();
      this.#known.set(placed, this.#draw(placed));
      // Each holds all that is below: very deep nests would hold everything a thousand times.
      if (depth >= deepest) for (const child of placed.open.values()) this.#known.delete(child);
    }
  }

  #draw(placed: PlacedPanel): Fragment {
    const { boxes, children } = this.#lay(placed);
    return joinLines(boxes, children, this.#lines);
  }

  /** A panel's boxes and those of its open children; its own lines stand in `#lines` then. */
  #lay(placed: PlacedPanel): { readonly boxes: Boxes; readonly children: readonly Child[] } {
    const children = this.#children(placed);
    const boxes = this.#boxes(placed, children);
    addBoxes(boxes, children);
    this.#lines.clear();
    const drawing = new Drawing(boxes, this.#lines, this.#line);
    drawing.connect({ placed, inner: boxes.inner, x: 0, y: 0, base: 0 });
    return { boxes, children };
  }

  /** Open children, the last one first, with the rows they take behind the panel's own. */
  #children({ panel, open }: PlacedPanel): Child[] {
    let base = panel.ref.length;
    return [...open].reverse().map(([box, placed]) => {
      const fragment = this.#known.get(placed);
      if (fragment === undefined) throw new Error('Broken invariant: what is open is drawn first.');
      const inner: Inner = { box, base, placed, inner: fragment.inner };
      base += fragment.count;
      return { inner, fragment };
    });
  }

  /** A panel's own boxes, with room for those of its open children. */
  #boxes({ panel, parts, spots, left, top, open }: PlacedPanel, children: readonly Child[]): Boxes {
    const own = panel.ref.length;
    const inner = new Map(children.map((child) => [child.inner.box, child.inner]));
    const count = children.reduce((sum, { fragment }) => sum + fragment.count, own);
    const kind = new Uint8Array(count);
    const ref = new Int32Array(count);
    const repeat = new Int32Array(count);
    const rects = new Float64Array(4 * count);
    for (let box = 0; box < own; box++) {
      const part = parts[i32(panel.pieceOf, box)];
      const spot = spots[i32(panel.pieceOf, box)];
      const local = i32(panel.localOf, box);
      const row = i32(panel.ref, box);
      kind[box] = row >= 0 ? BoxKind.Node : open.has(box) ? BoxKind.Frame : BoxKind.Scope;
      ref[box] = row >= 0 ? row : -1 - row;
      repeat[box] = row >= 0 ? 1 : this.repeatOf(-1 - row);
      if (part === undefined || spot === undefined) continue;
      const w = f64(part.shapes.w, local);
      rects[4 * box] = left + spot.x + f64(part.x, local) - w / 2;
      rects[4 * box + 1] = top + spot.y + f64(part.boxTop, local);
      rects[4 * box + 2] = w;
      rects[4 * box + 3] = f64(part.shapes.h, local);
    }
    return { count, kind, ref, parent: new Int32Array(count).fill(-1, 0, own), repeat, rects, inner };
  }
}

/** The lines of one panel: of every tensor that is made in it, to all its readers in it and below. */
class Drawing {
  readonly #rects: Float64Array;

  constructor(
    { rects }: Boxes,
    private readonly lines: Lines,
    private readonly line: Line,
  ) {
    this.#rects = rects;
  }

  connect(seat: Seat): void {
    const { line } = this;
    seat.placed.parts.forEach((part, piece) => {
      const { container } = part.arranged;
      for (let net = 0; net < container.nets; net++) {
        const source = i32(container.netSource, net);
        if (source >= container.boxes) continue;
        line.reset(0);
        const from = this.#leave(seat, piece, source, i32(container.netValue, net), line);
        this.#follow(seat, piece, net, line, from);
      }
    });
  }

  /** Draws from inside box `source` to its bottom; gives the result row where the tensor is made. */
  #leave(seat: Seat, piece: number, source: number, value: number, line: Line): number {
    const box = wholeBox(seat, piece, source);
    const inner = this.#inside(seat, box);
    const place = inner?.placed.panel.exits.get(value);
    const net = inner?.placed.panel.nets.get(value);
    if (inner === undefined || place === undefined || net === undefined) return seat.base + box;
    const part = inner.placed.parts[net.piece];
    if (part === undefined) return seat.base + box;
    const from = this.#leave(inner, net.piece, i32(part.arranged.container.netSource, net.at), value, line);
    const spot = inner.placed.spots[net.piece] ?? { x: 0, y: 0 };
    const { placed, x, y } = inner;
    const way = new Way(part, net.at, x + placed.left + spot.x, y + placed.top + spot.y, y, line);
    way.down(i32(part.arranged.layers.rank, place.at) - 1, false);
    way.out(place.at, y + placed.h);
    return from;
  }

  /** One edge for every reader of a net, going on into open frames. Readers share the line down to where they branch. */
  #follow(seat: Seat, piece: number, net: number, line: Line, from: number, tag = false): void {
    const part = seat.placed.parts[piece];
    const spot = seat.placed.spots[piece];
    if (part === undefined || spot === undefined) return;
    const { container, layers } = part.arranged;
    if (tag) {
      this.#tagAll(seat, piece, net, line, from);
      return;
    }
    const value = i32(container.netValue, net);
    const start = i32(container.targetStart, net);
    const end = i32(container.targetStart, net + 1);
    const keep = end - start > 1 && end - start <= mostBranches;
    const base = line.mark();
    const way = new Way(
      part,
      net,
      seat.x + seat.placed.left + spot.x,
      seat.y + seat.placed.top + spot.y,
      seat.y,
      line,
    );
    for (let k = start; k < end; k++) {
      const t = i32(layers.byRank, k);
      const item = i32(container.targets, t);
      if (item >= container.boxes) continue;
      if (u8(layers.tagged, t) === 1) {
        this.#enter(seat, piece, item, value, line, from, true);
        continue;
      }
      if (u8(layers.ranks.backward, t) === 1) {
        line.reset(base);
        way.loop(t, item);
        this.#enter(seat, piece, item, value, line, from);
        line.reset(base);
        way.restart();
        continue;
      }
      way.down(i32(layers.rank, item) - 1, keep);
      const mark = line.mark();
      way.into(item);
      this.#enter(seat, piece, item, value, line, from);
      line.reset(mark, base);
    }
    line.reset(base);
  }

  #enter(
    seat: Seat,
    piece: number,
    item: number,
    value: number,
    line: Line,
    from: number,
    tag = false,
  ): void {
    const box = wholeBox(seat, piece, item);
    const inner = this.#inside(seat, box);
    const next = inner?.placed.panel.nets.get(value);
    if (inner === undefined || next === undefined) this.#edge(from, seat.base + box, value, line, tag);
    else this.#follow(inner, next.piece, next.at, line, from, tag);
  }

  /** Every reader of a net inside a frame that the tensor reaches through a tag. */
  #tagAll(seat: Seat, piece: number, net: number, line: Line, from: number): void {
    const container = seat.placed.parts[piece]?.arranged.container;
    if (container === undefined) return;
    for (let t = i32(container.targetStart, net); t < i32(container.targetStart, net + 1); t++) {
      const item = i32(container.targets, t);
      if (item < container.boxes)
        this.#enter(seat, piece, item, i32(container.netValue, net), line, from, true);
    }
  }

  /** The open child in a box of a panel. */
  #inside(seat: Seat, box: number): Seat | undefined {
    const found = seat.inner.get(box);
    if (found === undefined) return undefined;
    const { placed, base, inner } = found;
    const row = 4 * (seat.base + box);
    const [x, y] = [f64(this.#rects, row), f64(this.#rects, row + 1)];
    return { placed, inner, x, y, base: seat.base + base };
  }

  #edge(from: number, to: number, value: number, line: Line, tag: boolean): void {
    const { lines } = this;
    lines.offset.push(lines.points.length / 2);
    lines.from.push(from);
    lines.to.push(to);
    lines.value.push(value);
    lines.tag.push(tag ? 1 : 0);
    if (tag) this.#tagPoints(from, to);
    else line.copyTo(lines.points);
  }

  /** A tag has no line: its points are where it leaves and where it is read. */
  #tagPoints(from: number, to: number): void {
    const rects = this.#rects;
    const { points } = this.lines;
    this.lines.tags++;
    points.push(f64(rects, 4 * from) + f64(rects, 4 * from + 2) / 2);
    points.push(f64(rects, 4 * from + 1) + f64(rects, 4 * from + 3));
    points.push(f64(rects, 4 * to) + f64(rects, 4 * to + 2) / 2);
    points.push(f64(rects, 4 * to + 1));
  }
}

function wholeBox(seat: Seat, piece: number, local: number): number {
  const boxes = seat.placed.panel.pieces[piece]?.boxes;
  return boxes === undefined ? 0 : i32(boxes, local);
}
