/**
 * Reads the structure of the workspace's models in the background, one after the other, so that hovers and lenses know
 * them before they are opened. Weights are not read; an open model comes first; nothing waits for this.
 */
import * as vscode from 'vscode';
import { delay } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Models } from './models';

const LIMIT = 100;
const PAUSE = 50;
const NEVER = '**/{node_modules,site-packages,.git,.venv,venv}/**';

export class WorkspaceIndex implements Disposable {
  readonly #store = new DisposableStore();
  readonly #abort = new AbortController();
  #started = false;

  constructor(
    private readonly models: Models,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const consider = (document: vscode.TextDocument): void => {
      if (document.languageId === 'python') void this.#start();
    };
    vscode.workspace.textDocuments.forEach(consider);
    this.#store.add(vscode.workspace.onDidOpenTextDocument(consider));
    this.#store.onDispose(() => {
      this.#abort.abort();
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Once, when the first Python file is opened. */
  async #start(): Promise<void> {
    if (
      this.#started ||
      !vscode.workspace.getConfiguration('patchclamp').get<boolean>('links.indexWorkspace', true)
    )
      return;
    this.#started = true;
    const { signal } = this.#abort;
    try {
      const found = await vscode.workspace.findFiles('**/*.onnx', NEVER, LIMIT);
      for (const uri of found.sort((a, b) => a.path.length - b.path.length)) {
        if (signal.aborted) return;
        await this.models.ensure(uri).ready();
        await delay(PAUSE, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.log.warn('Indexing the workspace:', String(error));
    }
  }
}
