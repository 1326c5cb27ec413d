/** What commands do, and the panels they open: loaded with the first command, or with a panel that VS Code restores. */
import * as vscode from 'vscode';
import { MethodList } from '../methods/methodList';
import { ClampCommands } from './clampCommands';
import type { Handlers } from './commands';
import { CompareCommands } from './compareCommands';
import { ComparePanels } from './comparePanels';
import { CompareWork } from './compareWork';
import { Experiments } from './experimentFiles';
import { ExportCommands } from './exportCommands';
import { NodeCommands } from './nodeCommands';
import type { Made, Parts } from './parts';
import { ProbeCommands } from './probeCommands';
import { ReportPanels } from './reportPanels';
import { RunCommands } from './runCommands';
import { Targets } from './target';
import { TraceFrames } from './traceFrames';
import { WeightCommands } from './weightCommands';

export interface Commands {
  readonly handlers: Handlers;
  restoreReport(panel: vscode.WebviewPanel, state: unknown): Promise<void>;
  restoreComparison(panel: vscode.WebviewPanel, state: unknown): void;
}

export function commandsOver({ context, store, log, contributed }: Made, { core, samples }: Parts): Commands {
  const { models, panels, runs, feeds, weights, engine, trust } = core;
  const { clamps, probes, timing, navigation, neurons, localCopies, exportBook, exportRuns } = core;
  const { extensionUri } = context;
  const methods = new MethodList(undefined, contributed);
  const experiments = new Experiments(models, panels, probes, methods, (id) => {
    reports.show(id);
  });
  const reports = new ReportPanels(
    extensionUri,
    models,
    runs,
    probes,
    navigation,
    (report) => experiments.open(report),
    methods,
    log,
  );
  const targets = new Targets(models, panels);
  const exporting = new ExportCommands(models, targets, exportBook, exportRuns);
  const frames = new TraceFrames(targets, core.pythonPath);
  const nodes = new NodeCommands(models, targets, navigation);
  const running = new RunCommands(targets, panels, runs, feeds, trust, localCopies);
  const asking = new ProbeCommands(targets, panels, engine, runs, feeds, probes, reports, methods);
  const clamping = new ClampCommands(targets, clamps, runs);
  const weighing = new WeightCommands(targets, panels, weights);
  const comparisons = store.add(new ComparePanels(extensionUri, navigation, probes, log));
  const work = new CompareWork(core.reader, engine);
  const comparing = new CompareCommands(models, targets, panels, runs, feeds, work, comparisons);
  return {
    handlers: {
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
      stopExport: () => exportRuns.stop(),
      choosePython: () => core.pythonPath.choose(),
    },
    restoreReport: (panel, state) => reports.restore(panel, state),
    restoreComparison: (panel, state) => {
      comparisons.restore(panel, state, (kept) => comparing.restored(kept));
    },
  };
}
