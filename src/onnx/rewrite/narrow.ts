/**
 * Computing a slice of a value without the rest of it: the slice is moved up through operators that treat the places along
 * its axis alike (the logits of one position need one row of the last product), and taken where it can go no further.
 * Shapes are never guessed: an operator is passed only where the ranks are certain. Pure.
 */
import type { Graph, Node, WeightRef } from '../../contract/skeleton';
import { producersOf } from './cut';
import type { FreshNames } from './names';
import { insertedNode, intsInitializer } from './nodes';

/** Indices along an axis counted from the front, of a value with so many axes. */
export interface Narrowing {
  readonly axis: number;
  readonly indices: readonly number[];
  readonly rank: number;
}

export interface Narrowed {
  /** What makes the slice, to come after the nodes that are there. */
  readonly nodes: readonly Node[];
  readonly initializers: readonly WeightRef[];
  readonly name: string;
  /** Operators that the slice was moved above. */
  readonly passed: number;
}

/** One input, same shape out, element by element. */
const ELEMENTWISE = new Set(
  (
    'Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity ' +
    'LeakyRelu Log Mish Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh ThresholdedRelu'
  ).split(' '),
);
const BINARY = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow']);

/** The slices of `value`, one axis after the other. */
export function narrow(
  graph: Graph,
  value: string,
  slices: readonly Narrowing[],
  fresh: FreshNames,
): Narrowed {
  const made: Node[] = [];
  const initializers: WeightRef[] = [];
  const producers = new Map(producersOf(graph));
  let passed = 0;
  const slice = (name: string, { axis, indices, rank }: Narrowing): string => {
    const node = producers.get(name);
    const above = node === undefined ? undefined : aboveOf(node, graph, axis, rank);
    if (node === undefined || above === undefined) {
      const [at, output] = [fresh.next(`${name}~indices`), fresh.next(`${name}~slice`)];
      initializers.push(intsInitializer(at, indices, [indices.length]));
      add(
        insertedNode('Gather', [name, at], [output], [{ name: 'axis', value: { type: 'int', value: axis } }]),
      );
      return output;
    }
    passed++;
    const inputs = node.inputs.map((input, place) => {
      const moved = above.get(place);
      return moved === undefined ? input : slice(input, { axis: moved.axis, indices, rank: moved.rank });
    });
    const output = fresh.next(`${name}~slice`);
    add({ ...node, id: -1, index: -1, name: '', inputs, outputs: [output] });
    return output;
  };
  function add(node: Node): void {
    made.push(node);
    for (const output of node.outputs) producers.set(output, node);
  }
  const name = slices.reduce((current, each) => slice(current, each), value);
  return { nodes: made, initializers, name, passed };
}

/** Inputs of the node that are to be sliced instead, with where; undefined where the slice cannot be moved above it. */
function aboveOf(
  node: Node,
  graph: Graph,
  axis: number,
  rank: number,
): ReadonlyMap<number, { readonly axis: number; readonly rank: number }> | undefined {
  if (node.domain !== '' || node.outputs.filter((name) => name !== '').length !== 1) return undefined;
  const only = new Map([[0, { axis, rank }]]);
  const rankOf = (name: string | undefined): number | undefined =>
    graph.initializers.get(name ?? '')?.dims.length;
  if (ELEMENTWISE.has(node.op)) return node.inputs.length === 1 ? only : undefined;
  if (BINARY.has(node.op)) {
    // A weight of fewer axes that do not reach the slice's is the same for all its places; the other has the rank.
    const small = node.inputs.findIndex((name) => (rankOf(name) ?? Infinity) < rank - axis);
    return small < 0 ? undefined : new Map([[1 - small, { axis, rank }]]);
  }
  if (node.op === 'MatMul') {
    // Times a matrix of weights: rows stay rows.
    return rankOf(node.inputs[1]) === 2 && rank >= 2 && axis < rank - 1 ? only : undefined;
  }
  if (node.op === 'LayerNormalization') {
    return intOf(node, 'axis', -1) === -1 && axis < rank - 1 ? only : undefined;
  }
  if (node.op === 'Softmax' || node.op === 'LogSoftmax') {
    // Stated and last: before opset 13 any other ran over several axes, and the default was another.
    const along = intOf(node, 'axis', NaN);
    return (along === -1 || along === rank - 1) && axis < rank - 1 ? only : undefined;
  }
  return undefined;
}

function intOf({ attributes }: Node, name: string, otherwise: number): number {
  const value = attributes.find((attribute) => attribute.name === name)?.value;
  return value?.type === 'int' ? Number(value.value) : otherwise;
}
