/**
 * One rewrite for one question: which values are wanted, what is changed on the way, and nothing else is left in.
 * Model in, model out; the original is untouched and shared. Pure.
 */
import type { Graph, GraphPath, ValueInfo, WeightRef } from '../../contract/skeleton';
import type { Dtype } from '../../tensor/dtype';
import type { ModelParts } from '../write';
import { openOutputs, packInputs, type OpenedOutput, type PackedInput } from './containers';
import { cutGraph } from './cut';
import { insertSteps, type Step, type StepInputs } from './intervene';
import { liftValues, type AskedValue, type TypeOf, type LiftedValue } from './lift';
import { FreshNames } from './names';
import { narrow, type Narrowing } from './narrow';
import { castNode, insertedNode } from './nodes';
import { keepStatistics } from './training';

export interface CaptureAt extends AskedValue {
  readonly path: GraphPath;
  readonly value: string;
  /** Before the interventions on this value. */
  readonly raw: boolean;
  /** Only these slices of it (main graph), computed without the rest where the graph allows. */
  readonly take?: readonly Narrowing[];
  /** Give it out as this type instead of its own, where the host cannot hold its own (`bfloat16` as `float32`). */
  readonly as?: Dtype;
}

export interface Plan {
  /** Outputs of the model that are wanted, by name. */
  readonly outputs: readonly string[];
  readonly captures: readonly CaptureAt[];
  readonly steps: readonly Step[];
  /** Values of the main graph handed in instead of computed. */
  readonly given: readonly ValueInfo[];
  /** Overridable weights that are fed: they become plain inputs. */
  readonly overridden: readonly string[];
  /** From the model as its file has it, functions and all: to compare with. */
  readonly original?: boolean;
  /** With the batch opened (`relaxBatch`). */
  readonly relaxed?: boolean;
  /** Inputs and outputs whose type the host cannot hold: they go in and come out as float32. */
  readonly cast?: { readonly inputs: readonly ValueInfo[]; readonly outputs: readonly string[] };
  /** Inputs and outputs that hold tensors in a sequence or an optional. */
  readonly containers?: {
    readonly inputs: readonly PackedInput[];
    readonly outputs: readonly OpenedOutput[];
  };
}

export interface Rewritten {
  readonly model: ModelParts;
  /** Where a wanted output is found under another name. */
  readonly renamedOutputs: ReadonlyMap<string, string>;
  /** By container output: the values that answer what was asked of it. */
  readonly opened: ReadonlyMap<string, readonly string[]>;
  /** Name of each capture among the outputs, in the order of the plan. */
  readonly captures: readonly LiftedValue[];
  readonly steps: readonly StepInputs[];
  /** New names of inputs that interventions renamed. */
  readonly renamedInputs: ReadonlyMap<string, string>;
}

/** The runtime's package answers with objects, which cannot have this key. */
const UNSAID = '__proto__';

/** Carries out the plan. Throws `unsupported` as `liftValues` does. */
export function rewrite(model: ModelParts, plan: Plan, typeOf: TypeOf): Rewritten {
  const fresh = new FreshNames(model.graph);
  const opened = handIn({ ...model.graph, ...overriddenInputs(model, plan.overridden) }, plan.given, fresh);
  const { graph: uncast, renamed: packed } = packInputs(opened, plan.containers?.inputs ?? [], fresh);
  const { graph: fed, renamed: castInputs } = castInputsOf(uncast, plan.cast?.inputs ?? [], fresh);
  const intervened = insertSteps(fed, plan.steps, fresh);
  const asked = plan.captures.map(({ path, value, raw, branch }) => ({
    path,
    value: raw ? intervened.raw(path, value) : value,
    ...(branch === undefined ? {} : { branch }),
  }));
  // Types are asked for under the values' own names.
  const original = new Map(
    asked.map((inner, index) => [JSON.stringify([inner.path, inner.value]), plan.captures[index]]),
  );
  const lifted = liftValues(intervened.graph, asked, fresh, (inner) =>
    typeOf(original.get(JSON.stringify([inner.path, inner.value])) ?? inner),
  );
  const isOutput = new Map(model.graph.outputs.map((info) => [info.name, info]));
  const wanted = new Map<string, ValueInfo>();
  const emptied = openOutputs(lifted.graph, plan.containers?.outputs ?? [], fresh);
  for (const name of [...emptied.asked.values()].flat()) wanted.set(name, untyped(name));
  const nodes = [...emptied.graph.nodes];
  const renamedOutputs = new Map<string, string>();
  for (const name of plan.outputs) {
    if (name === UNSAID) {
      const other = fresh.next(`${name}~same`);
      nodes.push(insertedNode('Identity', [name], [other]));
      renamedOutputs.set(name, other);
      wanted.set(other, untyped(other));
      continue;
    }
    if (plan.cast?.outputs.includes(name) !== true) {
      wanted.set(name, isOutput.get(name) ?? untyped(name));
      continue;
    }
    const float = fresh.next(`${name}~float32`);
    nodes.push(castNode(name, float, 'float32'));
    renamedOutputs.set(name, float);
    wanted.set(float, untyped(float));
  }
  const initializers = new Map(emptied.graph.initializers);
  const taken = (name: string, take: readonly Narrowing[]): string => {
    const slice = narrow(emptied.graph, name, take, fresh);
    nodes.push(...slice.nodes);
    for (const ints of slice.initializers) initializers.set(ints.name, ints);
    return slice.name;
  };
  const sliced = lifted.values.map(({ name }, index) => {
    const take = plan.captures[index]?.take ?? [];
    return take.length === 0 ? name : taken(name, take);
  });
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const captures = lifted.values.map((value, index): LiftedValue => {
    const as = plan.captures[index]?.as;
    let name = sliced[index] ?? value.name;
    if (as !== undefined && isOutput.has(name) && renamedOutputs.has(name)) {
      name = renamedOutputs.get(name) ?? name;
    } else if (as !== undefined) {
      const from = name;
      name = fresh.next(`${from}~${as}`);
      nodes.push(castNode(from, name, as));
    } else if (name === UNSAID || (!made.has(name) && !isOutput.has(name))) {
      // An input or a weight: the runtime gives it out only through a node.
      name = fresh.next(`${value.name}~same`);
      nodes.push(insertedNode('Identity', [value.name], [name]));
    }
    const guards = value.guards.map(({ name: guard, expected }) => ({ name: readable(guard), expected }));
    if (!wanted.has(name)) wanted.set(name, isOutput.get(name) ?? untyped(name));
    return { ...value, name, guards };
  });
  function readable(guard: string): string {
    if (made.has(guard)) {
      if (!wanted.has(guard)) wanted.set(guard, untyped(guard));
      return guard;
    }
    const name = fresh.next(`${guard}~same`);
    nodes.push(insertedNode('Identity', [guard], [name]));
    wanted.set(name, untyped(name));
    return name;
  }
  const graph = keepStatistics(
    cutGraph({ ...emptied.graph, nodes, initializers }, [...wanted.values()]),
    fresh,
  );
  return {
    model: { ...model, graph },
    captures,
    steps: intervened.inputs,
    opened: emptied.asked,
    renamedInputs: new Map([...packed, ...castInputs, ...intervened.renamedInputs]),
    renamedOutputs,
  };
}

/** Inputs of a type the host cannot hold become float32 inputs and a cast, which changes no number. */
function castInputsOf(
  graph: Graph,
  inputs: readonly ValueInfo[],
  fresh: FreshNames,
): { readonly graph: Graph; readonly renamed: ReadonlyMap<string, string> } {
  const renamed = new Map(inputs.map(({ name }) => [name, fresh.next(`${name}~float32`)]));
  if (renamed.size === 0) return { graph, renamed };
  const nodes = inputs.flatMap(({ name, type }) =>
    type.kind === 'tensor' ? [castNode(renamed.get(name) ?? name, name, type.dtype)] : [],
  );
  const replaced = graph.inputs.map((info): ValueInfo => {
    const name = renamed.get(info.name);
    if (name === undefined || info.type.kind !== 'tensor') return info;
    return { name, type: { ...info.type, dtype: 'float32' } };
  });
  return { graph: { ...graph, inputs: replaced, nodes: [...nodes, ...graph.nodes] }, renamed };
}

/** Makes values inputs; the nodes that made them make something nobody reads. */
function handIn(graph: Graph, given: readonly ValueInfo[], fresh: FreshNames): Graph {
  if (given.length === 0) return graph;
  const unread = new Map(given.map(({ name }) => [name, fresh.next(`${name}~unread`)]));
  const keep = (name: string): boolean => !unread.has(name);
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.outputs.every(keep)
        ? node
        : { ...node, outputs: node.outputs.map((name) => unread.get(name) ?? name) },
    ),
    inputs: [...graph.inputs.filter(({ name }) => keep(name)), ...given],
    initializers: new Map([...graph.initializers].filter(([name]) => keep(name))),
    sparseInitializers: new Map([...graph.sparseInitializers].filter(([name]) => keep(name))),
    overridable: graph.overridable.filter(keep),
  };
}

function untyped(name: string): ValueInfo {
  return { name, type: { kind: 'unknown' } };
}

function overriddenInputs(
  { graph }: ModelParts,
  names: readonly string[],
): Pick<ModelParts['graph'], 'inputs' | 'initializers' | 'overridable'> {
  const fed = new Set(names);
  const infos = names.map((name): ValueInfo => weightInfo(graph.initializers.get(name), name));
  return {
    inputs: [...graph.inputs, ...infos],
    initializers: new Map([...graph.initializers].filter(([name]) => !fed.has(name))),
    overridable: graph.overridable.filter((name) => !fed.has(name)),
  };
}

function weightInfo(weight: WeightRef | undefined, name: string): ValueInfo {
  if (weight === undefined) return untyped(name);
  return { name, type: { kind: 'tensor', dtype: weight.dtype, shape: weight.dims } };
}
