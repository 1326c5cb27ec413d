/** The files of `linkCache.ts`: the workspace's storage, and the stamps of what VS Code can see. */
import * as vscode from 'vscode';
import type { LinkFiles } from './linkCache';
import { textFolderAt } from './storage';

export function linkFilesIn(storage: vscode.Uri): LinkFiles {
  const folder = textFolderAt(vscode.Uri.joinPath(storage, 'links'));
  return {
    stamp: async (uri) => {
      const stat = await unlessMissing(() => vscode.workspace.fs.stat(vscode.Uri.parse(uri, true)));
      return stat === undefined ? undefined : `${String(stat.size)}:${String(stat.mtime)}`;
    },
    read: (name) => unlessMissing(() => folder.read(name)),
    write: (name, text) => folder.write(name, text),
    delete: (name) => folder.delete(name),
  };
}

async function unlessMissing<T>(work: () => Thenable<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return undefined;
    throw error;
  }
}
