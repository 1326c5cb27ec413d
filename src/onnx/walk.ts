/** Small walks over a skeleton's graphs: bodies of a node, weights of a graph. */
import type { Graph, Node, WeightRef } from '../contract/skeleton';

/** The graphs a node's attributes hold, in order. */
export function bodiesOf(node: Node): readonly Graph[] {
  let bodies: Graph[] | null = null;
  for (const { value } of node.attributes) {
    if (value.type === 'graph') (bodies ??= []).push(value.value);
    else if (value.type === 'graphs') (bodies ??= []).push(...value.value);
  }
  return bodies ?? NONE;
}

const NONE: readonly never[] = Object.freeze([]);

/** Tensors in a node's attributes, sparse ones by their values. */
export function tensorsOf(node: Node): readonly WeightRef[] {
  let tensors: WeightRef[] | null = null;
  for (const { value } of node.attributes) {
    if (value.type === 'tensor') (tensors ??= []).push(value.value);
    else if (value.type === 'tensors') (tensors ??= []).push(...value.value);
    else if (value.type === 'sparse-tensor') (tensors ??= []).push(value.value.values);
  }
  return tensors ?? NONE;
}

/** What counts as parameters: initializers, and tensors of two elements or more in attributes. Bodies not included. */
export function* weightsOf(graph: Graph): Iterable<WeightRef> {
  yield* graph.initializers.values();
  for (const sparse of graph.sparseInitializers.values()) yield sparse.values;
  for (const node of graph.nodes) {
    for (const tensor of tensorsOf(node)) if (tensor.count > 1) yield tensor;
  }
}
