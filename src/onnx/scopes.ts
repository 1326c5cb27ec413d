/**
 * Skeleton -> ScopeTree: which module each node belongs to. Evidence, best first: exporter metadata, slash names,
 * initializer names; bodies and local functions are scopes of their own; a graph that names nothing is searched for
 * repeated structure. What was inferred is marked.
 */
import type { ScopeTree } from '../contract/scopes';
import type { FunctionDef, Graph, Node, Skeleton } from '../contract/skeleton';
import { ScopeBuilder } from './scopes/builder';
import { splitCalls } from './scopes/calls';
import { ClaimReader } from './scopes/claims';
import { fillGaps } from './scopes/fill';
import { findRepeats } from './scopes/repeats';
import { bodiesOf } from './walk';
import { callersOf, wire, type Wiring } from './wiring';

/** Builds the module tree. `wiring` may be handed in when it is at hand. */
export function buildScopes(skeleton: Skeleton, wiring: Wiring = wire(skeleton)): ScopeTree {
  const builder = new ScopeBuilder(skeleton, wiring);
  assign(builder, wiring, skeleton.graph, 0, []);
  const callers = callersOf(skeleton);
  const waiting = new Set(skeleton.functions);
  // A function called once lies where it is called; so callers come first.
  for (let progress = true; progress;) {
    progress = false;
    for (const fn of waiting) {
      const caller = wiring.owners.get(fn.graph.path);
      const home = caller === undefined ? 0 : (builder.scopeOf[caller.id] ?? -1);
      if (home < 0) continue;
      waiting.delete(fn);
      progress = true;
      assignFunction(builder, wiring, fn, home, callers.get(fn)?.length ?? 0);
    }
  }
  for (const fn of waiting) assignFunction(builder, wiring, fn, 0, callers.get(fn)?.length ?? 0);
  return builder.finish();
}

function assignFunction(
  builder: ScopeBuilder,
  wiring: Wiring,
  fn: FunctionDef,
  home: number,
  calls: number,
): void {
  const scope = builder.fresh(
    home,
    fn.name || 'function',
    'function',
    'function',
    calls === 1 ? null : fn.domain,
  );
  assign(builder, wiring, fn.graph, scope, []);
}

/** Assigns the nodes of a graph under `base`; `context` is the module path of the node that holds it. */
function assign(
  builder: ScopeBuilder,
  wiring: Wiring,
  graph: Graph,
  base: number,
  context: readonly string[],
): void {
  const reader = new ClaimReader(graph);
  const pathOf = new Map<number, readonly string[]>();
  const known = new Map<object, number>();
  for (const node of graph.nodes) {
    const claim = reader.read(node);
    if (claim === null) continue;
    let scope = known.get(claim);
    if (scope === undefined) {
      if (claim.rootClass !== null && base === 0) builder.setRootClass(claim.rootClass);
      scope = base;
      // Nodes of a body name their whole module path again: only what goes beyond the owner's is new here.
      const skip = startsWith(claim.parts, context) ? context.length : 0;
      for (let i = skip; i < claim.parts.length; i++) {
        scope = builder.child(
          scope,
          claim.parts[i] ?? '',
          'module',
          claim.evidence,
          claim.classes[i] ?? null,
        );
      }
      known.set(claim, scope);
      pathOf.set(scope, claim.parts);
    }
    builder.scopeOf[node.id] = scope;
  }
  // Only a graph that names nothing is searched: one name says more than any likeness.
  if (known.size > 0 || !findRepeats(builder, wiring, graph, base)) {
    fillGaps(builder, wiring, graph, base);
    splitCalls(builder, wiring, graph, base);
  }
  for (const node of graph.nodes) {
    for (const body of bodiesOf(node)) {
      const owner = builder.scopeOf[node.id] ?? base;
      const part = body.path.slice(body.path.lastIndexOf('.') + 1);
      const scope = builder.fresh(owner, `${labelOf(node)}.${part}`, 'body', 'body');
      assign(builder, wiring, body, scope, pathOf.get(owner) ?? context);
    }
  }
}

/** What a body's owner is called in a scope path. */
function labelOf(node: Node): string {
  const last = node.name.slice(node.name.lastIndexOf('/') + 1);
  return last === '' ? `${node.op}_${node.index}` : last;
}

function startsWith(parts: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length <= parts.length && prefix.every((part, index) => parts[index] === part);
}
