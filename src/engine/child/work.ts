/**
 * How much arithmetic a run takes, told from shapes alone. Where rows share runs, their number decides which of the
 * runtime's kernels compute them, and with that the last bits of what comes out: it must follow from the model and its
 * inputs, never from how busy the machine was, so that the same question gives the same bytes.
 */
import type { Graph, Node, ValueType } from '../../contract/skeleton';
import { weightType } from '../../onnx/describe';

/** What one element of any other operator's output takes, in multiply-adds: it is moved through memory. */
const ELEMENT = 10;

/** Multiply-adds of one run of `graph`, about; values without a known shape count nothing. */
export function workOf(graph: Graph, typeOf: (value: string) => ValueType | undefined): number {
  const dims = (value: string | undefined): readonly number[] => {
    if (value === undefined || value === '') return [];
    const weight = graph.initializers.get(value);
    const type = weight === undefined ? typeOf(value) : weightType(weight);
    if (type?.kind !== 'tensor' || type.shape === null) return [0];
    return type.shape.map((dim) => (typeof dim === 'number' ? dim : 1));
  };
  return graph.nodes.reduce((sum, node) => sum + nodeWork(node, dims), 0);
}

function nodeWork(
  { op, inputs, outputs }: Node,
  dims: (value: string | undefined) => readonly number[],
): number {
  const made = outputs.reduce((sum, name) => sum + (name === '' ? 0 : product(dims(name))), 0);
  const first = dims(inputs[0]);
  const second = dims(inputs[1]);
  switch (op) {
    case 'MatMul':
      return made * (first.at(-1) ?? 1);
    case 'Gemm':
      // Either side may be transposed: what both have is summed over.
      return made * Math.sqrt((product(first) * product(second)) / Math.max(1, made));
    case 'Conv':
      return (made * product(second)) / Math.max(1, second[0] ?? 1);
    case 'ConvTranspose':
      return (product(first) * product(second)) / Math.max(1, second[0] ?? 1);
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return (first[0] ?? 1) * (first[1] ?? 1) * (product(second) + product(dims(inputs[2])));
    default:
      return made * ELEMENT;
  }
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}
