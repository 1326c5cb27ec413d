/** Files that go into a model, read through `workspace.fs`: named relative to the model's folder, or by their address. */
import * as vscode from 'vscode';
import { Failure } from '../base/errors';
import type { DataFiles } from '../data/files';

export const IMAGES = ['png', 'jpg', 'jpeg'];
export const ARRAYS = ['npy', 'npz'];

const NEARBY = 60;
/** Bytes of arrays that are read when a model opens, to see which of them fit. */
const LOOKED_INTO = 32 * 2 ** 20;

export class FeedFiles implements DataFiles {
  constructor(readonly folder: vscode.Uri) {}

  static of(model: vscode.Uri): FeedFiles {
    return new FeedFiles(vscode.Uri.joinPath(model, '..'));
  }

  async read(file: string): Promise<Uint8Array> {
    try {
      return await vscode.workspace.fs.readFile(this.uri(file));
    } catch (error) {
      throw new Failure({
        code: 'file-unreadable',
        message: vscode.l10n.t('The file {0} cannot be read.', file),
        remedy: vscode.l10n.t('Choose another file for this input.'),
        cause: error,
      });
    }
  }

  async beside(): Promise<readonly string[]> {
    try {
      const entries = await vscode.workspace.fs.readDirectory(this.folder);
      return entries.filter(([, type]) => (type & vscode.FileType.File) !== 0).map(([name]) => name);
    } catch (error) {
      if (error instanceof vscode.FileSystemError) return [];
      throw error;
    }
  }

  /** Files of these kinds in the model's folder and below, names as `read` takes them. */
  async nearby(extensions: readonly string[]): Promise<readonly string[]> {
    const pattern = new vscode.RelativePattern(this.folder, `**/*.{${extensions.join(',')}}`);
    const found = await vscode.workspace.findFiles(pattern, '**/{node_modules,.git,.venv,venv}/**', NEARBY);
    return found
      .map((uri) => this.name(uri))
      .sort((a, b) => a.split('/').length - b.split('/').length || a.localeCompare(b));
  }

  /** Of these files those that are small enough to look into without being asked, together too. */
  async small(names: readonly string[]): Promise<readonly string[]> {
    const sizes = await Promise.all(names.map((name) => this.#size(name)));
    let left = LOOKED_INTO;
    return names.filter((_, i) => {
      const size = sizes[i] ?? Infinity;
      if (size > left) return false;
      left -= size;
      return true;
    });
  }

  async #size(name: string): Promise<number> {
    try {
      return (await vscode.workspace.fs.stat(this.uri(name))).size;
    } catch (error) {
      if (error instanceof vscode.FileSystemError) return Infinity;
      throw error;
    }
  }

  /** How a file is named in a recipe. */
  name(uri: vscode.Uri): string {
    const base = `${this.folder.path}/`;
    if (
      uri.scheme === this.folder.scheme &&
      uri.authority === this.folder.authority &&
      uri.path.startsWith(base)
    ) {
      return uri.path.slice(base.length);
    }
    return uri.scheme === 'file' ? uri.fsPath : uri.toString();
  }

  uri(file: string): vscode.Uri {
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(file)) return vscode.Uri.parse(file, true);
    if (/^([\\/]|[a-zA-Z]:[\\/])/.test(file)) return vscode.Uri.file(file);
    return vscode.Uri.joinPath(this.folder, ...file.split('/'));
  }
}
