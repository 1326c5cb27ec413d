/**
 * How large things are before anything is drawn: text widths from a table of a common sans-serif, box sizes from labels.
 * The renderer fits its text into these boxes, so a layout is the same with and without a screen.
 */
import { NodeKind, type GraphModel } from '../contract/graphModel';
import { f64, i32, u8 } from './arrays';

/** Distances of the drawing, CSS pixels at zoom 1, on a 4-pixel grid. */
export const gaps = {
  /** Between neighbouring boxes of a rank. */
  box: 16,
  /** Between lines that run side by side, and between a line and a box. */
  line: 10,
  lineToBox: 12,
  /** Between ranks, at least. */
  rank: 20,
  /** Between a frame's border and its first and last rank. */
  border: 8,
  /** Inside a frame, left, right and bottom. */
  frame: 12,
  /** A frame's header. */
  header: 26,
  /** Between parts that no edge connects. */
  part: 32,
} as const;

export interface Size {
  readonly w: number;
  readonly h: number;
}

const narrow = new Set('ijl.,:;|!\'`I[](){}ftr/\\ -"');
const wide = new Set('mwMW@%_');
const ascii = Float64Array.from({ length: 128 }, (_unused, code) => {
  const char = String.fromCharCode(code);
  if (narrow.has(char)) return 0.31;
  if (wide.has(char)) return 0.84;
  return code >= 65 && code <= 90 ? 0.67 : 0.56;
});

/** Width of `text` in ems of a common sans-serif; reads at most `limit` characters. */
export function textEms(text: string, limit = 64): number {
  let ems = 0;
  const end = Math.min(text.length, limit);
  for (let index = 0; index < end; index++) {
    const code = text.charCodeAt(index);
    ems += code < 128 ? f64(ascii, code) : code > 0x2e7f ? 1 : 0.56;
  }
  return ems;
}

const fontOfName = 12;
const fontOfFacts = 11;
const widest = 240;

function lineWidth(text: string, font: number): number {
  return textEms(text) * font;
}

function fit(width: number): number {
  return Math.ceil(Math.min(widest, width) / 4) * 4;
}

const terminals: readonly number[] = [NodeKind.Input, NodeKind.Output];

/** Is this kind of node a graph input or output? */
export function isTerminal(kind: number): boolean {
  return terminals.includes(kind);
}

/** A node's box: a pill with its operator and one fact, a panel when it stands for a module of its own. */
export function nodeSize(model: GraphModel, node: number, moduleName: string | null): Size {
  const { nodes, strings } = model;
  const terminal = isTerminal(u8(nodes.kind, node));
  const text = (index: number): string => (index < 0 ? '' : (strings[index] ?? ''));
  const detail = shortShape(text(i32(nodes.detail, node)));
  if (moduleName !== null) {
    const first = lineWidth(moduleName, fontOfName);
    const second =
      lineWidth(text(i32(nodes.op, node)), fontOfFacts) +
      (detail === '' ? 0 : 8 + lineWidth(detail, fontOfFacts));
    return { w: fit(Math.max(72, 20 + Math.max(first, second))), h: 40 };
  }
  if (terminal) {
    const name = lineWidth(text(i32(nodes.name, node)), fontOfName);
    return { w: fit(24 + name + (detail === '' ? 0 : 8 + lineWidth(detail, fontOfFacts))), h: 24 };
  }
  const op = lineWidth(text(i32(nodes.op, node)), fontOfName);
  return { w: fit(20 + op + (detail === '' ? 0 : 8 + lineWidth(detail, fontOfFacts))), h: 24 };
}

/** A closed scope's panel: its name, its class and count, a line of facts. */
export function scopeSize(model: GraphModel, scope: number, repeat: number): Size {
  const header = headerWidth(model, scope, repeat);
  return { w: fit(Math.max(128, header)), h: 44 };
}

/** Room that the name, class and count of a scope take on one line. */
export function headerWidth(model: GraphModel, scope: number, repeat: number): number {
  const { scopes, strings } = model;
  const text = (index: number): string => (index < 0 ? '' : (strings[index] ?? ''));
  const name = lineWidth(text(i32(scopes.name, scope)), fontOfName);
  const className = lineWidth(shortClass(text(i32(scopes.className, scope))), fontOfFacts);
  return Math.min(widest, 36 + name + (className > 0 ? 8 + className : 0) + (repeat > 1 ? 34 : 0));
}

/**
 * Least width of an open scope's frame: its name, and beside it room for a line where lines come in (`entered`). Whole
 * pixels: then sums of places are exact, and a line through many frames has the same x wherever it is measured from.
 */
export function frameWidth(model: GraphModel, scope: number, repeat: number, entered: boolean): number {
  const { scopes, strings } = model;
  const header = headerWidth(model, scope, repeat);
  if (!entered) return Math.ceil(header);
  const name = strings[i32(scopes.name, scope)] ?? '';
  const title = lineWidth(name, fontOfName) + (repeat > 1 ? 24 : 0);
  return Math.ceil(Math.max(header, Math.min(widest, 2 * title + 36)));
}

/**
 * A shape's dimensions whose names nobody can read in a box (`p2o.DynamicDimension.0`) as `?`: 1×3×48×? says more than
 * the head of a long name. Other texts come back as they are.
 */
export function shortShape(text: string): string {
  if (!text.includes('×')) return text;
  return text.replace(/[^\s×]+(?=×|$)/g, (dim) => (dim.length <= longestDim ? dim : '?'));
}

const longestDim = 12;

/** `torch.nn.modules.linear.Linear` reads as `Linear`. */
export function shortClass(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1);
}
