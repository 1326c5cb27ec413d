/**
 * What is odd about a model that opened: cycles, inputs nothing makes, names used twice, missing opsets, no nodes.
 * Every finding is a sentence that says what is wrong, where, and what to do; nothing here throws.
 */
import type { FunctionDef, Graph, GraphPath, Node, OpsetImport } from '../contract/skeleton';
import type { Decoding } from './decoding';
import { capital, describeNode, shorten } from './names';
import { checkOrder } from './order';
import { checkRecursion } from './recursion';
import { bodiesOf } from './walk';

interface Checked {
  readonly graph: Graph;
  readonly functions: readonly FunctionDef[];
  readonly graphs: ReadonlyMap<GraphPath, Graph>;
  readonly opsets: readonly OpsetImport[];
  /** False where the file is cut off or broken: then what is missing says nothing that this does not. */
  readonly whole: boolean;
}

/** What a graph defines: the node that makes each name, or null for inputs and initializers; then the graphs around it. */
class Names {
  readonly own = new Map<string, Node | null>();

  constructor(readonly outer: Names | null) {}

  has(name: string): boolean {
    return this.own.has(name) || (this.outer?.has(name) ?? false);
  }
}

/** Adds the warnings about a decoded model to the reading. */
export function checkModel(ctx: Decoding, model: Checked): void {
  const { graph, whole } = model;
  if (graph.nodes.length === 0 && whole) {
    ctx.warn(
      'empty graphs',
      'The graph has no nodes, so it computes nothing. Check what was exported, and export it again.',
    );
  }
  if (model.opsets.length === 0 && whole) {
    ctx.warn(
      'missing opsets',
      'The model does not say which opset it uses, so the runtime will refuse it. Export it again, or add an opset_import.',
    );
  }
  checkDomains(ctx, model);
  checkGraph(ctx, graph, null, whole);
  for (const { graph: body } of model.functions) checkGraph(ctx, body, null, whole);
  checkRecursion(ctx, model.functions);
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

function checkGraph(ctx: Decoding, graph: Graph, outer: Names | null, whole: boolean): void {
  const names = new Names(outer);
  const { own } = names;
  for (const { name } of graph.inputs) {
    if (own.has(name)) twice(ctx, graph, name, 'two inputs');
    own.set(name, null);
  }
  for (const name of graph.initializers.keys()) own.set(name, null);
  for (const name of graph.sparseInitializers.keys()) own.set(name, null);
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      const earlier = own.get(name);
      if (earlier !== undefined) {
        const first = earlier === null ? 'an input or initializer' : describeNode(earlier);
        twice(ctx, graph, name, `${first} and ${describeNode(node)}`, node);
      }
      own.set(name, node);
    }
  }
  checkNodeNames(ctx, graph);
  for (const node of graph.nodes) {
    if (node.op === '')
      ctx.warn(
        'nodes without operator',
        `${capital(describeNode(node))} does not say which operator it is. Export the model again.`,
        node,
      );
    for (const name of node.inputs) {
      if (!whole || name === '' || names.has(name)) continue;
      ctx.warn(
        'inputs that nothing makes',
        `${capital(describeNode(node))} reads "${shorten(name)}", which no node, input or initializer provides. Export the model again, or add it as an input.`,
        node,
      );
    }
    for (const body of bodiesOf(node)) checkGraph(ctx, body, names, whole);
  }
  for (const { name } of graph.outputs) {
    if (!whole || name === '' || names.has(name)) continue;
    const where = graph.path === '' ? 'The model' : `The graph ${shorten(graph.path)}`;
    ctx.warn(
      'outputs that nothing makes',
      `${where} names "${shorten(name)}" as an output, but nothing makes it. Export the model again.`,
    );
  }
  checkOrder(ctx, graph, own);
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
