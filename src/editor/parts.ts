/**
 * Everything a window has, built by constructor: what lives as long as the window does and is called by what
 * `extension.ts` registered. The session of a page is loaded with the first model.
 */
import type * as vscode from 'vscode';
import type { DisposableStore } from '../base/disposable';
import type { Contributed } from '../methods/contributed';
import { Bookmarks } from './bookmarks';
import { ClampLive } from './clampLive';
import { ClampMarks } from './clampMarks';
import { Clamps } from './clamps';
import { ModuleLenses } from './codeLens';
import { EngineAccess } from './engineAccess';
import { ExperimentCompletion } from './experimentCompletion';
import { ExperimentLens } from './experimentLens';
import { ExportBook } from './exportBook';
import { ExportLenses } from './exportLenses';
import { ExportRuns } from './exportRuns';
import { FeedBook } from './feedBook';
import { GutterMarks } from './gutterMarks';
import { SourceHover } from './hover';
import { ShapeHints } from './inlayHints';
import { LineTimes } from './lineTimes';
import { Linker } from './linker';
import { LocalCopies } from './localCopy';
import { ModelEditor } from './modelEditor';
import { Models } from './models';
import { ModelsTree } from './modelsTree';
import { Navigation } from './navigation';
import { Neurons } from './neurons';
import { NodeTiming } from './nodeTiming';
import { Panels } from './panels';
import { Pictures } from './pictures';
import { contributedColor, ProbeGutter } from './probeGutter';
import { Probes } from './probes';
import { PythonPath } from './pythonPath';
import { ModelReader } from './reading';
import { Releasing } from './releasing';
import { Relinking } from './relinking';
import { RunController } from './runController';
import { Samples } from './samples';
import { StatusBar } from './statusBar';
import { Trust } from './trust';
import { Weights } from './weights';
import { WorkspaceIndex } from './workspaceIndex';

/** What activation made already. */
export interface Made {
  readonly context: vscode.ExtensionContext;
  /** Disposed with the extension. */
  readonly store: DisposableStore;
  readonly log: vscode.LogOutputChannel;
  readonly contributed: Contributed;
  /** Fired when lenses, hints and marks in the source are to be asked for again. */
  readonly sourceChanged: vscode.EventEmitter<void>;
  /** Fired when the tree of models is. */
  readonly treeChanged: vscode.EventEmitter<undefined>;
}

export type Parts = ReturnType<typeof partsOf>;

export function partsOf(made: Made) {
  const core = coreOf(made);
  const { context, log, store, sourceChanged, treeChanged } = made;
  const { models, panels, runs, feeds, weights, engine, trust } = core;
  const { clamps, probes, timing, navigation, neurons, reader, linker } = core;
  const services = {
    navigation,
    runs,
    feeds,
    weights,
    pictures: new Pictures(engine, runs, feeds, weights),
    trust,
    localCopies: core.localCopies,
    timing,
    bookmarks: store.add(new Bookmarks(context.workspaceState)),
    neurons,
    probes,
    clamps,
    clampLive: store.add(new ClampLive(models, clamps, engine, feeds, trust)),
  };
  store.add(new StatusBar(models, runs));
  store.add(new Releasing(models, engine, runs));
  const index = store.add(new WorkspaceIndex(models, reader, linker, core.storage, log));
  store.add(new Relinking(models, linker, index, log));
  store.add(new GutterMarks(context.extensionUri, models));
  store.add(
    models.onDidChange(({ aspect }) => {
      if (aspect !== 'selection' && aspect !== 'editors') sourceChanged.fire();
    }),
  );
  store.add(new LineTimes(models, timing, sourceChanged.event));
  store.add(new ClampMarks(models, clamps, sourceChanged.event));
  const manifest: unknown = context.extension.packageJSON;
  const heat = {
    negative: contributedColor(manifest, 'patchclamp.negative'),
    positive: contributedColor(manifest, 'patchclamp.positive'),
  };
  store.add(new ProbeGutter(models, probes, sourceChanged.event, heat));
  const samples = new Samples(context.extensionUri, panels, context.globalState);
  void samples.resume();
  return {
    core,
    samples,
    modelEditor: new ModelEditor(context.extensionUri, models, panels, services, log),
    tree: store.add(
      new ModelsTree(models, runs, () => {
        treeChanged.fire(undefined);
      }),
    ),
    hover: new SourceHover(models, runs, weights),
    moduleLenses: new ModuleLenses(models),
    exportLenses: new ExportLenses(core.exportBook),
    hints: new ShapeHints(models, runs),
    experimentLens: new ExperimentLens(),
    completion: new ExperimentCompletion(models),
  };
}

/** What the rest is built upon: the models, and what is known and asked of them. */
function coreOf({ context, store, log, contributed }: Made) {
  const reader = new ModelReader();
  const linker = new Linker();
  const models = store.add(new Models(reader, linker, log));
  const panels = new Panels(models);
  const trust = store.add(new Trust());
  const engine = store.add(new EngineAccess(context.extensionUri, trust, log));
  const weights = new Weights(reader);
  const feeds = store.add(new FeedBook(context.workspaceState, log));
  const storage = context.storageUri ?? context.globalStorageUri;
  const clamps = store.add(new Clamps(context.workspaceState));
  const runs = store.add(
    new RunController(models, engine, feeds, weights, trust, clamps, storage, context.workspaceState, log),
  );
  const exportBook = new ExportBook(context.workspaceState);
  const pythonPath = new PythonPath(context.workspaceState);
  return {
    reader,
    linker,
    models,
    panels,
    trust,
    engine,
    weights,
    feeds,
    storage,
    clamps,
    runs,
    exportBook,
    pythonPath,
    localCopies: new LocalCopies(panels, feeds),
    navigation: store.add(new Navigation(models, panels)),
    timing: store.add(new NodeTiming(engine, runs)),
    neurons: store.add(new Neurons(engine, runs, weights)),
    probes: store.add(new Probes(engine, runs, contributed, storage, log)),
    exportRuns: store.add(new ExportRuns(models, panels, reader, pythonPath, exportBook, log)),
  };
}
