/**
 * Activation: registers what the manifest promises, and no more. What is behind it (`editor/parts.ts`) is loaded right
 * after activation, or when VS Code asks for something before that, and what commands do (`editor/commandParts.ts`) with the
 * first command; nothing native is loaded here.
 */
import * as vscode from 'vscode';
import { DisposableStore } from './base/disposable';
import type { Exports } from './contract/extensionApi';
import { exportsOver } from './editor/api';
import { registerCommands } from './editor/commands';
import { once } from './editor/later';
import type { Made } from './editor/parts';
import { registerProviders } from './editor/providers';
import { report } from './editor/trouble';
import { Contributed } from './methods/contributed';

export function activate(context: vscode.ExtensionContext): Exports {
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(vscode.window.createOutputChannel('Patchclamp', { log: true }));
  const made: Made = {
    context,
    store,
    log,
    contributed: new Contributed(),
    sourceChanged: store.add(new vscode.EventEmitter<void>()),
    treeChanged: store.add(new vscode.EventEmitter<undefined>()),
  };
  const parts = once(async () => {
    const { partsOf } = await import('./editor/parts');
    return partsOf(made);
  });
  const commands = once(async () => {
    const [{ commandsOver }, there] = await Promise.all([import('./editor/commandParts'), parts()]);
    return commandsOver(made, there);
  });
  store.add(registerProviders(parts, commands, made));
  store.add(registerCommands(async () => (await commands()).handlers, log));
  // In a turn of its own, so that other extensions are not kept waiting.
  const soon = setImmediate(() => {
    parts().catch((error: unknown) => {
      report(log, 'activation', error);
    });
  });
  store.onDispose(() => {
    clearImmediate(soon);
  });
  return exportsOver(async () => (await parts()).core.engine, made.contributed);
}
