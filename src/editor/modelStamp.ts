/**
 * The stamp of a model: size and time of change of its file and of every file its weights lie in. Taken when the model is
 * read; a run keeps the one it was made with. Also where those files really lie, since a model may be opened by a link.
 */
import * as vscode from 'vscode';
import type { Skeleton } from '../contract/skeleton';
import { dataFilesOf } from '../onnx/dataFiles';
import type { FileStamp, ModelStamp } from '../study/runs';

/** The file itself: symbolic links are followed, since weights lie beside the file and not beside the link. */
export async function homeOf(uri: vscode.Uri): Promise<vscode.Uri> {
  if (uri.scheme !== 'file') return uri;
  const { realpath } = await import('node:fs/promises');
  try {
    return vscode.Uri.file(await realpath(uri.fsPath));
  } catch (error) {
    // A file that is gone has no other place; reading it says so.
    if (error instanceof Error && 'code' in error) return uri;
    throw error;
  }
}

/** The stamp of one file; a missing one is of size -1, so that it differs from any that is there. */
export async function fileStamp(uri: vscode.Uri): Promise<FileStamp> {
  try {
    const { size, mtime } = await vscode.workspace.fs.stat(uri);
    return { size, changed: mtime };
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return { size: -1, changed: 0 };
    throw error;
  }
}

/** Stamps of the data files of a model whose file is `home`. */
export async function dataStamps(
  home: vscode.Uri,
  skeleton: Skeleton,
): Promise<Readonly<Record<string, FileStamp>>> {
  const files = [...dataFilesOf(skeleton)].sort();
  const stamps = await Promise.all(
    files.map(async (file) => [file, await fileStamp(dataUri(home, file))] as const),
  );
  return Object.fromEntries(stamps);
}

/** The stamp of a model's files as they are now. */
export async function stampNow(home: vscode.Uri, skeleton: Skeleton): Promise<ModelStamp> {
  const [own, files] = await Promise.all([fileStamp(home), dataStamps(home, skeleton)]);
  return { ...own, files };
}

/** Where a data file lies that a model names by its location. */
export function dataUri(home: vscode.Uri, location: string): vscode.Uri {
  return vscode.Uri.joinPath(home, '..', ...location.split(/[\\/]/));
}

/** What is known of a model's files. */
interface ReadModel {
  readonly uri: vscode.Uri;
  readonly content: { readonly home: vscode.Uri; readonly skeleton: Skeleton } | undefined;
}

/** Every file a model is read from: nothing is ever written to one of them. */
export function modelFiles({ uri, content }: ReadModel): readonly vscode.Uri[] {
  if (content === undefined) return [uri];
  const { home, skeleton } = content;
  return [uri, home, ...[...dataFilesOf(skeleton)].map((file) => dataUri(home, file))];
}
