/** What each module of a model gives out: the values made inside that something outside reads. Main graph only. */
import type { Facts } from './facts';

export interface ModuleOutput {
  readonly site: string;
  readonly node: number;
}

/** A module tree as far as this needs it. */
export interface Modules {
  readonly scopes: readonly { readonly id: number; readonly parent: number; readonly path: string }[];
  /** Scope id per node id. */
  readonly scopeOf: Int32Array;
}

/** By module path, in the order of computing. */
export function moduleOutputs(facts: Facts, scopes: Modules): Map<string, ModuleOutput[]> {
  const { wiring, skeleton } = facts;
  const found = new Map<string, ModuleOutput[]>();
  const depth = scopes.scopes.map(() => 0);
  for (const { id, parent } of scopes.scopes) depth[id] = parent < 0 ? 0 : (depth[parent] ?? 0) + 1;
  const users = new Map<number, number[]>();
  const read = (value: number, scope: number): void => {
    const list = users.get(value);
    if (list === undefined) users.set(value, [scope]);
    else list.push(scope);
  };
  for (let node = 0; node < facts.count; node++) {
    const to = wiring.inputStart[node + 1] ?? 0;
    for (let at = wiring.inputStart[node] ?? 0; at < to; at++)
      read(wiring.inputs[at] ?? -1, scopes.scopeOf[node] ?? 0);
  }
  // An output of the model leaves every module but the whole.
  for (const value of wiring.graphOutputs) read(value, 0);
  for (const node of facts.order) {
    if (skeleton.nodes[node]?.graph !== '' || facts.constant[node] === 1) continue;
    const to = wiring.outputStart[node + 1] ?? 0;
    for (let at = wiring.outputStart[node] ?? 0; at < to; at++) {
      const value = wiring.outputs[at] ?? -1;
      const name = wiring.values[value]?.name ?? '';
      if (name === '') continue;
      const scope = scopes.scopeOf[node] ?? 0;
      // It leaves every scope on the way up to the one that it shares with a user.
      const shared = (users.get(value) ?? []).map((user) => common(scopes, depth, scope, user));
      const highest =
        shared.length === 0 ? scope : shared.reduce((a, b) => ((depth[a] ?? 0) < (depth[b] ?? 0) ? a : b));
      for (let up = scope; up > 0 && up !== highest; up = scopes.scopes[up]?.parent ?? 0) {
        const path = scopes.scopes[up]?.path ?? '';
        const list = found.get(path);
        if (list === undefined) found.set(path, [{ site: name, node }]);
        else list.push({ site: name, node });
      }
    }
  }
  return found;
}

function common(scopes: Modules, depth: readonly number[], a: number, b: number): number {
  let [x, y] = [a, b];
  while (x !== y) {
    if ((depth[x] ?? 0) >= (depth[y] ?? 0)) x = scopes.scopes[x]?.parent ?? 0;
    else y = scopes.scopes[y]?.parent ?? 0;
  }
  return x;
}
