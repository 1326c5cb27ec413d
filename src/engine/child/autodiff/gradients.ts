/**
 * Gradients of a model: one forward run that keeps what the backward graph needs, one run of the backward graph. Backward
 * graphs are kept by shapes, objective and sites; tokens, directions and interventions are runs, not new sessions.
 *
 * Integrated gradients: Sundararajan, Taly & Yan, "Axiomatic Attribution for Deep Networks" (2017), arXiv:1703.01365. All
 * sites move together along the straight line from their baselines.
 */
import { must } from '../../../base/assert';
import { throwIfCancelled } from '../../../base/cancel';
import { Failure } from '../../../base/errors';
import { Lru } from '../../../base/lru';
import type { Node } from '../../../contract/skeleton';
import type { GradientRequest, Intervention } from '../../../contract/run';
import type { TensorBuffer, TensorData } from '../../../contract/tensor';
import { isFloat } from '../../../tensor/dtype';
import { sizeOf } from '../../../tensor/shape';
import { toNumbers } from '../../../tensor/buffers';
import type { Executor, Settings } from '../executor';
import { runtimeFailure } from '../failures';
import type { EngineModel } from '../model';
import { runSession } from '../runtime';
import { checkIndices, emitObjective, type EmittedObjective } from './emitObjective';
import { encode } from './encode';
import { buildBackward, type BackwardModel, type Observed } from './graph';
import { elementsOf, parseObjective, structureOf, type Objective } from '../../../onnx/objective';
import { observe, toObserved } from './observe';
import { gaussLegendre, leftRiemann } from './quadrature';

/** Runs the model with interventions and gives values of the main graph by name. */
export type Forward = (
  interventions: readonly Intervention[],
  values: readonly string[],
) => Promise<ReadonlyMap<string, TensorData>>;

export interface Gradients {
  readonly value: number;
  /** Per site, in order; float64 sums for integrated gradients, else as computed. */
  readonly gradients: readonly TensorData[];
  readonly completenessError?: number;
  readonly baselineValue?: number;
  readonly notes: readonly string[];
}

interface Built {
  readonly backward: BackwardModel;
  readonly emitted: EmittedObjective;
  readonly bytes: Uint8Array;
  readonly observed: ReadonlyMap<string, Observed>;
}

export class Differentiator {
  readonly #built = new Lru<string, Built>(32);

  constructor(private readonly executor: Executor) {}

  /** @param sites names of values of the main graph, one per `request.wrt` */
  async gradients(
    model: EngineModel,
    request: GradientRequest,
    sites: readonly string[],
    forward: Forward,
    settings: Settings,
    signal?: AbortSignal,
  ): Promise<Gradients> {
    const names = namesIn(model);
    const objective = parseObjective(request.objective, (name) => names.has(name));
    let built = await this.#build(model, request, objective, sites, settings, signal);
    const at = (interventions: readonly Intervention[]): Promise<Once | null> =>
      this.#once(model, built, request, objective, sites, forward, interventions, settings, signal);
    checkIndices(objective, (site) => built.observed.get(site)?.dims ?? []);
    const notes = sites.flatMap((site, i) =>
      built.backward.gradients.get(site) === null
        ? [`The objective does not depend on "${request.wrt[i] ?? site}": its gradient is zero.`]
        : [],
    );
    const interventions = request.interventions ?? [];
    let here = await at(interventions);
    if (here === null) {
      // The shapes are those of an earlier run, but integers that steer the graph are not.
      this.#built.clear();
      built = await this.#build(model, request, objective, sites, settings, signal);
      here = await at(interventions);
    }
    if (here === null) throw steered();
    if (request.integrated === undefined) return { ...here, notes: [...notes, ...notANumber(here)] };
    return { ...(await integrate(request, here, sites, at, signal)), notes };
  }

  async #build(
    model: EngineModel,
    request: GradientRequest,
    objective: Objective,
    sites: readonly string[],
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Built> {
    const shapes = Object.entries(request.feeds).map(([name, { dtype, dims }]) => [name, dtype, dims]);
    const key = JSON.stringify([model.id, shapes, structureOf(objective), sites]);
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const observed = await observe(model, this.executor, request.feeds, settings, signal);
    let emitted: EmittedObjective | undefined;
    const line = { model: model.skeleton, observed, nameNode };
    const backward = buildBackward(line, sites, (b, declare) => {
      emitted = emitObjective(b, objective, declare);
      return { seeds: emitted.seeds, outputs: [emitted.value] };
    });
    const bytes = await model.write(backward.parts, signal);
    const built = { backward, emitted: must(emitted, 'the objective was emitted'), bytes, observed };
    this.#built.set(key, built);
    return built;
  }

  async #once(
    model: EngineModel,
    { backward, emitted, bytes, observed }: Built,
    request: GradientRequest,
    objective: Objective,
    sites: readonly string[],
    forward: Forward,
    interventions: readonly Intervention[],
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Once | null> {
    throwIfCancelled(signal);
    const values = await forward(interventions, [
      ...new Set([...backward.needs, ...sites, ...backward.builtFor.keys()]),
    ]);
    for (const [name, ints] of backward.builtFor) {
      const now = toObserved(must(values.get(name), `"${name}" was captured`)).ints;
      if (now?.length !== ints.length || now.some((number, i) => number !== ints[i])) return null;
    }
    const feeds = new Map<string, TensorData>();
    for (const name of backward.needs) feeds.set(name, must(values.get(name), `"${name}" was captured`));
    const elements = elementsOf(objective);
    emitted.indices.forEach(({ input }, i) => {
      const numbers = elements[i] ?? [];
      feeds.set(input.name, {
        dtype: 'int64',
        dims: input.dims,
        data: BigInt64Array.from(numbers, (n) => BigInt(n)),
      });
    });
    for (const { input, name } of emitted.directions)
      feeds.set(input.name, directionFor(request, name, input.dims));
    const wanted = new Set(backward.parts.graph.inputs.map(({ name }) => name));
    for (const name of feeds.keys()) if (!wanted.has(name)) feeds.delete(name);
    const choice = { ...settings, folder: model.folder };
    const outputs = backward.parts.graph.outputs.map(({ name }) => name);
    const results = await this.executor.sessions
      .use(bytes, choice, bytes.length, ({ session }) => runSession(session, feeds, outputs))
      .catch((error: unknown) => {
        throw runtimeFailure(error, model.skeleton, `The backward graph of ${model.skeleton.file}`);
      });
    const gradients = sites.map((site) => {
      const name = backward.gradients.get(site);
      const gradient = name === null || name === undefined ? undefined : results.get(name);
      if (gradient !== undefined) return gradient;
      const { dtype, dims } = must(observed.get(site), `"${site}" was observed`);
      return { dtype, dims, data: zeros(dtype, sizeOf(dims)) };
    });
    const [value] = backward.outputs;
    const number = toNumbersOf(must(results.get(value?.name ?? ''), 'the objective has a value'))[0] ?? NaN;
    return { value: number, gradients, values };
  }
}

interface Once {
  readonly value: number;
  readonly gradients: readonly TensorData[];
  readonly values: ReadonlyMap<string, TensorData>;
}

async function integrate(
  request: GradientRequest,
  here: Once,
  sites: readonly string[],
  at: (interventions: readonly Intervention[]) => Promise<Once | null>,
  signal: AbortSignal | undefined,
): Promise<Omit<Gradients, 'notes'>> {
  const { steps, rule, baselines = {} } = must(request.integrated, 'integrated gradients were asked for');
  if (!Number.isInteger(steps) || steps < 1 || steps > 10_000) {
    throw new Failure({
      code: 'usage',
      message: `Integrated gradients cannot take ${String(steps)} steps.`,
      remedy: 'Use a whole number from 1 to 10,000; 20 to 50 is usual.',
    });
  }
  const ends = sites.map((site, i) => {
    const value = must(here.values.get(site), `"${site}" was captured`);
    const text = request.wrt[i] ?? site;
    return { site, value, to: toNumbersOf(value), from: baselineOf(baselines[text], value, text) };
  });
  /** The model with every site at this share of the way from baseline to value. */
  const along = (share: number): Intervention[] => [
    ...(request.interventions ?? []),
    ...ends.map(({ site, value, to, from }): Intervention => {
      const numbers = to.map((x, k) => (from[k] ?? 0) + share * (x - (from[k] ?? 0)));
      return { kind: 'replace', site, value: { ...value, data: typed(value.dtype, numbers) } };
    }),
  ];
  const { nodes, weights } = rule === 'left-riemann' ? leftRiemann(steps) : gaussLegendre(steps);
  const sums = ends.map(({ to }) => new Float64Array(to.length));
  for (const [k, node] of nodes.entries()) {
    throwIfCancelled(signal);
    const { gradients } = (await at(along(node))) ?? fail();
    gradients.forEach((gradient, i) => {
      const sum = must(sums[i], 'one sum per site');
      toNumbersOf(gradient).forEach((g, j) => (sum[j] = (sum[j] ?? 0) + (weights[k] ?? 0) * g));
    });
  }
  const baseline = (await at(along(0))) ?? fail();
  let total = 0;
  const gradients = ends.map(({ value, to, from }, i): TensorData => {
    const sum = must(sums[i], 'one sum per site');
    const attribution = sum.map((g, j) => g * ((to[j] ?? 0) - (from[j] ?? 0)));
    for (const a of attribution) total += a;
    return { ...value, data: typed(value.dtype, attribution) };
  });
  const completenessError = Math.abs(total - (here.value - baseline.value));
  return { value: here.value, gradients, completenessError, baselineValue: baseline.value };
}

function fail(): never {
  throw steered();
}

function steered(): Failure {
  return new Failure({
    code: 'no-gradient',
    message: 'Integers that steer the graph (indices, sizes) change with the values that are moved.',
    remedy: 'Take the gradient at a site after them.',
  });
}

function baselineOf(given: TensorData | undefined, value: TensorData, text: string): Float64Array {
  if (given === undefined) return new Float64Array(sizeOf(value.dims));
  const numbers = toNumbersOf(given);
  if (numbers.length === sizeOf(value.dims)) return numbers;
  if (numbers.length === 1) return new Float64Array(sizeOf(value.dims)).fill(numbers[0] ?? 0);
  throw new Failure({
    code: 'bad-feed',
    message: `The baseline of "${text}" has the shape [${given.dims.join(', ')}]; the value has [${value.dims.join(', ')}].`,
    remedy: 'Give it the shape of the value, or a single number.',
  });
}

function directionFor(request: GradientRequest, name: string, dims: readonly number[]): TensorData {
  const direction = request.directions?.[name];
  if (direction === undefined) {
    throw new Failure({
      code: 'bad-objective',
      message: `The objective projects on "${name}", and no direction of that name was given.`,
      remedy: 'Give one number per element of the last axis.',
    });
  }
  if (sizeOf(direction.dims) === sizeOf(dims)) return { ...direction, dims };
  throw new Failure({
    code: 'bad-objective',
    message: `The direction "${name}" has ${String(sizeOf(direction.dims))} elements; the last axis has ${String(sizeOf(dims))}.`,
    remedy: 'Give one number per element of the last axis.',
  });
}

function notANumber({ gradients }: Once): string[] {
  const bad = gradients.some((gradient) => toNumbersOf(gradient).some((number) => !Number.isFinite(number)));
  return bad ? ['The gradient holds NaN or Inf.'] : [];
}

/** Every value of the main graph. */
function namesIn({ skeleton: { graph } }: EngineModel): Set<string> {
  return new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)]);
}

/** Operator, name and, where the exporter left it, the line: `MatMul "fc" (model.py, line 12)`. */
function nameNode(node: Node): string {
  const name = node.name === '' ? (node.outputs[0] ?? '') : node.name;
  const trace = node.metadata['pkg.torch.onnx.stack_trace'] ?? '';
  const last = [...trace.matchAll(/File "([^"]+)", line (\d+)/g)].at(-1);
  const file = last?.[1]?.split(/[\\/]/).at(-1);
  return `${node.op} "${name}"${file === undefined ? '' : ` (${file}, line ${last?.[2] ?? '?'})`}`;
}

function toNumbersOf({ dtype, data }: TensorData): Float64Array {
  if (!ArrayBuffer.isView(data) || !isFloat(dtype))
    throw new Error(`Gradients are of float tensors, not ${dtype}.`);
  return Float64Array.from(toNumbers(dtype, data));
}

function typed(dtype: TensorData['dtype'], numbers: ArrayLike<number>): TensorBuffer {
  const bytes = encode(dtype, Array.from(numbers));
  if (dtype === 'float64') return new Float64Array(bytes.buffer as ArrayBuffer);
  if (dtype === 'float16') return new Uint16Array(bytes.buffer as ArrayBuffer);
  return new Float32Array(bytes.buffer as ArrayBuffer);
}

function zeros(dtype: TensorData['dtype'], count: number): TensorBuffer {
  return typed(dtype, new Float64Array(count));
}
