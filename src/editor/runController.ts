/**
 * Running a model and keeping what came out. One run at a time in the window (the engine is one child); what a person
 * has (inputs, summaries, names, notes) lives here and on disk, so that a dead child costs only the run it was doing.
 */
import * as vscode from 'vscode';
import { isCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { isFailure } from '../base/errors';
import { Lru } from '../base/lru';
import type { StoredCapture } from '../contract/engineApi';
import type { RunSnapshot, RunState, Trouble } from '../contract/hostApi';
import type { Captured } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { RunStore, type KeptRun } from '../study/runs';
import type { EngineAccess } from './engineAccess';
import type { FeedBook } from './feedBook';
import type { RecordedValues } from './inspect';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { overlays } from './overlays';
import { RunBook, isStale, type ModelStamp } from './runBook';
import { textFolderOf } from './storage';
import { toTrouble } from './trouble';
import type { Trust } from './trust';
import { typeText, ValueTypes } from './valueTypes';
import type { Weights } from './weights';

/** How many runs' input tensors stay in memory for each model. */
const FEEDS_KEPT = 3;

interface Running {
  readonly model: OpenModel;
  readonly text: string;
  readonly since: number;
  readonly abort: AbortController;
}

interface ModelRuns {
  readonly book: RunBook;
  stamp: ModelStamp | undefined;
  trouble: Trouble | null;
  /** The version of the model that was prepared, and how far. */
  prepared: { readonly content: object; readonly key: 'prepared' | 'inferred' } | undefined;
  /** Feeds of the runs last looked at, by run. */
  readonly feeds: Lru<string, Promise<Readonly<Record<string, TensorData>>>>;
}

export class RunController implements Disposable {
  readonly #store = new DisposableStore();
  readonly #runs = new WeakMap<OpenModel, ModelRuns>();
  #running: Running | undefined;

  constructor(
    models: Models,
    private readonly engine: EngineAccess,
    private readonly feeds: FeedBook,
    private readonly weights: Weights,
    private readonly trust: Trust,
    private readonly storage: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#store.add(
      models.onDidChange(({ model, aspect }) => {
        if (aspect === 'content' || aspect === 'editors') void this.#prepare(model);
      }),
    );
    this.#store.add(
      trust.onDidChange(() => {
        for (const model of models.open) void this.#prepare(model);
      }),
    );
    this.#store.add(
      feeds.onDidChange((model) => {
        model.touch('runs');
      }),
    );
  }

  get running(): { readonly text: string; readonly since: number } | undefined {
    return this.#running;
  }

  shown(model: OpenModel): KeptRun | undefined {
    return this.#of(model).book.shown;
  }

  other(model: OpenModel): KeptRun | undefined {
    return this.#of(model).book.other;
  }

  kept(model: OpenModel): readonly KeptRun[] {
    return this.#of(model).book.store.runs;
  }

  isStale(model: OpenModel, run: KeptRun): boolean {
    return isStale(run, this.#of(model).stamp);
  }

  recorded(model: OpenModel): RecordedValues {
    return this.#of(model).book.recorded((name) => this.weights.cached(model, name));
  }

  /** The run bar's whole state. */
  state(model: OpenModel): RunState {
    const runs = this.#of(model);
    const running =
      this.#running?.model === model ? { text: this.#running.text, since: this.#running.since } : null;
    return {
      revision: model.revision,
      ...this.feeds.state(model),
      running,
      runs: runs.book.headers(runs.stamp),
      shown: runs.book.shown?.id ?? null,
      comparedWith: runs.book.other?.id ?? null,
      trouble: runs.trouble,
    };
  }

  /** The shown run's values for the graph. */
  snapshot(model: OpenModel): RunSnapshot | null {
    const { book } = this.#of(model);
    const run = book.shown;
    const graph = model.content?.graph;
    if (run === undefined || graph === undefined) return null;
    const values = book.valuesOf(run);
    const titles = {
      magnitude: vscode.l10n.t('Magnitude (RMS)'),
      zeros: vscode.l10n.t('Share of zeros'),
      spread: vscode.l10n.t('Spread (std)'),
      difference: vscode.l10n.t('Difference of RMS'),
    };
    const types = Array.from({ length: graph.values.count }, (_, row) => {
      const stored = values.get(graph.strings[graph.values.name[row] ?? -1] ?? '');
      return stored === undefined ? '' : typeText(stored.dtype, stored.dims);
    });
    return {
      revision: model.revision,
      id: run.id,
      name: run.name,
      overlays: overlays(graph, values, book.other === undefined ? null : book.valuesOf(book.other), titles),
      types,
      notes: [
        ...run.notes,
        ...(this.isStale(model, run) ? [vscode.l10n.t('The model file has changed since this run.')] : []),
      ],
    };
  }

  /** Runs with the chosen inputs, recording every top-level value. Failures are shown in the run bar. */
  async run(model: OpenModel): Promise<void> {
    const { content } = model;
    if (content === undefined || this.#refuses(model)) return;
    const abort = new AbortController();
    const name = this.#nextName(model);
    await this.#while(model, vscode.l10n.t('{0} of {1}', name, model.name), abort, async () => {
      const made = await this.feeds.build(model, abort.signal);
      const capture = content.skeleton.graph.nodes.flatMap((node) =>
        node.outputs.filter((output) => output !== ''),
      );
      const result = await this.engine.run(
        model,
        { feeds: made.tensors, capture, keep: false, level: 'disabled' },
        abort.signal,
      );
      const inputs = Object.entries(made.tensors).map(([site, tensor]) => this.feeds.summarize(site, tensor));
      const run: KeptRun = {
        version: 1,
        id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`,
        name,
        when: Date.now(),
        ms: result.ms,
        pinned: false,
        note: '',
        model: await this.#readStamp(model),
        feeds: made.kept,
        dims: made.dims,
        values: unique([...inputs, ...result.outputs.map(toStored), ...result.captures.map(toStored)]),
        outputs: result.outputs.map(({ site }) => site),
        notes: result.notes,
      };
      const { book } = this.#of(model);
      const limit = vscode.workspace.getConfiguration('patchclamp').get<number>('runs.keep', 50);
      await book.store.add(run, limit);
      book.show(run.id);
      this.#of(model).feeds.set(run.id, Promise.resolve(made.tensors));
      void vscode.commands.executeCommand('setContext', 'patchclamp.didRun', true);
      this.log.info(
        `${name} of ${model.relativePath}: ${result.ms.toFixed(1)} ms, ${String(result.captures.length)} values recorded.`,
      );
    });
  }

  /** Other work of the engine on the chosen inputs, with a run's progress, stop and trouble. */
  async work(
    model: OpenModel,
    text: string,
    task: (feeds: Readonly<Record<string, TensorData>>, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await this.during(model, text, async (signal) => {
      const { tensors } = await this.feeds.build(model, signal);
      await task(tensors, signal);
    });
  }

  /** The same for work that makes its own inputs. */
  async during(model: OpenModel, text: string, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (model.content === undefined || this.#refuses(model)) return;
    const abort = new AbortController();
    await this.#while(model, text, abort, () => task(abort.signal));
  }

  /** Runs again with the inputs of the shown run. */
  async runAgain(model: OpenModel): Promise<void> {
    const run = this.shown(model);
    if (run !== undefined) await this.feeds.restore(model, run.feeds, run.dims);
    await this.run(model);
  }

  stop(model?: OpenModel): Promise<void> {
    if (model === undefined || this.#running?.model === model) this.#running?.abort.abort();
    return Promise.resolve();
  }

  show(model: OpenModel, id: string | null): Promise<void> {
    this.#of(model).book.show(id);
    model.touch('runs');
    return Promise.resolve();
  }

  compareWith(model: OpenModel, id: string | null): Promise<void> {
    this.#of(model).book.compareWith(id);
    model.touch('runs');
    return Promise.resolve();
  }

  async change(
    model: OpenModel,
    id: string,
    change: Partial<Pick<KeptRun, 'name' | 'note' | 'pinned'>>,
  ): Promise<void> {
    await this.#of(model).book.store.change(id, change);
    model.touch('runs');
  }

  async delete(model: OpenModel, id: string): Promise<void> {
    const { book } = this.#of(model);
    await book.store.delete(id);
    model.touch('runs');
  }

  /** The tensors that went into a kept run, made again from their recipes when they are no longer at hand. */
  feedsOf(
    model: OpenModel,
    run: KeptRun,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, TensorData>>> {
    const { feeds } = this.#of(model);
    const known = feeds.get(run.id);
    if (known !== undefined) return known;
    const made = this.feeds.rebuild(model, run.feeds, run.dims, signal);
    feeds.set(run.id, made);
    made.catch(() => feeds.delete(run.id));
    return made;
  }

  dispose(): void {
    this.#running?.abort.abort();
    this.#store.dispose();
  }

  /** Says why nothing can run now; true when that is so. */
  #refuses(model: OpenModel): boolean {
    const refusal = this.trust.cannotRun(model.uri);
    if (refusal !== null) void vscode.window.showWarningMessage(refusal);
    else if (this.#running !== undefined)
      void vscode.window.showInformationMessage(vscode.l10n.t('Another run is in progress. Stop it first.'));
    return refusal !== null || this.#running !== undefined;
  }

  async #while(
    model: OpenModel,
    text: string,
    abort: AbortController,
    work: () => Promise<void>,
  ): Promise<void> {
    const runs = this.#of(model);
    this.#running = { model, text, since: Date.now(), abort };
    runs.trouble = null;
    model.touch('runs');
    try {
      await work();
    } catch (error) {
      if (!isCancelled(error)) {
        this.log.error(`${text}:`, error instanceof Error ? (error.stack ?? error.message) : String(error));
        const trouble = toTrouble(error);
        const died = isFailure(error) && (error.code === 'engine-crashed' || error.code === 'out-of-memory');
        runs.trouble = died
          ? { ...trouble, what: vscode.l10n.t('{0} ended the engine: {1}', text, trouble.what) }
          : trouble;
      }
    } finally {
      this.#running = undefined;
      model.touch('runs');
    }
  }

  /** After reading: kept runs, guesses about inputs, and, where it may run, the types the runtime infers. */
  async #prepare(model: OpenModel): Promise<void> {
    const { content } = model;
    const runs = this.#of(model);
    if (content === undefined) return;
    const inferring = model.editors > 0 && this.trust.cannotRun(model.uri) === null;
    const key = inferring ? 'inferred' : 'prepared';
    if (runs.prepared?.content === content.skeleton && (runs.prepared.key === key || !inferring)) return;
    runs.prepared = { content: content.skeleton, key };
    try {
      await runs.book.store.load();
      runs.stamp = await this.#readStamp(model);
      if (runs.book.shown === undefined) runs.book.show(runs.book.store.runs[0]?.id ?? null);
      if (model.editors > 0) await this.feeds.prepare(model);
      model.touch('runs');
      if (!inferring) return;
      const inferred = await this.engine.infer(model);
      if (model.content?.skeleton !== content.skeleton) return;
      const { withInferredTypes } = await import('../onnx/graphModel');
      model.setTypes(new ValueTypes(content.skeleton, inferred), withInferredTypes(content.graph, inferred));
    } catch (error) {
      if (!isCancelled(error))
        this.log.warn(
          `Preparing ${model.relativePath}:`,
          error instanceof Error ? error.message : String(error),
        );
    }
  }

  async #readStamp(model: OpenModel): Promise<ModelStamp> {
    const { size, mtime } = await vscode.workspace.fs.stat(model.uri);
    return { size, changed: mtime };
  }

  #nextName(model: OpenModel): string {
    const used = this.kept(model).map(({ name }) => Number(/(\d+)$/.exec(name)?.[1] ?? 0));
    return vscode.l10n.t('Run {0}', Math.max(0, ...used) + 1);
  }

  #of(model: OpenModel): ModelRuns {
    let runs = this.#runs.get(model);
    if (runs === undefined) {
      const folder = textFolderOf(this.storage, model.uri);
      const store = new RunStore(folder, (sentence) => {
        this.log.warn(sentence);
      });
      runs = {
        book: new RunBook(store),
        stamp: undefined,
        trouble: null,
        prepared: undefined,
        feeds: new Lru(FEEDS_KEPT),
      };
      this.#runs.set(model, runs);
    }
    return runs;
  }
}

function toStored({ site, dtype, dims, summary }: Captured): StoredCapture {
  return { site, dtype, dims, summary };
}

/** The first of each name. */
function unique(values: readonly StoredCapture[]): StoredCapture[] {
  return [...new Map([...values].reverse().map((value) => [value.site, value])).values()].reverse();
}
