/** How much arithmetic a run takes, told from shapes alone: the same on every machine and at any time. */
import { isCancelled } from '../../base/cancel';
import type { Graph, Node, ValueType } from '../../contract/skeleton';
import type { TensorData } from '../../contract/tensor';
import { weightType } from '../../onnx/describe';
import { nodesBetween } from '../../onnx/rewrite/cut';
import { inferAt } from './infer';
import type { EngineModel } from './model';

/** What one element of any other operator's output takes, in multiply-adds: it is moved through memory. */
const ELEMENT = 10;

/**
 * Multiply-adds, about, of one run with these feeds of what `to` depends on, as far as it does not lie upstream of `from`.
 * null: the runtime tells no shapes.
 */
export async function workBetween(
  model: EngineModel,
  feeds: Readonly<Record<string, TensorData>>,
  from: Iterable<string>,
  to: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const dims = new Map(Object.entries(feeds).map(([name, feed]) => [name, feed.dims]));
  const types = await inferAt(model, dims, signal).catch((error: unknown) => {
    if (isCancelled(error)) throw error;
    return null;
  });
  if (types === null) return null;
  const { graph } = model.skeleton;
  return workOf({ ...graph, nodes: nodesBetween(graph, from, to) }, (value) => types.get(value));
}

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
