/**
 * Nodes that say nothing of themselves (constants, copies, what rewrite rules made) take the place of what uses them,
 * else of what feeds them, as inferred. Works on the graph alone.
 */
import type { PlaceClaim } from '../contract/link';
import type { Node, Skeleton } from '../contract/skeleton';
import type { NodeClaims } from './nodeLinks';

/** Evidence is passed on over at most this many nodes. */
const FARTHEST = 6;

/** Adds claims for nodes without any, from their neighbours. */
export function borrow(skeleton: Skeleton, claims: Map<number, NodeClaims>): void {
  const consumers = new Map<string, Node[]>();
  const producers = new Map<string, Node>();
  for (const node of skeleton.nodes) {
    for (const input of node.inputs) {
      if (input === '') continue;
      const list = consumers.get(`${node.graph}\n${input}`) ?? [];
      consumers.set(`${node.graph}\n${input}`, list);
      list.push(node);
    }
    for (const output of node.outputs) if (output !== '') producers.set(`${node.graph}\n${output}`, node);
  }
  const near = (node: Node): Node[] => [
    ...node.outputs
      .flatMap((output) => consumers.get(`${node.graph}\n${output}`) ?? [])
      .sort((a, b) => a.id - b.id),
    ...node.inputs
      .map((input) => producers.get(`${node.graph}\n${input}`))
      .filter((producer) => producer !== undefined),
  ];
  for (let round = 0; round < FARTHEST; round++) {
    const found = new Map<number, NodeClaims>();
    for (const node of skeleton.nodes) {
      if (claims.has(node.id)) continue;
      const neighbour = near(node).find((other) => (claims.get(other.id)?.call ?? null) !== null);
      const from = neighbour === undefined ? undefined : claims.get(neighbour.id);
      if (neighbour === undefined || from === undefined) continue;
      found.set(node.id, {
        call: lent(from.call, neighbour),
        definition: lent(from.definition, neighbour),
        undefinedModule: from.undefinedModule,
        outside: null,
      });
    }
    if (found.size === 0) return;
    for (const [id, made] of found) claims.set(id, made);
  }
}

function lent(claim: PlaceClaim | null, from: Node): PlaceClaim | null {
  if (claim === null) return null;
  const name = from.name === '' ? `a neighbouring ${from.op} node` : from.name;
  return { ...claim, confidence: 'inferred', evidence: [`Without evidence of its own; taken from ${name}.`] };
}
