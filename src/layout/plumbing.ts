/**
 * Folding the nodes that carry no idea of their own: constants, shape arithmetic, quantise/dequantise pairs.
 * Gives the nodes to hide and the edges that remain, with pairs bypassed. Reads operator names, never weights.
 */
import { NodeKind, type GraphModel } from '../contract/graphModel';
import { groupBy, i32, u8 } from './arrays';

/** Edges between nodes that are drawn; a value may be one further up where a pair was bypassed. */
export interface EdgeTable {
  readonly count: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly value: Int32Array;
}

export interface Folding {
  /** 1: not drawn. */
  readonly hidden: Uint8Array;
  readonly edges: EdgeTable;
}

const constant: number = NodeKind.Constant;
const operator: number = NodeKind.Operator;

const shapeSources = new Set(['Shape', 'Size']);
const shapeArithmetic = new Set(
  (
    'Gather Slice Concat Unsqueeze Squeeze Cast Add Sub Mul Div Floor Ceil Mod Neg Min Max ReduceProd ReduceMax ' +
    'Range ConstantOfShape Equal Where Expand Identity Split Reshape Not And Or Greater Less'
  ).split(' '),
);
/** A node with more bytes of weights than this works on data, not on shapes. */
const fewBytes = 256;

/** Nothing hidden, every edge as it is. */
export function foldNothing(model: GraphModel): Folding {
  const { from, to, value, count } = model.edges;
  return { hidden: new Uint8Array(model.nodes.count), edges: { count, from, to, value } };
}

export function foldPlumbing(model: GraphModel): Folding {
  const { nodes, edges, strings } = model;
  const hidden = new Uint8Array(nodes.count);
  const inputs = groupBy(edges.to, edges.count, nodes.count);
  const outputs = groupBy(edges.from, edges.count, nodes.count);
  const op = (node: number): string => strings[i32(nodes.op, node)] ?? '';

  for (let node = 0; node < nodes.count; node++) {
    // A copy of a weight for another reader is a constant too.
    const copied = op(node) === 'Identity' && i32(inputs.start, node) === i32(inputs.start, node + 1);
    if (copied || u8(nodes.kind, node) === constant) hidden[node] = 1;
  }
  hideShapeArithmetic(model, hidden, inputs.start, inputs.rows, outputs.start, outputs.rows, op);
  const bypass = findPairs(model, hidden, inputs.start, inputs.rows, outputs.start, outputs.rows, op);
  return { hidden, edges: remainingEdges(model, hidden, bypass) };
}

function hideShapeArithmetic(
  model: GraphModel,
  hidden: Uint8Array,
  inStart: Int32Array,
  inRows: Int32Array,
  outStart: Int32Array,
  outRows: Int32Array,
  op: (node: number) => string,
): void {
  const { nodes, edges } = model;
  const queue: number[] = [];
  for (let node = 0; node < nodes.count; node++) {
    if (shapeSources.has(op(node)) && u8(nodes.kind, node) === operator) {
      hidden[node] = 1;
      queue.push(node);
    }
  }
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head] as number;
    for (let o = i32(outStart, node); o < i32(outStart, node + 1); o++) {
      const next = i32(edges.to, i32(outRows, o));
      if (u8(hidden, next) === 1 || !shapeArithmetic.has(op(next))) continue;
      if ((nodes.weightBytes[next] ?? 0) > fewBytes) continue;
      let onlyShapes = true;
      for (let i = i32(inStart, next); i < i32(inStart, next + 1) && onlyShapes; i++) {
        onlyShapes = u8(hidden, i32(edges.from, i32(inRows, i))) === 1;
      }
      if (!onlyShapes) continue;
      hidden[next] = 1;
      queue.push(next);
    }
  }
}

/** Hides Q and DQ that stand in pairs; gives per node the edge row its consumers read instead, or -1. */
function findPairs(
  model: GraphModel,
  hidden: Uint8Array,
  inStart: Int32Array,
  inRows: Int32Array,
  outStart: Int32Array,
  outRows: Int32Array,
  op: (node: number) => string,
): Int32Array {
  const { nodes, edges } = model;
  const bypass = new Int32Array(nodes.count).fill(-1);
  const firstInput = (node: number): number =>
    i32(inStart, node) < i32(inStart, node + 1) ? i32(inRows, i32(inStart, node)) : -1;
  for (let node = 0; node < nodes.count; node++) {
    const name = op(node);
    if (name === 'DequantizeLinear') {
      const row = firstInput(node);
      const source = row < 0 ? -1 : i32(edges.from, row);
      if (source < 0 || u8(nodes.kind, source) === constant) hidden[node] = 1;
      else if (op(source) === 'QuantizeLinear') {
        hidden[node] = 1;
        bypass[node] = row;
      }
    } else if (name === 'QuantizeLinear') {
      let paired = i32(outStart, node) < i32(outStart, node + 1);
      for (let o = i32(outStart, node); o < i32(outStart, node + 1) && paired; o++) {
        paired = op(i32(edges.to, i32(outRows, o))) === 'DequantizeLinear';
      }
      const row = firstInput(node);
      if (!paired || row < 0) continue;
      hidden[node] = 1;
      bypass[node] = row;
    }
  }
  return bypass;
}

function remainingEdges(model: GraphModel, hidden: Uint8Array, bypass: Int32Array): EdgeTable {
  const { edges } = model;
  const from = new Int32Array(edges.count);
  const to = new Int32Array(edges.count);
  const value = new Int32Array(edges.count);
  let count = 0;
  for (let row = 0; row < edges.count; row++) {
    if (u8(hidden, i32(edges.to, row)) === 1) continue;
    let source = row;
    for (let steps = 0; steps < edges.count; steps++) {
      const next = i32(bypass, i32(edges.from, source));
      if (next < 0) break;
      source = next;
    }
    if (u8(hidden, i32(edges.from, source)) === 1) continue;
    from[count] = i32(edges.from, source);
    to[count] = i32(edges.to, row);
    value[count] = i32(edges.value, source);
    count++;
  }
  return { count, from, to, value };
}
