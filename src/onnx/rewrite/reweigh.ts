/** The same graph over other numbers: weights of the main graph replaced by name. Shapes and types stay. Pure. */
import type { Graph, Node, Skeleton, WeightRef } from '../../contract/skeleton';

/** Tensors of the main graph by name: initializers, and what `Constant` nodes hold. */
export function tensorsByName(graph: Graph): Map<string, WeightRef> {
  const tensors = new Map(graph.initializers);
  for (const node of graph.nodes) {
    const held = heldBy(node);
    const [output] = node.outputs;
    if (held !== undefined && output !== undefined) tensors.set(output, { ...held, name: output });
  }
  return tensors;
}

/** A skeleton whose initializers and constants of these names are the given tensors. */
export function reweigh(skeleton: Skeleton, tensors: ReadonlyMap<string, WeightRef>): Skeleton {
  const { graph } = skeleton;
  const initializers = new Map(
    [...graph.initializers].map(([name, ref]) => [name, tensors.get(name) ?? ref] as const),
  );
  const replaced = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const other = heldBy(node) === undefined ? undefined : tensors.get(node.outputs[0] ?? '');
    if (other === undefined) continue;
    const attributes = node.attributes.map((attribute) =>
      attribute.value.type === 'tensor'
        ? { ...attribute, value: { type: 'tensor' as const, value: other } }
        : attribute,
    );
    replaced.set(node, { ...node, attributes });
  }
  const nodes = graph.nodes.map((node) => replaced.get(node) ?? node);
  const reweighed: Graph = { ...graph, initializers, nodes };
  return {
    ...skeleton,
    graph: reweighed,
    nodes: skeleton.nodes.map((node) => replaced.get(node) ?? node),
    graphs: new Map(skeleton.graphs).set('', reweighed),
  };
}

function heldBy(node: Node): WeightRef | undefined {
  if (node.op !== 'Constant' || node.domain !== '') return undefined;
  const value = node.attributes.find(({ name }) => name === 'value')?.value;
  return value?.type === 'tensor' ? value.value : undefined;
}
