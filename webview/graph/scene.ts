/**
 * What is drawn: a model and where its boxes stand, with everything a renderer, the pointer and the keyboard ask of it.
 * Made once per layout; knows no colours and no screen.
 */
import { BoxKind, type LayoutResult } from '../../src/contract/layout';
import { NodeKind, type GraphModel } from '../../src/contract/graphModel';
import type { Selection } from '../../src/contract/hostApi';
import { groupBy, type Groups } from '../../src/layout/arrays';
import { shortClass, shortShape } from '../../src/layout/metrics';
import { formatCount } from '../../src/tensor/format';
import type { Rect } from './camera';
import { Grid } from './grid';
import type { Drawing } from './layoutApi';
import { opClass } from './opClass';

/** How a box looks. Operator classes come first, numbered as in `OpClass`. */
export const Style = {
  Plain: 0,
  Work: 1,
  Norm: 2,
  Activation: 3,
  Moving: 4,
  Control: 5,
  Input: 6,
  Output: 7,
  Constant: 8,
  /** A module of a single node. */
  Leaf: 9,
  /** A closed module. */
  Panel: 10,
  /** An open module. */
  Frame: 11,
} as const;
export type Style = (typeof Style)[keyof typeof Style];

export interface Label {
  readonly title: string;
  readonly facts: string;
  readonly repeat: number;
}

export class Scene {
  readonly model: GraphModel;
  readonly drawing: Drawing;
  readonly result: LayoutResult;
  /** How each box looks: a `Style`. */
  readonly styles: Uint8Array;
  readonly depth: Uint8Array;
  readonly frames: readonly number[];
  readonly bounds: Rect;
  readonly grid: Grid;
  /** Edges by box they leave and by box they enter. */
  readonly outOf: Groups;
  readonly into: Groups;
  readonly #boxOfNode: Int32Array;
  readonly #boxOfScope: Int32Array;
  readonly #labels = new Map<number, Label>();
  readonly #edgeBounds: Float32Array;
  readonly #widths: Float32Array;
  readonly #tags = new Map<number, number[]>();

  constructor(model: GraphModel, drawing: Drawing) {
    this.model = model;
    this.drawing = drawing;
    const { result } = drawing;
    this.result = result;
    const { boxes, edges } = result;
    this.styles = new Uint8Array(boxes.count);
    this.depth = new Uint8Array(boxes.count);
    this.#boxOfNode = new Int32Array(model.nodes.count).fill(-1);
    this.#boxOfScope = new Int32Array(model.scopes.count).fill(-1);
    this.#widths = new Float32Array(model.values.count);
    const frames: number[] = [];
    const leaves: number[] = [];
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let box = 0; box < boxes.count; box++) {
      const ref = boxes.ref[box] ?? 0;
      const parent = boxes.parent[box] ?? -1;
      this.depth[box] = parent < 0 ? 0 : (this.depth[parent] ?? 0) + 1;
      if (boxes.kind[box] === BoxKind.Frame) frames.push(box);
      else leaves.push(box);
      if (boxes.kind[box] === BoxKind.Node) this.#boxOfNode[ref] = box;
      else this.#boxOfScope[ref] = box;
      this.styles[box] = this.#styleOf(box, ref);
      left = Math.min(left, boxes.x[box] ?? 0);
      top = Math.min(top, boxes.y[box] ?? 0);
      right = Math.max(right, (boxes.x[box] ?? 0) + (boxes.w[box] ?? 0));
      bottom = Math.max(bottom, (boxes.y[box] ?? 0) + (boxes.h[box] ?? 0));
    }
    this.frames = frames;
    this.bounds =
      boxes.count === 0 ? { x: 0, y: 0, w: 1, h: 1 } : { x: left, y: top, w: right - left, h: bottom - top };
    this.grid = new Grid(leaves, boxes.x, boxes.y, boxes.w, boxes.h);
    this.outOf = groupBy(edges.from, edges.count, boxes.count);
    this.into = groupBy(edges.to, edges.count, boxes.count);
    this.#edgeBounds = edgeBounds(result);
    for (let edge = 0; edge < edges.count; edge++) {
      if (edges.tag[edge] !== 1) continue;
      const reader = edges.to[edge] ?? 0;
      this.#tags.set(reader, [...(this.#tags.get(reader) ?? []), edge]);
    }
  }

  rect(box: number): Rect {
    const { x, y, w, h } = this.result.boxes;
    return { x: x[box] ?? 0, y: y[box] ?? 0, w: w[box] ?? 0, h: h[box] ?? 0 };
  }

  /** The box a node is drawn in: its own, or the closest closed module around it; -1 when it is folded away. */
  boxOfNode(node: number): number {
    const own = this.#boxOfNode[node] ?? -1;
    if (own >= 0) return own;
    const { scope } = this.model.nodes;
    return this.boxOfScope(scope[node] ?? 0);
  }

  /** The box of a scope or of the closest one around it that is drawn; -1 for the root. */
  boxOfScope(scope: number): number {
    const { parent } = this.model.scopes;
    for (let at = scope, steps = 0; at > 0 && steps < 4096; steps++) {
      const drawn = this.drawing.drawnAs[at] ?? at;
      const box = this.#boxOfScope[drawn] ?? -1;
      if (box >= 0) return box;
      at = parent[drawn] ?? 0;
    }
    return -1;
  }

  /** Exactly this scope's box, or -1. */
  ownBoxOfScope(scope: number): number {
    return this.#boxOfScope[scope] ?? -1;
  }

  style(box: number): Style {
    return (this.styles[box] ?? Style.Plain) as Style;
  }

  /** Edges that are read through a tag, by the box that reads them. */
  tagsAt(box: number): readonly number[] {
    return this.#tags.get(box) ?? [];
  }

  isFrame(box: number): boolean {
    return this.result.boxes.kind[box] === BoxKind.Frame;
  }

  /** Scope row of a panel or frame, else -1. */
  scopeOf(box: number): number {
    return this.result.boxes.kind[box] === BoxKind.Node ? -1 : (this.result.boxes.ref[box] ?? -1);
  }

  /** Node row of a node's box, else -1. */
  nodeOf(box: number): number {
    return this.result.boxes.kind[box] === BoxKind.Node ? (this.result.boxes.ref[box] ?? -1) : -1;
  }

  /** A box as a node row, or -1 - scope row. */
  refOf(box: number): number {
    const node = this.nodeOf(box);
    return node >= 0 ? node : -1 - this.scopeOf(box);
  }

  selectionOf(box: number): Selection {
    const node = this.nodeOf(box);
    if (node >= 0) return { kind: 'node', id: this.model.nodes.id[node] ?? 0 };
    const scope = this.scopeOf(box);
    return scope < 0 ? { kind: 'none' } : { kind: 'scope', path: this.text(this.model.scopes.path[scope]) };
  }

  text(index: number | undefined): string {
    return index === undefined || index < 0 ? '' : (this.model.strings[index] ?? '');
  }

  label(box: number): Label {
    const known = this.#labels.get(box);
    if (known !== undefined) return known;
    const made = this.#label(box);
    this.#labels.set(box, made);
    return made;
  }

  /** Where lines enter a frame at its top, from the left. */
  portsOf(frame: number): Float32Array {
    const { offset, x } = this.result.ports;
    return x.subarray(offset[frame] ?? 0, offset[frame + 1] ?? 0);
  }

  /** How thick a tensor's line is: it grows with the logarithm of its size. */
  lineWidth(value: number): number {
    const known = this.#widths[value] ?? 0;
    if (known > 0) return known;
    const width = widthOf(this.text(this.model.values.type[value]));
    this.#widths[value] = width;
    return width;
  }

  /** The innermost box at a point of the world, or -1. */
  boxAt(x: number, y: number): number {
    let found = -1;
    this.grid.query({ x, y, w: 0, h: 0 }, (box) => {
      if (contains(this.rect(box), x, y)) found = box;
    });
    if (found >= 0) return found;
    for (let k = this.frames.length - 1; k >= 0; k--) {
      const frame = this.frames[k] ?? 0;
      if (
        contains(this.rect(frame), x, y) &&
        (found < 0 || (this.depth[frame] ?? 0) > (this.depth[found] ?? 0))
      )
        found = frame;
    }
    return found;
  }

  /** The edge nearest to a point within `reach`, or -1. */
  edgeAt(x: number, y: number, reach: number): number {
    const bounds = this.#edgeBounds;
    const { edges } = this.result;
    let best = -1;
    let nearest = reach;
    for (let edge = 0; edge < edges.count; edge++) {
      if (edges.tag[edge] === 1) continue;
      if ((bounds[4 * edge] ?? 0) > x + reach || (bounds[4 * edge + 2] ?? 0) < x - reach) continue;
      if ((bounds[4 * edge + 1] ?? 0) > y + reach || (bounds[4 * edge + 3] ?? 0) < y - reach) continue;
      const distance = distanceTo(this.result, edge, x, y);
      if (distance < nearest) {
        nearest = distance;
        best = edge;
      }
    }
    return best;
  }

  /** Does an edge's surroundings touch this part of the world? */
  edgeTouches(edge: number, view: Rect): boolean {
    const bounds = this.#edgeBounds;
    return (
      (bounds[4 * edge] ?? 0) <= view.x + view.w &&
      (bounds[4 * edge + 2] ?? 0) >= view.x &&
      (bounds[4 * edge + 1] ?? 0) <= view.y + view.h &&
      (bounds[4 * edge + 3] ?? 0) >= view.y
    );
  }

  #styleOf(box: number, ref: number): Style {
    const { kind } = this.result.boxes;
    if (kind[box] === BoxKind.Frame) return Style.Frame;
    if (kind[box] === BoxKind.Scope) return Style.Panel;
    const { nodes } = this.model;
    const terminal = terminals.get(nodes.kind[ref] ?? 0);
    if (terminal !== undefined) return terminal;
    if ((this.drawing.stands[ref] ?? -1) >= 0) return Style.Leaf;
    return opClass(this.text(nodes.op[ref]));
  }

  #label(box: number): Label {
    const { nodes, scopes } = this.model;
    const node = this.nodeOf(box);
    if (node >= 0) {
      const detail = shortShape(this.text(nodes.detail[node]));
      const op = this.text(nodes.op[node]);
      const stands = this.drawing.stands[node] ?? -1;
      if (stands >= 0) {
        return {
          title: this.text(scopes.name[stands]),
          facts: detail === '' ? op : `${op}  ${detail}`,
          repeat: 1,
        };
      }
      const terminal = nodes.kind[node] === NodeKind.Input || nodes.kind[node] === NodeKind.Output;
      return { title: terminal ? this.text(nodes.name[node]) : op, facts: detail, repeat: 1 };
    }
    const scope = this.scopeOf(box);
    return {
      title: this.text(scopes.name[scope]),
      facts: shortClass(this.text(scopes.className[scope])),
      repeat: this.result.boxes.repeat[box] ?? 1,
    };
  }

  /** A closed module's line of facts: parameters and what it gives. */
  factsOf(box: number): string {
    const scope = this.scopeOf(box);
    if (scope < 0) return '';
    const parts: string[] = [];
    const parameters = this.model.scopes.parameters[scope] ?? 0;
    if (parameters > 0) parts.push(formatCount(parameters));
    const first = this.outOf.rows[this.outOf.start[box] ?? 0] ?? -1;
    const any = (this.outOf.start[box] ?? 0) < (this.outOf.start[box + 1] ?? 0);
    const type = any ? this.text(this.model.values.type[this.result.edges.value[first] ?? 0]) : '';
    if (type !== '') parts.push(shortShape(type.replace(/^\S+ /, '')));
    return parts.join('  ');
  }
}

/** `float32 1×64×56×56`: named and unknown dimensions count once. */
function widthOf(type: string): number {
  if (type === '') return 1;
  let elements = 1;
  for (const dim of type.slice(type.indexOf(' ') + 1).split('×')) {
    const size = Number(dim);
    if (size > 1) elements *= size;
  }
  return 0.75 + 0.17 * Math.min(8, Math.log10(elements));
}

const terminals: ReadonlyMap<number, Style> = new Map([
  [NodeKind.Input, Style.Input],
  [NodeKind.Output, Style.Output],
  [NodeKind.Constant, Style.Constant],
]);

function contains(rect: Rect, x: number, y: number): boolean {
  return x >= rect.x && x <= rect.x + rect.w && y >= rect.y && y <= rect.y + rect.h;
}

function edgeBounds({ edges }: LayoutResult): Float32Array {
  const bounds = new Float32Array(edges.count * 4);
  for (let edge = 0; edge < edges.count; edge++) {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let p = edges.offset[edge] ?? 0; p < (edges.offset[edge + 1] ?? 0); p++) {
      const x = edges.points[2 * p] ?? 0;
      const y = edges.points[2 * p + 1] ?? 0;
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x);
      bottom = Math.max(bottom, y);
    }
    bounds.set([left, top, right, bottom], 4 * edge);
  }
  return bounds;
}

/** Distance to the drawn curve: straight where x or y stays, else along its middle. */
function distanceTo({ edges }: LayoutResult, edge: number, x: number, y: number): number {
  let least = Infinity;
  for (let p = edges.offset[edge] ?? 0; p + 1 < (edges.offset[edge + 1] ?? 0); p++) {
    const x1 = edges.points[2 * p] ?? 0;
    const y1 = edges.points[2 * p + 1] ?? 0;
    const x2 = edges.points[2 * p + 2] ?? 0;
    const y2 = edges.points[2 * p + 3] ?? 0;
    if (y < Math.min(y1, y2) - 8 || y > Math.max(y1, y2) + 8) continue;
    if (x1 === x2 || y1 === y2) {
      const dx = Math.max(Math.min(x1, x2) - x, 0, x - Math.max(x1, x2));
      const dy = Math.max(Math.min(y1, y2) - y, 0, y - Math.max(y1, y2));
      least = Math.min(least, Math.hypot(dx, dy));
      continue;
    }
    for (let k = 0; k <= 16; k++) {
      const t = k / 16;
      const s = t * t * (3 - 2 * t);
      least = Math.min(least, Math.hypot(x1 + (x2 - x1) * s - x, y1 + (y2 - y1) * t - y));
    }
  }
  return least;
}
