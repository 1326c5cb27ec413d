/**
 * What one placed panel and all that is open in it draws, from its own top left corner: boxes with the frames they lie
 * in, lines, where lines enter frames, and the ways of lines that cross its border. Rows count from the panel's first
 * box. A panel that stands as it stood keeps its fragment, so that opening one module draws that one and moves the others.
 */
import type { LayoutResult } from '../contract/layout';
import { f64, FloatList, i32, IntList } from './arrays';
import type { PlacedPanel } from './panel';

/** Boxes and where they stand. */
export interface Boxes {
  readonly count: number;
  readonly kind: Uint8Array;
  /** A node row or a scope row. */
  readonly ref: Int32Array;
  /** Row of the frame around; -1 for the panel's own boxes. */
  readonly parent: Int32Array;
  readonly repeat: Int32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly w: Float64Array;
  readonly h: Float64Array;
}

/** Boxes of a panel with those of its open children behind them. */
export interface AllBoxes extends Boxes {
  /** Where lines enter the open frames at their top: x of frame i are `portX[portOffset[i]]` …, ascending. */
  readonly portOffset: Int32Array;
  readonly portX: Float64Array;
}

/** Lines between boxes of a panel and below. */
export interface Edges {
  readonly edges: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly value: Int32Array;
  readonly tag: Uint8Array;
  /** Points of line e: `points[2 * offset[e]]` …, x and y in turn. */
  readonly offset: Int32Array;
  readonly points: Float64Array;
  readonly tags: number;
}

export interface Fragment extends AllBoxes, Edges {
  /** From the top border to every reader. */
  readonly enters: Ways;
  /** From the maker to the bottom border: one end each, where the line begins. */
  readonly leaves: Ways;
}

/** How the tensors that cross a panel's border go on inside. */
export interface Ways {
  readonly rowOf: ReadonlyMap<number, number>;
  /** The ends of way k are rows `start[k]` … of the columns that follow. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** 1 where the end is reached through a tag, without points. */
  readonly tag: Uint8Array;
  readonly offset: Int32Array;
  readonly points: Float64Array;
}

/** An open child with what it draws: its frame is box `box` of the panel, its first row is `base`. */
export interface Child {
  readonly box: number;
  readonly base: number;
  readonly ports: Float64Array;
  readonly fragment: Fragment;
}

/** Lines of a panel as they come. */
export class Lines {
  readonly from = new IntList(64);
  readonly to = new IntList(64);
  readonly value = new IntList(64);
  readonly tag = new IntList(64);
  readonly offset = new IntList(64);
  readonly points = new FloatList(256);
  tags = 0;

  /** Empties the columns: one of these serves all panels, one after the other. */
  clear(): void {
    for (const column of [this.from, this.to, this.value, this.tag, this.offset]) column.length = 0;
    this.points.length = 0;
    this.tags = 0;
  }

  /** Begins a line; its points follow. */
  begin(from: number, to: number, value: number, tag: boolean): void {
    this.offset.push(this.points.length / 2);
    this.from.push(from);
    this.to.push(to);
    this.value.push(value);
    this.tag.push(tag ? 1 : 0);
    if (tag) this.tags++;
  }
}

/** How many boxes a panel and its open children have. */
export function countBoxes(own: number, children: readonly Child[]): number {
  return children.reduce((sum, { fragment }) => sum + fragment.count, own);
}

const noPorts = new Float64Array(0);

/** What belongs to the open child in each box of a panel. */
export function byBox<T>(
  boxes: number,
  children: readonly Child[],
  pick: (child: Child) => T,
): readonly (T | undefined)[] {
  const list: (T | undefined)[] = [];
  for (let box = 0; box < boxes; box++) list.push(undefined);
  for (const child of children) list[child.box] = pick(child);
  return list;
}

/** A panel's own boxes, then those of its open children. */
export function joinBoxes(own: Boxes, children: readonly Child[]): AllBoxes {
  const count = countBoxes(own.count, children);
  if (children.length === 0) return { ...own, portOffset: new Int32Array(count + 1), portX: noPorts };
  const places = (column: Float64Array): Float64Array => grown(column, new Float64Array(count));
  const joined = {
    ...joinFacts(own, children, count),
    x: places(own.x),
    y: places(own.y),
    w: places(own.w),
    h: places(own.h),
  };
  for (const { box, base, fragment } of children) {
    moved(fragment.x, joined.x, base, f64(own.x, box));
    moved(fragment.y, joined.y, base, f64(own.y, box));
    joined.w.set(fragment.w, base);
    joined.h.set(fragment.h, base);
  }
  return { ...joined, ...joinPorts(own, children, count) };
}

/** What boxes are, without where they stand. */
function joinFacts(
  own: Boxes,
  children: readonly Child[],
  count: number,
): Pick<Boxes, 'count' | 'kind' | 'ref' | 'parent' | 'repeat'> {
  const kind = grown(own.kind, new Uint8Array(count));
  const ref = grown(own.ref, new Int32Array(count));
  const repeat = grown(own.repeat, new Int32Array(count));
  const parent = grown(own.parent, new Int32Array(count));
  for (const { box, base, fragment } of children) {
    kind.set(fragment.kind, base);
    ref.set(fragment.ref, base);
    repeat.set(fragment.repeat, base);
    for (let row = 0; row < fragment.count; row++) {
      const around = i32(fragment.parent, row);
      parent[base + row] = around < 0 ? box : base + around;
    }
  }
  return { count, kind, ref, parent, repeat };
}

function grown<T extends Uint8Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function moved(from: Float64Array, to: Float64Array | Float32Array, at: number, by: number): void {
  for (let k = 0; k < from.length; k++) to[at + k] = by + f64(from, k);
}

function joinPorts(
  own: Boxes,
  children: readonly Child[],
  count: number,
): Pick<AllBoxes, 'portOffset' | 'portX'> {
  const portOffset = new Int32Array(count + 1);
  const all = new FloatList(64);
  const inFrame = byBox(own.count, children, ({ ports }) => ports);
  for (let box = 0; box < own.count; box++) {
    const ports = inFrame[box];
    if (ports !== undefined) for (const x of ports) all.push(f64(own.x, box) + x);
    portOffset[box + 1] = all.length;
  }
  for (const { box, base, fragment } of children) {
    const begin = all.length;
    const x = f64(own.x, box);
    for (const port of fragment.portX) all.push(x + port);
    for (let row = 1; row <= fragment.count; row++)
      portOffset[base + row] = begin + i32(fragment.portOffset, row);
  }
  return { portOffset, portX: all.toArray() };
}

/** A panel's own lines, then those of its open children. */
export function joinLines(own: Boxes, children: readonly Child[], lines: Lines): Edges {
  const points = new Float64Array(pointsIn(children, lines));
  return { ...joinEdges(own, children, lines, points, { x: 0, y: 0 }), points };
}

function pointsIn(children: readonly Child[], own: Lines): number {
  return children.reduce((all, { fragment }) => all + fragment.points.length, own.points.length);
}

/** Writes all points into `points`, moved by `shift`, and gives what belongs to them. */
function joinEdges(
  boxes: Boxes,
  children: readonly Child[],
  own: Lines,
  points: Float64Array | Float32Array,
  shift: { readonly x: number; readonly y: number },
): Omit<Edges, 'points'> {
  const edges = children.reduce((all, { fragment }) => all + fragment.edges, own.from.length);
  const joined = {
    edges,
    from: new Int32Array(edges),
    to: new Int32Array(edges),
    value: new Int32Array(edges),
    tag: new Uint8Array(edges),
    offset: new Int32Array(edges + 1),
    tags: children.reduce((all, { fragment }) => all + fragment.tags, own.tags),
  };
  joined.from.set(own.from.view());
  joined.to.set(own.to.view());
  joined.value.set(own.value.view());
  joined.tag.set(own.tag.view());
  joined.offset.set(own.offset.view());
  movePoints(own.points.view(), points, 0, shift.x, shift.y);
  let edge = own.from.length;
  let point = own.points.length;
  for (const { box, base, fragment } of children) {
    joined.value.set(fragment.value, edge);
    joined.tag.set(fragment.tag, edge);
    for (let row = 0; row < fragment.edges; row++) {
      joined.from[edge + row] = base + i32(fragment.from, row);
      joined.to[edge + row] = base + i32(fragment.to, row);
      joined.offset[edge + row] = point / 2 + i32(fragment.offset, row);
    }
    movePoints(fragment.points, points, point, f64(boxes.x, box) + shift.x, f64(boxes.y, box) + shift.y);
    edge += fragment.edges;
    point += fragment.points.length;
  }
  joined.offset[edges] = point / 2;
  return joined;
}

function movePoints(
  from: Float64Array,
  to: Float64Array | Float32Array,
  at: number,
  x: number,
  y: number,
): void {
  for (let k = 0; k < from.length; k += 2) {
    to[at + k] = x + f64(from, k);
    to[at + k + 1] = y + f64(from, k + 1);
  }
}

/** A whole drawing, moved by `shift`: it is joined where it is given away, and nowhere before. */
export function toResult(
  own: Boxes,
  children: readonly Child[],
  lines: Lines,
  { w, h }: PlacedPanel,
  shift: { readonly x: number; readonly y: number },
): LayoutResult {
  const count = countBoxes(own.count, children);
  const { portOffset, portX } = joinPorts(own, children, count);
  const boxes = {
    ...joinFacts(own, children, count),
    x: new Float32Array(count),
    y: new Float32Array(count),
    w: new Float32Array(count),
    h: new Float32Array(count),
  };
  moved(own.x, boxes.x, 0, shift.x);
  moved(own.y, boxes.y, 0, shift.y);
  boxes.w.set(own.w);
  boxes.h.set(own.h);
  for (const { box, base, fragment } of children) {
    moved(fragment.x, boxes.x, base, f64(own.x, box) + shift.x);
    moved(fragment.y, boxes.y, base, f64(own.y, box) + shift.y);
    boxes.w.set(fragment.w, base);
    boxes.h.set(fragment.h, base);
  }
  const points = new Float32Array(pointsIn(children, lines));
  const { edges, tags, ...columns } = joinEdges(own, children, lines, points, shift);
  return {
    boxes,
    edges: { count: edges, ...columns, points },
    ports: { offset: portOffset, x: Float32Array.from(portX, (x) => shift.x + x) },
    width: w,
    height: h,
    crossings: -1,
    tags,
  };
}
