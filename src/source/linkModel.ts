/**
 * Links every node of a model to Python: the whole road from evidence to links. Pure over a `SourceRoot`: no disk, no
 * editor, and nothing a model says is ever resolved as a path.
 */
import type { LinkTable, ModuleLink, NodeLink } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Node, Skeleton } from '../contract/skeleton';
import { findCalls, withProof, type CallFound, type Hooks } from './calls';
import { doubted, doubtfulFiles, shareTraces } from './docTrust';
import { EvidenceReader, type NodeEvidence } from './evidence';
import { Follower } from './follow';
import { hazardsOf, searchSteps, type Hazards } from './hazards';
import { Interpreter } from './interpret/interpreter';
import { linkLayerNames } from './layerNames';
import { ModuleCalls } from './moduleCalls';
import { borrow } from './neighbours';
import { ClaimMaker, linkOf, reasonOf, type NodeClaims } from './nodeLinks';
import { sortNodes, type Work } from './nodeWork';
import { Observed } from './observed';
import { Prover } from './prove';
import { PathMap } from './remap';
import { RootFinder } from './roots';
import { linkScripted } from './scripted';
import { inSlices } from './slices';
import { Sources, type SourceRoot } from './sources';
import { readTrace, type Traced } from './traced';
import type { ModuleTree } from './tree';

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
  return sources.settle(root, () => inSlices(linkNodes(skeleton, scopes, sources), signal), signal);
}

/** One pass over what has been read so far; yields where it may be interrupted. */
function* linkNodes(
  skeleton: Skeleton,
  scopes: ScopeTree,
  sources: Sources,
): Generator<undefined, LinkTable> {
  const { nodes } = skeleton;
  const reader = new EvidenceReader();
  const evidence: NodeEvidence[] = [];
  for (const node of nodes) {
    evidence.push(reader.read(node));
    if (evidence.length % 256 === 0) yield;
  }
  const paths = new PathMap(sources, framesOf(evidence));
  const traces = new Map<NodeEvidence, Traced>(evidence.map((entry) => [entry, readTrace(entry, paths)]));
  const traceOf = (entry: NodeEvidence): Traced => traces.get(entry) ?? readTrace(entry, paths);
  const interpreter = new Interpreter(sources);
  const observed = new Observed(nodes, evidence);
  sources.wantAll();
  yield;
  const finder = new RootFinder(sources, interpreter, observed, paths);
  const trees = sources.files.size === 0 ? [] : yield* finder.find(evidence);
  yield* searchSteps(sources);
  const hazards = hazardsAround(sources, trees);
  const hooks: Hooks = {
    modules: interpreter.hooked,
    anywhere: hazards.hooks,
    replaced: hazards.replaced,
    patched: hazards.patched,
    interferes: (module) => interpreter.interferes(module),
  };
  let solution: Solution | null = null;
  for (const candidate of trees) {
    const follower = new Follower(interpreter);
    const works: Solved[] = [];
    for (const work of sortNodes(nodes, evidence, candidate, follower)) {
      yield;
      const activation = follower.activation(work.instance);
      if (activation === null) continue;
      const trails = work.items.map((item) => traceOf(item.evidence));
      works.push({ work, ...findCalls(work, activation, trails, hooks) });
    }
    const cost = works.reduce((sum, entry) => sum + entry.cost, 0);
    if (solution === null || cost < solution.cost) solution = { tree: candidate, follower, works, cost };
  }
  const tree = solution?.tree ?? null;
  const maker = new ClaimMaker(sources, tree, hazards.modules);
  const claims = new Map<number, NodeClaims>();
  const prover =
    tree === null
      ? null
      : new Prover(
          finder.withAnyArguments(tree),
          new Follower(interpreter),
          observed.modules.map(({ path }) => path),
          hooks,
          hazards.members,
          evidence,
        );
  const doubtful = doubtfulFiles(solution?.works ?? [], (item) => traceOf(item.evidence));
  for (const { work, calls } of solution?.works ?? []) {
    yield;
    const trails = work.items.map((item) => traceOf(item.evidence));
    const proofs = calls.every((call) => call?.proved === true) ? [] : (prover?.prove(work, trails) ?? []);
    work.items.forEach((item, i) => {
      const trace = traceOf(item.evidence);
      const call = withProof(
        doubted(calls[i] ?? null, item, trace, doubtful),
        proofs[i] ?? null,
        item,
        trace,
      );
      const made = maker.claims(work, item, call, trace);
      for (const node of [...item.nodes, ...item.also]) claims.set(node.id, made);
    });
  }
  shareTraces(nodes, evidence, claims);
  nodes.forEach((node, i) => {
    const known = evidence[i];
    if (claims.has(node.id) || known === undefined) return;
    const call = maker.traced(traceOf(known));
    const outside = traceOf(known).outside;
    if (call !== null || outside !== null) {
      claims.set(node.id, {
        call,
        definition: null,
        undefinedModule: true,
        outside: outside === null ? null : { file: outside.file, line: outside.line },
      });
    }
  });
  yield;
  if (solution === null && sources.files.size > 0) {
    linkScripted(skeleton, sources, interpreter, new Follower(interpreter), claims);
    linkLayerNames(nodes, sources, interpreter, claims);
  }
  borrow(skeleton, claims);
  nodes.forEach((node) => {
    const path = scopes.scopes[scopes.scopeOf[node.id] ?? 0]?.path ?? '';
    if (claims.has(node.id) || path === '') return;
    const definition = maker.definitionOf(path);
    if (definition !== null)
      claims.set(node.id, { call: null, definition, undefinedModule: false, outside: null });
  });
  yield;
  const moduleCalls =
    solution === null ? null : new ModuleCalls(sources, solution.tree, solution.follower, scopes);
  const modules = scopes.scopes.flatMap(({ path }): ModuleLink[] => {
    const definition = path === '' ? null : maker.definitionOf(path);
    return definition === null ? [] : [{ path, definition, calls: moduleCalls?.of(path) ?? [] }];
  });
  return { ...tableOf(nodes, evidence, claims, traceOf), modules };
}

/** What the workspace may do to the classes a model can be of; an edit that changes it makes the links stale. */
function hazardsAround(sources: Sources, trees: readonly ModuleTree[]): Hazards {
  const homes = trees.map(({ root: { ref } }) => (ref.kind === 'user' ? ref.cls.env.file : null));
  const known = homes.length === 0 || homes.includes(null) ? null : homes.filter((home) => home !== null);
  const ask = (): Hazards => hazardsOf(sources, known);
  const hazards = ask();
  sources.dependOn({ ask: () => ask().summary, answer: hazards.summary });
  return hazards;
}

interface Solved {
  readonly work: Work;
  readonly calls: readonly (CallFound | null)[];
  readonly cost: number;
}

/** One way to read the model, and what it costs to believe it. */
interface Solution {
  readonly tree: ModuleTree;
  readonly follower: Follower;
  readonly works: readonly Solved[];
  readonly cost: number;
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
): Omit<LinkTable, 'modules'> {
  const counts = { exact: 0, inferred: 0, none: 0 };
  const links = nodes.map((node, i): NodeLink => {
    const known = evidence[i];
    const made = claims.get(node.id) ?? {
      call: null,
      definition: null,
      undefinedModule: false,
      outside: null,
    };
    const link = linkOf(node, made, known === undefined ? '' : reasonOf(known, traceOf(known)));
    counts[link.confidence]++;
    return link;
  });
  return { links, counts };
}
