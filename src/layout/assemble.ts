/**
 * From placed panels to the result: absolute boxes, and one line per tensor and reader, stitched through every frame it
 * crosses. Lines run straight down past a rank and curve only in the gaps between ranks, where no box stands; points
 * where another reader branches off are kept, so that shared stretches are the same segments in every edge.
 */
import { BoxKind, type LayoutResult } from '../contract/layout';
import { f64, FloatList, i32, IntList, u8 } from './arrays';
import { Line } from './line';
import { portX, type PlacedPanel } from './panel';
import { Way } from './way';

/** More branches than this on one tensor are not kept as points: the lines would grow with their square. */
const mostBranches = 64;
interface Seat {
  readonly placed: PlacedPanel;
  readonly x: number;
  readonly y: number;
  /** Result row of each box, and of the frame itself (-1 for the root). */
  readonly rows: Int32Array;
  readonly row: number;
}

export function assemble(
  root: PlacedPanel,
  repeatOf: (scope: number) => number,
  shift: { x: number; y: number },
): LayoutResult {
  const assembler = new Assembler(repeatOf);
  assembler.place(root, shift.x, shift.y, -1);
  assembler.connect();
  return assembler.result(root);
}

class Assembler {
  readonly #kind = new IntList(64);
  readonly #ref = new IntList(64);
  readonly #parent = new IntList(64);
  readonly #repeat = new IntList(64);
  readonly #x = new FloatList(64);
  readonly #y = new FloatList(64);
  readonly #w = new FloatList(64);
  readonly #h = new FloatList(64);
  readonly #from = new IntList(64);
  readonly #to = new IntList(64);
  readonly #value = new IntList(64);
  readonly #tag = new IntList(64);
  readonly #offset = new IntList(64);
  readonly #points = new FloatList(256);
  readonly #seats: Seat[] = [];
  readonly #seatOf = new Map<PlacedPanel, Seat>();

  #tags = 0;

  constructor(private readonly repeatOf: (scope: number) => number) {}

  place(root: PlacedPanel, left: number, top: number, parent: number): void {
    const stack = [{ placed: root, x: left, y: top, parent }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { placed, x, y } = next;
      const seat: Seat = { placed, x, y, rows: new Int32Array(placed.panel.ref.length), row: next.parent };
      this.#seats.push(seat);
      this.#seatOf.set(placed, seat);
      placed.panel.ref.forEach((ref, box) => {
        const piece = i32(placed.panel.pieceOf, box);
        const local = i32(placed.panel.localOf, box);
        const part = placed.parts[piece];
        const spot = placed.spots[piece];
        if (part === undefined || spot === undefined) return;
        const w = f64(part.shapes.w, local);
        const boxX = x + placed.left + spot.x + f64(part.x, local) - w / 2;
        const boxY = y + placed.top + spot.y + f64(part.boxTop, local);
        const inside = placed.open.get(box);
        const row = this.#kind.length;
        seat.rows[box] = row;
        this.#kind.push(ref >= 0 ? BoxKind.Node : inside === undefined ? BoxKind.Scope : BoxKind.Frame);
        this.#ref.push(ref >= 0 ? ref : -1 - ref);
        this.#parent.push(next.parent);
        this.#repeat.push(ref >= 0 ? 1 : this.repeatOf(-1 - ref));
        this.#x.push(boxX);
        this.#y.push(boxY);
        this.#w.push(w);
        this.#h.push(f64(part.shapes.h, local));
        if (inside !== undefined) stack.push({ placed: inside, x: boxX, y: boxY, parent: row });
      });
    }
  }

  connect(): void {
    for (const seat of this.#seats) {
      seat.placed.parts.forEach((part, piece) => {
        const { container } = part.arranged;
        for (let net = 0; net < container.nets; net++) {
          const source = i32(container.netSource, net);
          if (source >= container.boxes) continue;
          const line = new Line();
          const from = this.#leave(seat, piece, source, i32(container.netValue, net), line);
          this.#follow(seat, piece, net, line, from);
        }
      });
    }
  }

  /** Draws from inside box `source` to its bottom; gives the result row where the tensor is made. */
  #leave(seat: Seat, piece: number, source: number, value: number, line: Line): number {
    const box = wholeBox(seat, piece, source);
    const inside = seat.placed.open.get(box);
    const place = inside?.panel.exits.get(value);
    const inner = inside === undefined ? undefined : this.#seatOf.get(inside);
    const net = inside?.panel.nets.get(value);
    if (inner === undefined || place === undefined || net === undefined) return i32(seat.rows, box);
    const part = inner.placed.parts[net.piece];
    if (part === undefined) return i32(seat.rows, box);
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
    const inside = seat.placed.open.get(box);
    const inner = inside === undefined ? undefined : this.#seatOf.get(inside);
    const next = inside?.panel.nets.get(value);
    if (inner === undefined || next === undefined) this.#edge(from, i32(seat.rows, box), value, line, tag);
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

  #edge(from: number, to: number, value: number, line: Line, tag: boolean): void {
    this.#offset.push(this.#points.length / 2);
    this.#from.push(from);
    this.#to.push(to);
    this.#value.push(value);
    this.#tag.push(tag ? 1 : 0);
    if (tag) this.#tagPoints(from, to);
    else line.copyTo(this.#points);
  }

  /** A tag has no line: its points are where it leaves and where it is read. */
  #tagPoints(from: number, to: number): void {
    this.#tags++;
    this.#points.push(this.#x.at(from) + this.#w.at(from) / 2);
    this.#points.push(this.#y.at(from) + this.#h.at(from));
    this.#points.push(this.#x.at(to) + this.#w.at(to) / 2);
    this.#points.push(this.#y.at(to));
  }

  /** Per box: where lines enter it at its top, when it is an open frame. */
  #ports(): LayoutResult['ports'] {
    const perBox = new Map<number, number[]>();
    for (const { placed, x, row } of this.#seats) {
      const list = [...placed.panel.entries.keys()].map((value) => x + portX(placed, value, false));
      perBox.set(
        row,
        list.sort((a, b) => a - b),
      );
    }
    const offset = new Int32Array(this.#kind.length + 1);
    const all = new FloatList(64);
    for (let box = 0; box < this.#kind.length; box++) {
      for (const x of perBox.get(box) ?? []) all.push(x);
      offset[box + 1] = all.length;
    }
    return { offset, x: all.toFloat32() };
  }

  result(root: PlacedPanel): LayoutResult {
    this.#offset.push(this.#points.length / 2);
    const count = this.#from.length;
    return {
      boxes: {
        count: this.#kind.length,
        kind: Uint8Array.from(this.#kind.toArray()),
        ref: this.#ref.toArray(),
        parent: this.#parent.toArray(),
        repeat: this.#repeat.toArray(),
        x: this.#x.toFloat32(),
        y: this.#y.toFloat32(),
        w: this.#w.toFloat32(),
        h: this.#h.toFloat32(),
      },
      edges: {
        count,
        from: this.#from.toArray(),
        to: this.#to.toArray(),
        value: this.#value.toArray(),
        tag: Uint8Array.from(this.#tag.toArray()),
        offset: this.#offset.toArray(),
        points: this.#points.toFloat32(),
      },
      ports: this.#ports(),
      width: root.w,
      height: root.h,
      crossings: -1,
      tags: this.#tags,
    };
  }
}

function wholeBox(seat: Seat, piece: number, local: number): number {
  const boxes = seat.placed.panel.pieces[piece]?.boxes;
  return boxes === undefined ? 0 : i32(boxes, local);
}
