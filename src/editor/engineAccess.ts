/**
 * The engine as the editor uses it: one client for the window, whose child starts when a model first needs it. Knows
 * which version of a model's file the child has; everything a person has lives outside the child.
 */
import * as vscode from 'vscode';
import { isCancelled } from '../base/cancel';
import type { Disposable } from '../base/disposable';
import type { InferredValue, OpenedModel, TensorSlice } from '../contract/engineApi';
import type { NodeTime, RunRequest, RunResult } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { EngineClient } from '../engine/client';
import type { ProbeListener } from '../engine/probes';
import type { OpenModel } from './openModel';

const GIGABYTE = 1_000_000_000;

interface Opened {
  /** The version of the model this is. */
  readonly skeleton: object | undefined;
  readonly model: Promise<OpenedModel>;
}

export class EngineAccess implements Disposable {
  readonly #client: EngineClient;
  readonly #opened = new WeakMap<OpenModel, Opened>();

  constructor(extension: vscode.Uri, log: vscode.LogOutputChannel) {
    const config = vscode.workspace.getConfiguration('patchclamp');
    const node = config.get<string>('engine.node', '').trim();
    const threads = config.get<number>('engine.threads', 0);
    this.#client = new EngineClient({
      script: vscode.Uri.joinPath(extension, 'dist', 'engine.js').fsPath,
      memoryCap: config.get<number>('engine.memoryLimit', 0) * GIGABYTE,
      ...(threads > 0 ? { settings: { threads } } : {}),
      ...(node === '' ? {} : { execPath: node }),
      onLog: (level, text) => {
        log[level](text);
      },
    });
  }

  /** Starts the child ahead of need and opens a model in it. Failures are left to the first run, which shows them. */
  warm(model: OpenModel): void {
    void this.#open(model).catch(() => undefined);
  }

  async infer(model: OpenModel): Promise<readonly InferredValue[]> {
    return this.#client.infer((await this.#open(model)).id);
  }

  async run(model: OpenModel, request: RunRequest, signal: AbortSignal): Promise<RunResult> {
    return this.#client.run((await this.#open(model)).id, request, signal);
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
    await this.#client.probe((await this.#open(model)).id, request, heard, signal);
  }

  /** A box of a value, captured by a run that computes only what lies upstream of it. */
  async value(
    model: OpenModel,
    feeds: RunRequest['feeds'],
    site: string,
    slice: TensorSlice,
    signal: AbortSignal,
  ): Promise<TensorData> {
    const { id } = await this.#open(model);
    const { captures } = await this.#client.run(
      id,
      { feeds, capture: [site], outputs: [], keep: true },
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

  dispose(): void {
    this.#client.dispose();
  }

  /** The model as the client knows it; opened anew when its file was read again. */
  #open(model: OpenModel): Promise<OpenedModel> {
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
