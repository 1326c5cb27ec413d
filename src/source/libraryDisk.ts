/** The disk that `libraryFiles.ts` asks. Errors mean that there is nothing: what cannot be read is not there. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Disk } from './libraryFiles';

/** A library's file longer than this is no source. */
const LONGEST = 4_000_000;

export const localDisk: Disk = {
  separator: path.sep,
  real: (file) => realpath(file).catch(() => null),
  list: (folder) => readdir(folder).catch(() => []),
  isFile: (file) =>
    stat(file).then(
      (found) => found.isFile() && found.size <= LONGEST,
      () => false,
    ),
  read: (file) => readFile(file, 'utf8').catch(() => null),
};
