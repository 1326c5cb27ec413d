/**
 * Keeps links in step with the source: after edits, saves, new files and changed cells, what an edit can have touched is
 * linked again, and nothing else.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Linker } from './linker';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { isOwnSource, notebookOf, type WorkspaceRoot } from './sourceRoot';
import type { WorkspaceIndex } from './workspaceIndex';

const SETTLE_MS = 400;

export class Relinking implements Disposable {
  readonly #store = new DisposableStore();
  readonly #pending = new Map<string, vscode.Uri>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly models: Models,
    private readonly linker: Linker,
    private readonly index: WorkspaceIndex,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const document = ({ languageId, uri }: vscode.TextDocument): void => {
      if (languageId === 'python') this.#later(notebookOf(uri)?.uri ?? uri);
    };
    this.#store.add(
      vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.contentChanges.length > 0) document(event.document);
      }),
    );
    // A file that appeared without a word from the disk is known at the latest when it is opened.
    this.#store.add(vscode.workspace.onDidOpenTextDocument(document));
    this.#store.add(
      vscode.workspace.onDidOpenNotebookDocument(({ uri }) => {
        this.#later(uri);
      }),
    );
    // Closed without saving: the file is again what it was on disk.
    this.#store.add(vscode.workspace.onDidCloseTextDocument(document));
    this.#store.add(
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
        if (contentChanges.length > 0) this.#later(notebook.uri);
      }),
    );
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher('**/*.{py,ipynb}'));
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
    this.#pending.set(uri.toString(), uri);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const changed = [...this.#pending.values()];
      this.#pending.clear();
      void this.#take(changed).catch((error: unknown) => {
        this.log.error('Cannot follow changed source:', String(error));
      });
    }, SETTLE_MS);
  }

  async #take(changed: readonly vscode.Uri[]): Promise<void> {
    const roots = new Map<string, WorkspaceRoot>();
    for (const model of this.models.all)
      for (const root of model.roots) roots.set(root.folder.toString(), root);
    for (const root of roots.values()) {
      const files = changed
        .map((uri) => root.relative(uri))
        .filter((file) => file !== undefined)
        .filter(isOwnSource);
      if (files.length === 0) continue;
      for (const file of files) await this.linker.changed(file, root);
      for (const model of this.models.all) {
        if (!model.roots.some(({ folder }) => folder.toString() === root.folder.toString())) continue;
        if (model.content === undefined)
          for (const file of files) await this.index.fileChanged(model, file, root);
        else if (await this.#isStale(model, root)) void model.link();
      }
    }
  }

  /** A folder in which it was not searched says nothing, but the one that it belongs to. */
  async #isStale(model: OpenModel, root: WorkspaceRoot): Promise<boolean> {
    const stale = await this.linker.isStale(model.uri.toString(), root);
    return stale ?? root.folder.toString() === model.root.folder.toString();
  }
}
