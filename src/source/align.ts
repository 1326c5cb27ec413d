/**
 * Lays a model's operations, in the file's order, along the order in which Python can perform them: the cheapest walk
 * through a flow. Order, module, traced lines and names all count; nothing is certain because it is cheapest.
 * Pure: knows no files.
 */
import type { Flow, Operation } from './interpret/flow';

/** What one step of a walk may match: `undefined` when the operation cannot have made it. */
export type Cost = (operation: Operation, item: number) => number | undefined;

export interface Walk {
  /** What the walk cost; less is likelier. */
  readonly cost: number;
  /** State in the flow for each item, or -1 where nothing fits. */
  readonly states: Int32Array;
  /** For each item the states that the walk came through since the one before, without making anything; last first. */
  readonly passed: readonly (readonly number[])[];
}

/** Walks this much worse than the best are given up. */
const BEAM = 16;
/** Cost of an item that nothing fits. */
const LOST = 6;

interface Step {
  readonly state: number;
  readonly cost: number;
  readonly item: number;
  readonly before: Step | null;
}

/** Finds the cheapest walk for `count` items. `again` is what a second item from the same operation costs. */
export function align(flow: Flow, count: number, cost: Cost, again: Cost): Walk {
  const states = new Int32Array(count).fill(-1);
  let frontier = new Map<number, Step>([[0, { state: 0, cost: 0, item: -1, before: null }]]);
  for (let item = 0; item < count; item++) {
    const reached = spread(flow, frontier);
    const next = new Map<number, Step>();
    const offer = (state: number, total: number, before: Step): void => {
      const known = next.get(state);
      if (known === undefined || total < known.cost) next.set(state, { state, cost: total, item, before });
    };
    for (const step of reached.values()) {
      for (const state of flow.edges[step.state] ?? []) {
        const operation = flow.operations[state];
        const price = operation === null || operation === undefined ? undefined : cost(operation, item);
        if (price !== undefined) offer(state, step.cost + price, step);
      }
    }
    for (const step of frontier.values()) {
      const operation = flow.operations[step.state];
      const price = operation === null || operation === undefined ? undefined : again(operation, item);
      if (price !== undefined) offer(step.state, step.cost + price, step);
    }
    if (next.size === 0) {
      frontier = new Map([...frontier].map(([state, step]) => [state, { ...step, cost: step.cost + LOST }]));
      continue;
    }
    const best = Math.min(...[...next.values()].map((step) => step.cost));
    frontier = new Map([...next].filter(([, step]) => step.cost <= best + BEAM));
  }
  let last: Step | null = null;
  for (const step of frontier.values()) if (last === null || step.cost < last.cost) last = step;
  const passed: number[][] = Array.from({ length: count }, () => []);
  let later = -1;
  for (let step = last; step !== null; step = step.before) {
    if (step.item >= 0) {
      later = step.item;
      if (states[step.item] === -1) states[step.item] = step.state;
    } else if (later >= 0) passed[later]?.push(step.state);
  }
  return { states, passed, cost: last?.cost ?? 0 };
}

/** All states that can be stood on without making anything, with the cost of what was passed over. */
function spread(flow: Flow, frontier: ReadonlyMap<number, Step>): Map<number, Step> {
  const reached = new Map<number, Step>(frontier);
  const queue = [...frontier.values()].sort((a, b) => a.cost - b.cost);
  const best = queue[0]?.cost ?? 0;
  // Costs are small multiples of a tenth: buckets keep the order a heap would.
  const buckets: Step[][] = [];
  const put = (step: Step): void => {
    const bucket = Math.round((step.cost - best) * 20);
    (buckets[bucket] ??= []).push(step);
  };
  queue.forEach(put);
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    const steps = buckets[bucket];
    if (steps === undefined) continue;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i];
      if (step === undefined || reached.get(step.state) !== step) continue;
      for (const state of flow.edges[step.state] ?? []) {
        const total = step.cost + (flow.operations[state]?.skip ?? 0);
        const known = reached.get(state);
        if (total > best + BEAM || (known !== undefined && known.cost <= total)) continue;
        const passed: Step = { state, cost: total, item: -1, before: step };
        reached.set(state, passed);
        put(passed);
      }
    }
  }
  return reached;
}
