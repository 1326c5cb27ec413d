/**
 * The model's folder, as external data sees it: files inside it and nothing else. Says what a location may be; how the
 * files are opened is up to the folder (local disk in `files.ts`, `workspace.fs` in the editor).
 */
import type { ByteSource } from '../base/bytes';

export interface ModelFolder {
  /**
   * Size in bytes of the file at `location`, a relative path that `locationProblem` has passed. Rejects with
   * `bad-external-data` when it does not exist, is no regular file, or is reached through a link.
   */
  size(location: string): Promise<number>;
  /** Opens it for reading, under the same conditions. */
  open(location: string): Promise<ByteSource>;
}

/** Half a sentence that says why a location may not be used ("leaves the model's folder"), or null when it may. */
export function locationProblem(location: string): string | null {
  if (location === '') return 'has no name';
  if (location.includes('\0')) return 'has a NUL character in its name';
  if (/^([\\/]|[a-zA-Z]:)/.test(location)) return 'is an absolute path';
  const parts = location.split(/[\\/]/);
  if (parts.includes('..')) return "leaves the model's folder";
  if (parts.every((part) => part === '' || part === '.')) return 'is a folder';
  return null;
}
