/**
 * Watches every file a model is read from: its own, the one a symbolic link leads to, and those its weights lie in,
 * wherever below its folder. Says when one of them has stopped changing.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { dataFilesOf, lacksData } from '../onnx/dataFiles';
import { dataUri } from './modelStamp';
import type { OpenModel } from './openModel';

const SETTLE_MS = 300;

export class ModelWatch implements Disposable {
  readonly #watchers = new Map<string, DisposableStore>();
  #files: ReadonlySet<string> = new Set();
  /** Where a file that appears may bring data the model lacks. */
  #hoping: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly model: OpenModel,
    private readonly onChange: () => void,
  ) {}

  /** Watches what the model was read from last. */
  follow(): void {
    const { uri, content } = this.model;
    const files = [uri];
    if (content !== undefined) {
      const { home, skeleton } = content;
      files.push(home, ...[...dataFilesOf(skeleton)].map((file) => dataUri(home, file)));
      this.#hoping = lacksData(skeleton) ? folderOf(home).path : undefined;
    }
    this.#files = new Set(files.map(({ path }) => path));
    const folders = new Map(files.map(folderOf).map((folder) => [folder.toString(), folder]));
    for (const [key, store] of this.#watchers) {
      if (folders.has(key)) continue;
      store.dispose();
      this.#watchers.delete(key);
    }
    for (const [key, folder] of folders)
      if (!this.#watchers.has(key)) this.#watchers.set(key, this.#watch(folder));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const store of this.#watchers.values()) store.dispose();
    this.#watchers.clear();
  }

  #watch(folder: vscode.Uri): DisposableStore {
    const store = new DisposableStore();
    const pattern = new vscode.RelativePattern(folder, '*');
    const watcher = store.add(vscode.workspace.createFileSystemWatcher(pattern));
    const changed = (uri: vscode.Uri): void => {
      if (!this.#files.has(uri.path) && folderOf(uri).path !== this.#hoping) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.onChange, SETTLE_MS);
    };
    store.add(watcher.onDidChange(changed));
    store.add(watcher.onDidCreate(changed));
    store.add(watcher.onDidDelete(changed));
    return store;
  }
}

function folderOf(file: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(file, '..');
}
