/**
 * Weights on demand: statistics, boxes and `.npy` files, read from the model's file when someone looks, never by the
 * engine. Summaries are kept per version of the model, so that hovers need not read twice.
 */
import * as vscode from 'vscode';
import { delay, isCancelled } from '../base/cancel';
import { Failure } from '../base/errors';
import { SharedWork } from '../base/sharedWork';
import type { TensorSlice } from '../contract/engineApi';
import type { WeightRef } from '../contract/skeleton';
import type { TensorData, TensorSummary } from '../contract/tensor';
import type { WeightReader } from '../onnx/weights';
import { formatBytes } from '../tensor/format';
import { modelFiles } from './modelStamp';
import type { OpenModel } from './openModel';
import type { ModelReader } from './reading';
import { writeBeside } from './writeBeside';

export class Weights {
  /** By weight: another version of the file has others. */
  readonly #done = new WeakMap<WeightRef, TensorSummary>();
  readonly #reading = new SharedWork<WeightRef, TensorSummary>(0);

  constructor(private readonly reader: ModelReader) {}

  /** Statistics already read. */
  cached(ref: WeightRef): TensorSummary | undefined {
    return this.#done.get(ref);
  }

  /** Statistics of a weight, by its key; read once, however many ask. Rejects with the sentence to show. */
  async summary(model: OpenModel, key: string, signal?: AbortSignal): Promise<TensorSummary> {
    return this.#summary(model, this.#find(model, key), signal);
  }

  /** Statistics if they are there within `ms`; else they are read on, for the next time. */
  async soon(model: OpenModel, ref: WeightRef, ms: number): Promise<TensorSummary | undefined> {
    const cached = this.cached(ref);
    if (cached !== undefined) return cached;
    // The weight card says what is wrong with it; a hover stays silent about what it cannot show.
    const reading = this.#summary(model, ref).catch(() => undefined);
    return Promise.race([reading, delay(ms).then(() => undefined)]);
  }

  async #summary(model: OpenModel, ref: WeightRef, signal?: AbortSignal): Promise<TensorSummary> {
    const cached = this.cached(ref);
    if (cached !== undefined) return cached;
    const read = (shared: AbortSignal): Promise<TensorSummary> =>
      this.#with(model, async (weights) => {
        const summary = await weights.summarize(ref, shared);
        if (summary === null) throw noNumbers(ref.name);
        this.#done.set(ref, summary);
        return summary;
      });
    return this.#reading.get(ref, read, signal);
  }

  slice(model: OpenModel, ref: WeightRef, slice: TensorSlice, signal: AbortSignal): Promise<TensorData> {
    return this.#with(model, (weights) => weights.readBox(ref, slice, signal));
  }

  /** Asks where to, and writes the whole weight as `.npy`, in pieces, with progress and cancel. */
  async exportNpy(model: OpenModel, key: string): Promise<void> {
    const ref = this.#find(model, key);
    const { name } = ref;
    const file = `${name.replace(/[^\w.-]+/g, '_')}.npy`;
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(model.uri, '..', file),
      filters: { NumPy: ['npy'] },
      title: vscode.l10n.t('Export {0}', name),
    });
    if (target === undefined) return;
    const title = vscode.l10n.t('Exporting {0} ({1})', name, formatBytes(ref.byteLength));
    const location = vscode.ProgressLocation.Notification;
    await vscode.window.withProgress({ location, title, cancellable: true }, async (_progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        await this.#with(model, (weights) =>
          writeBeside(target, modelFiles(model), weights.npy(ref, abort.signal)),
        );
      } catch (error) {
        if (!isCancelled(error)) throw error;
      }
    });
  }

  #find(model: OpenModel, key: string): WeightRef {
    const ref = model.content?.names.weightNamed(key);
    if (ref !== undefined) return ref;
    const name = key.slice(key.lastIndexOf('\0') + 1);
    throw new Failure({
      code: 'bad-data',
      message: vscode.l10n.t('The model {0} has no weight named "{1}".', model.name, name),
      remedy: vscode.l10n.t('Choose one from the list of Patchclamp: Show Weights…'),
    });
  }

  async #with<T>(model: OpenModel, work: (weights: WeightReader) => Promise<T>): Promise<T> {
    const { WeightReader } = await import('../onnx/weights');
    const { source, folder } = await this.reader.open(model.uri);
    const weights = new WeightReader(source, folder);
    try {
      if (source.size !== model.content?.skeleton.fileBytes) throw changed(model);
      return await work(weights);
    } finally {
      await weights.close();
      await source.close();
    }
  }
}

function changed(model: OpenModel): Failure {
  return new Failure({
    code: 'bad-data',
    message: vscode.l10n.t('{0} has changed on disk since it was read.', model.name),
    remedy: vscode.l10n.t('Wait until it has been read again.'),
  });
}

function noNumbers(name: string): Failure {
  return new Failure({
    code: 'bad-data',
    message: vscode.l10n.t('"{0}" holds text, which has no statistics.', name),
    remedy: '',
  });
}
