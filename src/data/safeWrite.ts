/**
 * Files that a person asked for, written so that nothing they have is lost: never over a model or the files it reads,
 * beside the old file first and then in its place, folders made one by one.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../base/errors';

type Content = string | Uint8Array | ((write: (piece: Uint8Array) => Promise<void>) => Promise<void>);

/**
 * Writes `content` to `target`; a failure on the way leaves what was there. Throws `not-writable`.
 * @param kept paths that must not change whatever they are called: a model, its data files
 */
export async function writeSafely(
  target: string,
  content: Content,
  kept: readonly string[] = [],
): Promise<void> {
  const file = await realpath(target).catch(() => resolve(target));
  await refuseKept(target, file, kept);
  const there = await stat(file).catch(() => null);
  if (there?.isDirectory() === true) throw notWritable(target, 'it is a folder');
  await makeFolder(dirname(file));
  // A pipe or a device has no place beside it, and nothing to lose.
  const inPlace = there !== null && !there.isFile();
  const written = inPlace
    ? file
    : join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
  try {
    const handle = await open(written, inPlace ? 'w' : 'wx');
    try {
      if (typeof content === 'function') await content((piece) => handle.writeFile(piece));
      else await handle.writeFile(content);
    } finally {
      await handle.close();
    }
    if (!inPlace) await rename(written, file);
  } catch (error) {
    if (!inPlace) await rm(written, { force: true });
    throw isSystem(error) ? notWritable(target, reason(error), error) : error;
  }
}

/** Makes a folder and those above it, one by one. Throws `not-writable`. */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = await stat(at).catch((error: unknown) => {
      if (isSystem(error) && error.code === 'ENOENT') return null;
      if (isSystem(error)) throw notWritable(folder, reason(error), error);
      throw error;
    });
    if (found?.isDirectory() === true) break;
    if (found !== null) throw notWritable(folder, `${at} is a file`);
    if (await lstat(at).catch(() => null)) throw notWritable(folder, `${at} is a link that leads nowhere`);
    missing.unshift(at);
  }
  for (const each of missing) {
    await mkdir(each).catch((error: unknown) => {
      if (isSystem(error) && error.code === 'EEXIST') return;
      if (isSystem(error)) throw notWritable(folder, reason(error), error);
      throw error;
    });
  }
}

/** Makes the folder that results go into and tries whether it takes files, before anything is computed. */
export async function prepareFolder(folder: string): Promise<void> {
  if (folder === '') throw notWritable('""', 'it has no name');
  await makeFolder(folder);
  const probe = join(folder, `.patchclamp-${randomBytes(4).toString('hex')}`);
  try {
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (error) {
    throw isSystem(error) ? notWritable(folder, reason(error), error) : error;
  }
}

async function refuseKept(target: string, file: string, kept: readonly string[]): Promise<void> {
  const real = await Promise.all(kept.map((path) => realpath(path).catch(() => resolve(path))));
  if (!/\.onnx$/i.test(file) && !real.includes(file)) return;
  throw new Failure({
    code: 'not-writable',
    message: `${target} is a model or a file it reads, and Patchclamp never writes to those.`,
    remedy: 'Choose another name.',
  });
}

function notWritable(target: string, why: string, cause?: unknown): Failure {
  return new Failure({
    code: 'not-writable',
    message: `Nothing can be written to ${target}: ${why}.`,
    remedy: 'Choose a place that exists and that you may write to.',
    cause,
  });
}

function isSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return 'access is refused';
    case 'EROFS':
      return 'the disk is read-only';
    case 'ENOSPC':
      return 'the disk is full';
    case 'ENOTDIR':
      return 'a part of its path is a file';
    case 'ENAMETOOLONG':
      return 'its name is too long';
    default:
      return error.message;
  }
}
