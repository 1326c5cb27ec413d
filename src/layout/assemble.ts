/**
 * From placed panels to the result: absolute boxes, and one line per tensor and reader, stitched through every frame it
 * crosses. Lines run straight down past a rank and curve only in the gaps between ranks, where no box stands; points
 * where another reader branches off are kept, so that shared stretches are the same segments in every edge.
 */
import { BoxKind, type LayoutResult } from '../contract/layout';
import { f64, FloatList, i32, IntList, u8 } from './arrays';
import type { PlacedPanel } from './panel';
import type { Part } from './part';

/** More branches than this on one tensor are not kept as points: the lines would grow with their square. */
const mostBranches = 64;
/** How far a loop runs from the boxes it goes around. */
const loopRoom = 8;

interface Seat {
  readonly placed: PlacedPanel;
  readonly x: number;
  readonly y: number;
  /** Result row of each box. */
  readonly rows: Int32Array;
}

export function assemble(root: PlacedPanel, repeatOf: (scope: number) => number, shift: { x: number; y: number }): LayoutResult {
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
  readonly #offset = new IntList(64);
  readonly #points = new FloatList(256);
  readonly #seats: Seat[] = [];
  readonly #seatOf = new Map<PlacedPanel, Seat>();

  constructor(private readonly repeatOf: (scope: number) => number) {}

  place(root: PlacedPanel, left: number, top: number, parent: number): void {
    const stack = [{ placed: root, x: left, y: top, parent }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { placed, x, y } = next;
      const seat: Seat = { placed, x, y, rows: new Int32Array(placed.panel.ref.length) };
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
    this.#run(inner, net.piece, net.at, place.at, line);
    return from;
  }

  /** One edge for every reader of a net, going on into open frames. */
  #follow(seat: Seat, piece: number, net: number, line: Line, from: number): void {
    const part = seat.placed.parts[piece];
    if (part === undefined) return;
    const { container } = part.arranged;
    const value = i32(container.netValue, net);
    for (let t = i32(container.targetStart, net); t < i32(container.targetStart, net + 1); t++) {
      const item = i32(container.targets, t);
      if (item >= container.boxes) continue;
      const mark = line.mark();
      this.#run(seat, piece, net, item, line, t);
      const box = wholeBox(seat, piece, item);
      const inside = seat.placed.open.get(box);
      const inner = inside === undefined ? undefined : this.#seatOf.get(inside);
      const next = inside?.panel.nets.get(value);
      if (inner === undefined || next === undefined) this.#edge(from, i32(seat.rows, box), value, line);
      else this.#follow(inner, next.piece, next.at, line, from);
      line.reset(mark);
    }
  }

  #edge(from: number, to: number, value: number, line: Line): void {
    this.#offset.push(this.#points.length / 2);
    this.#from.push(from);
    this.#to.push(to);
    this.#value.push(value);
    line.copyTo(this.#points);
  }

  /** The way of a net inside one panel, from its source to one target. */
  #run(seat: Seat, piece: number, net: number, item: number, line: Line, target = -1): void {
    const part = seat.placed.parts[piece];
    const spot = seat.placed.spots[piece];
    if (part === undefined || spot === undefined) return;
    const { layers, container } = part.arranged;
    const source = i32(container.netSource, net);
    const value = i32(container.netValue, net);
    const left = seat.x + seat.placed.left + spot.x;
    const top = seat.y + seat.placed.top + spot.y;
    const fromRank = i32(layers.rank, source);
    const toRank = i32(layers.rank, item);
    const sourceIsBox = source < container.boxes;
    const startX = left + f64(part.x, source) + (sourceIsBox ? part.shapes.port(source, value, true) : 0);
    const endX = left + f64(part.x, item) + (item < container.boxes ? part.shapes.port(item, value, false) : 0);
    line.add(startX, sourceIsBox ? top + f64(part.boxTop, source) + f64(part.shapes.h, source) : seat.y);
    const loop = target < 0 ? undefined : layers.loops.find((one) => one.target === target);
    if (loop !== undefined) {
      const aside = left + f64(part.x, loop.firstDummy);
      const low = top + f64(part.rankBottom, loop.bottom) + loopRoom;
      const high = top + f64(part.rankTop, loop.top) - loopRoom;
      line.add(startX, low);
      line.add(aside, low);
      line.add(aside, high);
      line.add(endX, high);
      line.add(endX, top + f64(part.boxTop, item));
      return;
    }
    const branches = branchRanks(part, net);
    line.add(startX, top + f64(part.rankBottom, fromRank), branches.has(fromRank));
    const first = i32(layers.chain, net);
    for (let rank = fromRank + 1; rank < toRank; rank++) {
      const x = left + f64(part.x, first + rank - fromRank - 1);
      line.add(x, top + f64(part.rankTop, rank));
      line.add(x, top + f64(part.rankBottom, rank), branches.has(rank));
    }
    line.add(endX, top + f64(part.rankTop, toRank));
    if (item < container.boxes) line.add(endX, top + f64(part.boxTop, item));
    else line.add(endX, seat.y + seat.placed.h);
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
        tag: new Uint8Array(count),
        offset: this.#offset.toArray(),
        points: this.#points.toFloat32(),
      },
      width: root.w,
      height: root.h,
      crossings: -1,
      tags: 0,
    };
  }
}

function wholeBox(seat: Seat, piece: number, local: number): number {
  const boxes = seat.placed.panel.pieces[piece]?.boxes;
  return boxes === undefined ? 0 : i32(boxes, local);
}

const none: ReadonlySet<number> = new Set();
const cache = new WeakMap<Part, Map<number, ReadonlySet<number>>>();

/** Ranks below which a net has a reader in the very next rank while it goes on. */
function branchRanks(part: Part, net: number): ReadonlySet<number> {
  const { container, layers } = part.arranged;
  const from = i32(container.targetStart, net);
  const to = i32(container.targetStart, net + 1);
  if (to - from < 2 || to - from > mostBranches) return none;
  const perNet = cache.get(part) ?? new Map<number, ReadonlySet<number>>();
  cache.set(part, perNet);
  const known = perNet.get(net);
  if (known !== undefined) return known;
  const ranks = new Set<number>();
  for (let t = from; t < to; t++) {
    if (u8(layers.ranks.backward, t) === 0) ranks.add(i32(layers.rank, i32(container.targets, t)) - 1);
  }
  perNet.set(net, ranks);
  return ranks;
}

/** A growing line that leaves out points that change nothing, and can be cut back to an earlier state. */
class Line {
  readonly #x: number[] = [];
  readonly #y: number[] = [];
  readonly #kept: boolean[] = [];

  add(x: number, y: number, keep = false): void {
    const last = this.#x.length - 1;
    if (last >= 0 && this.#x[last] === x && this.#y[last] === y) {
      if (keep) this.#kept[last] = true;
      return;
    }
    this.#x.push(x);
    this.#y.push(y);
    this.#kept.push(keep);
  }

  mark(): number {
    return this.#x.length;
  }

  reset(mark: number): void {
    this.#x.length = mark;
    this.#y.length = mark;
    this.#kept.length = mark;
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
