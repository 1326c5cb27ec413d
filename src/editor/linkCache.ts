/**
 * Links of the workspace's models kept on disk, so that a window that opens again knows them without reading models or
 * Python. An entry holds while the model's file and every Python file of its root have the size and time they had.
 */
import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import type { LineEntry } from './lineIndex';
import type { WorkspaceRoot } from './sourceRoot';

const VERSION = 3;
const AT_ONCE = 64;
/** Larger ones are made anew: reading them would take as long. */
const MOST_BYTES = 20_000_000;

export interface KeptLinks {
  readonly entries: readonly LineEntry[];
  /** Files the links were made from, relative to the root. */
  readonly files: readonly string[];
}

interface Record extends KeptLinks {
  readonly version: number;
  readonly model: string;
  readonly stamp: string;
  readonly python: string;
}

export class LinkCache {
  constructor(private readonly storage: vscode.Uri) {}

  /** What is kept of a model, or undefined where there is nothing or something has changed. */
  async get(model: vscode.Uri, python: string): Promise<KeptLinks | undefined> {
    const stamp = await stampOf(model);
    const text = stamp === undefined ? undefined : await this.#read(model);
    if (stamp === undefined || text === undefined) return undefined;
    const record = parse(text);
    const fits =
      record?.version === VERSION &&
      record.model === model.toString() &&
      record.stamp === stamp &&
      record.python === python;
    return fits ? record : undefined;
  }

  async set(model: vscode.Uri, python: string, kept: KeptLinks): Promise<void> {
    const stamp = await stampOf(model);
    if (stamp === undefined) return;
    const record: Record = { version: VERSION, model: model.toString(), stamp, python, ...kept };
    const text = JSON.stringify(record);
    if (text.length > MOST_BYTES) return;
    await vscode.workspace.fs.createDirectory(this.#folder);
    await vscode.workspace.fs.writeFile(this.#file(model), new TextEncoder().encode(text));
  }

  async delete(model: vscode.Uri): Promise<void> {
    await ignoringMissing(() => vscode.workspace.fs.delete(this.#file(model)));
  }

  get #folder(): vscode.Uri {
    return vscode.Uri.joinPath(this.storage, 'links');
  }

  #file(model: vscode.Uri): vscode.Uri {
    const key = createHash('sha256').update(model.toString()).digest('hex').slice(0, 24);
    return vscode.Uri.joinPath(this.#folder, `${key}.json`);
  }

  async #read(model: vscode.Uri): Promise<string | undefined> {
    const bytes = await ignoringMissing(() => vscode.workspace.fs.readFile(this.#file(model)));
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }
}

/** One text that changes when any Python file of a root does: names, sizes and times. */
export async function pythonStamp(root: WorkspaceRoot, signal: AbortSignal): Promise<string> {
  const files = await root.list(signal);
  const hash = createHash('sha256');
  for (let start = 0; start < files.length && !signal.aborted; start += AT_ONCE) {
    const slice = files.slice(start, start + AT_ONCE);
    const stamps = await Promise.all(slice.map((file) => stampOf(root.uri(file))));
    slice.forEach((file, i) => hash.update(`${file}\n${stamps[i] ?? ''}\n`));
  }
  return hash.digest('hex');
}

async function stampOf(uri: vscode.Uri): Promise<string | undefined> {
  const stat = await ignoringMissing(() => vscode.workspace.fs.stat(uri));
  return stat === undefined ? undefined : `${String(stat.size)}:${String(stat.mtime)}`;
}

async function ignoringMissing<T>(work: () => Thenable<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return undefined;
    throw error;
  }
}

/** A record of the right form, or undefined: another version, or a half-written file, is as good as none. */
function parse(text: string): Record | undefined {
  try {
    const value = JSON.parse(text) as Partial<Record> | null;
    return Array.isArray(value?.entries) && Array.isArray(value.files) ? (value as Record) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
