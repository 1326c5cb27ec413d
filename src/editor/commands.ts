/**
 * Every command the manifest contributes, by id. The table is typed by the list of ids, so that a command without a
 * handler does not compile; a host test compares the list with `package.json`.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { report } from './trouble';

export const COMMANDS = [
  'openModel',
  'openModelToSide',
  'runModel',
  'makeLocalCopy',
  'runAgain',
  'stopRun',
  'captureHere',
  'compareRuns',
  'compareModels',
  'compareRecording',
  'recordActivations',
  'findNonFinite',
  'measureTimes',
  'hideTimes',
  'openNeurons',
  'showWeights',
  'exportWeight',
  'revealInGraph',
  'goToDefinition',
  'goToCall',
  'openLibraryFrame',
  'findNodes',
  'copySite',
  'changeFeed',
  'openSample',
  'showLog',
  'showRun',
  'renameRun',
  'noteRun',
  'pinRun',
  'unpinRun',
  'deleteRun',
  'closeModel',
  'writeExportScript',
  'runExport',
  'stopExport',
  'choosePython',
  'ask',
  'whatDrives',
  'runExperiment',
  'clearFindings',
  'clampThis',
  'ablate',
  'scale',
  'clearClamps',
] as const;

export type CommandId = (typeof COMMANDS)[number];
export type Handlers = { readonly [K in CommandId]: (argument: unknown) => Promise<unknown> };

/**
 * Registers all of them; `handlers` are asked for when the first one is called. What a handler throws is shown as one
 * sentence.
 */
export function registerCommands(
  handlers: () => Promise<Handlers>,
  log: vscode.LogOutputChannel,
): Disposable {
  const store = new DisposableStore();
  for (const id of COMMANDS) {
    store.add(
      vscode.commands.registerCommand(`patchclamp.${id}`, async (argument: unknown) => {
        try {
          return await (await handlers())[id](argument);
        } catch (error) {
          report(log, `patchclamp.${id}`, error);
          return undefined;
        }
      }),
    );
  }
  return store;
}
