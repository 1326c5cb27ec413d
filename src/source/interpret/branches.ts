/**
 * Follows branches whose outcome nobody knows: each from the same state, then all joined. A name that differs between
 * branches afterwards stands for either.
 */
import type { Machine } from './machine';
import { union, type Env, type Value } from './values';

/**
 * Runs every branch from where things stand now. A branch that ends early (returns `'stop'`) does not reach what
 * follows. Gives whether anything does.
 */
export function fork(machine: Machine, env: Env, branches: readonly (() => unknown)[]): boolean {
  const { flow } = machine;
  const start = flow?.current ?? -1;
  const before = env.vars;
  const ends: { readonly vars: Map<string, Value>; readonly state: number }[] = [];
  machine.conditional++;
  for (const branch of branches) {
    env.vars = new Map(before);
    if (flow !== null) flow.current = start;
    if (branch() !== 'stop') ends.push({ vars: env.vars, state: flow?.current ?? -1 });
  }
  machine.conditional--;
  const [only] = ends;
  if (only === undefined) {
    env.vars = new Map(before);
    if (flow !== null) flow.current = -1;
    return false;
  }
  if (ends.length === 1) env.vars = only.vars;
  else {
    const names = new Set(ends.flatMap((end) => [...end.vars.keys()]));
    const joined = new Map<string, Value>();
    for (const name of names) {
      const values = ends.map((end) => end.vars.get(name)).filter((value) => value !== undefined);
      joined.set(
        name,
        values.every((value) => value === values[0]) && values[0] !== undefined ? values[0] : union(values),
      );
    }
    env.vars = joined;
  }
  if (flow !== null) flow.current = flow.join(ends.map((end) => end.state));
  return true;
}
