/**
 * What the decoders of one file share: the cursor, interned strings, the warnings found so far, the graphs by path, and
 * the tensors whose external data has yet to be looked up. Lives for one reading.
 */
import type { Graph, Metadata, Node, WeightLocation, WeightRef } from '../contract/skeleton';
import { ENTRY } from './fields';
import { Interner } from './strings';
import { Cursor, WireError, type Segment } from './wire';

/** The same type while it is being built. */
export type Building<T> = { -readonly [K in keyof T]: T[K] };

export interface ExternalTensor {
  readonly ref: Building<WeightRef>;
  readonly location: string;
  readonly offset: number;
  /** null: not stated. */
  readonly length: number | null;
}

export interface FoundWarning {
  readonly message: string;
  readonly node: Node | null;
}

const NO_METADATA: Metadata = Object.freeze({});
/** After this many values of a metadata key it is known whether they repeat. */
const TRIED = 512;
/** Warnings of one kind beyond this many are counted, not listed. */
const MAX_PER_KIND = 10;

export class Decoding {
  readonly cursor: Cursor;
  readonly strings = new Interner();
  readonly externals: ExternalTensor[] = [];
  readonly graphs = new Map<string, Graph>();
  readonly warnings: FoundWarning[] = [];
  /** The file ends before the graph does: what is missing at its end is told in one sentence, not part by part. */
  cut = false;
  readonly #perKind = new Map<string, number>();

  constructor(
    segments: readonly Segment[],
    /** Bytes in the file. */
    readonly fileBytes: number,
  ) {
    this.cursor = new Cursor(segments);
  }

  text(start: number, end: number): string {
    return this.strings.text(this.cursor, start, end);
  }

  /** Notes something odd. Warnings of the same `kind` beyond ten are only counted. */
  warn(kind: string, message: string, node: Node | null = null): void {
    const seen = (this.#perKind.get(kind) ?? 0) + 1;
    this.#perKind.set(kind, seen);
    if (seen <= MAX_PER_KIND) this.warnings.push({ message, node });
  }

  /** One sentence for every kind of which more was found than was listed. */
  finish(): void {
    for (const [kind, count] of this.#perKind) {
      if (count > MAX_PER_KIND)
        this.warnings.push({ message: `And ${count - MAX_PER_KIND} more: ${kind}.`, node: null });
    }
  }

  /** Runs a decoder of one message; when its bytes break the wire format, `what` is left out with a warning. */
  attempt<T>(what: () => string, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      this.leaveOut(error, what());
      return undefined;
    }
  }

  /** Warns that `what` was left out, so that the rest still opens; anything but a `WireError` is thrown on. */
  leaveOut(error: unknown, what: string): void {
    if (!(error instanceof WireError)) throw error;
    if (this.cut && error.past > this.fileBytes) return;
    this.warn(
      'parts that cannot be read',
      `${what} cannot be read and was left out: ${error.message} at byte ${error.offset}. Export the model again.`,
    );
  }

  /** Adds one StringStringEntry to a metadata record; returns the record. */
  addEntry(record: Record<string, string> | null, start: number, end: number): Record<string, string> {
    this.#readEntry(start, end);
    const into = record ?? {};
    into[this.#key] = this.#decodeValue();
    return into;
  }

  entry(start: number, end: number): [key: string, value: string] {
    this.#readEntry(start, end);
    return [this.#key, this.#decodeValue()];
  }

  #key = '';
  #valueStart = 0;
  #valueEnd = 0;
  /** Keys of which nearly every value was new so far: remembering those costs more than it saves. */
  readonly #repeats = new Map<string, { seen: number; known: number }>();

  #readEntry(start: number, end: number): void {
    const { cursor } = this;
    this.#key = '';
    this.#valueStart = this.#valueEnd = start;
    for (let at = start; at < end;) {
      const tag = cursor.open(at, end);
      at = cursor.end;
      if (tag === ENTRY.key) this.#key = this.text(cursor.start, cursor.end);
      else if (tag === ENTRY.value) {
        this.#valueStart = cursor.start;
        this.#valueEnd = cursor.end;
      }
    }
  }

  #decodeValue(): string {
    const key = this.#key;
    let repeats = this.#repeats.get(key);
    if (repeats === undefined) this.#repeats.set(key, (repeats = { seen: 0, known: 0 }));
    if (repeats.seen >= TRIED && repeats.known * 4 < repeats.seen) {
      return this.strings.fresh(this.cursor, this.#valueStart, this.#valueEnd);
    }
    const before = this.strings.size;
    const text = this.text(this.#valueStart, this.#valueEnd);
    repeats.seen++;
    if (this.strings.size === before) repeats.known++;
    return text;
  }
}

export function metadataOf(record: Record<string, string> | null): Metadata {
  return record ?? NO_METADATA;
}

/** A location that cannot be read, with the sentence to show. */
export function missing(reason: string): WeightLocation {
  return { kind: 'missing', reason };
}
