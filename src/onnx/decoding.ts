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
/** Warnings of one kind beyond this many are counted, not listed. */
const MAX_PER_KIND = 10;

export class Decoding {
  readonly cursor: Cursor;
  readonly strings = new Interner();
  readonly externals: ExternalTensor[] = [];
  readonly graphs = new Map<string, Graph>();
  readonly warnings: FoundWarning[] = [];
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

  /**
   * Runs a decoder of one message; when its bytes break the wire format, warns that `what` was left out and gives
   * undefined, so that the rest still opens.
   */
  attempt<T>(what: () => string, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.warn(
        'parts that cannot be read',
        `${what()} cannot be read and was left out: ${error.message} at byte ${error.offset}. Export the model again.`,
      );
      return undefined;
    }
  }

  /** Adds one StringStringEntry to a metadata record; returns the record. */
  addEntry(record: Record<string, string> | null, start: number, end: number): Record<string, string> {
    const [key, value] = this.entry(start, end);
    const into = record ?? {};
    into[key] = value;
    return into;
  }

  entry(start: number, end: number): [key: string, value: string] {
    const { cursor } = this;
    let key = '';
    let value = '';
    for (let at = start; at < end;) {
      const tag = cursor.open(at, end);
      at = cursor.end;
      if (tag === ENTRY.key) key = this.text(cursor.start, cursor.end);
      else if (tag === ENTRY.value) value = this.text(cursor.start, cursor.end);
    }
    return [key, value];
  }
}

export function metadataOf(record: Record<string, string> | null): Metadata {
  return record ?? NO_METADATA;
}

/** A location that cannot be read, with the sentence to show. */
export function missing(reason: string): WeightLocation {
  return { kind: 'missing', reason };
}
