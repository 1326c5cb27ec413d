/**
 * Links of the workspace's models kept on disk, so that a window that opens again knows them without reading models or
 * Python. An entry holds while the model's file and every Python file of its root have the size and time they had. Where
 * the files lie is `linkFiles.ts`.
 */
import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel';
import type { LineEntry } from './lineIndex';

const VERSION = 4;
const AT_ONCE = 64;
/** Larger ones are made anew: reading them would take as long. */
const MOST_BYTES = 20_000_000;

export interface KeptLinks {
  readonly entries: readonly LineEntry[];
  /** The folder whose Python they lead to, as a URI. */
  readonly root: string;
  /** Files the links were made from, relative to the root. */
  readonly files: readonly string[];
}

/** Where entries are kept, by name, and what tells that a file has changed, by its URI. */
export interface LinkFiles {
  /** A text that changes with the file; undefined where there is none. */
  stamp(uri: string): Promise<string | undefined>;
  /** Undefined where nothing is kept under the name. */
  read(name: string): Promise<string | undefined>;
  /** Whole or not at all. */
  write(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** The Python of a root, as far as a stamp needs it. */
export interface StampedRoot {
  list(signal?: AbortSignal): Promise<readonly string[]>;
  uri(file: string): { toString(): string };
}

interface Record extends KeptLinks {
  readonly version: number;
  readonly model: string;
  readonly stamp: string;
  readonly python: string;
}

export class LinkCache {
  constructor(private readonly files: LinkFiles) {}

  /**
   * What is kept of a model, or undefined where there is nothing or something has changed.
   * @param model its URI
   * @param python the `pythonStamp` of its root
   */
  async get(model: string, python: string): Promise<KeptLinks | undefined> {
    const stamp = await this.files.stamp(model);
    const text = stamp === undefined ? undefined : await this.files.read(nameOf(model));
    if (stamp === undefined || text === undefined) return undefined;
    const record = parse(text);
    const fits =
      record?.version === VERSION &&
      record.model === model &&
      record.stamp === stamp &&
      record.python === python;
    return fits ? { entries: record.entries, root: record.root, files: record.files } : undefined;
  }

  async set(model: string, python: string, kept: KeptLinks): Promise<void> {
    const stamp = await this.files.stamp(model);
    if (stamp === undefined) return;
    const record: Record = { version: VERSION, model, stamp, python, ...kept };
    const text = JSON.stringify(record);
    if (text.length <= MOST_BYTES) await this.files.write(nameOf(model), text);
  }

  async delete(model: string): Promise<void> {
    await this.files.delete(nameOf(model));
  }
}

/** One text that changes when any Python file of a root does: names, sizes and times. Rejects when cancelled. */
export async function pythonStamp(
  root: StampedRoot,
  { stamp }: Pick<LinkFiles, 'stamp'>,
  signal: AbortSignal,
): Promise<string> {
  const files = await root.list(signal);
  const hash = createHash('sha256');
  for (let start = 0; start < files.length; start += AT_ONCE) {
    throwIfCancelled(signal);
    const slice = files.slice(start, start + AT_ONCE);
    const stamps = await Promise.all(slice.map((file) => stamp(root.uri(file).toString())));
    slice.forEach((file, i) => hash.update(`${file}\n${stamps[i] ?? ''}\n`));
  }
  return hash.digest('hex');
}

function nameOf(model: string): string {
  return `${createHash('sha256').update(model).digest('hex').slice(0, 24)}.json`;
}

/** A record of the right form, or undefined: another version, or a half-written file, is as good as none. */
function parse(text: string): Record | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record> | null;
    if (!Array.isArray(value?.entries) || !Array.isArray(value.files)) return undefined;
    if (typeof value.root !== 'string') return undefined;
    return value.entries.every(isEntry) ? (value as Record) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isEntry(value: unknown): boolean {
  const entry = value as {
    claim?: { place?: { file?: unknown } };
    nodes?: unknown;
    modules?: unknown;
  } | null;
  return (
    typeof entry?.claim?.place?.file === 'string' &&
    Array.isArray(entry.nodes) &&
    Array.isArray(entry.modules)
  );
}
