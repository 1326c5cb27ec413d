/**
 * The engine, from the host: starts the process at the first need, replaces it when it dies, cancels by replacing it when
 * it is deaf, and makes one promise to its callers: a call is answered, fails with the sentence that says which run it
 * was, or was cancelled. Models are opened again in a new process by themselves; tensors under handles are gone with it.
 */
import { AbortError, delay, isCancelled, throwIfCancelled } from '../base/cancel';
import type { Disposable } from '../base/disposable';
import { isFailure } from '../base/errors';
import { Emitter } from '../base/event';
import type { Remote } from '../base/rpc';
import type {
  EngineApi,
  EngineInfo,
  InferredValue,
  ModelId,
  OpenedModel,
  ProbeRequest,
  ProbeResult,
  TensorSlice,
} from '../contract/engineApi';
import type {
  GradientRequest,
  GradientResult,
  NodeTime,
  RunRequest,
  RunResult,
  SweepRequest,
  SweepResult,
  TensorHandle,
} from '../contract/run';
import type { TensorData, TensorSummary } from '../contract/tensor';
import { abortable } from './abortable';
import { EngineProcess, type Ended, type ForkOptions } from './childProcess';
import { describeRun } from './describeRun';
import { crashed, doesNotStart, overMemory } from './errors';
import { Probes, type ProbeListener } from './probes';
import { residentBytes } from './residentMemory';

export interface EngineClientOptions extends ForkOptions {
  /** Bytes of memory beyond which the process is ended; 0 or missing: no limit. */
  readonly memoryCap?: number;
  /** A cancelled call's process has this long to say that it heard, in milliseconds; 250 if missing. */
  readonly patience?: number;
  readonly onLog?: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** What the engine is doing, for a status bar. */
export type EngineState =
  | { readonly kind: 'off' | 'starting' | 'idle' }
  | { readonly kind: 'busy'; readonly text: string; readonly since: number; readonly predictedMs: number };

const MEMORY_POLL = 200;
const MOST_STARTS = 4;

interface Call {
  readonly what: string;
  /** Takes its turn in the child's queue, so that it may be what the child is at. */
  readonly queued: boolean;
  /** Set when the process is replaced for a reason that is not this call's. */
  retry: boolean;
  /** What to reject with instead of the connection's own error. */
  reason: Error | undefined;
  /** What the process had said when the call was made; -1 once it was spared. */
  readonly heard: number;
}

interface HeldModel {
  readonly file: string;
  readonly name: string;
  opened: { readonly process: EngineProcess; readonly model: Promise<OpenedModel> } | undefined;
}

export class EngineClient implements Disposable {
  #process: EngineProcess | undefined;
  #starting: Promise<EngineProcess> | undefined;
  readonly #calls = new Set<Call>();
  readonly #models = new Map<ModelId, HeldModel>();
  readonly #state = new Emitter<EngineState>();
  #current: EngineState = { kind: 'off' };
  #failures = 0;
  readonly #probes = new Probes();
  #nextModel = 1;
  #disposed = false;
  #memoryTimer: NodeJS.Timeout | undefined;

  readonly onDidChangeState = this.#state.event;
  /** Ids of models stay good across processes, so callers never have to open one again. */
  readonly generation = 0;

  constructor(private readonly options: EngineClientOptions) {}

  get state(): EngineState {
    return this.#current;
  }

  /** Process id of the engine, or undefined while it is off. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The engine's own interface, supervised: every method starts, restarts and cancels as the client's do. */
  api(): Promise<Remote<EngineApi>> {
    return Promise.resolve({
      hello: () => this.start(),
      open: (...args) => this.open(...args),
      close: (...args) => this.close(...args),
      infer: (...args) => this.infer(...args),
      run: (...args) => this.run(...args),
      tensor: (...args) => this.tensor(...args),
      summarize: (...args) => this.summarize(...args),
      release: (handles) => {
        this.release(handles);
        return Promise.resolve();
      },
      gradient: (...args) => this.gradient(...args),
      sweep: (...args) => this.sweep(...args),
      profile: (...args) => this.profile(...args),
      probe: (id, request, signal) => this.probe(id, request, {}, signal),
      stream: (id, request) =>
        this.#onModel(id, 'starting to stream over', undefined, (remote, model) =>
          remote.stream(model.id, request),
        ),
      push: (stream, examples, signal) =>
        this.#call(
          { what: `streaming ${String(examples.length)} examples`, queued: true },
          signal,
          (remote) => remote.push(stream, examples, ...last(signal)),
        ),
      reduced: (stream) =>
        this.#call({ what: 'reading a stream', queued: true }, undefined, (remote) => remote.reduced(stream)),
      endStream: (stream) =>
        this.#call({ what: 'ending a stream', queued: false }, undefined, (remote) =>
          remote.endStream(stream),
        ),
    });
  }

  /** Starts the process ahead of need and says what it is. */
  async start(signal?: AbortSignal): Promise<EngineInfo> {
    return this.#call({ what: 'starting', queued: false }, signal, (remote) => remote.hello());
  }

  /** Opens a local model. The id stays good when the process is replaced. */
  async open(file: string, signal?: AbortSignal): Promise<OpenedModel> {
    const id = `model${String(this.#nextModel++)}`;
    const held: HeldModel = { file, name: baseName(file), opened: undefined };
    this.#models.set(id, held);
    try {
      const opened = await this.#onModel(id, 'opening', signal, (_remote, model) => Promise.resolve(model));
      return { ...opened, id };
    } catch (error) {
      this.#models.delete(id);
      throw error;
    }
  }

  async close(id: ModelId): Promise<void> {
    const held = this.#models.get(id);
    this.#models.delete(id);
    const opened = held?.opened;
    if (opened === undefined || opened.process !== this.#process) return;
    const model = await opened.model;
    await this.#call({ what: `closing ${held?.name ?? ''}`, queued: true }, undefined, (remote) =>
      remote.close(model.id),
    );
  }

  infer(id: ModelId, signal?: AbortSignal): Promise<readonly InferredValue[]> {
    return this.#onModel(id, 'inferring the shapes of', signal, (remote, model) =>
      remote.infer(model.id, ...last(signal)),
    );
  }

  run(id: ModelId, request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    return this.#onModel(id, describeRun(request), signal, (remote, model) =>
      remote.run(model.id, request, ...last(signal)),
    );
  }

  gradient(id: ModelId, request: GradientRequest, signal?: AbortSignal): Promise<GradientResult> {
    return this.#onModel(id, 'taking a gradient of', signal, (remote, model) =>
      remote.gradient(model.id, request, ...last(signal)),
    );
  }

  sweep(id: ModelId, request: SweepRequest, signal?: AbortSignal): Promise<SweepResult> {
    const what = `sweeping ${String(request.cells.length)} cells of`;
    return this.#onModel(id, what, signal, (remote, model) =>
      remote.sweep(model.id, request, ...last(signal)),
    );
  }

  profile(id: ModelId, request: RunRequest, signal?: AbortSignal): Promise<readonly NodeTime[]> {
    return this.#onModel(id, 'profiling', signal, (remote, model) =>
      remote.profile(model.id, request, ...last(signal)),
    );
  }

  /** Runs a method. A finding may come again, by the same index, when the process had to be replaced. */
  probe(
    id: ModelId,
    request: Omit<ProbeRequest, 'token'>,
    heard: ProbeListener,
    signal?: AbortSignal,
  ): Promise<ProbeResult> {
    return this.#onModel(id, `running ${request.method} on`, signal, (remote, model) =>
      this.#probes.during(heard, (token) => remote.probe(model.id, { ...request, token }, ...last(signal))),
    );
  }

  /** Rejects with `disconnected` when the process that held the tensor is gone. */
  tensor(handle: TensorHandle, slice?: TensorSlice, signal?: AbortSignal): Promise<TensorData> {
    return this.#call({ what: 'reading a tensor', queued: false }, signal, (remote) =>
      slice === undefined ? remote.tensor(handle) : remote.tensor(handle, slice, ...last(signal)),
    );
  }

  summarize(handle: TensorHandle, slice?: TensorSlice): Promise<TensorSummary> {
    return this.#call({ what: 'summarising a tensor', queued: false }, undefined, (remote) =>
      slice === undefined ? remote.summarize(handle) : remote.summarize(handle, slice),
    );
  }

  /** Lets tensors go; nothing happens when the process is gone already. */
  release(handles: readonly TensorHandle[]): void {
    if (this.#process === undefined || handles.length === 0) return;
    void this.#process.remote.release(handles).catch(() => undefined);
  }

  dispose(): void {
    this.#disposed = true;
    this.#process?.kill();
    this.#setState({ kind: 'off' });
    clearInterval(this.#memoryTimer);
    this.#state.dispose();
  }

  async #onModel<T>(
    id: ModelId,
    doing: string,
    signal: AbortSignal | undefined,
    work: (remote: Remote<EngineApi>, model: OpenedModel) => Promise<T>,
  ): Promise<T> {
    const held = this.#models.get(id);
    if (held === undefined) throw new Error(`The model ${id} was closed.`);
    return this.#call({ what: `${doing} ${held.name}`, queued: true }, signal, async (remote, process) => {
      if (held.opened?.process !== process) {
        const model = remote.open(held.file);
        held.opened = { process, model };
        model.catch(() => {
          if (held.opened?.model === model) held.opened = undefined;
        });
      }
      return work(remote, await held.opened.model);
    });
  }

  async #call<T>(
    { what, queued }: Pick<Call, 'what' | 'queued'>,
    signal: AbortSignal | undefined,
    work: (remote: Remote<EngineApi>, process: EngineProcess) => Promise<T>,
  ): Promise<T> {
    for (let spared = false; ; spared = true) {
      throwIfCancelled(signal);
      const process = await abortable(this.#running(), signal);
      const heard = spared ? -1 : process.heard;
      const call: Call = { what, queued, retry: false, reason: undefined, heard };
      this.#calls.add(call);
      const onAbort = (): void => this.#cancelled(call, process);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        const result = await abortable(work(process.remote, process), signal);
        this.#failures = 0;
        return result;
      } catch (error) {
        if (isCancelled(error)) throw error;
        if (isFailure(error) && error.code !== 'disconnected') throw error;
        if (process.over === undefined) throw error;
        if (call.reason !== undefined) throw call.reason;
        if (!call.retry) throw error;
      } finally {
        signal?.removeEventListener('abort', onAbort);
        this.#calls.delete(call);
        if (this.#calls.size === 0 && this.#process !== undefined) this.#setState({ kind: 'idle' });
      }
    }
  }

  /** The live process, started when there is none. */
  #running(): Promise<EngineProcess> {
    if (this.#disposed) return Promise.reject(new AbortError('The engine was shut down.'));
    if (this.#process !== undefined) return Promise.resolve(this.#process);
    this.#starting ??= this.#startProcess().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  async #startProcess(): Promise<EngineProcess> {
    for (;;) {
      this.#setState({ kind: 'starting' });
      // The first start and the one after a cancel come at once; one that follows a crash waits longer each time.
      if (this.#failures > 0) await delay(Math.min(30_000, 250 * 2 ** (this.#failures - 1)));
      const process = new EngineProcess(this.options);
      const ended = await process.started();
      if (ended === undefined && !this.#disposed) {
        this.#adopt(process);
        return process;
      }
      process.kill();
      if (this.#disposed) throw new AbortError('The engine was shut down.');
      this.#failures++;
      if (this.#failures >= MOST_STARTS) {
        this.#failures = 0;
        this.#setState({ kind: 'off' });
        throw doesNotStart(
          ended ?? { code: null, signal: null, said: '' },
          this.options.execPath ?? globalThis.process.execPath,
        );
      }
    }
  }

  #adopt(process: EngineProcess): void {
    this.#process = process;
    this.#setState({ kind: 'idle' });
    process.onEvent(({ event, data }) => {
      if (event === 'blocking') this.#setState({ kind: 'busy', since: Date.now(), ...data });
      else if (event === 'progress') this.#probes.progress(data);
      else if (event === 'finding') this.#probes.finding(data);
      else if (event === 'log') this.options.onLog?.(data.level, data.text);
    });
    process.onEnd((end) => this.#ended(process, end));
    this.#watchMemory(process);
  }

  /** The process is gone: the call it was at fails with the reason, the others are asked again. */
  #ended(process: EngineProcess, end: Ended): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    clearInterval(this.#memoryTimer);
    this.#setState({ kind: 'off' });
    const calls = [...this.#calls];
    const blamed = calls.some(({ reason, retry }) => reason !== undefined || retry);
    if (!blamed && !this.#disposed) {
      this.#failures++;
      const culprit = calls.find(({ queued }) => queued) ?? calls[0];
      // One that was made as the process was dying, and never answered in any way, is not what it died of.
      if (culprit !== undefined && culprit.heard !== process.heard)
        culprit.reason = crashed(culprit.what, end);
      this.options.onLog?.('error', `The engine ended (${String(end.signal ?? end.code)}). ${end.said}`);
    }
    for (const call of calls) if (call.reason === undefined) call.retry = true;
  }

  /** Gives the process a moment to hear of it; one that stays deaf is replaced. */
  #cancelled(call: Call, process: EngineProcess): void {
    this.#calls.delete(call);
    // Only an answer counts: what it said of itself may have been on its way already.
    let answered = false;
    process.remote.hello().then(
      () => (answered = true),
      () => undefined,
    );
    setTimeout(() => {
      if (this.#process !== process || answered) return;
      // Nobody else's fault: what waits behind the cancelled run is asked again in the next process.
      for (const other of this.#calls) other.retry = true;
      process.kill();
    }, this.options.patience ?? 250);
  }

  #watchMemory(process: EngineProcess): void {
    const cap = this.options.memoryCap ?? 0;
    clearInterval(this.#memoryTimer);
    if (cap <= 0) return;
    this.#memoryTimer = setInterval(() => {
      if (this.#calls.size === 0) return;
      void residentBytes(process.pid).then((bytes) => {
        if (bytes === undefined || bytes <= cap || this.#process !== process) return;
        const culprit = [...this.#calls].find(({ queued }) => queued);
        if (culprit !== undefined) culprit.reason = overMemory(culprit.what, bytes, cap);
        process.kill();
      });
    }, MEMORY_POLL);
    this.#memoryTimer.unref();
  }

  #setState(state: EngineState): void {
    this.#current = state;
    this.#state.fire(state);
  }
}

function last(signal: AbortSignal | undefined): [] | [AbortSignal] {
  return signal === undefined ? [] : [signal];
}

function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
