/**
 * What one set of feeds makes of a model's values: exact shapes, and the contents of small integers. Shapes come from the
 * runtime's inference with the feeds' shapes filled in; only what that leaves open is run.
 */
import type { TensorData } from '../../../contract/tensor';
import type { ValueInfo } from '../../../contract/skeleton';
import { isStatic, sizeOf } from '../../../tensor/shape';
import type { Executor, Settings } from '../executor';
import type { EngineModel } from '../model';
import { createSession, reportedOutputs } from '../runtime';
import type { Observed } from './graph';

/** Integer tensors up to this many elements are shapes, axes and indices: their contents are kept. */
const SMALL = 256;

/** Everything the main graph computes, by name. Runs what inference leaves open, once. */
export async function observe(
  model: EngineModel,
  executor: Executor,
  feeds: Readonly<Record<string, TensorData>>,
  settings: Settings,
  signal: AbortSignal | undefined,
): Promise<Map<string, Observed>> {
  const observed = new Map<string, Observed>();
  for (const [name, tensor] of Object.entries(feeds)) observed.set(name, toObserved(tensor));
  const open: string[] = [];
  for (const { name, tensor } of await inferred(model, feeds, signal)) {
    if (tensor === null) continue;
    // The metadata cannot tell a scalar from an unknown rank, and says nothing of contents: those are run.
    const known = isStatic(tensor.shape) && tensor.shape.length > 0;
    const integers = /^(int|uint|bool)/.test(tensor.dtype);
    if (known) observed.set(name, { dtype: tensor.dtype, dims: tensor.shape });
    if (!known || (integers && sizeOf(tensor.shape) <= SMALL)) open.push(name);
  }
  if (open.length === 0) return observed;
  const captures = open.map((value) => ({ path: '', value, raw: false }));
  const plan = { outputs: [], captures, steps: [], given: [], overridden: overriddenBy(model, feeds) };
  const run = await executor.run(model, { plan, given: new Map() }, [], feeds, settings, signal);
  open.forEach((name, i) => {
    const tensor = run.captures[i];
    if (tensor !== null && tensor !== undefined) observed.set(name, toObserved(tensor));
  });
  return observed;
}

export function overriddenBy(model: EngineModel, feeds: Readonly<Record<string, TensorData>>): string[] {
  return model.skeleton.graph.overridable.filter((name) => Object.hasOwn(feeds, name));
}

export function toObserved({ dtype, dims, data }: TensorData): Observed {
  const small = ArrayBuffer.isView(data) && data.length <= SMALL && /^(int|uint|bool)/.test(dtype);
  return small
    ? { dtype, dims, ints: Array.from(data as ArrayLike<number | bigint>, Number) }
    : { dtype, dims };
}

async function inferred(
  model: EngineModel,
  feeds: Readonly<Record<string, TensorData>>,
  signal: AbortSignal | undefined,
): Promise<ReturnType<typeof reportedOutputs>> {
  const { graph } = model.skeleton;
  const inputs = graph.inputs.map((info): ValueInfo => {
    const fed = feeds[info.name];
    return fed === undefined
      ? info
      : { name: info.name, type: { kind: 'tensor', dtype: fed.dtype, shape: fed.dims } };
  });
  const names = [...new Set(graph.nodes.flatMap((node) => node.outputs))].filter((name) => name !== '');
  const outputs = names.map((name): ValueInfo => ({ name, type: { kind: 'unknown' } }));
  const parts = {
    ...model.skeleton,
    graph: { ...graph, inputs, outputs, values: new Map<string, ValueInfo>() },
  };
  const bytes = await model.write(parts, signal);
  const session = await createSession(bytes, {
    level: 'disabled',
    packed: false,
    providers: ['cpu'],
    threads: 1,
    folder: model.folder,
  });
  const reported = reportedOutputs(session);
  await session.release();
  return reported;
}
