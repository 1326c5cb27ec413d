/**
 * Structural signatures: equal for scopes with the same operators, attributes, wiring and weight shapes, so that equal
 * blocks can be folded. What comes from outside counts by the order in which it is first read.
 */
import type { Scope } from '../../contract/scopes';
import type { Skeleton } from '../../contract/skeleton';
import type { Building } from '../decoding';
import type { Wiring } from '../wiring';
import { Hash, hashNode, hashWeight } from './hash';

/** Fills in `signature` for every scope but the root. Scopes come parents first. */
export function signScopes(skeleton: Skeleton, wiring: Wiring, scopes: readonly Building<Scope>[]): void {
  const { order, first, last } = sequence(skeleton, scopes);
  const place = new Int32Array(skeleton.nodes.length);
  order.forEach((node, index) => (place[node] = index));
  const labels = Int32Array.from(order, (node) => {
    const found = skeleton.nodes[node];
    return found === undefined ? 0 : hashNode(found);
  });
  const { inputStart, inputs, values } = wiring;
  const weights = Int32Array.from(values, ({ weight }) => (weight === null ? 0 : hashWeight(weight)));
  // The order in which a scope first reads what comes from outside, and for which scope that was noted.
  const ordinal = new Int32Array(values.length);
  const notedFor = new Int32Array(values.length);
  for (const scope of scopes) {
    if (scope.id === 0) continue;
    const from = first[scope.id] ?? 0;
    const to = last[scope.id] ?? 0;
    let outside = 0;
    const hash = new Hash();
    for (let at = from; at < to; at++) {
      hash.add(labels[at] ?? 0);
      const node = order[at] ?? 0;
      const end = inputStart[node + 1] ?? 0;
      for (let input = inputStart[node] ?? 0; input < end; input++) {
        const id = inputs[input] ?? -1;
        const value = values[id];
        if (value === undefined) hash.add(-1);
        else if (value.weight !== null) hash.add(weights[id] ?? 0);
        else {
          const inside = value.producer < 0 ? -1 : (place[value.producer] ?? -1);
          if (inside >= from && inside < to) hash.add((inside - from) * 8 + value.slot);
          else {
            if (notedFor[id] !== scope.id) {
              notedFor[id] = scope.id;
              ordinal[id] = outside++;
            }
            hash.add(-2 - (ordinal[id] ?? 0));
          }
        }
      }
    }
    scope.signature = hash.text();
  }
}

interface Sequence {
  /** Node ids, each scope's (with what lies below) in one range. */
  readonly order: readonly number[];
  /** Range of `order` by scope id. */
  readonly first: Int32Array;
  readonly last: Int32Array;
}

/** Nodes depth first by scope: own nodes and children in the order of their first node. */
function sequence(skeleton: Skeleton, scopes: readonly Building<Scope>[]): Sequence {
  const order: number[] = [];
  const first = new Int32Array(scopes.length);
  const last = new Int32Array(scopes.length);
  const earliest = new Int32Array(scopes.length).fill(skeleton.nodes.length);
  for (const scope of [...scopes].reverse()) {
    const own = Math.min(earliest[scope.id] ?? 0, scope.nodes[0] ?? skeleton.nodes.length);
    earliest[scope.id] = own;
    if (scope.parent >= 0) earliest[scope.parent] = Math.min(earliest[scope.parent] ?? 0, own);
  }
  const visit = (id: number): void => {
    const scope = scopes[id];
    if (scope === undefined) return;
    first[id] = order.length;
    let child = 0;
    for (const node of scope.nodes) {
      for (; child < scope.children.length; child++) {
        const next = scope.children[child] ?? 0;
        if ((earliest[next] ?? 0) > node) break;
        visit(next);
      }
      order.push(node);
    }
    for (; child < scope.children.length; child++) visit(scope.children[child] ?? 0);
    last[id] = order.length;
  };
  visit(0);
  return { order, first, last };
}
