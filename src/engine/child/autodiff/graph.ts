/**
 * The backward graph as a model of its own: its inputs are the forward values it needs, its outputs the gradients. Two
 * small models instead of one, so that the rules emit a single opset whatever the model's own is, and so that the
 * backward graph can itself be differentiated. Nothing runs here.
 */
import { must } from '../../../base/assert';
import { Failure } from '../../../base/errors';
import type { ModelParts } from '../../../onnx/write';
import type { Graph, Node, ValueInfo, ValueType, WeightRef } from '../../../contract/skeleton';
import { isFloat, type Dtype } from '../../../tensor/dtype';
import { fromRaw, toNumbers } from '../../../tensor/buffers';
import { sizeOf } from '../../../tensor/shape';
import { backward, type BackwardOptions } from './backward';
import { Builder, emittedOpset, type Value } from './builder';
import { workingType } from './numbers';
import { ruleFor } from './rules/index';

/** What one forward run has shown of a value. */
export interface Observed {
  readonly dtype: Dtype;
  readonly dims: readonly number[];
  /** Contents of small integer tensors: shapes, axes, starts. */
  readonly ints?: readonly number[];
}

/** A model whose nodes are all plain: functions inlined, branches taken, loops unrolled. */
export interface StraightLine {
  readonly model: ModelParts;
  readonly observed: ReadonlyMap<string, Observed>;
  readonly nameNode?: (node: Node) => string;
}

export interface BackwardModel {
  readonly parts: ModelParts;
  /** Forward values to feed, by their own names. */
  readonly needs: readonly string[];
  /** Inputs that are not forward values: seeds and indices. */
  readonly inputs: readonly Value[];
  /** Output name by wanted value; null where no seed depends on it: its gradient is zero. */
  readonly gradients: ReadonlyMap<string, string | null>;
  readonly outputs: readonly Value[];
  /** By an emitted value: the node of the model whose gradient it is part of. */
  readonly origins: ReadonlyMap<string, Node>;
  /** Of a second derivative: the direction to feed, by site. */
  readonly along: ReadonlyMap<string, Value>;
  /** Contents of integer values that it was built for: with others it has to be built again. */
  readonly builtFor: ReadonlyMap<string, readonly number[]>;
  /** Types of its values. */
  readonly types: { get(value: string): ValueType | undefined };
  /** It rearranges weights: a session for it should fold constants, or they are rearranged at every run. */
  readonly folds: boolean;
}

/** Up to this many bytes of kernels are rearranged once, when the session is made, and held in memory from then on. */
const FOLDED = 64 << 20;
/** Weights that meet fewer places than these, over the batch, are not worth the memory, unless they take little of it. */
const MANY_PLACES = 128;
const LITTLE = 256 << 10;

/**
 * Builds gradients of what `objective` emits.
 * @param objective emits the seeds: gradient per value of the model, from inputs it declares with `input`; extra outputs
 * (the objective's value) are returned in `outputs`
 */
export function buildBackward(
  line: StraightLine,
  wanted: readonly string[],
  objective: (
    b: Builder,
    input: (name: string, dtype: Dtype, dims: readonly number[]) => Value,
  ) => {
    readonly seeds: ReadonlyMap<string, Value>;
    readonly outputs?: readonly Value[];
  },
  order: 'first' | 'second' = 'first',
): BackwardModel {
  const { graph, opsets } = line.model;
  const b = new Builder((name) => line.observed.has(name) || graph.initializers.has(name));
  const weights = weightsOf(line);
  declareForward(b, line, weights);
  fixWeights(b, line, weights);
  const inputs: Value[] = [];
  const { seeds, outputs = [] } = objective(b, (name, dtype, dims) => {
    const value = b.declare({ name: b.fresh(name), dtype, dims });
    inputs.push(value);
    return value;
  });
  const versions = new Map(opsets.map(({ domain, version }) => [normal(domain), version]));
  for (const name of wanted) checkWanted(b, name);
  const forward = new Set(graph.nodes);
  const options: BackwardOptions = {
    ruleFor,
    opsetOf: (domain, node) =>
      forward.has(node) ? (versions.get(normal(domain)) ?? 1) : emittedOpset(normal(domain)),
    ...(line.nameNode === undefined
      ? {}
      : { nameNode: (node) => line.nameNode?.(b.origins.get(node.outputs[0] ?? '') ?? node) ?? node.op }),
  };
  let grads = backward(b, graph.nodes, seeds, new Set(wanted), options);
  const along = new Map<string, Value>();
  if (order === 'second') grads = again(b, graph.nodes, grads, wanted, along, inputs, options);
  // A gradient may be a seed or a forward value as it is; an output of a graph has to be made in it, once.
  const gradients = new Map<string, Value>();
  for (const [name, grad] of grads) gradients.set(name, b.unary('Identity', grad));
  const named = outputs.map((output) => b.unary('Identity', output));
  return {
    ...assemble(b, line, weights, inputs, [...gradients.values(), ...named]),
    inputs,
    folds: b.rearranges,
    origins: b.origins,
    along,
    outputs: named,
    types: {
      get: (name) => {
        const value = b.maybeValue(name);
        return value === undefined ? undefined : { kind: 'tensor', dtype: value.dtype, shape: value.dims };
      },
    },
    builtFor: new Map(
      [...b.known.consulted].flatMap((name) => {
        const ints = weights.has(name) ? undefined : line.observed.get(name)?.ints;
        return ints === undefined ? [] : [[name, ints] as const];
      }),
    ),
    gradients: new Map(wanted.map((name) => [name, gradients.get(name)?.name ?? null])),
  };
}

/**
 * The gradient of the product of the gradients with directions to feed: the Hessian's product with them. The gradients'
 * own nodes are differentiated together with the model's. Pearlmutter, "Fast exact multiplication by the Hessian" (1994).
 */
function again(
  b: Builder,
  nodes: readonly Node[],
  grads: ReadonlyMap<string, Value>,
  wanted: readonly string[],
  along: Map<string, Value>,
  inputs: Value[],
  options: BackwardOptions,
): Map<string, Value> {
  const terms = wanted.flatMap((name) => {
    const grad = grads.get(name);
    if (grad === undefined) return [];
    const direction = b.declare({ ...grad, name: b.fresh('along') });
    inputs.push(direction);
    along.set(name, direction);
    const axes = grad.dims.map((_, axis) => axis);
    return [b.reshape(b.sum(b.mul(grad, direction), axes), [])];
  });
  const [first, ...others] = terms;
  if (first === undefined) return new Map();
  const total = others.reduce((sum, term) => b.add(sum, term), first);
  const seed = new Map([[total.name, b.constant(total.dtype, [], [1])]]);
  return backward(b, [...nodes, ...b.nodes], seed, new Set(wanted), options);
}

function normal(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** Tensors that are part of the model: initializers and `Constant` nodes. */
function weightsOf({ model: { graph }, observed }: StraightLine): Map<string, WeightRef> {
  // One that was fed is an input like any other.
  const own = [...graph.initializers].filter(([name]) => !observed.has(name));
  const weights = new Map(own);
  for (const node of graph.nodes) {
    if (node.op !== 'Constant' || node.domain !== '') continue;
    const value = node.attributes.find((attribute) => attribute.name === 'value')?.value;
    const [output] = node.outputs;
    if (value?.type === 'tensor' && output !== undefined)
      weights.set(output, { ...value.value, name: output });
  }
  return weights;
}

function declareForward(b: Builder, line: StraightLine, weights: ReadonlyMap<string, WeightRef>): void {
  for (const [name, weight] of weights) {
    b.declare({ name, dtype: workingType(weight.dtype), dims: weight.dims });
    const ints = inlineIntegers(weight);
    if (ints !== undefined) b.known.set(name, ints);
  }
  for (const [name, { dtype, dims, ints }] of line.observed) {
    b.declare({ name, dtype: workingType(dtype), dims });
    if (ints !== undefined) b.known.set(name, ints);
  }
}

/** Weights of batch norms, and those of convolutions that meet many places, while these are not too many to hold once more. */
function fixWeights(
  b: Builder,
  { model, observed }: StraightLine,
  weights: ReadonlyMap<string, WeightRef>,
): void {
  const kernels = new Set<WeightRef>();
  const fixable = (name = ''): WeightRef[] => {
    const weight = weights.get(name);
    return weight?.dtype !== 'float32' || observed.has(name) ? [] : [weight];
  };
  for (const { op, inputs, outputs } of model.graph.nodes) {
    if (op === 'BatchNormalization') for (const weight of inputs.flatMap(fixable)) b.fix(weight);
    if (op !== 'Conv') continue;
    const [batch = 0, , ...places] = observed.get(outputs[0] ?? '')?.dims ?? [];
    const many = batch * sizeOf(places) >= MANY_PLACES;
    for (const weight of fixable(inputs[1])) if (many || weight.byteLength <= LITTLE) kernels.add(weight);
  }
  const bytes = [...kernels].reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes <= FOLDED) for (const kernel of kernels) b.fix(kernel);
}

/** Contents of a small integer constant: axes, shapes, pads. */
function inlineIntegers({ dtype, count, where }: WeightRef): number[] | undefined {
  if (where.kind !== 'inline' || !/^(int64|int32|bool)$/.test(dtype)) return undefined;
  return Array.from(toNumbers(dtype, fromRaw(dtype, where.bytes, count)));
}

function checkWanted(b: Builder, name: string): void {
  const value = b.maybeValue(name);
  if (value === undefined) {
    throw new Failure({
      code: 'bad-site',
      message: `There is no value "${name}" whose shape is known.`,
      remedy: 'Choose an input or a value of the graph.',
    });
  }
  if (!isFloat(value.dtype)) {
    throw new Failure({
      code: 'no-gradient',
      message: `"${name}" is of type ${value.dtype}, which has no gradient.`,
      remedy: 'Choose a float value, such as the embedding that comes after it.',
    });
  }
}

function assemble(
  b: Builder,
  line: StraightLine,
  weights: ReadonlyMap<string, WeightRef>,
  inputs: readonly Value[],
  results: readonly Value[],
): { parts: ModelParts; needs: string[] } {
  const nodes = widening(b, prune(b.nodes, results), weights);
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const given = new Set(inputs.map((input) => input.name));
  const initializers = new Map<string, WeightRef>();
  const needs: string[] = [];
  const use = (name: string): void => {
    if (name === '' || made.has(name) || given.has(name)) return;
    const own = b.initializers.get(name) ?? weights.get(name);
    if (own !== undefined) initializers.set(name, own);
    else if (!needs.includes(name)) needs.push(name);
  };
  const seen = new Set<string>();
  for (const name of [...nodes.flatMap((node) => node.inputs), ...results.map((result) => result.name)]) {
    if (!seen.has(name)) use(name);
    seen.add(name);
  }
  const declared = needs.map((name) => must(b.maybeValue(name), `${name} was declared`));
  const domains = new Set(['', ...nodes.map((node) => node.domain)]);
  const graph: Graph = {
    path: '',
    name: 'gradient',
    doc: '',
    metadata: {},
    inputs: [...inputs, ...declared].map(toInfo),
    outputs: results.map(toInfo),
    values: new Map(),
    initializers,
    sparseInitializers: new Map(),
    nodes: nodes.map((node, index) => ({ ...node, id: index, index })),
    overridable: [],
  };
  const parts: ModelParts = {
    file: line.model.file,
    irVersion: Math.max(8, Math.min(line.model.irVersion, 10)),
    opsets: [...domains].map((domain) => ({ domain, version: emittedOpset(domain) })),
    graph,
    functions: [],
  };
  return { parts, needs };
}

/** Weights of half precision are read through a cast: the graph computes in single precision throughout. */
function widening(
  b: Builder,
  nodes: readonly Node[],
  weights: ReadonlyMap<string, WeightRef>,
): readonly Node[] {
  const wide = new Map<string, string>();
  const start = b.nodes.length;
  for (const name of new Set(nodes.flatMap(({ inputs }) => inputs))) {
    const weight = weights.get(name);
    if (weight === undefined || workingType(weight.dtype) === weight.dtype) continue;
    wide.set(name, b.cast({ name, dtype: weight.dtype, dims: weight.dims }, workingType(weight.dtype)).name);
  }
  if (wide.size === 0) return nodes;
  const renamed = nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => wide.get(name) ?? name),
  }));
  return [...b.nodes.slice(start), ...renamed];
}

/** Keeps what the results depend on. */
function prune(nodes: readonly Node[], results: readonly Value[]): Node[] {
  const wanted = new Set(results.map((result) => result.name));
  const kept: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (node === undefined || !node.outputs.some((name) => wanted.has(name))) continue;
    for (const name of node.inputs) wanted.add(name);
    kept.push(node);
  }
  return kept.reverse();
}

function toInfo({ name, dtype, dims }: Value): ValueInfo {
  return { name, type: { kind: 'tensor', dtype, shape: dims } };
}
