/**
 * Which names a graph reads, from itself and from around it, and names nobody uses yet.
 * Pure; answers are remembered per graph object, which is never changed once made.
 */
import type { Graph, Node } from '../../contract/skeleton';
import { bodiesOf } from '../walk';

const free = new WeakMap<Graph, ReadonlySet<string>>();

/** Names that a body reads and does not define itself: values of the graphs around it. */
export function freeNames(graph: Graph): ReadonlySet<string> {
  const known = free.get(graph);
  if (known !== undefined) return known;
  const defined = definedNames(graph);
  const result = new Set<string>();
  const read = (name: string): void => {
    if (name !== '' && !defined.has(name)) result.add(name);
  };
  for (const node of graph.nodes) readNames(node).forEach(read);
  for (const output of graph.outputs) read(output.name);
  free.set(graph, result);
  return result;
}

/** Names that a node reads: its inputs, and what its bodies take from around them. May repeat. */
export function readNames(node: Node): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const body of bodiesOf(node)) names.push(...freeNames(body));
  return names;
}

/** Names that a graph defines: inputs, initializers and node outputs. */
export function definedNames(graph: Graph): Set<string> {
  const names = new Set<string>(graph.initializers.keys());
  for (const name of graph.sparseInitializers.keys()) names.add(name);
  for (const input of graph.inputs) names.add(input.name);
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') names.add(name);
  return names;
}

const everyName = new WeakMap<Graph, ReadonlySet<string>>();

/** Every name defined in a graph and in the bodies below it. */
function allNames(graph: Graph): ReadonlySet<string> {
  const known = everyName.get(graph);
  if (known !== undefined) return known;
  const names = definedNames(graph);
  for (const node of graph.nodes) {
    for (const body of bodiesOf(node)) for (const name of allNames(body)) names.add(name);
  }
  everyName.set(graph, names);
  return names;
}

/** Gives names that nothing in the graph uses, the same ones for the same questions. */
export class FreshNames {
  readonly #given = new Set<string>();
  readonly #used: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.#used = allNames(graph);
  }

  next(base: string): string {
    let name = base;
    for (let count = 2; this.#used.has(name) || this.#given.has(name); count++)
      name = `${base}~${String(count)}`;
    this.#given.add(name);
    return name;
  }
}
