/**
 * Writing a file that a person asked for: never over one of the model's own, whatever links lead there, and first under
 * another name, so that what was there stays until the new file is whole.
 */
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../base/errors';

/** Bytes in order, there already or as they come. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Writes pieces as they come. Rejects with `not-writable`; then nothing is left behind and nothing was changed. */
export async function writeBeside(
  target: vscode.Uri,
  own: readonly vscode.Uri[],
  pieces: Pieces,
): Promise<void> {
  const [real, ...taken] = await Promise.all([target, ...own].map(realUri));
  if (taken.some((uri) => uri.toString() === real?.toString())) throw isOwn(target);
  if (target.scheme === 'file') await writeLocal(target.fsPath, pieces);
  else await writeVirtual(target, pieces);
}

async function writeLocal(path: string, pieces: Pieces): Promise<void> {
  const { open, rename, rm } = await import('node:fs/promises');
  const part = join(dirname(path), `.${process.pid.toString(36)}${Date.now().toString(36)}.part`);
  try {
    const handle = await open(part, 'wx');
    try {
      for await (const piece of pieces) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof Error && 'syscall' in error) throw cannot(path, error);
    throw error;
  }
}

/** `workspace.fs` writes whole files, so pieces are gathered. */
async function writeVirtual(target: vscode.Uri, pieces: Pieces): Promise<void> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  try {
    await vscode.workspace.fs.writeFile(target, Buffer.concat(parts));
  } catch (error) {
    throw cannot(target.toString(true), error);
  }
}

/** Where a file really lies; for one that is not there, where it would. */
async function realUri(uri: vscode.Uri): Promise<vscode.Uri> {
  if (uri.scheme !== 'file') return uri;
  const { realpath } = await import('node:fs/promises');
  const path = await realpath(uri.fsPath).catch(async () =>
    join(await realpath(dirname(uri.fsPath)).catch(() => dirname(uri.fsPath)), basename(uri.fsPath)),
  );
  return vscode.Uri.file(path);
}

function isOwn(target: vscode.Uri): Failure {
  return new Failure({
    code: 'not-writable',
    message: vscode.l10n.t(
      'The file {0} belongs to the model, which is never written to.',
      vscode.workspace.asRelativePath(target),
    ),
    remedy: vscode.l10n.t('Choose another name.'),
  });
}

function cannot(path: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Failure({
    code: 'not-writable',
    message: vscode.l10n.t('The file {0} cannot be written ({1}).', path, why),
    remedy: vscode.l10n.t('Choose another folder, or make room there.'),
    cause,
  });
}
