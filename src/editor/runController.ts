/**
 * Running a model and keeping what came out. One run at a time in the window (the engine is one child); what a person
 * has (inputs, summaries, names, notes) lives here and on disk, so that a dead child costs only the run it was doing.
 */
import * as vscode from 'vscode';
import { isCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Failure, isFailure } from '../base/errors';
import { SharedWork } from '../base/sharedWork';
import type { RunSnapshot, RunState, Trouble } from '../contract/hostApi';
import type { TensorData } from '../contract/tensor';
import { interventionsOf } from '../study/clamps';
import { RunStore, sameStamp, type KeptRun } from '../study/runs';
import type { Clamps } from './clamps';
import type { EngineAccess } from './engineAccess';
import type { FeedBook } from './feedBook';
import type { RecordedValues } from './inspect';
import type { Models } from './models';
import { stampNow } from './modelStamp';
import type { Content, OpenModel } from './openModel';
import { overlays } from './overlays';
import { record, type Recorder } from './recording';
import { Preparation } from './preparing';
import { RunBook, isStale, recordedTypes, toStored, unique } from './runBook';
import { recordAlso } from './recordAlso';
import { RunMemory } from './runMemory';
import { nextRunName } from './runNames';
import { inGroups, notesOf, notFinite, overlayTitles } from './runNotes';
import { textFolderOf } from './storage';
import { toTrouble } from './trouble';
import type { Trust } from './trust';
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
  trouble: Trouble | null;
  readonly preparation: Preparation;
  /** Feeds of the runs last looked at, by run. */
  readonly feeds: SharedWork<string, Readonly<Record<string, TensorData>>>;
}

export class RunController implements Disposable {
  readonly #store = new DisposableStore();
  readonly #runs = new WeakMap<OpenModel, ModelRuns>();
  readonly #memory: RunMemory;
  #running: Running | undefined;

  constructor(
    models: Models,
    private readonly engine: EngineAccess,
    private readonly feeds: FeedBook,
    private readonly weights: Weights,
    private readonly trust: Trust,
    private readonly clamps: Clamps,
    private readonly storage: vscode.Uri,
    memory: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#memory = new RunMemory(memory);
    this.#store.add(
      models.onDidChange(({ model, aspect }) => {
        if (aspect === 'content' || aspect === 'editors') void this.#of(model).preparation.go();
        if (aspect === 'selection') this.#remember(model);
      }),
    );
    this.#store.add(
      trust.onDidChange(() => {
        for (const model of models.open) void this.#of(model).preparation.go();
      }),
    );
    this.#store.add(
      feeds.onDidChange((model) => {
        model.touch('runs');
      }),
    );
  }

  get running(): Pick<Running, 'text' | 'since'> | undefined {
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
    return isStale(run, model.content?.stamp);
  }

  recorded(model: OpenModel): RecordedValues {
    const labels = this.feeds.labelsOf(model)?.file ?? '';
    const { book } = this.#of(model);
    return book.recorded(model.content?.stamp, labels, (ref) => this.weights.cached(ref));
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
      runs: runs.book.headers(model.content?.stamp),
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
    const { shown, other } = book.drawn(model.content?.stamp);
    return {
      revision: model.revision,
      id: run.id,
      name: run.name,
      overlays: overlays(graph, shown, other, overlayTitles()),
      types: recordedTypes(graph, shown),
      notes: notesOf(run, this.isStale(model, run)),
    };
  }

  /** Runs with the chosen inputs, recording every top-level value. Failures are shown in the run bar. */
  async run(model: OpenModel): Promise<void> {
    const { content } = model;
    if (content === undefined) return;
    await this.#of(model).book.store.load();
    if (this.#refuses(model)) return;
    const abort = new AbortController();
    const names = this.kept(model).map((kept) => kept.name);
    const name = nextRunName(names, (number) => vscode.l10n.t('Run {0}', number));
    await this.#while(model, vscode.l10n.t('{0} of {1}', name, model.name), abort, async () => {
      const made = await this.feeds.build(model, abort.signal);
      await this.#checkUnchanged(model, content);
      const clamps = this.clamps.of(model).filter(({ active }) => active);
      const request = { feeds: made.tensors, interventions: interventionsOf(clamps) };
      const result = await record(this.#recorder(model), content, request, inGroups, abort.signal);
      await this.#checkUnchanged(model, content);
      const inputs = Object.entries(made.tensors).map(([site, tensor]) => this.feeds.summarize(site, tensor));
      const run: KeptRun = {
        version: 1,
        id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`,
        name,
        when: Date.now(),
        ms: result.ms,
        pinned: false,
        note: '',
        model: content.stamp,
        feeds: made.kept,
        dims: made.dims,
        ...(clamps.length === 0 ? {} : { clamps }),
        values: unique([...inputs, ...result.outputs.map(toStored), ...result.captures.map(toStored)]),
        outputs: result.outputs.map(({ site }) => site),
        notes: [...result.notes, ...notFinite(inputs, result)],
      };
      const { book } = this.#of(model);
      const limit = vscode.workspace.getConfiguration('patchclamp').get<number>('runs.keep', 50);
      await book.store.add(run, limit);
      book.show(run.id);
      this.#of(model).feeds.set(run.id, made.tensors);
      this.#remember(model);
      void this.#of(model).preparation.go();
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

  /** Records a value that the shown run did not. */
  async recordAlso(model: OpenModel, site: string): Promise<void> {
    const { content } = model;
    const run = this.shown(model);
    if (content === undefined || run === undefined || this.isStale(model, run)) return;
    await this.during(model, vscode.l10n.t('Recording {0}', site), async (signal) => {
      const interventions = interventionsOf(run.clamps ?? []);
      const made = await recordAlso(
        site,
        { feeds: await this.feedsOf(model, run, signal), interventions },
        (request) => this.engine.runAsking(model, request, signal),
        vscode.l10n.t('Change the input that decides, or choose a value of the other branch.'),
      );
      await this.#checkUnchanged(model, content);
      await this.#of(model).book.store.addValues(run.id, made);
    });
  }

  #recorder(model: OpenModel): Recorder {
    const { engine } = this;
    return {
      captureBudget: engine.captureBudget,
      run: (request, signal) => engine.runAsking(model, request, signal),
      infer: () => engine.infer(model),
    };
  }

  isRunning(model: OpenModel): boolean {
    return this.#running?.model === model;
  }

  /** Lets go of the tensors kept for a model that nobody looks at. */
  release(model: OpenModel): void {
    this.#of(model).feeds.clear();
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
    this.#remember(model);
    model.touch('runs');
    return Promise.resolve();
  }

  compareWith(model: OpenModel, id: string | null): Promise<void> {
    this.#of(model).book.compareWith(id);
    this.#remember(model);
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
    const wasShown = book.shown?.id === id;
    await book.store.delete(id);
    if (wasShown) book.show(book.store.runs[0]?.id ?? null);
    this.#remember(model);
    model.touch('runs');
  }

  /** The tensors that went into a kept run, made again from their recipes when they are no longer at hand. */
  feedsOf(
    model: OpenModel,
    run: KeptRun,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, TensorData>>> {
    const made = this.#of(model).feeds;
    return made.get(run.id, (shared) => this.feeds.rebuild(model, run, shared), signal);
  }

  dispose(): void {
    void this.stop();
    this.#store.dispose();
  }

  /** Says why nothing can run now; true when that is so. */
  #refuses(model: OpenModel): boolean {
    const refusal = this.trust.cannotRun(model.uri);
    if (refusal !== null) void vscode.window.showWarningMessage(refusal.reason);
    else if (this.#running !== undefined) void this.#offerStop(this.#running);
    return refusal !== null || this.#running !== undefined;
  }

  async #offerStop({ text, abort }: Running): Promise<void> {
    const stop = vscode.l10n.t('Stop It');
    const said = vscode.l10n.t('{0} is in progress, and only one thing runs at a time.', text);
    if ((await vscode.window.showInformationMessage(said, stop)) === stop) abort.abort();
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

  /** Keeps what the person looks at; a model that was never looked at is left alone. */
  #remember(model: OpenModel): void {
    const { book, preparation } = this.#of(model);
    if (!preparation.recalled) return;
    const { selection } = model;
    const looking = { shown: book.shown?.id ?? null, other: book.other?.id ?? null, selection };
    this.#memory.keep(model, looking).then(undefined, (error: unknown) => {
      this.log.warn(`Remembering what is shown of ${model.relativePath}:`, String(error));
    });
  }

  /** What runs must be what was read: throws when one of the model's files is another now, and reads it again. */
  async #checkUnchanged(model: OpenModel, content: Content): Promise<void> {
    const now = await stampNow(content.home, content.skeleton);
    if (sameStamp(content.stamp, now) && model.content?.skeleton === content.skeleton) return;
    if (model.content?.skeleton === content.skeleton) void model.read();
    throw new Failure({
      code: 'file-unreadable',
      message: vscode.l10n.t('The files of {0} have changed since they were read.', model.name),
      remedy: vscode.l10n.t('Run it again once the new version is shown.'),
    });
  }

  #of(model: OpenModel): ModelRuns {
    let runs = this.#runs.get(model);
    if (runs === undefined) {
      const folder = textFolderOf(this.storage, model.uri);
      const store = new RunStore(folder, (sentence) => {
        this.log.warn(sentence);
      });
      const book = new RunBook(store);
      runs = {
        book,
        trouble: null,
        preparation: new Preparation(model, book, {
          engine: this.engine,
          feeds: this.feeds,
          trust: this.trust,
          memory: this.#memory,
          log: this.log,
        }),
        feeds: new SharedWork(FEEDS_KEPT),
      };
      this.#runs.set(model, runs);
    }
    return runs;
  }
}
