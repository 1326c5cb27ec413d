/**
 * The one pass that touches the file: loads everything a skeleton needs and leaves large tensor payloads on disk.
 * Descends only into messages larger than a hole is worth; small ones are loaded whole and decoded later, in memory.
 */
import type { ByteSource } from '../base/bytes';
import { throwIfCancelled } from '../base/cancel';
import { descriptionTooLarge } from './errors';
import { LARGE, type MessageKind } from './fields';
import { Cursor, Wire, WireError, type Segment } from './wire';

/** Payloads larger than this stay on disk; what is smaller is cheaper to read through than to jump over. */
const HOLE = 32 * 1024;
/** The first read; after a hole a quarter of it. Reads grow while nothing is skipped. */
const FIRST_READ = 16 * 1024;
const MAX_READ = 4 * 1024 * 1024;
/** Any field above this that is not a tensor's data (a doc string, a string attribute) is left on disk as well. */
const MAX_FIELD = 64 * 1024 * 1024;
/** All the description together: beyond this the file is not a graph. */
const MAX_LOADED = 1024 * 1024 * 1024;
const MAX_DEPTH = 400;
const HEADER = 20;

/** Loads a model's description. Wire errors are not reported here: decoding meets them again and says where. */
export async function skim(source: ByteSource, signal?: AbortSignal): Promise<readonly Segment[]> {
  const loader = new Loader(source, signal);
  await walkOrSkip(loader, 'model', 0, source.size, 0);
  return loader.finish();
}

/** Walks a message; where its bytes make no sense, what is left of it stays on disk. */
async function walkOrSkip(
  loader: Loader,
  kind: MessageKind,
  start: number,
  end: number,
  depth: number,
): Promise<void> {
  try {
    await walk(loader, kind, start, end, depth);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    await loader.hole(loader.position, end);
  }
}

async function walk(
  loader: Loader,
  kind: MessageKind,
  start: number,
  end: number,
  depth: number,
): Promise<void> {
  if (depth > MAX_DEPTH) throw new WireError('messages are nested too deep', start);
  const rules = LARGE[kind];
  for (let at = start; at < end;) {
    const header = Math.min(at + HEADER, end);
    if (!loader.has(header)) await loader.load(header);
    const cursor = loader.cursor;
    const tag = cursor.open(at, end, true);
    const { start: from, end: to } = cursor;
    at = to;
    if ((tag & 7) !== Wire.Bytes || to - from <= HOLE) continue;
    const rule = rules.get(tag >>> 3);
    if (rule === 'data' || (rule === undefined && to - from > MAX_FIELD)) await loader.hole(from, to);
    else if (rule !== undefined) await walkOrSkip(loader, rule, from, to, depth + 1);
  }
  if (!loader.has(end)) await loader.load(end);
}

/** Moves forward through the file, appending to the current segment; a hole closes it and opens the next. */
class Loader {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #done: Segment[] = [];
  #buffer: Uint8Array;
  #base = 0;
  #length = 0;
  #chunk = FIRST_READ;
  #loaded = 0;
  #cursor: Cursor;

  constructor(source: ByteSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
    this.#buffer = new Uint8Array(FIRST_READ);
    this.#cursor = this.#newCursor();
  }

  /** Over the current segment only: the walk never looks back. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /** Where the next load would begin. */
  get position(): number {
    return this.#base + this.#length;
  }

  /** Whether everything before `to` that matters is in memory. */
  has(to: number): boolean {
    return to <= this.#base + this.#length;
  }

  /** Reads on until `to` is in memory, and a growing stretch further. */
  async load(to: number): Promise<void> {
    throwIfCancelled(this.#signal);
    const from = this.#base + this.#length;
    const length = Math.min(Math.max(to - from, this.#chunk), this.#source.size - from);
    this.#chunk = Math.min(this.#chunk * 4, MAX_READ);
    this.#loaded += length;
    if (this.#loaded > MAX_LOADED) throw descriptionTooLarge(this.#source.name, MAX_LOADED);
    const bytes = await this.#source.read(from, length, this.#signal);
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      // What is left of the file is the most a segment can grow to.
      const most = this.#source.size - this.#base;
      const grown = new Uint8Array(Math.min(most, Math.max(needed, this.#buffer.length * 3)));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
    this.#cursor = this.#newCursor();
  }

  /** Leaves [from, to) on disk, unless it was read along already. */
  async hole(from: number, to: number): Promise<void> {
    if (this.has(to)) return;
    if (!this.has(from)) await this.load(from);
    this.#close(Math.min(this.#length, from - this.#base));
    this.#base = to;
    this.#length = 0;
    this.#chunk = FIRST_READ / 4;
    this.#buffer = new Uint8Array(this.#chunk);
    this.#cursor = this.#newCursor();
  }

  /** Hands over the segments. */
  finish(): readonly Segment[] {
    this.#close(this.#length);
    return this.#done;
  }

  #close(length: number): void {
    if (length > 0) this.#done.push({ base: this.#base, bytes: this.#buffer.subarray(0, length) });
  }

  #newCursor(): Cursor {
    return new Cursor([{ base: this.#base, bytes: this.#buffer.subarray(0, this.#length) }]);
  }
}
