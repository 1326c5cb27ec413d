/**
 * Cutting a graph down to what a question needs: only what the asked values depend on. Values that are handed in from
 * outside have become inputs before, so what is upstream of them goes too. The runtime is never counted on to leave out
 * what nobody asked for. Pure.
 */
import type { Graph, Node, ValueInfo } from '../../contract/skeleton';
import { readNames } from './names';

const NONE: ReadonlySet<string> = new Set();
const producers = new WeakMap<Graph, ReadonlyMap<string, Node>>();

/** The node that makes each value of a graph. */
export function producersOf(graph: Graph): ReadonlyMap<string, Node> {
  const known = producers.get(graph);
  if (known !== undefined) return known;
  const made = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') made.set(name, node);
  producers.set(graph, made);
  return made;
}

/**
 * A value that two nodes of a graph make. The runtime refuses such a model, and a cut would keep one of them and drop the
 * other: whoever cuts asks first.
 */
export function madeTwice(
  graph: Graph,
): { readonly name: string; readonly by: readonly [Node, Node] } | null {
  const made = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      const earlier = made.get(name);
      if (earlier !== undefined) return { name, by: [earlier, node] };
      made.set(name, node);
    }
  }
  return null;
}

/** Names of everything that `wanted` depends on, itself included. */
export function neededNames(graph: Graph, wanted: readonly string[]): Set<string> {
  return walkUp(graph, wanted).needed;
}

/** The nodes that `wanted` depends on, without those that only values of `given` depend on. */
export function nodesBetween(graph: Graph, given: Iterable<string>, wanted: readonly string[]): Node[] {
  const { kept } = walkUp(graph, wanted, new Set(given));
  return graph.nodes.filter((node) => kept.has(node));
}

function walkUp(
  graph: Graph,
  wanted: readonly string[],
  given: ReadonlySet<string> = NONE,
): { readonly needed: Set<string>; readonly kept: Set<Node> } {
  const producer = producersOf(graph);
  const needed = new Set<string>();
  const kept = new Set<Node>();
  const queue = [...wanted];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    if (given.has(name)) continue;
    const node = producer.get(name);
    if (node === undefined || kept.has(node)) continue;
    kept.add(node);
    queue.push(...readNames(node));
  }
  return { needed, kept };
}

/** The part of a main graph that makes `wanted` from its inputs. Nodes may be in any order. */
export function cutGraph(graph: Graph, wanted: readonly ValueInfo[]): Graph {
  const { needed, kept } = walkUp(
    graph,
    wanted.map((info) => info.name),
  );
  const nodes = graph.nodes.filter((node) => kept.has(node));
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const keep = (name: string): boolean => needed.has(name);
  return {
    ...graph,
    nodes,
    inputs: graph.inputs.filter((info) => keep(info.name)),
    outputs: wanted,
    values: new Map([...graph.values].filter(([name]) => made.has(name))),
    initializers: new Map([...graph.initializers].filter(([name]) => keep(name))),
    sparseInitializers: new Map([...graph.sparseInitializers].filter(([name]) => keep(name))),
    overridable: graph.overridable.filter(keep),
  };
}
