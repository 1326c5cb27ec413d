/** Which modules are open and how equal blocks and plumbing are folded: a value, with the way from one to the next. */
import type { GraphModel } from '../../src/contract/graphModel';

export interface Openness {
  readonly expanded: ReadonlySet<number>;
  readonly foldRepeats: boolean;
  readonly foldPlumbing: boolean;
  /** Which block of a folded run is shown, by the run's first scope. */
  readonly repeatShown: ReadonlyMap<number, number>;
}

/** Boxes a first picture may hold. */
const firstBoxes = 28;

/** Opens what leads to a first picture worth looking at: modules from the top, largest first, while there is room. */
export function initialOpenness(model: GraphModel): Openness {
  const { scopes, nodes } = model;
  const children = new Int32Array(scopes.count);
  for (let scope = 1; scope < scopes.count; scope++) {
    const parent = scopes.parent[scope] ?? 0;
    children[parent] = (children[parent] ?? 0) + 1;
  }
  for (let node = 0; node < nodes.count; node++) {
    const scope = nodes.scope[node] ?? 0;
    children[scope] = (children[scope] ?? 0) + 1;
  }
  const expanded = new Set<number>();
  let boxes = children[0] ?? 0;
  // A root that only wraps one module says nothing: open it.
  for (let scope = 1; scope < scopes.count; scope++) {
    const parent = scopes.parent[scope] ?? 0;
    const reachable = parent === 0 || expanded.has(parent);
    const siblings = children[parent] ?? 0;
    if (!reachable || siblings > 4 || boxes + (children[scope] ?? 0) > firstBoxes) continue;
    expanded.add(scope);
    boxes += children[scope] ?? 0;
  }
  return { expanded, foldRepeats: true, foldPlumbing: true, repeatShown: new Map() };
}

export function withOpen(state: Openness, scope: number, open: boolean): Openness {
  const expanded = new Set(state.expanded);
  if (open) expanded.add(scope);
  else expanded.delete(scope);
  return { ...state, expanded };
}

export function withAll(state: Openness, model: GraphModel, open: boolean): Openness {
  const all = open ? Array.from({ length: model.scopes.count }, (_unused, scope) => scope) : [];
  return { ...state, expanded: new Set(all) };
}

/** Opens everything around a scope, so that its own box can be seen. */
export function withAncestors(state: Openness, model: GraphModel, scope: number): Openness {
  const expanded = new Set(state.expanded);
  for (let at = scope; at > 0; at = model.scopes.parent[at] ?? 0) expanded.add(at);
  return { ...state, expanded };
}

export interface SavedOpenness {
  readonly open: readonly string[];
  readonly repeats: boolean;
  readonly plumbing: boolean;
}

/** Scope rows may change when a model is exported again: what is kept are paths. */
export function saveOpenness(state: Openness, model: GraphModel): SavedOpenness {
  const paths = [...state.expanded].map((scope) => model.strings[model.scopes.path[scope] ?? 0] ?? '');
  return { open: paths, repeats: state.foldRepeats, plumbing: state.foldPlumbing };
}

export function loadOpenness(saved: unknown, model: GraphModel): Openness | undefined {
  if (typeof saved !== 'object' || saved === null || !('open' in saved) || !Array.isArray(saved.open))
    return undefined;
  const wanted = new Set(saved.open.filter((path) => typeof path === 'string'));
  const expanded = new Set<number>();
  for (let scope = 1; scope < model.scopes.count; scope++) {
    if (wanted.has(model.strings[model.scopes.path[scope] ?? 0] ?? '')) expanded.add(scope);
  }
  const flag = (name: string): boolean =>
    !(name in saved) || (saved as Record<string, unknown>)[name] !== false;
  return { expanded, foldRepeats: flag('repeats'), foldPlumbing: flag('plumbing'), repeatShown: new Map() };
}

/** Shows another block of a folded run; what was open in the one is open in the other. */
export function withRepeat(
  state: Openness,
  model: GraphModel,
  run: readonly number[],
  shown: number,
): Openness {
  const [first = 0] = run;
  const from = run[state.repeatShown.get(first) ?? 0] ?? first;
  const to = run[shown] ?? first;
  const path = (scope: number): string => model.strings[model.scopes.path[scope] ?? 0] ?? '';
  const rows = new Map<string, number>();
  for (let scope = 0; scope < model.scopes.count; scope++) rows.set(path(scope), scope);
  const expanded = new Set(state.expanded);
  for (const scope of state.expanded) {
    if (!isWithin(model, scope, from)) continue;
    const other = rows.get(path(to) + path(scope).slice(path(from).length));
    if (other !== undefined) expanded.add(other);
  }
  return { ...state, expanded, repeatShown: new Map([...state.repeatShown, [first, shown]]) };
}

function isWithin(model: GraphModel, scope: number, outer: number): boolean {
  for (let at = scope; at > 0; at = model.scopes.parent[at] ?? 0) if (at === outer) return true;
  return false;
}
