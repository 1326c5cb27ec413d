/**
 * A folder on disk as a `SourceRoot`: the Python below it, without virtual environments and caches. Links are followed
 * only where they stay inside the folder; what a model says never becomes a path here.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { throwIfCancelled } from '../base/cancel';
import { describe } from '../base/errors';
import type { SourceRoot } from '../source/sources';
import { usage } from './options';

const SKIPPED = new Set(['node_modules', '__pycache__', 'site-packages', 'dist-packages']);
/** What a package's build leaves beside its source: the same classes again. */
const BUILT = new Set(['build', 'dist']);
const FILE_LIMIT = 20_000;
/** A source file larger than this is data. */
const SIZE_LIMIT = 16 * 1024 * 1024;

/** Opens a folder; `tell` takes a sentence when not all of it is read. Throws `usage` when it is not one. */
export async function openSourceFolder(
  folder: string,
  tell: (sentence: string) => void = () => undefined,
): Promise<SourceRoot> {
  const root = await realpath(resolve(folder)).catch((error: unknown) => {
    throw usage(
      `The source folder ${folder} cannot be read: ${describe(error)}.`,
      'Name a folder that holds the Python.',
    );
  });
  if (!(await stat(root)).isDirectory())
    throw usage(`${folder} is not a folder.`, 'Name a folder that holds the Python.');
  const listed = new Set<string>();
  return {
    async list(signal) {
      await walk(root, root, listed, signal);
      if (listed.size >= FILE_LIMIT) {
        const limit = FILE_LIMIT.toLocaleString('en');
        tell(
          `${folder} holds more than ${limit} Python files; only as many are read. Name a smaller folder.`,
        );
      }
      return [...listed].sort();
    },
    async read(file) {
      if (!listed.has(file)) return null;
      const path = join(root, ...file.split('/'));
      const real = await realpath(path).catch(() => null);
      if (real === null || !real.startsWith(root + sep)) return null;
      const { size } = await stat(real);
      return size > SIZE_LIMIT ? null : readFile(real, 'utf8');
    },
  };
}

async function walk(
  root: string,
  folder: string,
  found: Set<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some(({ name }) => name === 'pyvenv.cfg')) return;
  for (const entry of entries) {
    throwIfCancelled(signal);
    if (found.size >= FILE_LIMIT) return;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const skipped = SKIPPED.has(entry.name) || (folder === root && BUILT.has(entry.name));
      if (!skipped && !entry.name.startsWith('.')) await walk(root, path, found, signal);
    } else if ((entry.isFile() || entry.isSymbolicLink()) && entry.name.endsWith('.py')) {
      found.add(relative(root, path).split(sep).join('/'));
    }
  }
}
