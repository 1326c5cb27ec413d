/**
 * Scopes for nodes that claim none: the innermost scope that one of their producers shares with one of their consumers.
 * An inference from wiring; the caller marks it so.
 */
import type { Graph } from '../../contract/skeleton';
import type { Wiring } from '../wiring';
import type { ScopeBuilder } from './builder';

/** How many producers and consumers of a node are looked at. */
const MAX_NEIGHBOURS = 12;

/** Assigns every node of `graph` that has no scope yet; nodes without any known neighbour go to `base`. */
export function fillGaps(builder: ScopeBuilder, wiring: Wiring, graph: Graph, base: number): void {
  const { scopeOf, guessed } = builder;
  const gaps = graph.nodes.filter(({ id }) => (scopeOf[id] ?? -1) < 0).map(({ id }) => id);
  if (gaps.length === 0) return;
  if (gaps.length === graph.nodes.length) {
    for (const node of gaps) scopeOf[node] = base;
    return;
  }
  const consumers = consumersOf(wiring, graph, gaps);
  const producers = (node: number): number[] => {
    const found: number[] = [];
    const end = wiring.inputStart[node + 1] ?? 0;
    for (let at = wiring.inputStart[node] ?? 0; at < end && found.length < MAX_NEIGHBOURS; at++) {
      const producer = wiring.values[wiring.inputs[at] ?? -1]?.producer ?? -1;
      const scope = producer < 0 ? -1 : (scopeOf[producer] ?? -1);
      if (scope >= 0) found.push(scope);
    }
    return found;
  };

  // Backwards: where what it makes is read. An estimate only, kept beside the assignment.
  const ahead = new Map<number, number>();
  const scopesAhead = (node: number): number[] =>
    (consumers.get(node) ?? []).map((id) => ahead.get(id) ?? scopeOf[id] ?? -1).filter((scope) => scope >= 0);
  for (const node of [...gaps].reverse()) {
    const scope = scopesAhead(node).reduce((a, b) => builder.common(a, b), -1);
    if (scope >= 0) ahead.set(node, scope);
  }

  for (const node of gaps) {
    const before = producers(node);
    const after = scopesAhead(node);
    ahead.delete(node);
    let best = -1;
    const offer = (scope: number): void => {
      if (scope >= 0 && (best < 0 || builder.depth(scope) > builder.depth(best))) best = scope;
    };
    before.forEach((a, index) => {
      for (const b of after) offer(builder.common(a, b));
      for (const b of before.slice(index + 1)) if (a !== b) offer(builder.common(a, b));
    });
    if (best < 0) best = [...before, ...after].reduce((a, b) => builder.common(a, b), -1);
    scopeOf[node] = best < 0 ? base : best;
    if (best >= 0) guessed[node] = 1;
  }
}

/** Node ids that read what each of `gaps` makes, within the graph. */
function consumersOf(wiring: Wiring, graph: Graph, gaps: readonly number[]): ReadonlyMap<number, number[]> {
  const wanted = new Map<number, number[]>(gaps.map((id) => [id, []]));
  for (const { id } of graph.nodes) {
    const end = wiring.inputStart[id + 1] ?? 0;
    for (let at = wiring.inputStart[id] ?? 0; at < end; at++) {
      const producer = wiring.values[wiring.inputs[at] ?? -1]?.producer ?? -1;
      const list = wanted.get(producer);
      if (list !== undefined && list.length < MAX_NEIGHBOURS && !list.includes(id)) list.push(id);
    }
  }
  return wanted;
}
