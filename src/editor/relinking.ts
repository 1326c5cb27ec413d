/** Keeps links in step with the source: after edits, saves and new files, the models that link there are linked again. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Models } from './models';

const SETTLE_MS = 600;

export class Relinking implements Disposable {
  readonly #store = new DisposableStore();
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly models: Models) {
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document.languageId === 'python' && contentChanges.length > 0) this.#later(document.uri);
      }),
    );
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher('**/*.py'));
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) {
      this.#store.add(
        event((uri) => {
          this.#later(uri);
        }),
      );
    }
    this.#store.onDispose(() => {
      clearTimeout(this.#timer);
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  #later(uri: vscode.Uri): void {
    this.#pending.add(uri.toString());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const changed = [...this.#pending].map((text) => vscode.Uri.parse(text));
      this.#pending.clear();
      for (const model of this.models.all) {
        if (changed.some((each) => model.root.relative(each) !== undefined)) void model.link();
      }
    }, SETTLE_MS);
  }
}
