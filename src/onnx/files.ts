/**
 * Models on the local disk: byte sources over open files, and the model's folder for external data. Links: the model's
 * own path is resolved first (a Hugging Face cache holds nothing but links); its external data may not be one.
 */
import { constants as FLAGS, readSync } from 'node:fs';
import { lstat, open, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../base/bytes';
import { throwIfCancelled } from '../base/cancel';
import type { Skeleton } from '../contract/skeleton';
import { badExternalData, fileUnreadable, notAFile, truncated } from './errors';
import { locationProblem, type ModelFolder } from './folder';
import { readSkeleton } from './skeleton';

/** An open local file. Reads by position; several may run at once. */
export class FileSource implements ByteSource {
  readonly #handle: FileHandle;
  #bytesRead = 0;
  /** While small reads come at once, a thread's round trip costs more than they do. */
  #quick = true;

  private constructor(
    readonly name: string,
    readonly size: number,
    handle: FileHandle,
  ) {
    this.#handle = handle;
  }

  /** Opens `path`; `name` is what messages call it. Rejects with `file-unreadable`. */
  static async open(path: string, name = path, flags: number = FLAGS.O_RDONLY): Promise<FileSource> {
    let handle: FileHandle | undefined;
    try {
      // Without O_NONBLOCK the opening of a pipe would wait for a writer.
      handle = await open(path, flags | FLAGS.O_NONBLOCK);
      const stats = await handle.stat();
      if (stats.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
      if (!stats.isFile()) throw notAFile(name);
      return new FileSource(name, stats.size, handle);
    } catch (error) {
      await handle?.close();
      if (error instanceof Error && 'remedy' in error) throw error;
      throw fileUnreadable(name, error);
    }
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    if (offset < 0 || length < 0 || offset + length > this.size)
      throw truncated(this.name, offset, length, this.size);
    // Not zeroed: every byte is read below. A buffer of its own, never of the shared pool.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw truncated(this.name, offset, length, offset + done);
      done += bytesRead;
      this.#bytesRead += bytesRead;
      throwIfCancelled(signal);
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #read(
    into: Uint8Array,
    at: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }> {
    try {
      if (this.#quick && length <= SMALL) {
        const start = performance.now();
        const bytesRead = readSync(this.#handle.fd, into, at, length, position);
        this.#quick = performance.now() - start < SLOW_MS;
        return { bytesRead };
      }
      return await this.#handle.read(into, at, Math.min(length, MAX_CALL), position);
    } catch (error) {
      throw fileUnreadable(this.name, error);
    }
  }
}

/** Reads up to this many bytes are small. */
const SMALL = 64 * 1024;
/** A small read that takes longer is a disk's or a network's: from then on nothing waits for one. */
const SLOW_MS = 3;
/** One read call moves at most this much (Linux stops at 2 GB). */
const MAX_CALL = 1 << 30;

/** The folder `dir` (already resolved) on the local disk. */
export function localFolder(dir: string): ModelFolder {
  const check = async (location: string): Promise<string> => {
    const problem = locationProblem(location);
    const fail = (what: string): Error =>
      badExternalData(location, what, 'Copy the file itself beside the model.');
    if (problem !== null) throw fail(problem);
    let path = dir;
    const parts = location.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
    for (const [index, part] of parts.entries()) {
      path = join(path, part);
      const stats = await lstat(path).catch((error: unknown) => {
        const missing =
          error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
        throw fail(missing ? "is not in the model's folder" : `cannot be read (${String(error)})`);
      });
      if (stats.isSymbolicLink())
        throw fail('is reached through a symbolic link, which the runtime refuses too');
      const last = index === parts.length - 1;
      if (last ? !stats.isFile() : !stats.isDirectory()) throw fail('is not a regular file');
    }
    return path;
  };
  const openFile = async (location: string): Promise<FileSource> =>
    FileSource.open(await check(location), location, FLAGS.O_RDONLY | FLAGS.O_NOFOLLOW);
  return {
    size: async (location) => {
      const source = await openFile(location);
      await source.close();
      return source.size;
    },
    open: openFile,
  };
}

/** Opens a local file and its folder, links resolved; the caller closes `source`. Rejects with `file-unreadable`. */
export async function openModelFile(
  file: string,
): Promise<{ readonly source: FileSource; readonly folder: ModelFolder; readonly path: string }> {
  const path = await realpath(file).catch((error: unknown) => {
    throw fileUnreadable(file, error);
  });
  return { source: await FileSource.open(path, file), folder: localFolder(dirname(path)), path };
}

/** A model on the local disk, open for reading its weights. Whoever opens it closes `source`. */
export interface LocalModel {
  readonly skeleton: Skeleton;
  readonly source: FileSource;
  readonly folder: ModelFolder;
  /** The file itself, links resolved. */
  readonly path: string;
}

/** Opens a local model. Rejects with `file-unreadable`, `not-onnx`, `truncated`, `bad-model` or `AbortError`. */
export async function openLocal(file: string, signal?: AbortSignal): Promise<LocalModel> {
  const { source, folder, path } = await openModelFile(file);
  try {
    const skeleton = await readSkeleton(source, signal === undefined ? { folder } : { folder, signal });
    return { skeleton, source, folder, path };
  } catch (error) {
    await source.close();
    throw error;
  }
}
