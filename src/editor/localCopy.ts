/**
 * A copy of a virtual model on this machine's disk, with everything that running it takes: external data, tokenizer,
 * configuration, labels, images and arrays beside it, and the files its inputs are made from. Nothing that is there
 * already is replaced without asking.
 */
import * as vscode from 'vscode';
import { throwIfCancelled } from '../base/cancel';
import type { FeedBook } from './feedBook';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';

/** What may say something about a model's inputs and outputs. */
const COMPANION = /\.(json|jsonl|txt|names|npy|npz|png|jpe?g)$/i;
const NEVER = /^(\.|node_modules$|venv$)/;
const MOST_FILES = 300;
const MOST_BYTES = 64_000_000;
const DEPTH = 2;

export class LocalCopies {
  constructor(
    private readonly panels: Panels,
    private readonly feeds: FeedBook,
  ) {}

  /** Copies a model and what belongs to it, and opens the copy. Asks for the folder when none is given. */
  async copy(model: OpenModel, into?: vscode.Uri): Promise<void> {
    const folder = into ?? (await askFolder());
    if (folder === undefined) return;
    await model.ready();
    const location = vscode.ProgressLocation.Notification;
    const title = vscode.l10n.t('Copying {0} and what belongs to it', model.name);
    const done = await vscode.window.withProgress(
      { location, title, cancellable: true },
      async (_, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => {
          abort.abort();
        });
        return this.#copyAll(model, folder, abort.signal);
      },
    );
    if (done) await this.panels.open(vscode.Uri.joinPath(folder, model.name));
  }

  /** False when the person kept what is there and wants nothing copied. */
  async #copyAll(model: OpenModel, folder: vscode.Uri, signal: AbortSignal): Promise<boolean> {
    const from = vscode.Uri.joinPath(model.uri, '..');
    const names = await this.#files(model, from);
    const fresh: [vscode.Uri, Uint8Array][] = [];
    const different: [vscode.Uri, Uint8Array][] = [];
    for (const name of names) {
      throwIfCancelled(signal);
      const bytes = await vscode.workspace.fs.readFile(at(from, name));
      const target = at(folder, name);
      const there = await maybeRead(target);
      if (there === undefined) fresh.push([target, bytes]);
      else if (!Buffer.from(there).equals(bytes)) different.push([target, bytes]);
    }
    const replaced = different.length === 0 ? [] : await this.#askReplace(folder, different);
    if (replaced === undefined) return false;
    for (const [target, bytes] of [...fresh, ...replaced]) {
      throwIfCancelled(signal);
      await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(target, '..'));
      await vscode.workspace.fs.writeFile(target, bytes);
    }
    return true;
  }

  async #askReplace(
    folder: vscode.Uri,
    different: [vscode.Uri, Uint8Array][],
  ): Promise<[vscode.Uri, Uint8Array][] | undefined> {
    const names = different.map(([{ path }]) => path.slice(folder.path.length + 1));
    const replace = vscode.l10n.t('Replace');
    const keep = vscode.l10n.t('Keep Those There');
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t('{0} has other files of these names already.', folder.fsPath),
      { modal: true, detail: names.slice(0, 20).join('\n') },
      replace,
      keep,
    );
    if (choice === undefined) return undefined;
    return choice === replace ? different : [];
  }

  /** Paths below the model's folder: the model first, then its data files, then what lies near it. */
  async #files(model: OpenModel, from: vscode.Uri): Promise<readonly string[]> {
    const { dataFilesOf } = await import('../onnx/dataFiles');
    const { content } = model;
    const needed = [model.name, ...(content === undefined ? [] : dataFilesOf(content.skeleton))];
    const chosen = this.feeds.filesOf(model).filter((file) => !/^([\\/]|[a-z][a-z0-9+.-]*:)/i.test(file));
    const near = await companions(from, '', DEPTH);
    return [...new Set([...needed, ...chosen, ...near.slice(0, MOST_FILES)])];
  }
}

/** Small files near a model that may belong to it, nearest first. */
async function companions(folder: vscode.Uri, prefix: string, depth: number): Promise<string[]> {
  const files: string[] = [];
  const deeper: string[] = [];
  for (const [name, type] of await vscode.workspace.fs.readDirectory(folder)) {
    if (NEVER.test(name)) continue;
    if ((type & vscode.FileType.Directory) !== 0) deeper.push(name);
    else if (COMPANION.test(name)) {
      const { size } = await vscode.workspace.fs.stat(vscode.Uri.joinPath(folder, name));
      if (size <= MOST_BYTES) files.push(prefix + name);
    }
  }
  if (depth > 0)
    for (const name of deeper)
      files.push(...(await companions(vscode.Uri.joinPath(folder, name), `${prefix}${name}/`, depth - 1)));
  return files;
}

async function askFolder(): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    openLabel: vscode.l10n.t('Copy Here'),
  });
  return picked?.[0];
}

function at(folder: vscode.Uri, name: string): vscode.Uri {
  return vscode.Uri.joinPath(folder, ...name.split(/[\\/]/));
}

async function maybeRead(uri: vscode.Uri): Promise<Uint8Array | undefined> {
  try {
    return await vscode.workspace.fs.readFile(uri);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return undefined;
    throw error;
  }
}
