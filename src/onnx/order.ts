/** The order of a graph's nodes: cycles, and nodes listed before what they read. */
import type { Graph, Node } from '../contract/skeleton';
import type { Decoding } from './decoding';
import { capital, describeNode, shorten } from './names';
import { bodiesOf } from './walk';

/** The node that makes each name of a graph; null for inputs and initializers. */
type Producers = ReadonlyMap<string, Node | null>;

interface Early {
  readonly node: Node;
  readonly name: string;
  readonly maker: Node;
}

/** Warns of a cycle, or else of nodes out of order. Captures by bodies count as reads of the node that holds them. */
export function checkOrder(ctx: Decoding, graph: Graph, producers: Producers): void {
  const early = firstEarly(graph, producers);
  if (early === null) return;
  const waiting = waitingForever(graph, producers);
  if (waiting.size === 0) {
    ctx.warn(
      'nodes out of order',
      `${capital(describeNode(early.node))} reads "${shorten(early.name)}" before ${describeNode(early.maker)} makes it. Sort the nodes; other tools may refuse the model.`,
      early.node,
    );
    return;
  }
  const [one, other] = neighboursOnCycle(waiting, producers);
  const who =
    one === other
      ? `${describeNode(one)} needs its own output`
      : `${describeNode(one)} and ${describeNode(other)} need each other's outputs`;
  ctx.warn('cycles', `The graph has a cycle: ${who}. It cannot run like this; export the model again.`, one);
}

function firstEarly(graph: Graph, producers: Producers): Early | null {
  for (const node of graph.nodes) {
    for (const name of readsOf(node)) {
      const maker = producers.get(name);
      if (maker !== undefined && maker !== null && maker.index >= node.index) return { node, name, maker };
    }
  }
  return null;
}

/** Kahn's algorithm: the nodes that never become ready, on a cycle or behind one. */
function waitingForever(graph: Graph, producers: Producers): ReadonlySet<Node> {
  const waiting = new Int32Array(graph.nodes.length);
  const consumers: Node[][] = graph.nodes.map(() => []);
  for (const node of graph.nodes) {
    for (const maker of makersOf(node, producers)) {
      waiting[node.index] = (waiting[node.index] ?? 0) + 1;
      consumers[maker.index]?.push(node);
    }
  }
  const left = new Set(graph.nodes);
  const ready = graph.nodes.filter((node) => waiting[node.index] === 0);
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    left.delete(node);
    for (const consumer of consumers[node.index] ?? []) {
      const rest = (waiting[consumer.index] ?? 0) - 1;
      waiting[consumer.index] = rest;
      if (rest === 0) ready.push(consumer);
    }
  }
  return left;
}

/** Walks back among nodes that wait for each other until one comes again. */
function neighboursOnCycle(waiting: ReadonlySet<Node>, producers: Producers): [Node, Node] {
  const seen = new Set<Node>();
  let [node] = waiting;
  let previous = node;
  while (node !== undefined && !seen.has(node)) {
    seen.add(node);
    previous = node;
    node = [...makersOf(node, producers)].find((maker) => waiting.has(maker));
  }
  if (node === undefined || previous === undefined)
    throw new Error('Broken invariant: a waiting node waits for none.');
  return [node, previous];
}

function makersOf(node: Node, producers: Producers): ReadonlySet<Node> {
  const makers = new Set<Node>();
  for (const name of readsOf(node)) {
    const maker = producers.get(name);
    if (maker !== undefined && maker !== null) makers.add(maker);
  }
  return makers;
}

/** Every name a node reads: its inputs and what its bodies capture. */
function readsOf(node: Node): Iterable<string> {
  const bodies = bodiesOf(node);
  if (bodies.length === 0) return node.inputs;
  const names = new Set(node.inputs);
  for (const body of bodies) capture(body, [], names);
  return names;
}

/** Adds the names a body reads from the graphs around it. */
function capture(body: Graph, inner: readonly ReadonlySet<string>[], into: Set<string>): void {
  const own = new Set<string>();
  for (const { name } of body.inputs) own.add(name);
  for (const name of body.initializers.keys()) own.add(name);
  for (const name of body.sparseInitializers.keys()) own.add(name);
  for (const node of body.nodes) for (const name of node.outputs) own.add(name);
  const defined = [...inner, own];
  const read = (name: string): void => {
    if (name !== '' && !defined.some((names) => names.has(name))) into.add(name);
  };
  for (const node of body.nodes) {
    node.inputs.forEach(read);
    for (const nested of bodiesOf(node)) capture(nested, defined, into);
  }
  for (const { name } of body.outputs) read(name);
}
