/**
 * Links every node of a model to Python: the whole road from evidence to links. Pure over a `SourceRoot`: no disk, no
 * editor, and nothing a model says is ever resolved as a path.
 */
import { breathe, throwIfCancelled } from '../base/cancel';
import type { LinkTable, NodeLink } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Node, Skeleton } from '../contract/skeleton';
import { findCalls, type Hooks } from './calls';
import { EvidenceReader, type NodeEvidence } from './evidence';
import { Follower } from './follow';
import { mentionsHooks, replacesForward, resetAttributes } from './hazards';
import { Interpreter } from './interpret/interpreter';
import { borrow } from './neighbours';
import { ClaimMaker, linkOf, reasonOf, type NodeClaims } from './nodeLinks';
import { sortNodes } from './nodeWork';
import { Observed } from './observed';
import { PathMap } from './remap';
import { RootFinder } from './roots';
import { Sources, type SourceRoot } from './sources';
import { readTrace, type Traced } from './traced';

/** Links by node id. Reads only files that the root lists. */
export async function linkModel(
  skeleton: Skeleton,
  scopes: ScopeTree,
  root: SourceRoot,
  signal?: AbortSignal,
): Promise<LinkTable> {
  const sources = new Sources(await root.list(signal));
  return linkWith(skeleton, scopes, sources, root, signal);
}

/** The same over sources kept between calls, for an index of many models. */
export async function linkWith(
  skeleton: Skeleton,
  scopes: ScopeTree,
  sources: Sources,
  root: SourceRoot,
  signal?: AbortSignal,
): Promise<LinkTable> {
  await breathe();
  throwIfCancelled(signal);
  void scopes;
  return sources.settle(root, () => linkNodes(skeleton, sources), signal);
}

/** One synchronous pass over what has been read so far. */
export function linkNodes(skeleton: Skeleton, sources: Sources): LinkTable {
  const { nodes } = skeleton;
  const reader = new EvidenceReader();
  const evidence = nodes.map((node) => reader.read(node));
  const paths = new PathMap(sources, framesOf(evidence));
  const traces = new Map<NodeEvidence, Traced>(evidence.map((entry) => [entry, readTrace(entry, paths)]));
  const traceOf = (entry: NodeEvidence): Traced => traces.get(entry) ?? readTrace(entry, paths);
  const interpreter = new Interpreter(sources);
  const observed = new Observed(nodes, evidence);
  const hooks: Hooks = { modules: interpreter.hooked, anywhere: mentionsHooks(sources), replaced: replacesForward(sources) };
  const trees = sources.files.size === 0 ? [] : new RootFinder(sources, interpreter, observed, paths).find(evidence);
  const solved = trees.map((candidate) => {
    const follower = new Follower(interpreter);
    const works = sortNodes(nodes, evidence, candidate, follower).flatMap((work) => {
      const activation = follower.activation(work.instance);
      if (activation === null) return [];
      return [{ work, ...findCalls(work, activation, work.items.map((item) => traceOf(item.evidence)), hooks) }];
    });
    return { tree: candidate, works, cost: works.reduce((sum, { cost }) => sum + cost, 0) };
  });
  const solution = solved.reduce<(typeof solved)[number] | null>((best, next) => (best === null || next.cost < best.cost ? next : best), null);
  const tree = solution?.tree ?? null;
  const maker = new ClaimMaker(sources, tree, resetAttributes(sources));
  const claims = new Map<number, NodeClaims>();
  for (const { work, calls } of solution?.works ?? []) {
    work.items.forEach((item, i) => {
      const made = maker.claims(work, item, calls[i] ?? null, traceOf(item.evidence));
      for (const node of [...item.nodes, ...item.also]) claims.set(node.id, made);
    });
  }
  nodes.forEach((node, i) => {
    const known = evidence[i];
    if (claims.has(node.id) || known === undefined) return;
    const call = maker.traced(traceOf(known));
    const outside = traceOf(known).outside;
    if (call !== null || outside !== null) {
      claims.set(node.id, { call, definition: null, undefinedModule: true, outside: outside === null ? null : { file: outside.file, line: outside.line } });
    }
  });
  borrow(skeleton, claims);
  return tableOf(nodes, evidence, claims, traceOf);
}

function* framesOf(evidence: readonly NodeEvidence[]): IterableIterator<NodeEvidence['frames'][number]> {
  const seen = new Set<readonly unknown[]>();
  for (const { frames } of evidence) {
    if (seen.has(frames)) continue;
    seen.add(frames);
    yield* frames;
  }
}

function tableOf(
  nodes: readonly Node[],
  evidence: readonly NodeEvidence[],
  claims: ReadonlyMap<number, NodeClaims>,
  traceOf: (entry: NodeEvidence) => Traced,
): LinkTable {
  const counts = { exact: 0, inferred: 0, none: 0 };
  const links = nodes.map((node, i): NodeLink => {
    const known = evidence[i];
    const made = claims.get(node.id) ?? { call: null, definition: null, undefinedModule: false, outside: null };
    const link = linkOf(node, made, known === undefined ? '' : reasonOf(known, traceOf(known)));
    counts[link.confidence]++;
    return link;
  });
  return { links, counts };
}
