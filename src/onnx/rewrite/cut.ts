/**
 * Cutting a graph down to what a question needs: only what the asked values depend on, and only what lies downstream of
 * values that are given from outside. The runtime is never counted on to leave out what nobody asked for. Pure.
 */
import type { Graph, Node, ValueInfo } from '../../contract/skeleton';
import { readNames } from './names';

export interface Cut {
  /** Values asked for: they become the outputs. */
  readonly wanted: readonly ValueInfo[];
  /** Values handed in as inputs: what makes them is left out. */
  readonly given: readonly ValueInfo[];
}

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

/** The part of a main graph that makes `wanted` from its inputs and from `given`. Nodes may be in any order. */
export function cutGraph(graph: Graph, { wanted, given }: Cut): Graph {
  const producer = producersOf(graph);
  const needed = new Set<string>();
  const handedIn = new Set(given.map((info) => info.name));
  const kept = new Set<Node>();
  const queue = wanted.map((info) => info.name);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const node = handedIn.has(name) ? undefined : producer.get(name);
    if (node === undefined || kept.has(node)) continue;
    kept.add(node);
    queue.push(...readNames(node));
  }
  const nodes = graph.nodes.filter((node) => kept.has(node));
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const keep = (name: string): boolean => needed.has(name) && !handedIn.has(name);
  return {
    ...graph,
    nodes: nodes.map((node) => withoutGiven(node, handedIn)),
    inputs: [
      ...graph.inputs.filter((info) => keep(info.name)),
      ...given.filter((info) => needed.has(info.name)),
    ],
    outputs: wanted,
    values: new Map([...graph.values].filter(([name]) => made.has(name))),
    initializers: new Map([...graph.initializers].filter(([name]) => keep(name))),
    sparseInitializers: new Map([...graph.sparseInitializers].filter(([name]) => keep(name))),
    overridable: graph.overridable.filter(keep),
  };
}

/** A node that makes several values, one of them handed in, still runs: its own copy of that value is renamed. */
function withoutGiven(node: Node, handedIn: ReadonlySet<string>): Node {
  if (!node.outputs.some((name) => handedIn.has(name))) return node;
  return { ...node, outputs: node.outputs.map((name) => (handedIn.has(name) ? `${name}~unused` : name)) };
}
