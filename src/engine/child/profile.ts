/** Time per node, from the runtime's own profile: a session of its own, one file, read and removed. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeTime } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { throwIfCancelled } from '../../base/cancel';
import type { Settings } from './executor';
import { runtimeFailure } from './failures';
import type { EngineModel } from './model';
import { createSession, runSession } from './runtime';

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
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
    const { graph } = model.skeleton;
    // Names that are certain to be unique lead back from the profile to the nodes.
    const named = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, name: `n${String(node.id)}` })) };
    const bytes = await model.write({ ...model.skeleton, graph: named }, signal);
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
    return timesOf(model, events);
  } catch (error) {
    throw runtimeFailure(error, model.skeleton, `Profiling ${model.skeleton.file}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function timesOf(model: EngineModel, events: readonly ProfileEvent[]): NodeTime[] {
  const latest = new Map<string, ProfileEvent>();
  for (const event of events) {
    if (event.cat === 'Node' && event.name?.endsWith('_kernel_time') === true) latest.set(event.name, event);
  }
  return [...latest].map(([key, { dur, args }]) => {
    const name = key.slice(0, -'_kernel_time'.length);
    const id = /^n(\d+)$/.exec(name)?.[1];
    const node = id === undefined ? undefined : model.skeleton.nodes[Number(id)];
    return {
      node: node?.id ?? -1,
      name: node?.name ?? name,
      op: node?.op ?? args?.op_name ?? '',
      microseconds: dur ?? 0,
    };
  });
}
