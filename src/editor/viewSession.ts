/**
 * One page of one editor: answers the webview's calls (HostApi) and tells it what changed, always as whole snapshots.
 * It owns no state of its own: model, runs and selection live in the services, so a page may come and go.
 */
import { commands, l10n, type LogOutputChannel } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { rpc, type Port } from '../base/rpc';
import type { ClampState, HostApi, ModelSnapshot, RunSnapshot, ViewEvents } from '../contract/hostApi';
import { editClampSite } from './clampCommands';
import { feedSpecs, outputSpecs } from './feedSpecs';
import { heldNode } from './clamps';
import { inspect } from './inspect';
import type { OpenModel } from './openModel';
import { overlayColumn } from './probeOverlay';
import { saveFile } from './saveFile';
import { searchTexts } from './searchTexts';
import type { Services } from './services';
import { toldFailures } from './telling';
import { frameArgument } from './traceFrames';
import { report } from './trouble';
import { webviewWords } from './words';

const CLAMP = {
  set: 'patchclamp.clampThis',
  ablate: 'patchclamp.ablate',
  scale: 'patchclamp.scale',
} as const;

/** The neuron graph shows its own failures. */
const ANSWERED = ['neurons', 'neuronActivity', 'neuronLinks'];

export function serveView(
  port: Port,
  model: OpenModel,
  services: Services,
  log: LogOutputChannel,
): Disposable {
  const store = new DisposableStore();
  const { runs, feeds, navigation, weights, pictures, timing, bookmarks, neurons } = services;

  const local: { readonly [K in keyof HostApi]: HostApi[K] } = {
    ready: async () => {
      await model.ready();
      return {
        model: snapshot(model, services),
        runs: runs.state(model),
        run: runSnapshot(model, services),
        times: timing.column(model),
        bookmarks: bookmarks.of(model),
        neurons: neurons.wanted(model),
        clamps: clampState(model, services),
      };
    },
    inspect: (selection) => Promise.resolve(inspect(model, selection, runs.recorded(model))),
    select: (selection) => {
      model.select(selection, 'graph');
      navigation.followSelection(model).catch((error: unknown) => {
        onFailure('select', error);
      });
    },
    reveal: (selection, what) => navigation.reveal(model, selection, what),
    openPlace: (place) => navigation.openPlace(model, place),
    openFrame: async (selection, frame) => {
      await commands.executeCommand('patchclamp.openLibraryFrame', frameArgument(model, selection, frame));
    },
    record: (site) => runs.recordAlso(model, site),
    whatDrives: async (name, objective) => {
      const asked = { model: model.uri.toString(), kind: 'value', name };
      await commands.executeCommand(
        'patchclamp.whatDrives',
        objective === null ? asked : { ...asked, objective },
      );
    },
    writeExportScript: async () => {
      await commands.executeCommand('patchclamp.writeExportScript', { model: model.uri.toString() });
    },
    weightSummary: (name, signal) => weights.summary(model, name, signal),
    pictures: (request, signal) => pictures.draw(model, request, signal),
    exportWeight: (name) => weights.exportNpy(model, name),
    changeFeed: async (input, part) => {
      await feeds.change(model, input, part);
    },
    changeDim: async (name) => {
      await feeds.changeDim(model, name);
    },
    run: () => runs.run(model),
    stopRun: () => runs.stop(model),
    showRun: (id) => runs.show(model, id),
    compareWith: (id) => runs.compareWith(model, id),
    measureTimes: () => timing.measure(model),
    clamp: async (site, how) => {
      const asked = { model: model.uri.toString() };
      await commands.executeCommand(CLAMP[how], site === null ? asked : { ...asked, value: site });
    },
    putClamp: (clamp) => services.clamps.put(model, clamp),
    editClamp: (id) => editClampSite(model, services.clamps, id),
    removeClamp: (id) => services.clamps.remove(model, id),
    clearClamps: () => services.clamps.clear(model),
    neurons: (selection) => neurons.map(model, selection),
    neuronActivity: (layer, signal) => neurons.activity(model, layer, signal),
    neuronLinks: (question, signal) => neurons.links(model, question, signal),
    setBookmarks: (list) => bookmarks.set(model, list),
    searchTexts: (signal) => searchTexts(model, signal),
    saveFile: (name, content) => saveFile(model, name, content),
    manageTrust: () =>
      services.trust.cannotRun(model.uri)?.action === 'copy'
        ? services.localCopies.copy(model)
        : services.trust.manage(),
    showLog: () => {
      log.show();
      return Promise.resolve();
    },
    report: (text) => {
      log.error(`Webview of ${model.relativePath}: ${text}`);
    },
  };

  const onFailure = (method: string, error: unknown): void => {
    report(log, `${method} of ${model.relativePath}`, error);
  };

  const connection = store.add(
    rpc<object, object, ViewEvents>(port, toldFailures(local, onFailure, ANSWERED), {
      onInternalError: (method, error) => {
        log.error(
          `${method} of ${model.relativePath}:`,
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        );
      },
    }),
  );

  store.add(
    model.onDidChange((aspect) => {
      switch (aspect) {
        case 'content':
        case 'types':
          connection.emit('model', snapshot(model, services));
          connection.emit('run', runSnapshot(model, services));
          connection.emit('times', timing.column(model));
          return;
        case 'links':
        case 'selection':
          if (aspect === 'links') connection.emit('links', { revision: model.revision });
          connection.emit('selection', {
            revision: model.revision,
            selection: model.selection,
            // New links bring nothing to select: what the person has just chosen may still be on its way here.
            origin: aspect === 'links' ? 'graph' : model.origin,
          });
          return;
        case 'runs':
          connection.emit('runs', runs.state(model));
          connection.emit('run', runSnapshot(model, services));
          return;
        case 'editors':
          return;
      }
    }),
  );
  store.add(
    navigation.onDidHighlight(({ model: of, nodes }) => {
      if (of === model) connection.emit('highlight', { revision: model.revision, nodes });
    }),
  );
  store.add(
    services.probes.onDidChange(({ model: of }) => {
      if (of === model) connection.emit('run', runSnapshot(model, services));
    }),
  );
  store.add(
    timing.onDidChange((of) => {
      if (of === model) connection.emit('times', timing.column(model));
    }),
  );
  store.add(
    neurons.onDidAsk(({ model: of, selection }) => {
      if (of === model) connection.emit('neurons', { selection });
    }),
  );
  store.add(
    bookmarks.onDidChange((of) => {
      if (of === model) connection.emit('bookmarks', bookmarks.of(model));
    }),
  );
  for (const onDidChange of [services.clamps.onDidChange, services.clampLive.onDidChange]) {
    store.add(
      onDidChange((of) => {
        if (of === model) connection.emit('clamps', clampState(model, services));
      }),
    );
  }
  store.add(
    services.trust.onDidChange(() => {
      connection.emit('model', snapshot(model, services));
    }),
  );
  return store;
}

function clampState(model: OpenModel, { clamps, clampLive }: Services): ClampState {
  const list = clamps.of(model);
  const nodes = list.flatMap((clamp) => heldNode(model, clamp)?.id ?? []);
  return { revision: model.revision, clamps: list, nodes, ...clampLive.of(model) };
}

/** The shown run with the shown finding's overlay; a finding alone where no run is shown. */
function runSnapshot(model: OpenModel, { runs, probes }: Services): RunSnapshot | null {
  const run = runs.snapshot(model);
  const overlay = probes.shown(model)?.overlay ?? null;
  const graph = model.content?.graph;
  const column = overlay === null || graph === undefined ? undefined : overlayColumn(graph, overlay);
  if (column === undefined || graph === undefined) return run;
  const types = new Array<string>(graph.values.count).fill('');
  const alone = { revision: model.revision, id: '', name: '', overlays: [], types, notes: [] };
  return { ...(run ?? alone), overlays: [...(run ?? alone).overlays, column] };
}

function snapshot(model: OpenModel, services: Services): ModelSnapshot {
  const { content, trouble } = model;
  const words = webviewWords();
  const base = { revision: model.revision, file: model.relativePath, selection: model.selection, words };
  if (content === undefined) {
    return {
      ...base,
      graph: null,
      trouble: trouble ?? null,
      warnings: [],
      inputs: [],
      outputs: [],
      cannotRun: null,
    };
  }
  const { skeleton, graph } = content;
  const stale =
    trouble === undefined
      ? []
      : [
          l10n.t(
            'The file can no longer be read; this is the last version that could be. {0} {1}',
            trouble.what,
            trouble.remedy,
          ),
        ];
  return {
    ...base,
    graph,
    trouble: null,
    warnings: [...stale, ...skeleton.warnings.map(({ message }) => message)],
    inputs: feedSpecs(skeleton),
    outputs: outputSpecs(skeleton),
    cannotRun: services.trust.cannotRun(model.uri),
  };
}
