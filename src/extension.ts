/**
 * Composition root: builds everything by constructor and registers it; no logic. Nothing native is loaded here, and
 * what reads models is loaded on first use.
 */
import * as vscode from 'vscode';
import type { Exports } from './contract/extensionApi';
import { exportsOver } from './editor/api';
import { Bookmarks } from './editor/bookmarks';
import { ClampCommands } from './editor/clampCommands';
import { ClampLive } from './editor/clampLive';
import { ClampMarks } from './editor/clampMarks';
import { Clamps } from './editor/clamps';
import { ModuleLenses } from './editor/codeLens';
import { registerCommands } from './editor/commands';
import { CompareCommands } from './editor/compareCommands';
import { ComparePanels } from './editor/comparePanels';
import { CompareWork } from './editor/compareWork';
import { EngineAccess } from './editor/engineAccess';
import { ExportBook } from './editor/exportBook';
import { ExportCommands } from './editor/exportCommands';
import { ExportLenses } from './editor/exportLenses';
import { ExportRuns } from './editor/exportRuns';
import { ExperimentCompletion } from './editor/experimentCompletion';
import { ExperimentLens, Experiments } from './editor/experimentFiles';
import { FeedBook } from './editor/feedBook';
import { GutterMarks } from './editor/gutterMarks';
import { SourceHover } from './editor/hover';
import { ShapeHints } from './editor/inlayHints';
import { LineTimes } from './editor/lineTimes';
import { Linker } from './editor/linker';
import { LocalCopies } from './editor/localCopy';
import { ModelEditor } from './editor/modelEditor';
import { Models } from './editor/models';
import { ModelsTree } from './editor/modelsTree';
import { Navigation } from './editor/navigation';
import { NodeCommands } from './editor/nodeCommands';
import { Neurons } from './editor/neurons';
import { NodeTiming } from './editor/nodeTiming';
import { Panels } from './editor/panels';
import { Pictures } from './editor/pictures';
import { PythonPath } from './editor/pythonPath';
import { ProbeCommands } from './editor/probeCommands';
import { contributedColor, ProbeGutter } from './editor/probeGutter';
import { Probes } from './editor/probes';
import { ModelReader } from './editor/reading';
import { Releasing } from './editor/releasing';
import { Relinking } from './editor/relinking';
import { ReportPanels } from './editor/reportPanels';
import { RunCommands } from './editor/runCommands';
import { RunController } from './editor/runController';
import { Samples } from './editor/samples';
import { StatusBar } from './editor/statusBar';
import { Targets } from './editor/target';
import { TraceFrames } from './editor/traceFrames';
import { Trust } from './editor/trust';
import { WeightCommands } from './editor/weightCommands';
import { Weights } from './editor/weights';
import { WorkspaceIndex } from './editor/workspaceIndex';
import { MethodList } from './methods/contributed';

export function activate(context: vscode.ExtensionContext): Exports {
  const keep = <T extends { dispose(): unknown }>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };
  const log = keep(vscode.window.createOutputChannel('Patchclamp', { log: true }));
  const sourceChanged = keep(new vscode.EventEmitter<void>());

  const reader = new ModelReader();
  const linker = new Linker();
  const models = keep(new Models(reader, linker, log));
  const panels = new Panels(models);
  const trust = keep(new Trust());
  const engine = keep(new EngineAccess(context.extensionUri, trust, log));
  const weights = new Weights(reader);
  const feeds = keep(new FeedBook(context.workspaceState, log));
  const storage = context.storageUri ?? context.globalStorageUri;
  const clamps = keep(new Clamps(context.workspaceState));
  const runs = keep(
    new RunController(models, engine, feeds, weights, trust, clamps, storage, context.workspaceState, log),
  );
  const clampLive = keep(new ClampLive(models, clamps, engine, feeds, trust));
  const localCopies = new LocalCopies(panels, feeds);
  const pictures = new Pictures(engine, runs, feeds, weights);
  const navigation = keep(new Navigation(models, panels));
  const timing = keep(new NodeTiming(engine, runs));
  const neurons = keep(new Neurons(engine, runs, weights));
  const bookmarks = keep(new Bookmarks(context.workspaceState));
  const methods = new MethodList();
  const probes = keep(new Probes(engine, runs, methods, storage, log));
  const experiments = new Experiments(models, panels, probes, methods, (id) => {
    reports.show(id);
  });
  const reports = keep(
    new ReportPanels(
      context.extensionUri,
      models,
      runs,
      probes,
      navigation,
      (report) => experiments.open(report),
      methods,
      log,
    ),
  );
  keep(
    new ModelEditor(
      context.extensionUri,
      models,
      panels,
      {
        navigation,
        runs,
        feeds,
        weights,
        pictures,
        trust,
        localCopies,
        timing,
        bookmarks,
        neurons,
        probes,
        clamps,
        clampLive,
      },
      log,
    ),
  );
  keep(new ModelsTree(models, runs));
  keep(new StatusBar(models, runs));
  keep(new Releasing(models, engine, runs));
  const index = keep(new WorkspaceIndex(models, reader, linker, storage, log));
  keep(new Relinking(models, linker, index, log));
  keep(new GutterMarks(context.extensionUri, models));

  keep(
    models.onDidChange(({ aspect }) => {
      if (aspect !== 'selection' && aspect !== 'editors') sourceChanged.fire();
    }),
  );
  const python: vscode.DocumentSelector = { language: 'python' };
  keep(vscode.languages.registerHoverProvider(python, new SourceHover(models, runs, weights)));
  const exportBook = new ExportBook(context.workspaceState);
  keep(vscode.languages.registerCodeLensProvider(python, new ExportLenses(exportBook)));
  keep(vscode.languages.registerCodeLensProvider(python, new ModuleLenses(models, sourceChanged.event)));
  keep(
    vscode.languages.registerInlayHintsProvider(python, new ShapeHints(models, runs, sourceChanged.event)),
  );

  keep(new LineTimes(models, timing, sourceChanged.event));
  keep(new ClampMarks(models, clamps, sourceChanged.event));
  const manifest: unknown = context.extension.packageJSON;
  const heat = {
    negative: contributedColor(manifest, 'patchclamp.negative'),
    positive: contributedColor(manifest, 'patchclamp.positive'),
  };
  keep(new ProbeGutter(models, probes, sourceChanged.event, heat));
  const experiment: vscode.DocumentSelector = { pattern: '**/*.clamp.json' };
  keep(vscode.languages.registerCodeLensProvider(experiment, new ExperimentLens()));
  keep(
    vscode.languages.registerCompletionItemProvider(experiment, new ExperimentCompletion(models), '"', '/'),
  );

  const targets = new Targets(models, panels);
  const pythonPath = new PythonPath(context.workspaceState);
  const exports = keep(new ExportRuns(models, panels, reader, pythonPath, exportBook, log));
  const exporting = new ExportCommands(models, targets, exportBook, exports);
  const frames = new TraceFrames(targets, pythonPath);
  const nodes = new NodeCommands(models, targets, navigation);
  const running = new RunCommands(targets, panels, runs, feeds, trust, localCopies);
  const asking = new ProbeCommands(targets, panels, engine, runs, feeds, probes, reports, methods);
  const clamping = new ClampCommands(targets, clamps, runs);
  const weighing = new WeightCommands(targets, panels, weights);
  const comparisons = keep(new ComparePanels(context.extensionUri, navigation, probes, log));
  const work = new CompareWork(reader, engine);
  const comparing = new CompareCommands(models, targets, panels, runs, feeds, work, comparisons);
  comparisons.restoreBy((kept) => comparing.restored(kept));
  const samples = new Samples(context.extensionUri, panels, context.globalState);
  void samples.resume();
  keep(
    registerCommands(
      {
        openModel: (argument) => panels.openAny(argument),
        openModelToSide: (argument) => panels.openAny(argument, vscode.ViewColumn.Beside),
        runModel: (argument) => running.runModel(argument),
        makeLocalCopy: (argument) => running.makeLocalCopy(argument),
        runAgain: (argument) => running.runAgain(argument),
        stopRun: () => running.stopRun(),
        captureHere: (argument) => running.captureHere(argument),
        compareRuns: (argument) => running.compareRuns(argument),
        compareModels: (argument) => comparing.compareModels(argument),
        compareRecording: (argument) => comparing.compareRecording(argument),
        recordActivations: (argument) => comparing.recordActivations(argument),
        findNonFinite: (argument) => comparing.findNonFinite(argument),
        showWeights: (argument) => weighing.show(argument),
        exportWeight: (argument) => weighing.export(argument),
        revealInGraph: (argument) => nodes.revealInGraph(argument),
        goToDefinition: (argument) => nodes.goTo(argument, 'definition'),
        goToCall: (argument) => nodes.goTo(argument, 'call'),
        openLibraryFrame: (argument) => frames.open(argument),
        findNodes: () => nodes.findNodes(),
        copySite: (argument) => nodes.copySite(argument),
        changeFeed: (argument) => running.changeFeed(argument),
        measureTimes: (argument) => running.withModel(argument, (model) => timing.measure(model)),
        openNeurons: (argument) =>
          running.withModel(argument, async (model, selection) => {
            neurons.open(model, selection);
            return Promise.resolve();
          }),
        hideTimes: () => timing.clear(),
        openSample: () => samples.open(),
        showLog: () => {
          log.show();
          return Promise.resolve();
        },
        showRun: (argument) => running.showRun(argument),
        renameRun: (argument) => running.rename(argument),
        noteRun: (argument) => running.note(argument),
        pinRun: (argument) => running.pin(argument, true),
        unpinRun: (argument) => running.pin(argument, false),
        deleteRun: (argument) => running.delete(argument),
        closeModel: (argument) => panels.closeAny(argument),
        ask: (argument) => asking.ask(argument),
        whatDrives: (argument) => asking.whatDrives(argument),
        runExperiment: (argument) => experiments.run(argument),
        clearFindings: () => probes.clear(),
        clampThis: (argument) => clamping.clamp(argument),
        ablate: (argument) => clamping.ablate(argument),
        scale: (argument) => clamping.scale(argument),
        clearClamps: (argument) => clamping.clear(argument),
        writeExportScript: (argument) => exporting.write(argument),
        runExport: (argument) => exporting.run(argument),
        stopExport: () => exports.stop(),
        choosePython: () => pythonPath.choose(),
      },
      log,
    ),
  );
  return exportsOver(engine, methods);
}
