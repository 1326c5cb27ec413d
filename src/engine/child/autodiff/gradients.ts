/**
 * Gradients of a model: one forward run that keeps what the backward graph needs, one run of the backward graph. Backward
 * graphs are kept by shapes, objective and sites; tokens, directions and interventions are runs, not new sessions.
 */
import { must } from '../../../base/assert';
import { throwIfCancelled } from '../../../base/cancel';
import { Failure } from '../../../base/errors';
import { Lru } from '../../../base/lru';
import type { Graph, Node } from '../../../contract/skeleton';
import type { GradientRequest, Intervention } from '../../../contract/run';
import type { TensorData } from '../../../contract/tensor';
import { nearestNames } from '../../../onnx/nearest';
import { parseObjective, sitesOf, structureOf, type Objective } from '../../../onnx/objective';
import { sizeOf } from '../../../tensor/shape';
import type { Executor, Settings } from '../executor';
import { runtimeFailure } from '../failures';
import { ownBytes, type Allowance, type Estimated } from '../memory';
import type { EngineModel } from '../model';
import { runSession } from '../runtime';
import { sessionKey } from '../sessions';
import { bytesOf } from '../store';
import { checkIndices, emitObjective, type EmittedObjective } from './emitObjective';
import { feedsFor } from './feeds';
import { buildBackward, type Observed } from './graph';
import { independent } from './independence';
import { integrate } from './integrate';
import { observe, overriddenBy, toObserved } from './observe';
import { inRows, Rows } from './rows';
import { Straightener } from './straighten';
import { traceNotANumber } from './trace';
import { isFinite, numbersOf, workingType, zerosLike } from './numbers';
import type { Built, Forward, Gradients, Once, Question } from './question';

/**
 * Up to this many bytes of weights a backward session holds its own, rearranged: kernels of transposed convolutions take a
 * fifth less time by it, and convolutions with weights turned round a quarter less at the level that lays out pictures in
 * blocks. Nothing a backward session gives is compared bit by bit with what another gives.
 */
const PACKED = 64 << 20;

/** To wake another thread takes longer than to go back through fewer forward values than these. */
const FEW = 1 << 17;

export class Differentiator {
  readonly #built = new Lru<string, Built>(32);
  readonly #straight: Straightener;
  readonly #rows: Rows;

  constructor(private readonly executor: Executor) {
    this.#straight = new Straightener(executor);
    this.#rows = new Rows(executor);
  }

  /** @param sites names of values of the main graph, one per `request.wrt` */
  async gradients(
    model: EngineModel,
    request: GradientRequest,
    sites: readonly string[],
    forward: Forward,
    settings: Settings,
    allowance: Allowance,
    signal?: AbortSignal,
  ): Promise<Gradients> {
    const names = namesIn(model);
    const texts = typeof request.objective === 'string' ? [request.objective] : request.objective;
    const objectives = texts.map((text) => parseObjective(text, (name) => names.has(name)));
    refuseMixed(request, objectives);
    const targets = objectives.flatMap(sitesOf);
    const unknown = targets.find((name) => !names.has(name) && weightAt(model, name) === undefined);
    if (unknown !== undefined) throw namesNothing(unknown, [...names]);
    const { feeds } = request;
    await this.#askFor(model, [...sites, ...targets], feeds, settings, allowance, signal);
    const straight = await this.#straight.of(model, feeds, sites, targets, settings, signal);
    const base = { ...straight, feeds, rows: false, sites, request, forward, settings, allowance, signal };
    const one: Question = { ...base, objectives: objectives.slice(0, 1) };
    const { backward, observed } = await this.#build(one);
    for (const objective of objectives) checkIndices(objective, (site) => observed.get(site)?.dims ?? []);
    const way = { nodes: straight.model.skeleton.graph.nodes, observed, nameNode };
    const notes = sites.flatMap((site, i) => {
      if (backward.gradients.get(site) !== null) return [];
      const text = request.wrt[i] ?? site;
      return request.along === undefined
        ? [independent(way, site, text, targets)]
        : [`The gradient does not change with "${text}": the product is zero.`];
    });
    if (typeof request.objective !== 'string') {
      const many = await inRows({ ...base, objectives }, observed, this.#rows, (question) =>
        this.#once(question, []),
      );
      return { value: many.values[0] ?? Number.NaN, ...many, notes: [...notes, ...many.notes] };
    }
    const here = await this.#once(one, request.interventions ?? []);
    const value = here.values[0] ?? Number.NaN;
    if (request.integrated === undefined)
      return { value, gradients: here.gradients, notes: [...notes, ...here.notes] };
    const integral = await integrate(one, here, observed, this.#rows, (question, interventions) =>
      this.#once(question, interventions),
    );
    return { ...integral, value, notes: [...notes, ...integral.notes] };
  }

  /** Before anything runs: what lies upstream of these values. */
  async #askFor(
    model: EngineModel,
    values: readonly string[],
    feeds: GradientRequest['feeds'],
    settings: Settings,
    allowance: Allowance,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { initializers } = model.skeleton.graph;
    const made = [...new Set(values)].filter((value) => !initializers.has(value));
    const captures = made.map((value) => ({ path: '', value, raw: false }));
    const plan = { outputs: [], captures, steps: [], given: [], overridden: overriddenBy(model, feeds) };
    const planned = { plan, given: new Map<string, TensorData>() };
    allowance.ask(await this.executor.estimate(model, planned, [], feeds, settings, signal));
  }

  async #build(question: Question): Promise<Built> {
    const { model, feeds, objectives, rows, sites, request, settings, signal } = question;
    const shapes = Object.entries(feeds).map(([name, { dtype, dims }]) => [name, dtype, dims]);
    const objective = must(objectives[0], 'there is an objective');
    const count = rows ? objectives.length : null;
    const order = request.along === undefined ? 'first' : 'second';
    const key = JSON.stringify([model.id, shapes, structureOf(objective), sites, count, order]);
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const observed = await observe(model, this.executor, feeds, settings, signal);
    let emitted: EmittedObjective | undefined;
    const line = { model: model.skeleton, observed, nameNode };
    const emit = (b: Parameters<typeof emitObjective>[0], declare: Parameters<typeof emitObjective>[2]) => {
      emitted = emitObjective(b, objective, declare, count);
      return { seeds: emitted.seeds, outputs: [emitted.value] };
    };
    const backward = buildBackward(line, sites, emit, order);
    const bytes = await model.write(backward.parts, signal);
    const weightBytes = [...backward.parts.graph.initializers.values()].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
    const built: Built = {
      backward,
      emitted: must(emitted, 'the objective was emitted'),
      bytes,
      observed,
      weightBytes,
    };
    this.#built.set(key, built);
    return built;
  }

  /** Where the shapes are those of an earlier question but integers that steer the graph are not, builds once more. */
  async #once(question: Question, interventions: readonly Intervention[]): Promise<Once> {
    const first = await this.#try(question, interventions);
    if (typeof first !== 'string') return first;
    this.#built.clear();
    const second = await this.#try(question, interventions);
    if (typeof second !== 'string') return second;
    throw steered(question.model, second);
  }

  /** The answer, or the name of a value that steers the graph and is not what the graph was built for. */
  async #try(question: Question, interventions: readonly Intervention[]): Promise<Once | string> {
    const { model, feeds, sites, forward, settings, signal, steering } = question;
    const built = await this.#build(question);
    const { backward, bytes, observed, weightBytes } = built;
    throwIfCancelled(signal);
    const watched = new Map(backward.builtFor);
    for (const name of steering) {
      const ints = observed.get(name)?.ints;
      if (ints !== undefined) watched.set(name, ints);
    }
    const wanted = new Set([...backward.needs, ...sites, ...watched.keys()]);
    const at = await forward(model, feeds, interventions, [...wanted]);
    for (const [name, ints] of watched) {
      const now = toObserved(must(at.get(name), `"${name}" was captured`)).ints;
      if (now?.length !== ints.length || now.some((number, i) => number !== ints[i])) return name;
    }
    const given = feedsFor(question, built, at);
    const elements = backward.needs.reduce((sum, name) => sum + sizeOf(observed.get(name)?.dims ?? []), 0);
    const threads = elements < FEW ? 1 : settings.threads;
    const level = backward.folds ? 'all' : settings.level;
    const choice = { ...settings, level, threads, packed: weightBytes <= PACKED, folder: model.folder };
    const outputs = backward.parts.graph.outputs.map(({ name }) => name);
    const key = sessionKey(bytes, choice);
    const { graph } = backward.parts;
    const types = { get: (name: string) => backward.types.get(name) };
    const asked: Estimated = {
      key,
      model,
      graph,
      given,
      types,
      packedBytes: choice.packed ? weightBytes : 0,
    };
    // The forward values are there by now.
    question.allowance.ask(await this.executor.memory.estimate(asked, signal), bytesIn(at));
    const before = this.executor.sessions.has(key) ? null : ownBytes();
    const results = await this.executor.sessions
      .use(bytes, choice, weightBytes, ({ session }) => runSession(session, given, outputs))
      .catch((error: unknown) => {
        throw runtimeFailure(error, model.skeleton, `The backward graph of ${model.skeleton.file}`);
      });
    if (before !== null)
      this.executor.memory.took(asked, Math.max(bytesIn(results), Math.max(0, ownBytes() - before)));
    const gradients = sites.map((site) => {
      const name = backward.gradients.get(site);
      const gradient = name === null || name === undefined ? undefined : results.get(name);
      if (gradient !== undefined) return gradient;
      const { dtype, dims } = observed.get(site) ?? must(weightAt(model, site), `"${site}" was observed`);
      return zerosLike(workingType(dtype), dims, sizeOf(dims));
    });
    const [value] = backward.outputs;
    const values = Array.from(numbersOf(must(results.get(value?.name ?? ''), 'the objective has a value')));
    const notes = gradients.every(isFinite)
      ? []
      : [await traceNotANumber(model, built, given, { ...choice, level: settings.level }, nameNode)];
    return { values, gradients, at, notes };
  }
}

function bytesIn(tensors: ReadonlyMap<string, TensorData>): number {
  return [...tensors.values()].reduce((sum, tensor) => sum + bytesOf(tensor), 0);
}

/** Several objectives ask for plain gradients of one form. */
function refuseMixed(
  { integrated, along, interventions = [], objective }: GradientRequest,
  all: readonly Objective[],
): void {
  const [first] = all;
  const wrong = (message: string, remedy: string): Failure =>
    new Failure({ code: 'bad-objective', message, remedy });
  if (first === undefined) throw wrong('There is no objective.', 'Write one like logits[0,42].');
  if (integrated !== undefined && along !== undefined)
    throw wrong('An integral of second derivatives was asked for.', 'Ask for one of the two.');
  if (typeof objective === 'string') return;
  if (integrated !== undefined || along !== undefined || interventions.length > 0)
    throw wrong('Several objectives at once give plain gradients.', 'Ask for one objective.');
  if (all.some((other) => structureOf(other) !== structureOf(first)))
    throw wrong('The objectives are not of one form.', 'Let them differ in their indices alone.');
}

function namesNothing(name: string, names: readonly string[]): Failure {
  const near = nearestNames(name, names);
  return new Failure({
    code: 'bad-objective',
    message: `The objective names "${name}", which is not a value of this model.`,
    remedy:
      near.length > 0
        ? `The nearest names are ${near.map((one) => `"${one}"`).join(', ')}.`
        : 'Use the name of an output or of a value in the graph.',
  });
}

function steered({ skeleton }: EngineModel, name: string): Failure {
  const maker = skeleton.graph.nodes.find(({ outputs }) => outputs.includes(name));
  const what = maker === undefined ? `"${name}"` : `"${name}", made by ${nameNode(maker)},`;
  return new Failure({
    code: 'no-gradient',
    message: `Numbers that steer the graph (indices, sizes, conditions) change with the values that are moved: ${what} does.`,
    remedy: 'Take the gradient at a site after them.',
  });
}

function weightAt({ skeleton: { graph } }: EngineModel, name: string): Observed | undefined {
  return graph.initializers.get(name);
}

/** Every value of the main graph. */
function namesIn({ skeleton: { graph } }: EngineModel): ReadonlySet<string> {
  const known = names.get(graph);
  if (known !== undefined) return known;
  const made = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  names.set(graph, made);
  return made;
}

const names = new WeakMap<Graph, ReadonlySet<string>>();

/** Operator, name and, where the exporter left it, the line: `MatMul "fc" (model.py, line 12)`. */
function nameNode(node: Node): string {
  const name = node.name === '' ? (node.outputs[0] ?? '') : node.name;
  const trace = node.metadata['pkg.torch.onnx.stack_trace'] ?? '';
  const last = [...trace.matchAll(/File "([^"]+)", line (\d+)/g)].at(-1);
  const file = last?.[1]?.split(/[\\/]/).at(-1);
  return `${node.op} "${name}"${file === undefined ? '' : ` (${file}, line ${last?.[2] ?? '?'})`}`;
}
