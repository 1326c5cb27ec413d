/**
 * The engine as the editor uses it: one client for the window, whose child starts when a model first needs it. Knows
 * which version of a model's file the child has; everything a person has lives outside the child. It is the one gate to
 * running: whoever asks, a model that may not run here is refused before the child hears of it.
 */
import { totalmem } from 'node:os';
import * as vscode from 'vscode';
import { AbortError, isCancelled } from '../base/cancel';
import type { Disposable } from '../base/disposable';
import { isFailure, type Failure } from '../base/errors';
import type { InferredValue, OpenedModel, TensorSlice } from '../contract/engineApi';
import type { ApiModel } from '../contract/extensionApi';
import type { Intervention, NodeTime, RunRequest, RunResult } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { EngineClient } from '../engine/client';
import { openForPrograms } from '../engine/library';
import type { ProbeListener } from '../engine/probes';
import type { OpenModel } from './openModel';
import type { Trust } from './trust';

const GIGABYTE = 1_000_000_000;
/** The engine's share of this machine's memory where no limit is set. */
const MEMORY_SHARE = 0.75;
/** Of the limit: captured values stand beside the weights, and are held twice while they are handed over. */
const CAPTURE_SHARE = 1 / 6;

interface Opened {
  /** The version of the model this is. */
  readonly skeleton: object | undefined;
  readonly model: Promise<OpenedModel>;
}

export class EngineAccess implements Disposable {
  readonly #client: EngineClient;
  readonly #opened = new WeakMap<OpenModel, Opened>();
  readonly #memoryCap: number;
  /** Bytes of inputs up to which the person has said that a model may run, however much memory that takes. */
  readonly #anyway = new WeakMap<OpenModel, number>();

  constructor(
    extension: vscode.Uri,
    private readonly trust: Trust,
    log: vscode.LogOutputChannel,
  ) {
    const config = vscode.workspace.getConfiguration('patchclamp');
    const node = config.get<string>('engine.node', '').trim();
    const threads = config.get<number>('engine.threads', 0);
    const limit = config.get<number>('engine.memoryLimit', 0) * GIGABYTE;
    this.#memoryCap = limit > 0 ? limit : machineMemory() * MEMORY_SHARE;
    this.#client = new EngineClient({
      script: vscode.Uri.joinPath(extension, 'dist', 'engine.js').fsPath,
      memoryCap: this.#memoryCap,
      ...(threads > 0 ? { settings: { threads } } : {}),
      ...(node === '' ? {} : { execPath: node }),
      onLog: (level, text) => {
        log[level](text);
      },
    });
  }

  /** Bytes that the values recorded in one run may take. */
  get captureBudget(): number {
    return this.#memoryCap * CAPTURE_SHARE;
  }

  async infer(model: OpenModel): Promise<readonly InferredValue[]> {
    return this.#client.infer((await this.#open(model)).id);
  }

  async run(model: OpenModel, request: RunRequest, signal: AbortSignal): Promise<RunResult> {
    const { id } = await this.#open(model);
    const provider = vscode.workspace.getConfiguration('patchclamp').get<string>('engine.provider', 'cpu');
    const where = provider === 'cpu' ? {} : { provider };
    return this.#client.run(id, { ...request, ...where, ...this.#confirmed(model, request.feeds) }, signal);
  }

  /** The same for what a person started: one that would not fit in memory is asked about, and cancelled by a no. */
  runAsking(model: OpenModel, request: RunRequest, signal: AbortSignal): Promise<RunResult> {
    return this.#asking(model, request.feeds, () => this.run(model, request, signal));
  }

  /** Time per node, from a session of its own. */
  async profile(
    model: OpenModel,
    feeds: RunRequest['feeds'],
    signal: AbortSignal,
  ): Promise<readonly NodeTime[]> {
    return this.#client.profile((await this.#open(model)).id, { feeds, capture: [] }, signal);
  }

  /** Runs a method; `heard` is told of findings and progress as they come. */
  async probe(
    model: OpenModel,
    request: Parameters<EngineClient['probe']>[1],
    heard: ProbeListener,
    signal: AbortSignal,
  ): Promise<void> {
    const { id } = await this.#open(model);
    const { feeds } = request;
    await this.#asking(model, feeds, () =>
      this.#client.probe(id, { ...request, ...this.#confirmed(model, feeds) }, heard, signal),
    );
  }

  /** A box of a value, captured by a run that computes only what lies upstream of it. */
  async value(
    model: OpenModel,
    feeds: RunRequest['feeds'],
    site: string,
    slice: TensorSlice,
    signal: AbortSignal,
    interventions: readonly Intervention[] = [],
  ): Promise<TensorData> {
    const { id } = await this.#open(model);
    const { captures } = await this.#client.run(
      id,
      { feeds, capture: [site], outputs: [], keep: true, interventions, ...this.#confirmed(model, feeds) },
      signal,
    );
    const handle = captures[0]?.handle;
    if (handle === undefined || handle === null) throw new Error(`The engine kept no tensor for ${site}.`);
    try {
      return await this.#client.tensor(handle, slice, signal);
    } finally {
      this.#client.release([handle]);
    }
  }

  /** A local model for another extension. Rejects where it may not run. */
  async openForPrograms(uri: vscode.Uri): Promise<ApiModel> {
    this.trust.check(uri);
    return openForPrograms(this.#client, uri.fsPath);
  }

  /** Lets go of a model's file in the child; it is opened again at the next need. */
  release(model: OpenModel): void {
    const known = this.#opened.get(model);
    this.#opened.delete(model);
    void known?.model.then(({ id }) => this.#client.close(id)).catch(() => undefined);
  }

  /** A tensor that a run kept. Gone once released, or with the child. */
  tensor(handle: string, signal: AbortSignal): Promise<TensorData> {
    return this.#client.tensor(handle, undefined, signal);
  }

  drop(handles: readonly string[]): void {
    this.#client.release(handles);
  }

  dispose(): void {
    this.#client.dispose();
  }

  #confirmed(model: OpenModel, feeds: RunRequest['feeds']): { readonly confirmed?: true } {
    return bytesOf(feeds) <= (this.#anyway.get(model) ?? -1) ? { confirmed: true } : {};
  }

  async #asking<T>(model: OpenModel, feeds: RunRequest['feeds'], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error) || error.code !== 'would-not-fit') throw error;
      if (!(await askAnyway(error))) throw new AbortError();
      this.#anyway.set(model, bytesOf(feeds));
      return work();
    }
  }

  /** The model as the client knows it; opened anew when its file was read again. Rejects where it may not run. */
  async #open(model: OpenModel): Promise<OpenedModel> {
    this.trust.check(model.uri);
    return this.#opening(model);
  }

  #opening(model: OpenModel): Promise<OpenedModel> {
    const known = this.#opened.get(model);
    const skeleton = model.content?.skeleton;
    if (known !== undefined && known.skeleton === skeleton) return known.model;
    void known?.model.then(({ id }) => this.#client.close(id)).catch(() => undefined);
    const opening = this.#client.open(model.uri.fsPath);
    this.#opened.set(model, { skeleton, model: opening });
    opening.catch((error: unknown) => {
      if (!isCancelled(error) && this.#opened.get(model)?.model === opening) this.#opened.delete(model);
    });
    return opening;
  }
}

/** Whether a run that would not fit in memory is to be tried all the same. */
async function askAnyway({ what }: Failure): Promise<boolean> {
  const anyway = vscode.l10n.t('Run Anyway');
  const detail = vscode.l10n.t(
    'Where only summaries are asked for it was tried in pieces, and a single value would not fit. If memory runs out, only this run is lost. A smaller input needs less.',
  );
  return (await vscode.window.showWarningMessage(what, { modal: true, detail }, anyway)) === anyway;
}

function bytesOf(feeds: RunRequest['feeds']): number {
  return Object.values(feeds).reduce(
    (sum, { data }) => sum + (ArrayBuffer.isView(data) ? data.byteLength : data.length),
    0,
  );
}

/** Bytes this process may use: the machine's, or a container's where that is less. */
function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}
