/**
 * Types and shapes, inferred by the runtime: every value is named as an output, a session is made and never run, and its
 * metadata says what each is. No hand-written shape inference.
 */
import { isCancelled } from '../../base/cancel';
import type { Failure } from '../../base/errors';
import type { Graph, GraphPath, ValueInfo, ValueType } from '../../contract/skeleton';
import { bodyModel } from '../../onnx/rewrite/bodyModel';
import { parentOf, stepsOf } from '../../onnx/rewrite/graphPath';
import { weightType } from '../../onnx/describe';
import { FreshNames, readNames } from '../../onnx/rewrite/names';
import { insertedNode } from '../../onnx/rewrite/nodes';
import { pinHalves } from '../../onnx/rewrite/pinHalves';
import { maybeDtype, type Dtype } from '../../tensor/dtype';
import { createSession, reportedOutputs, type Reported } from './runtime';
import { runtimeFailure, unregisteredOperator } from './failures';
import type { EngineModel } from './model';

/** Asks the runtime for the types of all values of a graph, once. Throws what `runtimeFailure` makes of its errors. */
export async function inferGraph(model: EngineModel, path: GraphPath, signal?: AbortSignal): Promise<void> {
  if (model.asked.has(path)) return;
  if (path !== '') await inferGraph(model, parentOf(path).path, signal);
  const main = model.skeleton.graph;
  try {
    const found =
      path === ''
        ? await asFarAsItRuns(model, main, (graph) => askRuntime(model, graph, namesOf(graph), signal))
        : await askBody(model, path, signal);
    model.inferred.set(path, found);
  } catch (error) {
    // A body may not stand alone; what it states of itself has to do then.
    if (path === '' || isCancelled(error)) throw error;
  }
  model.asked.add(path);
}

function askBody(model: EngineModel, path: GraphPath, signal?: AbortSignal): Promise<Map<string, ValueType>> {
  const typeAt = (around: GraphPath, value: string): ValueType | undefined => typeOf(model, around, value);
  const graph = bodyModel(model.skeleton.graph, path, typeAt);
  return askRuntime(model, graph, namesOf(graph), signal);
}

/** Every value that nodes of a graph make. */
function namesOf({ nodes }: Graph): string[] {
  return [...new Set(nodes.flatMap(({ outputs }) => outputs))].filter((name) => name !== '');
}

/** Asks about a graph, without what an operator that the runtime has not is needed for: what lies before runs all the same. */
async function asFarAsItRuns<T>(
  model: EngineModel,
  whole: Graph,
  ask: (graph: Graph) => Promise<T>,
): Promise<T> {
  for (let graph = whole; ;) {
    try {
      return await ask(graph);
    } catch (error) {
      if (isCancelled(error)) throw error;
      const before = error instanceof Error ? beforeUnregistered(graph, error.message) : null;
      const told = runtimeFailure(error, model.skeleton, `Inferring shapes of ${model.skeleton.file}`);
      if (before === null) throw told;
      unregistered.set(model, told);
      graph = before;
    }
  }
}

const unregistered = new WeakMap<EngineModel, Failure>();

/** Why types of a model are not known, where the runtime has not all its operators. */
export function whyUnknown(model: EngineModel): Failure | undefined {
  return unregistered.get(model);
}

/** The graph without the nodes of the operator that the runtime said it has not, and all that follows from them. */
function beforeUnregistered(graph: Graph, said: string): Graph | null {
  const op = unregisteredOperator(said)?.op;
  const gone = new Set(graph.nodes.filter((node) => node.op === op).flatMap(({ outputs }) => outputs));
  if (gone.size === 0) return null;
  const made = (names: readonly string[]): boolean => !names.some((name) => gone.has(name));
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const node of graph.nodes)
      if (!made(readNames(node))) for (const name of node.outputs) if (name !== '') gone.add(name);
  }
  const nodes = graph.nodes.filter((node) => node.op !== op && made(readNames(node)));
  const outputs = graph.outputs.filter(({ name }) => !gone.has(name));
  return nodes.length === 0 ? null : { ...graph, nodes, outputs };
}

const atShapes = new WeakMap<EngineModel, Map<string, ReadonlyMap<string, ValueType>>>();

/** Types of the main graph's values with inputs of these dims: the runtime is asked once per set of dims. */
export async function inferAt(
  model: EngineModel,
  dims: ReadonlyMap<string, readonly number[]>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ValueType>> {
  const known = atShapes.get(model) ?? new Map<string, ReadonlyMap<string, ValueType>>();
  atShapes.set(model, known);
  const key = JSON.stringify([...dims]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const { graph } = model.skeleton;
  const inputs = graph.inputs.map((info): ValueInfo => {
    const shape = dims.get(info.name);
    return shape === undefined || info.type.kind !== 'tensor'
      ? info
      : { ...info, type: { ...info.type, shape } };
  });
  // What is stated for values inside may be of another size.
  const found = new Map<string, ValueType>();
  const fixed = { ...graph, inputs, values: new Map<string, ValueInfo>() };
  const uncarried = (name: string, dtype: Dtype): void =>
    void found.set(name, { kind: 'tensor', dtype, shape: null });
  const ask = (part: Graph): Promise<Reported[]> => {
    const infos = namesOf(part).map((name): ValueInfo => ({ name, type: { kind: 'unknown' } }));
    return askTypes(model, part, infos, uncarried, signal);
  };
  for (const { name, tensor } of await asFarAsItRuns(model, fixed, ask)) {
    if (tensor !== null) found.set(name, { kind: 'tensor', ...tensor });
  }
  if (known.size >= 16) known.clear();
  known.set(key, found);
  return found;
}

/** Type of a value: as inferred, else as the model states it. */
export function typeOf(model: EngineModel, path: GraphPath, value: string): ValueType | undefined {
  const inferred = model.inferred.get(path)?.get(value);
  if (inferred !== undefined) return inferred;
  const graph = model.skeleton.graphs.get(path);
  if (graph === undefined) return undefined;
  const weight = graph.initializers.get(value);
  if (weight !== undefined) return weightType(weight);
  const sparse = graph.sparseInitializers.get(value);
  if (sparse !== undefined) return { kind: 'tensor', dtype: sparse.values.dtype, shape: sparse.dims };
  const stated =
    [...graph.inputs, ...graph.outputs].find((info) => info.name === value) ?? graph.values.get(value);
  if (stated !== undefined && stated.type.kind !== 'unknown') return stated.type;
  return path === '' || stepsOf(path) === null ? undefined : bodyInput(model, graph, value);
}

/** An input of a Loop's or Scan's body that states no type has the element type of what the node is given there. */
function bodyInput(model: EngineModel, graph: Graph, value: string): ValueType | undefined {
  const index = graph.inputs.findIndex((info) => info.name === value);
  if (index < 0) return undefined;
  const { path, step } = parentOf(graph.path);
  const owner = model.skeleton.graphs.get(path)?.nodes.find((node) => node.index === step.node);
  // A Loop's body first takes the iteration and the condition, in the places of the trip count and the condition.
  if (owner?.op === 'Loop' && index < 2)
    return { kind: 'tensor', dtype: index === 0 ? 'int64' : 'bool', shape: [] };
  const given = owner?.inputs[index];
  const type = given === undefined || given === '' ? undefined : typeAround(model, path, given);
  return type?.kind === 'tensor' ? { ...type, shape: null } : type;
}

/** Type of a value as a graph sees it: its own, else that of the graphs around it. */
function typeAround(model: EngineModel, path: GraphPath, value: string): ValueType | undefined {
  return (
    typeOf(model, path, value) ?? (path === '' ? undefined : typeAround(model, parentOf(path).path, value))
  );
}

async function askRuntime(
  model: EngineModel,
  graph: Graph,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, ValueType>> {
  const outputs = new Map(graph.outputs.map((info) => [info.name, info]));
  const infos = names.map((name): ValueInfo => outputs.get(name) ?? { name, type: { kind: 'unknown' } });
  const found = new Map<string, ValueType>();
  const unclear: string[] = [];
  const uncarried = (name: string, dtype: Dtype): void =>
    void found.set(name, { kind: 'tensor', dtype, shape: null });
  for (const { name, tensor } of await askTypes(model, graph, infos, uncarried, signal)) {
    if (tensor === null) found.set(name, { kind: 'sequence', of: { kind: 'unknown' } });
    else {
      found.set(name, { kind: 'tensor', ...tensor });
      if (tensor.shape?.length === 0) unclear.push(name);
    }
  }
  const ranks = await askRanks(model, graph, unclear, signal);
  for (const [index, name] of unclear.entries()) {
    const type = found.get(name);
    if (type?.kind === 'tensor' && ranks[index] !== 0) found.set(name, { ...type, shape: null });
  }
  return found;
}

/** The metadata cannot tell a scalar from an unknown rank, but the shape of a value's `Shape` can. */
async function askRanks(
  model: EngineModel,
  graph: Graph,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<(number | undefined)[]> {
  if (names.length === 0) return [];
  const fresh = new FreshNames(graph);
  const asked = names.map((name) => ({ name, shape: fresh.next(`${name}~shape`) }));
  const nodes = [...graph.nodes, ...asked.map(({ name, shape }) => insertedNode('Shape', [name], [shape]))];
  const infos = asked.map(({ shape }): ValueInfo => ({ name: shape, type: { kind: 'unknown' } }));
  const reported = await askTypes(model, { ...graph, nodes }, infos, () => undefined, signal);
  return reported.map(({ tensor }) => {
    const rank = tensor?.shape?.[0];
    return typeof rank === 'number' ? rank : undefined;
  });
}

async function askTypes(
  model: EngineModel,
  graph: Graph,
  outputs: readonly ValueInfo[],
  uncarried: (name: string, dtype: Dtype) => void,
  signal: AbortSignal | undefined,
): Promise<Reported[]> {
  if (outputs.length === 0) return [];
  try {
    const asked = pinHalves({ ...graph, outputs });
    const bytes = await model.write({ ...model.skeleton, graph: asked }, signal);
    const session = await createSession(bytes, { ...LOOKING, folder: model.folder });
    const reported = reportedOutputs(session);
    await session.release();
    return reported;
  } catch (error) {
    // The package gives up on all values when it cannot name the type of one: halve until that one is found.
    const code = /Unsupported data type: (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const [only] = outputs;
    if (code === undefined || only === undefined) throw error;
    if (outputs.length > 1) {
      const half = Math.ceil(outputs.length / 2);
      const first = await askTypes(model, graph, outputs.slice(0, half), uncarried, signal);
      return [...first, ...(await askTypes(model, graph, outputs.slice(half), uncarried, signal))];
    }
    const dtype = maybeDtype(Number(code));
    if (dtype !== undefined) uncarried(only.name, dtype);
    return [];
  }
}

const LOOKING = { level: 'disabled', packed: false, providers: ['cpu'], threads: 1 } as const;
