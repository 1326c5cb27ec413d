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
  SweepRequest,
  SweepResult,
} from '../../contract/run';
import type { TensorData, TensorSummary } from '../../contract/tensor';
import type { Method } from '../../contract/method';
import { methods as allMethods } from '../../methods';
import { sliceTensor } from '../../tensor/slice';
import { summarize } from '../../tensor/stats';
import { Executor } from './executor';
import { runtimeFailure, unknownModel } from './failures';
import { checkFeeds } from './feeds';
import { Differentiator } from './autodiff/gradients';
import { gradientRun } from './gradient';
import { inferGraph } from './infer';
import { EngineModel } from './model';
import { probe } from './probe';
import { Runner } from './runner';
import { providers, runtimeVersion } from './runtime';
import { Sessions } from './sessions';
import { TensorStore } from './store';
import { Streams } from './streams';
import { sweep } from './sweep';

export interface EngineOptions {
  /** Bytes of sessions kept. */
  readonly sessionBudget: number;
  /** Bytes of tensors kept under handles. */
  readonly tensorBudget: number;
  /** Threads within an operator; 0 lets the runtime choose. */
  readonly threads: number;
  /** Bytes that the process may take: runs beyond it are asked about. 0 or missing: what the machine has. */
  readonly memoryCap?: number;
}

type Emit = <K extends keyof EngineEvents>(event: K, data: EngineEvents[K]) => void;

export class Engine {
  readonly #models = new Map<string, EngineModel>();
  readonly #executor: Executor;
  readonly #runner: Runner;
  readonly #streams: Streams;
  readonly #differentiator: Differentiator;
  readonly #store: TensorStore;
  #last: Promise<unknown> = Promise.resolve();
  #nextId = 1;

  constructor(
    options: EngineOptions,
    private readonly emit: Emit,
    private readonly methods: readonly Method[] = allMethods,
  ) {
    const sessions = new Sessions(options.sessionBudget);
    this.#executor = new Executor(sessions, (text, predictedMs) => emit('blocking', { text, predictedMs }));
    this.#differentiator = new Differentiator(this.#executor);
    this.#store = new TensorStore(options.tensorBudget);
    this.#runner = new Runner(this.#executor, this.#store, options.threads, options.memoryCap ?? 0);
    this.#streams = new Streams(this.#runner);
  }

  /** The methods of the API as own functions of an object, as the connection asks for them. */
  api(): EngineApi {
    const api: EngineApi = {
      hello: () => {
        const listed = providers();
        const untested = listed.filter((name) => name !== 'cpu');
        return { pid: process.pid, runtime: runtimeVersion(), providers: listed, untested };
      },
      open: (file, signal) => this.#inTurn(signal, () => this.#open(file, signal)),
      close: (id) => this.#inTurn(undefined, () => this.#close(id)),
      infer: (id, signal) => this.#inTurn(signal, () => this.#infer(this.#model(id), signal)),
      run: (id, request, signal) =>
        this.#inTurn(signal, () => this.#runner.run(this.#model(id), request, signal)),
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
      stream: (id, request) =>
        this.#inTurn(undefined, () => Promise.resolve(this.#streams.open(this.#model(id), request))),
      push: (stream, examples, signal) =>
        this.#inTurn(signal, () => this.#streams.push(stream, examples, signal)),
      reduced: (stream) => this.#inTurn(undefined, () => Promise.resolve(this.#streams.result(stream))),
      endStream: (stream) => this.#streams.close(stream),
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

  /** Lets go of every model once the work at hand is done. */
  dispose(): Promise<void> {
    return this.#inTurn(undefined, async () => {
      for (const id of [...this.#models.keys()]) await this.#close(id);
    });
  }

  async #drop(model: EngineModel): Promise<void> {
    this.#models.delete(model.id);
    this.#executor.forget(model);
    this.#runner.checker.forget(model);
    this.#streams.forget(model);
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
    const warnings = model.original.warnings.map(({ message }) => message);
    return { id, inputs: model.inputs, outputs: model.outputs, warnings };
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

  async #gradient(
    model: EngineModel,
    request: GradientRequest,
    signal: AbortSignal | undefined,
  ): Promise<GradientResult> {
    const start = performance.now();
    const settings = this.#runner.settings();
    checkFeeds(request.feeds, model.inputs);
    const dims: Parameters<typeof gradientRun>[4] = (at, feeds) =>
      this.#runner.dimsSource(at, feeds, settings, signal);
    const answer = await gradientRun(
      this.#differentiator,
      this.#executor,
      model,
      request,
      dims,
      settings,
      this.#runner.allowance(model, 'gradient', request.confirmed),
      signal,
    );
    const gradients = answer.gradients.map(({ site, tensor }) => this.#runner.captured(site, tensor, true));
    return { ...answer, gradients, ms: performance.now() - start };
  }

  async #sweep(
    model: EngineModel,
    request: SweepRequest,
    signal: AbortSignal | undefined,
  ): Promise<SweepResult> {
    const start = performance.now();
    const settings = this.#runner.settings(request.level);
    checkFeeds(request.feeds, model.inputs);
    const dims = this.#runner.dimsSource(model, request.feeds, settings, signal);
    const total = request.cells.length;
    const progress = (done: number): void =>
      this.emit('progress', {
        token: model.id,
        done,
        total,
        text: `${String(done)} of ${String(total)} cells`,
      });
    const allowance = this.#runner.allowance(model, 'sweep', request.confirmed);
    const swept = await sweep(this.#executor, model, request, dims, settings, allowance, progress, signal);
    const named = (tensors: readonly TensorData[]): Captured[] =>
      tensors.map((tensor, index) => this.#runner.captured(request.read[index] ?? '', tensor, true));
    const { baselineRow, ridden, runs, notes } = swept;
    const ms = performance.now() - start;
    return {
      baseline: named(swept.baseline),
      baselineRow,
      cells: named(swept.cells),
      ridden,
      runs,
      notes,
      ms,
    };
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
    return profileRun(model, this.#runner.settings(request.level), request.feeds, signal);
  }
}
