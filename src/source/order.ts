/**
 * Every state of a flow in which an item can have been made, over all walks that make the items in their order. Where
 * `align.ts` chooses the likeliest walk, this keeps all that are possible. Pure: knows no files.
 */
import type { Flow, Operation } from './interpret/flow';

/** Walks are not followed through more steps than this. */
const MOST_STEPS = 20_000_000;

export interface Rules {
  /** Whether an operation can have made an item. */
  readonly makes: (operation: Operation, item: number) => boolean;
  /** Whether the operation that made the item `before` can have made the next one too. */
  readonly repeats: (operation: Operation, before: number, item: number) => boolean;
  /** Whether a walk may go through an operation at all. */
  readonly passes: (operation: Operation) => boolean;
}

/**
 * Possible states for each of `count` items. Any operation may make nothing; an item that nothing can make is null and
 * holds no walk up. Null for all when that takes too long or when no walk makes them all.
 */
export function possibleStates(
  flow: Flow,
  count: number,
  rules: Rules,
): (ReadonlySet<number> | null)[] | null {
  const { operations, edges } = flow;
  const links = edges.reduce((sum, next) => sum + next.length, 0);
  if (count * links > MOST_STEPS) return null;
  const passable = operations.map((operation) => operation === null || rules.passes(operation));
  const makers = makersOf(flow, count, rules);
  const items = [...makers.keys()].filter((item) => (makers[item]?.size ?? 0) > 0);
  const repeats = (state: number, before: number, item: number): boolean => {
    const operation = operations[state] ?? null;
    return operation !== null && rules.repeats(operation, before, item);
  };
  const back = reversed(edges);
  const possible: (Set<number> | null)[] = Array.from({ length: count }, () => null);
  let here: ReadonlySet<number> = new Set([0]);
  let earlier = -1;
  for (const item of items) {
    const after = reachable(edges, here, passable);
    const made = new Set<number>();
    for (const state of makers[item] ?? [])
      if (after.has(state) || (here.has(state) && repeats(state, earlier, item))) made.add(state);
    if (made.size === 0) return null;
    possible[item] = made;
    here = made;
    earlier = item;
  }
  let next: ReadonlySet<number> | null = null;
  let later = -1;
  for (const item of items.reverse()) {
    const states = possible[item] ?? new Set<number>();
    if (next !== null) {
      const before = reachable(back, next, passable);
      for (const state of [...states])
        if (!before.has(state) && !(next.has(state) && repeats(state, item, later))) states.delete(state);
    }
    next = states;
    later = item;
  }
  return possible;
}

/** The same for items whose order is not known. */
export function statesInAnyOrder(flow: Flow, count: number, rules: Rules): (ReadonlySet<number> | null)[] {
  return makersOf(flow, count, rules).map((states) => (states.size === 0 ? null : states));
}

function makersOf({ operations }: Flow, count: number, rules: Rules): Set<number>[] {
  return Array.from({ length: count }, (_, item) => {
    const states = new Set<number>();
    operations.forEach((operation, state) => {
      if (operation !== null && rules.passes(operation) && rules.makes(operation, item)) states.add(state);
    });
    return states;
  });
}

/** States that at least one step leads to from any of the given ones. */
function reachable(
  edges: readonly (readonly number[])[],
  from: Iterable<number>,
  passable: readonly boolean[],
): Set<number> {
  const found = new Set<number>();
  const queue = [...from];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const next of edges[state] ?? []) {
      if (found.has(next) || passable[next] !== true) continue;
      found.add(next);
      queue.push(next);
    }
  }
  return found;
}

function reversed(edges: readonly (readonly number[])[]): number[][] {
  const back: number[][] = edges.map(() => []);
  edges.forEach((next, state) => {
    for (const other of next) back[other]?.push(state);
  });
  return back;
}

/** Whether a walk can come past any two of these states, or one of them twice. */
export function canMeetTwice(flow: Flow, states: readonly number[], passes: Rules['passes']): boolean {
  const passable = flow.operations.map((operation) => operation === null || passes(operation));
  return states.some((state) => {
    const after = reachable(flow.edges, [state], passable);
    return states.some((other) => after.has(other));
  });
}
