/**
 * What is odd about a model that opened: cycles, inputs nothing makes, names used twice, missing opsets, no nodes.
 * Every finding is a sentence that says what is wrong, where, and what to do; nothing here throws.
 */
import type { FunctionDef, Graph, GraphPath, Node, OpsetImport } from '../contract/skeleton';
import type { Decoding } from './decoding';
import { describeNode, shorten } from './names';
import { bodiesOf } from './walk';

interface Checked {
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  readonly graphs: ReadonlyMap<GraphPath, Graph>;
  readonly opsets: readonly OpsetImport[];
  readonly irVersion: number;
}

/** Names visible in a graph, and in the graphs around it. */
class Names {
  constructor(
    readonly own: ReadonlySet<string>,
    readonly outer: Names | null,
  ) {}

  has(name: string): boolean {
    return this.own.has(name) || (this.outer?.has(name) ?? false);
  }
}

/** Adds the warnings about a decoded model to the reading. */
export function checkModel(ctx: Decoding, model: Checked): void {
  const { graph } = model;
  if (graph.nodes.length === 0) {
    ctx.warn(
      'empty graphs',
      'The graph has no nodes, so there is nothing to run. Check that the export was finished.',
    );
  }
  if (model.opsets.length === 0) {
    ctx.warn(
      'missing opsets',
      'The model does not say which opset it uses, so the runtime will refuse it. Export it again, or add an opset_import.',
    );
  }
  checkDomains(ctx, model);
  checkGraph(ctx, graph, null);
  for (const { graph: body } of model.functions) checkGraph(ctx, body, null);
}

function checkDomains(ctx: Decoding, { graphs, opsets, functions }: Checked): void {
  const known = new Set(opsets.map(({ domain }) => domain));
  for (const { domain } of functions) known.add(domain);
  for (const fn of functions) for (const { domain } of fn.opsets) known.add(domain);
  if (opsets.length === 0) return;
  const told = new Set<string>();
  for (const graph of graphs.values()) {
    for (const node of graph.nodes) {
      if (known.has(node.domain) || told.has(node.domain)) continue;
      told.add(node.domain);
      ctx.warn(
        'missing opsets',
        `The model uses operators of the domain "${shorten(node.domain)}", first at ${describeNode(node)}, without saying which version. Add an opset_import for it.`,
        node,
      );
    }
  }
}

function checkGraph(ctx: Decoding, graph: Graph, outer: Names | null): void {
  const own = new Set<string>();
  for (const { name } of graph.inputs) {
    if (own.has(name)) twice(ctx, graph, name, 'two inputs');
    own.add(name);
  }
  for (const name of graph.initializers.keys()) own.add(name);
  for (const name of graph.sparseInitializers.keys()) own.add(name);
  const producer = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      const earlier = producer.get(name);
      if (earlier !== undefined)
        twice(ctx, graph, name, `${describeNode(earlier)} and ${describeNode(node)}`, node);
      else if (own.has(name))
        twice(ctx, graph, name, `an input or initializer and ${describeNode(node)}`, node);
      producer.set(name, node);
    }
  }
  checkNodeNames(ctx, graph);
  for (const name of producer.keys()) own.add(name);
  const names = new Names(own, outer);
  for (const node of graph.nodes) {
    if (node.op === '')
      ctx.warn(
        'nodes without operator',
        `${capital(describeNode(node))} does not say which operator it is. Export the model again.`,
        node,
      );
    for (const name of node.inputs) {
      if (name === '' || names.has(name)) continue;
      ctx.warn(
        'inputs that nothing makes',
        `${capital(describeNode(node))} reads "${shorten(name)}", which no node, input or initializer provides. Export the model again, or add it as an input.`,
        node,
      );
    }
    for (const body of bodiesOf(node)) checkGraph(ctx, body, names);
  }
  for (const { name } of graph.outputs) {
    if (name === '' || names.has(name)) continue;
    const where = graph.path === '' ? 'The model' : `The graph ${shorten(graph.path)}`;
    ctx.warn(
      'outputs that nothing makes',
      `${where} names "${shorten(name)}" as an output, but nothing makes it. Export the model again.`,
    );
  }
  checkOrder(ctx, graph, producer);
}

function twice(ctx: Decoding, graph: Graph, name: string, who: string, node: Node | null = null): void {
  const where = graph.path === '' ? '' : ` of ${shorten(graph.path)}`;
  ctx.warn(
    'values made twice',
    `The value "${shorten(name)}"${where} is made twice, by ${who}. Rename one; the runtime refuses such a model.`,
    node,
  );
}

function checkNodeNames(ctx: Decoding, graph: Graph): void {
  const first = new Map<string, Node>();
  for (const node of graph.nodes) {
    if (node.name === '') continue;
    const earlier = first.get(node.name);
    if (earlier === undefined) first.set(node.name, node);
    else {
      ctx.warn(
        'node names used twice',
        `The name "${shorten(node.name)}" is used by ${describeNode(earlier)} and ${describeNode(node)}. Both are shown; rename one to tell them apart.`,
        node,
      );
    }
  }
}

/** Cycles, and nodes listed before what they read. Kahn's algorithm; captures by bodies count as reads of their owner. */
function checkOrder(ctx: Decoding, graph: Graph, producer: ReadonlyMap<string, Node>): void {
  const waiting = new Int32Array(graph.nodes.length);
  const consumers: number[][] = graph.nodes.map(() => []);
  let early: { readonly node: Node; readonly name: string; readonly maker: Node } | null = null;
  for (const node of graph.nodes) {
    const made = new Set<number>();
    for (const name of readsOf(node)) {
      const maker = producer.get(name);
      if (maker === undefined) continue;
      if (maker.index >= node.index && early === null) early = { node, name, maker };
      if (made.has(maker.index)) continue;
      made.add(maker.index);
      waiting[node.index] = (waiting[node.index] ?? 0) + 1;
      consumers[maker.index]?.push(node.index);
    }
  }
  if (early === null) return;
  const ready = graph.nodes.filter((node) => waiting[node.index] === 0).map((node) => node.index);
  let done = 0;
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    done++;
    for (const consumer of consumers[index] ?? []) {
      const left = (waiting[consumer] ?? 0) - 1;
      waiting[consumer] = left;
      if (left === 0) ready.push(consumer);
    }
  }
  if (done === graph.nodes.length) {
    ctx.warn(
      'nodes out of order',
      `${capital(describeNode(early.node))} reads "${shorten(early.name)}" before ${describeNode(early.maker)} makes it. Sort the nodes; other tools may refuse the model.`,
      early.node,
    );
    return;
  }
  const [one, other] = cycleOf(graph, producer, waiting);
  const who =
    one === other
      ? `${capital(describeNode(one))} needs its own output`
      : `${capital(describeNode(one))} and ${describeNode(other)} need each other's outputs`;
  ctx.warn('cycles', `The graph has a cycle: ${who}. It cannot run like this; export the model again.`, one);
}

/** Two neighbours on a cycle: walk back among the nodes that never became ready until one comes again. */
function cycleOf(graph: Graph, producer: ReadonlyMap<string, Node>, waiting: Int32Array): [Node, Node] {
  const [first] = graph.nodes.filter((node) => (waiting[node.index] ?? 0) > 0);
  const seen = new Set<Node>();
  let node = first as Node;
  let previous = node;
  while (!seen.has(node)) {
    seen.add(node);
    previous = node;
    for (const name of readsOf(node)) {
      const maker = producer.get(name);
      if (maker !== undefined && (waiting[maker.index] ?? 0) > 0) {
        node = maker;
        break;
      }
    }
  }
  return [node, previous];
}

/** Every name a node reads: its inputs and what its bodies capture. */
export function* readsOf(node: Node): Iterable<string> {
  yield* node.inputs;
  for (const body of bodiesOf(node)) yield* capturesOf(body);
}

/** Names a body reads from the graphs around it (some may be made nowhere). */
export function* capturesOf(body: Graph): Iterable<string> {
  const own = new Set<string>();
  for (const { name } of body.inputs) own.add(name);
  for (const name of body.initializers.keys()) own.add(name);
  for (const name of body.sparseInitializers.keys()) own.add(name);
  for (const node of body.nodes) for (const name of node.outputs) own.add(name);
  for (const node of body.nodes)
    for (const name of readsOf(node)) if (name !== '' && !own.has(name)) yield name;
  for (const { name } of body.outputs) if (name !== '' && !own.has(name)) yield name;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
