/** Folders of small text files in the workspace's storage. Kept runs lie in one a model, named by a hash of its address. */
import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import type { TextFolder } from '../study/runs';

export function textFolderOf(storage: vscode.Uri, model: vscode.Uri): TextFolder {
  const key = createHash('sha256').update(model.toString()).digest('hex').slice(0, 24);
  return textFolderAt(vscode.Uri.joinPath(storage, 'runs', key));
}

/** A folder that is made with its first file. */
export function textFolderAt(folder: vscode.Uri): TextFolder {
  const at = (name: string): vscode.Uri => vscode.Uri.joinPath(folder, name);
  return {
    list: async () => {
      try {
        const entries = await vscode.workspace.fs.readDirectory(folder);
        return entries.filter(([, type]) => type === vscode.FileType.File).map(([name]) => name);
      } catch (error) {
        if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return [];
        throw error;
      }
    },
    read: async (name) => new TextDecoder().decode(await vscode.workspace.fs.readFile(at(name))),
    // Beside its place first: a window that is closed meanwhile leaves the file that was there.
    write: async (name, text) => {
      await vscode.workspace.fs.createDirectory(folder);
      await vscode.workspace.fs.writeFile(at(`${name}.new`), new TextEncoder().encode(text));
      await vscode.workspace.fs.rename(at(`${name}.new`), at(name), { overwrite: true });
    },
    delete: async (name) => {
      try {
        await vscode.workspace.fs.delete(at(name));
      } catch (error) {
        if (!(error instanceof vscode.FileSystemError) || error.code !== 'FileNotFound') throw error;
      }
    },
  };
}
