/**
 * Time per node, from the runtime's own profile: a session of its own, one file, read and removed. Nodes in bodies and in
 * local functions have their own times, summed over iterations and calls; what holds a body has what its body has not.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeTime } from '../../contract/run';
import type { Attribute, Graph, Node, Skeleton } from '../../contract/skeleton';
import type { TensorData } from '../../contract/tensor';
import { bodiesOf } from '../../onnx/walk';
import { throwIfCancelled } from '../../base/cancel';
import type { Settings } from './executor';
import { runtimeFailure } from './failures';
import type { EngineModel } from './model';
import { createSession, runSession } from './runtime';

/** One line of the runtime's profile, in the format of Chrome's traces. */
export interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds since the session began, and how long. */
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string; readonly node_index?: string };
}

/** Runs the plain model twice with these feeds and gives the second run's times: the first maps the weights. */
export async function profileRun(
  model: EngineModel,
  settings: Settings,
  feeds: Readonly<Record<string, TensorData>>,
  signal?: AbortSignal,
): Promise<NodeTime[]> {
  const folder = await mkdtemp(join(tmpdir(), 'patchclamp-'));
  try {
    const { skeleton } = model.inlined;
    const { graph, nodes } = nameUniquely(skeleton.graph);
    const bytes = await model.write({ ...skeleton, graph }, signal);
    const choice = { ...settings, folder: model.folder, profile: join(folder, 'profile') };
    const session = await createSession(bytes, choice);
    const names = graph.outputs.filter(({ type }) => type.kind === 'tensor').map(({ name }) => name);
    const given = new Map(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)));
    await runSession(session, given, names);
    throwIfCancelled(signal);
    await runSession(session, given, names);
    session.endProfiling();
    await session.release();
    const [file] = await readdir(folder);
    const events = JSON.parse(await readFile(join(folder, file ?? ''), 'utf8')) as readonly ProfileEvent[];
    return timesOf(model.skeleton, nodes, events);
  } catch (error) {
    throw runtimeFailure(error, model.skeleton, `Profiling ${model.skeleton.file}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names that are certain to be unique lead back from the profile to the nodes. */
export interface Named {
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<string, NamedNode>;
}

interface NamedNode {
  /** In the skeleton; the same for every call of a function it lies in. */
  readonly id: number;
  /** Name of the node whose body it lies in, or ''. */
  readonly around: string;
}

/** The graph with a name of its own for every node, bodies included. */
export function nameUniquely(main: Graph): Named {
  const nodes = new Map<string, NamedNode>();
  const nameGraph = (graph: Graph, around: string): Graph => ({
    ...graph,
    nodes: graph.nodes.map((node): Node => {
      const name = `n${String(nodes.size)}`;
      nodes.set(name, { id: node.id, around });
      if (bodiesOf(node).length === 0) return { ...node, name };
      const attributes = node.attributes.map(({ name: key, value }): Attribute => {
        if (value.type === 'graph')
          return { name: key, value: { type: 'graph', value: nameGraph(value.value, name) } };
        if (value.type !== 'graphs') return { name: key, value };
        return {
          name: key,
          value: { type: 'graphs', value: value.value.map((body) => nameGraph(body, name)) },
        };
      });
      return { ...node, name, attributes };
    }),
  });
  return { graph: nameGraph(main, ''), nodes };
}

/** Sums of the last run, by skeleton node; names that the runtime made itself are rows of their own. */
export function timesOf(
  skeleton: Skeleton,
  nodes: ReadonlyMap<string, NamedNode>,
  events: readonly ProfileEvent[],
): NodeTime[] {
  const begin = Math.max(...events.filter(({ name }) => name === 'model_run').map(({ ts }) => ts ?? 0), 0);
  const rows = new Map<string, { id: number; op: string; name: string; microseconds: number }>();
  const add = (key: string, id: number, op: string, microseconds: number): void => {
    const row = rows.get(key) ?? { id, op, name: key, microseconds: 0 };
    row.microseconds += microseconds;
    rows.set(key, row);
  };
  for (const { cat, name = '', ts = 0, dur = 0, args } of events) {
    if (cat !== 'Node' || ts < begin || !name.endsWith(KERNEL)) continue;
    const own = name.slice(0, -KERNEL.length);
    const node = nodes.get(own);
    add(node === undefined ? own : String(node.id), node?.id ?? -1, args?.op_name ?? '', dur);
    // A kernel that runs a body is busy as long as the body is.
    const around = nodes.get(node?.around ?? '');
    if (around !== undefined) add(String(around.id), around.id, '', -dur);
  }
  return [...rows.values()].map(({ id, op, name, microseconds }): NodeTime => {
    const node = skeleton.nodes[id];
    return {
      node: node?.id ?? -1,
      name: node?.name ?? name,
      op: node?.op ?? op,
      // Both are whole microseconds: a body of very short nodes may add up to one more than what holds it.
      microseconds: Math.max(0, microseconds),
    };
  });
}

const KERNEL = '_kernel_time';
