/**
 * Models written as ONNX Script: a graph bears the name of the Python function it was made from, and its nodes stand in
 * the order of that function's calls. Names and order allow no more than inferred calls.
 */
import type { Graph, Node, Skeleton } from '../contract/skeleton';
import { align } from './align';
import type { Follower } from './follow';
import type { Interpreter } from './interpret/interpreter';
import { isAgain } from './follow';
import type { NodeClaims } from './nodeLinks';
import { fitOperator, type Fit } from './opNames';
import { placeOf } from './places';
import type { Sources } from './sources';

const MENTION = /\bonnxscript\b/;
const PRICE: Readonly<Record<Fit, number>> = { same: 0, side: 1, open: 2, unlike: 5 };
const PLUMBING = /^(?:Constant|Cast|CastLike|Identity)$/;

/** Adds calls for the nodes of graphs that are functions of the workspace. */
export function linkScripted(
  skeleton: Skeleton,
  sources: Sources,
  interpreter: Interpreter,
  follower: Follower,
  claims: Map<number, NodeClaims>,
): void {
  const graphs = new Map<string, Graph>();
  for (const { name, graph } of skeleton.functions) graphs.set(name, graph);
  if (skeleton.graph.name !== '') graphs.set(skeleton.graph.name, skeleton.graph);
  for (const file of sources.mentioning(MENTION)) {
    for (const [name, value] of interpreter.moduleEnv(file)?.vars ?? []) {
      const graph = graphs.get(name);
      if (
        graph === undefined ||
        value.kind !== 'function' ||
        value.role !== 'script' ||
        value.env.file !== file
      )
        continue;
      const { flow } = follower.followFunction(value);
      const nodes = graph.nodes.filter((node) => !PLUMBING.test(node.op) && !claims.has(node.id));
      const fit = (operation: string, node: Node | undefined): Fit =>
        operation === node?.op ? 'same' : fitOperator(operation, node?.op ?? '');
      const { states } = align(
        flow,
        nodes.length,
        (operation, i) => (isAgain(operation) ? undefined : PRICE[fit(operation.name, nodes[i])]),
        () => 2,
      );
      nodes.forEach((node, i) => {
        const operation = flow.operations[states[i] ?? -1] ?? null;
        const place = operation === null ? null : placeOf(sources, operation.spot);
        if (operation === null || place === null || fit(operation.name, node) !== 'same') return;
        const evidence = [`The graph is named after ${name}, and ${node.op} follows the order of its calls.`];
        const call = { place, confidence: 'inferred', evidence, moved: false } as const;
        claims.set(node.id, { call, definition: null, undefinedModule: false, outside: null });
      });
    }
  }
}
