/**
 * Nodes that say nothing of themselves (constants, copies, what rewrite rules made) take the places of what uses them, then
 * of what feeds them, as inferred: the first is the nearest, the others further places. Works on the graph alone.
 */
import type { FurtherPlace, PlaceClaim } from '../contract/link';
import type { Node, Skeleton } from '../contract/skeleton';
import type { NodeClaims } from './nodeLinks';

/** Evidence is passed on over at most this many nodes. */
const FARTHEST = 6;
/** A node between more places than this stands for none of them. */
const MOST_PLACES = 3;

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
      const lenders = near(node).flatMap((other): FurtherPlace[] => {
        const { call, definition } = claims.get(other.id) ?? { call: null, definition: null };
        return call === null
          ? []
          : [{ call: lent(call, other), definition: definition && lent(definition, other) }];
      });
      const [first, ...rest] = distinct(lenders);
      if (first === undefined) continue;
      found.set(node.id, {
        ...first,
        undefinedModule: false,
        outside: null,
        also: rest.slice(0, MOST_PLACES - 1),
      });
    }
    if (found.size === 0) return;
    for (const [id, made] of found) claims.set(id, made);
  }
}

/** Each place once, in the order given. */
function distinct(places: readonly FurtherPlace[]): FurtherPlace[] {
  const keys = new Set<string>();
  return places.filter(({ call: { place } }) => {
    const key = `${place.file}:${String(place.line)}:${String(place.column)}`;
    const fresh = !keys.has(key);
    keys.add(key);
    return fresh;
  });
}

function lent(claim: PlaceClaim, from: Node): PlaceClaim {
  const name = from.name === '' ? `a neighbouring ${from.op} node` : from.name;
  return { ...claim, confidence: 'inferred', evidence: [`Without evidence of its own; taken from ${name}.`] };
}
