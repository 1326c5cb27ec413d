/**
 * The engine, as the host sees it: `EngineApi` over models, sessions and tensors of this process. One call runs at a time,
 * in the order they came; a call that is cancelled while it waits never starts.
 */
import { must } from '../../base/assert';
import { throwIfCancelled } from '../../base/cancel';
import type { EngineApi, EngineEvents, InferredValue, OpenedModel } from '../../contract/engineApi';
import type {
  Captured,
  GradientRequest,
  GradientResult,
  NodeTime,
  RunRequest,
  RunResult,
  SweepRequest,
  SweepResult,
} from '../../contract/run';
import type { TensorData, TensorSummary } from '../../contract/tensor';
import type { Method } from '../../contract/method';
import { methods as allMethods } from '../../methods';
import type { InnerValue } from '../../onnx/rewrite/lift';
import { formatType } from '../../onnx/describe';
import { neededNames, producersOf } from '../../onnx/rewrite/cut';
import { isStatic } from '../../tensor/shape';
import { sliceTensor } from '../../tensor/slice';
import { summarize } from '../../tensor/stats';
import { Checker, randomNodes } from './check';
import { sameBits } from './compare';
import { Executor, hashFeeds, type Executed, type Settings } from './executor';
import { notATensor, notComputed, runtimeFailure, unknownModel } from './failures';
import { checkFeeds } from './feeds';
import { Differentiator } from './autodiff/gradients';
import { gradientRun } from './gradient';
import { inferGraph, typeOf } from './infer';
import { EngineModel } from './model';
import { probe } from './probe';
import { placeAt, planRequest, type DimsSource, type Planned } from './request';
import { providers, runtimeVersion } from './runtime';
import { Sessions } from './sessions';
import { varyingCapture } from './stacking';
import { TensorStore } from './store';
import { sweep } from './sweep';
import { takeSlices } from './take';

export interface EngineOptions {
  /** Bytes of sessions kept. */
  readonly sessionBudget: number;
  /** Bytes of tensors kept under handles. */
  readonly tensorBudget: number;
  /** Threads within an operator; 0 lets the runtime choose. */
  readonly threads: number;
}

type Emit = <K extends keyof EngineEvents>(event: K, data: EngineEvents[K]) => void;

export class Engine {
  readonly #models = new Map<string, EngineModel>();
  readonly #executor: Executor;
  readonly #checker: Checker;
  readonly #differentiator: Differentiator;
  readonly #store: TensorStore;
  /** Dims that values had, by model, feeds and value. */
  readonly #dims = new Map<string, readonly number[]>();
  #last: Promise<unknown> = Promise.resolve();
  #nextId = 1;

  constructor(
    private readonly options: EngineOptions,
    private readonly emit: Emit,
    private readonly methods: readonly Method[] = allMethods,
  ) {
    const sessions = new Sessions(options.sessionBudget);
    this.#executor = new Executor(sessions, (text, predictedMs) => emit('blocking', { text, predictedMs }));
    this.#checker = new Checker(this.#executor);
    this.#differentiator = new Differentiator(this.#executor);
    this.#store = new TensorStore(options.tensorBudget);
  }

  /** The methods of the API as own functions of an object, as the connection asks for them. */
  api(): EngineApi {
    const api: EngineApi = {
      hello: () => ({ pid: process.pid, runtime: runtimeVersion(), providers: providers() }),
      open: (file, signal) => this.#inTurn(signal, () => this.#open(file, signal)),
      close: (id) => this.#inTurn(undefined, () => this.#close(id)),
      infer: (id, signal) => this.#inTurn(signal, () => this.#infer(this.#model(id), signal)),
      run: (id, request, signal) => this.#inTurn(signal, () => this.#run(this.#model(id), request, signal)),
      gradient: (id, request, signal) =>
        this.#inTurn(signal, () => this.#gradient(this.#model(id), request, signal)),
      tensor: (handle, slice, signal) => {
        throwIfCancelled(signal);
        const tensor = this.#store.get(handle);
        return Promise.resolve(slice === undefined ? tensor : sliceTensor(tensor, slice));
      },
      summarize: (handle, slice) => this.#summarize(handle, slice),
      release: (handles) => this.#store.release(handles),
      sweep: (id, request, signal) =>
        this.#inTurn(signal, () => this.#sweep(this.#model(id), request, signal)),
      profile: (id, request, signal) =>
        this.#inTurn(signal, () => this.#profile(this.#model(id), request, signal)),
      probe: (id, request, signal) =>
        probe(
          { api, models: this.#models, drop: (copy) => this.#drop(copy), emit: this.emit },
          this.methods,
          this.#model(id),
          request,
          signal ?? new AbortController().signal,
        ),
    };
    return api;
  }

  async #drop(model: EngineModel): Promise<void> {
    this.#models.delete(model.id);
    this.#executor.forget(model);
    this.#checker.forget(model);
    await model.weights.close();
  }

  #inTurn<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      throwIfCancelled(signal);
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #model(id: string): EngineModel {
    const model = this.#models.get(id);
    if (model === undefined) throw unknownModel(id);
    return model;
  }

  async #open(file: string, signal: AbortSignal | undefined): Promise<OpenedModel> {
    const id = `m${String(this.#nextId++)}`;
    const model = await EngineModel.open(id, file, signal);
    this.#models.set(id, model);
    return { id, inputs: model.inputs, outputs: model.outputs };
  }

  async #close(id: string): Promise<void> {
    const model = this.#model(id);
    await this.#drop(model);
    await model.close();
  }

  async #infer(model: EngineModel, signal: AbortSignal | undefined): Promise<InferredValue[]> {
    this.emit('blocking', { text: `Inferring shapes of ${model.skeleton.file}`, predictedMs: 100 });
    await inferGraph(model, '', signal).catch((error: unknown) => {
      throw runtimeFailure(error, model.skeleton, `Inferring shapes of ${model.skeleton.file}`);
    });
    const values: InferredValue[] = [];
    for (const [name, type] of model.inferred.get('') ?? []) {
      if (type.kind === 'tensor') values.push({ name, dtype: type.dtype, shape: type.shape });
    }
    return values;
  }

  #settings(request: RunRequest): Settings {
    return {
      level: request.level ?? 'disabled',
      packed: false,
      providers: ['cpu'],
      threads: this.options.threads,
    };
  }

  async #run(model: EngineModel, request: RunRequest, signal: AbortSignal | undefined): Promise<RunResult> {
    const start = performance.now();
    const settings = this.#settings(request);
    const feeds = request.feeds;
    checkFeeds(feeds, model.inputs);
    const feedsHash = hashFeeds(feeds);
    const { runnable, notes } = tensorOutputs(model, request);
    const planned = await planRequest(
      model,
      runnable,
      this.#dimsSource(model, feeds, feedsHash, settings, signal),
      signal,
    );
    this.#refuseNonTensors(model, planned);
    const numbers = planned.steps.map((step) => step.numbers);
    const executed = await this.#executor
      .run(model, planned, numbers, feeds, settings, signal)
      .catch(async (error: unknown) => {
        throw (await varyingCapture(this.#executor, model, planned, feeds, settings, error, signal)) ?? error;
      });
    const check = await this.#checker.check(
      model,
      planned,
      feeds,
      feedsHash,
      settings,
      executed,
      request.thorough === true,
      signal,
    );
    notes.push(...this.#notes(model, planned, executed, feedsHash, settings, check === 'pending'));
    const keep = request.keep !== false;
    const outputs = [...executed.outputs].map(([name, tensor]) => this.#captured(name, tensor, keep));
    const captures = planned.captures.map(({ text, site, capture }) => {
      const tensor = executed.captures[capture] ?? null;
      if (tensor === null) {
        notes.push(`"${text}" was not computed: the branch that makes it was not taken.`);
        return { site: text, handle: null, dtype: 'undefined' as const, dims: [], summary: null };
      }
      const depth = executed.stacked[capture] ?? 0;
      this.#dims.set(
        dimsKey(model, feedsHash, { path: site.graph, value: site.value }),
        tensor.dims.slice(depth),
      );
      const slices = site.slices.length === 0 ? [] : placeAt(model, site, tensor.dims, text, depth);
      return this.#captured(text, takeSlices(tensor, slices), keep);
    });
    const ms = performance.now() - start;
    return { outputs, captures, ms, sessionMs: executed.sessionMs, notes, check };
  }

  async #gradient(
    model: EngineModel,
    request: GradientRequest,
    signal: AbortSignal | undefined,
  ): Promise<GradientResult> {
    const start = performance.now();
    const settings = this.#settings({ feeds: request.feeds, capture: [] });
    checkFeeds(request.feeds, model.inputs);
    const dims = this.#dimsSource(model, request.feeds, hashFeeds(request.feeds), settings, signal);
    const answer = await gradientRun(
      this.#differentiator,
      this.#executor,
      model,
      request,
      dims,
      settings,
      signal,
    );
    const gradients = answer.gradients.map(({ site, tensor }) => this.#captured(site, tensor, true));
    return { ...answer, gradients, ms: performance.now() - start };
  }

  async #sweep(
    model: EngineModel,
    request: SweepRequest,
    signal: AbortSignal | undefined,
  ): Promise<SweepResult> {
    const start = performance.now();
    const settings = this.#settings({ feeds: request.feeds, capture: [] });
    checkFeeds(request.feeds, model.inputs);
    const dims = this.#dimsSource(model, request.feeds, hashFeeds(request.feeds), settings, signal);
    const total = request.cells.length;
    const progress = (done: number): void =>
      this.emit('progress', {
        token: model.id,
        done,
        total,
        text: `${String(done)} of ${String(total)} cells`,
      });
    const swept = await sweep(this.#executor, model, request, dims, settings, progress, signal);
    const named = (tensors: readonly TensorData[]): Captured[] =>
      tensors.map((tensor, index) => this.#captured(request.read[index] ?? '', tensor, true));
    const { ridden, runs, notes } = swept;
    const ms = performance.now() - start;
    return { baseline: named(swept.baseline), cells: named(swept.cells), ridden, runs, notes, ms };
  }

  #captured(site: string, tensor: TensorData, keep: boolean): Captured {
    const { dtype, dims } = tensor;
    return { site, handle: keep ? this.#store.put(tensor) : null, dtype, dims, summary: summarize(tensor) };
  }

  #refuseNonTensors(model: EngineModel, { captures }: Planned): void {
    for (const { text, site } of captures) {
      const type = typeOf(model, site.graph, site.value);
      if (type !== undefined && type.kind !== 'tensor' && type.kind !== 'unknown') throw notATensor(text);
    }
  }

  #dimsSource(
    model: EngineModel,
    feeds: RunRequest['feeds'],
    feedsHash: string,
    settings: Settings,
    signal: AbortSignal | undefined,
  ): DimsSource {
    const known = (inner: InnerValue): readonly number[] | undefined => {
      const cached = this.#dims.get(dimsKey(model, feedsHash, inner));
      if (cached !== undefined) return cached;
      const input = inner.path === '' ? feeds[inner.value] : undefined;
      if (input !== undefined) return input.dims;
      const type = model.inferred.get(inner.path)?.get(inner.value);
      return type?.kind === 'tensor' && isStatic(type.shape) ? type.shape : undefined;
    };
    const find = async (inner: InnerValue): Promise<readonly number[]> => {
      if (inner.path !== '') await inferGraph(model, inner.path, signal);
      const plan = {
        outputs: [],
        captures: [{ ...inner, raw: false }],
        steps: [],
        given: [],
        overridden: [],
      };
      const looked = await this.#executor.run(model, { plan, given: new Map() }, [], feeds, settings, signal);
      const tensor = looked.captures[0] ?? null;
      if (tensor === null) throw notComputed(inner.value);
      // Iterations are stacked in front; inside, the value has the axes behind them.
      const dims = tensor.dims.slice(looked.stacked[0] ?? 0);
      this.#dims.set(dimsKey(model, feedsHash, inner), dims);
      return dims;
    };
    return { known, find };
  }

  #notes(
    model: EngineModel,
    planned: Planned,
    executed: Executed,
    feedsHash: string,
    settings: Settings,
    pending: boolean,
  ): string[] {
    const notes: string[] = [];
    const random = randomNodes(model);
    if (random.length > 0)
      notes.push(`The model draws random numbers (${random.join(', ')}), so runs differ.`);
    if (pending) notes.push('Not yet compared with a run of the whole model, which would take a while.');
    for (const { watch, intervention } of planned.steps) {
      if (watch === null || executed.captures[watch] !== null) continue;
      notes.push(
        `"${intervention.site}" lies in a branch that was not taken: the intervention has no effect.`,
      );
    }
    const touched = [...planned.steps.map(({ intervention }) => intervention.site), ...planned.given.keys()];
    if (touched.length === 0 || planned.plan.outputs.length === 0) return notes;
    const needed = neededNames(model.skeleton.graph, planned.plan.outputs);
    const paths = [
      ...planned.steps.map(({ step }) => step),
      ...[...planned.given.keys()].map((value) => ({ path: '', value })),
    ];
    paths.forEach(({ path, value }, index) => {
      if (path === '' && !needed.has(value))
        notes.push(
          `No output depends on "${must(touched[index], 'a site')}": the intervention has no effect.`,
        );
    });
    const plain = this.#checker.plainOutputs(model, feedsHash, settings);
    const unchanged =
      plain !== undefined &&
      [...executed.outputs].every(([name, tensor]) => {
        const before = plain.get(name);
        return before !== undefined && sameBits(tensor, before);
      });
    if (unchanged && notes.length === 0) notes.push('The interventions changed no output.');
    return notes;
  }

  async #summarize(
    handle: string,
    slice: { start: readonly number[]; size: readonly number[] } | undefined,
  ): Promise<TensorSummary> {
    const tensor = this.#store.get(handle);
    const summary = summarize(slice === undefined ? tensor : sliceTensor(tensor, slice));
    return Promise.resolve(must(summary, 'numbers have a summary'));
  }

  async #profile(
    model: EngineModel,
    request: RunRequest,
    signal: AbortSignal | undefined,
  ): Promise<NodeTime[]> {
    const { profileRun } = await import('./profile');
    checkFeeds(request.feeds, model.inputs);
    this.emit('blocking', { text: `Profiling ${model.skeleton.file}`, predictedMs: 1000 });
    return profileRun(model, this.#settings(request), request.feeds, signal);
  }
}

function dimsKey(model: EngineModel, feedsHash: string, { path, value }: InnerValue): string {
  return JSON.stringify([model.id, feedsHash, path, value]);
}

/** The request without outputs that are no tensors, and a note about each. */
function tensorOutputs(
  model: EngineModel,
  request: RunRequest,
): { readonly runnable: RunRequest; readonly notes: string[] } {
  const notes: string[] = [];
  const asked = request.outputs ?? model.skeleton.graph.outputs.map(({ name }) => name);
  const outputs = asked.filter((name) => {
    const spec = model.outputs.find((output) => output.name === name);
    if (spec === undefined || spec.dtype !== 'undefined') return true;
    const type = model.skeleton.graph.outputs.find((info) => info.name === name)?.type;
    if (type === undefined || type.kind === 'unknown') return true;
    const source = producersOf(model.skeleton.graph).get(name)?.inputs[0];
    const instead = source === undefined ? '' : ` Capture "${source}", which it is made from.`;
    notes.push(`The output "${name}" is a ${formatType(type)}, which cannot be shown.${instead}`);
    return false;
  });
  return { runnable: { ...request, outputs }, notes };
}
