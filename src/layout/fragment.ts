/**
 * What one placed panel and all that is open in it draws, from its own top left corner: boxes with the frames they lie
 * in, lines, and where lines enter frames. Rows count from the panel's first box. A panel that stands as it stood keeps
 * its fragment, so that opening one module draws that one and moves the others.
 */
import type { LayoutResult } from '../contract/layout';
import { f64, FloatList, i32, IntList } from './arrays';
import type { PlacedPanel } from './panel';

export interface Fragment {
  readonly count: number;
  readonly kind: Uint8Array;
  /** A node row or a scope row. */
  readonly ref: Int32Array;
  /** Row of the frame around; -1 for the panel's own boxes. */
  readonly parent: Int32Array;
  readonly repeat: Int32Array;
  /** x, y, w, h of each box. */
  readonly rects: Float64Array;
  readonly edges: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly value: Int32Array;
  readonly tag: Uint8Array;
  /** Points of line e: `points[2 * offset[e]] …`, x and y in turn. */
  readonly offset: Int32Array;
  readonly points: Float64Array;
  readonly tags: number;
  /** Open children, by box of the panel. */
  readonly inner: ReadonlyMap<number, Inner>;
}

/** An open child: its frame is box `box` of the panel, its first row is `base`. */
export interface Inner {
  readonly box: number;
  readonly base: number;
  readonly placed: PlacedPanel;
  readonly inner: ReadonlyMap<number, Inner>;
}

/** An open child with what it draws. */
export interface Child {
  readonly inner: Inner;
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
}

/** Boxes of a panel with those of its open children behind them, the last child first. */
export type Boxes = Pick<Fragment, 'count' | 'kind' | 'ref' | 'parent' | 'repeat' | 'rects' | 'inner'>;

/** Adds the children's boxes behind a panel's own; the columns have room for all. */
export function addBoxes(boxes: Boxes, children: readonly Child[]): void {
  for (const {
    inner: { box, base },
    fragment,
  } of children) {
    boxes.kind.set(fragment.kind, base);
    boxes.ref.set(fragment.ref, base);
    boxes.repeat.set(fragment.repeat, base);
    const x = f64(boxes.rects, 4 * box);
    const y = f64(boxes.rects, 4 * box + 1);
    for (let row = 0; row < fragment.count; row++) {
      const parent = i32(fragment.parent, row);
      boxes.parent[base + row] = parent < 0 ? box : base + parent;
      const at = 4 * (base + row);
      boxes.rects[at] = x + f64(fragment.rects, 4 * row);
      boxes.rects[at + 1] = y + f64(fragment.rects, 4 * row + 1);
      boxes.rects[at + 2] = f64(fragment.rects, 4 * row + 2);
      boxes.rects[at + 3] = f64(fragment.rects, 4 * row + 3);
    }
  }
}

/** A panel's own lines, then those of its open children. */
export function joinLines(boxes: Boxes, children: readonly Child[], own: Lines): Fragment {
  const points = new Float64Array(pointsIn(children, own));
  return { ...boxes, ...joinEdges(boxes, children, own, points, { x: 0, y: 0 }), points };
}

type Edges = Pick<Fragment, 'edges' | 'from' | 'to' | 'value' | 'tag' | 'offset' | 'tags'>;

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
): Edges {
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
  for (const {
    inner: { box, base },
    fragment,
  } of children) {
    joined.value.set(fragment.value, edge);
    joined.tag.set(fragment.tag, edge);
    for (let row = 0; row < fragment.edges; row++) {
      joined.from[edge + row] = base + i32(fragment.from, row);
      joined.to[edge + row] = base + i32(fragment.to, row);
      joined.offset[edge + row] = point / 2 + i32(fragment.offset, row);
    }
    const [x, y] = [f64(boxes.rects, 4 * box) + shift.x, f64(boxes.rects, 4 * box + 1) + shift.y];
    movePoints(fragment.points, points, point, x, y);
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

/** A whole drawing, moved by `shift`: its lines are joined where they are given away, and nowhere before. */
export function toResult(
  boxes: Boxes,
  children: readonly Child[],
  own: Lines,
  { w, h }: PlacedPanel,
  shift: { readonly x: number; readonly y: number },
): LayoutResult {
  const { count, rects } = boxes;
  const column = (at: number, by: number): Float32Array => {
    const values = new Float32Array(count);
    for (let row = 0; row < count; row++) values[row] = f64(rects, 4 * row + at) + by;
    return values;
  };
  const points = new Float32Array(pointsIn(children, own));
  const { edges, tags, ...columns } = joinEdges(boxes, children, own, points, shift);
  return {
    boxes: {
      count,
      kind: boxes.kind,
      ref: boxes.ref,
      parent: boxes.parent,
      repeat: boxes.repeat,
      x: column(0, shift.x),
      y: column(1, shift.y),
      w: column(2, 0),
      h: column(3, 0),
    },
    edges: { count: edges, ...columns, points },
    ports: portsOf(boxes, shift.x),
    width: w,
    height: h,
    crossings: -1,
    tags,
  };
}

/** Per box: where lines enter it at its top, when it is an open frame. */
function portsOf(root: Boxes, shift: number): LayoutResult['ports'] {
  const frames: (Float64Array | undefined)[] = [];
  const stack: { readonly inner: Fragment['inner']; readonly base: number }[] = [
    { inner: root.inner, base: 0 },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    for (const { box, base, placed, inner } of next.inner.values()) {
      frames[next.base + box] = placed.ports;
      if (inner.size > 0) stack.push({ inner, base: next.base + base });
    }
  }
  const offset = new Int32Array(root.count + 1);
  const all = new FloatList(64);
  for (let box = 0; box < root.count; box++) {
    const ports = frames[box];
    if (ports !== undefined) for (const x of ports) all.push(shift + f64(root.rects, 4 * box) + x);
    offset[box + 1] = all.length;
  }
  return { offset, x: all.toFloat32() };
}
