/**
 * Interned UTF-8: the same bytes give the same string without decoding them again. Metadata repeats itself thousands of
 * times in an exported model.
 */
import type { Cursor } from './wire';

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly next: Entry | undefined;
}

/** Longer texts are decoded without being remembered. */
const MAX_INTERNED = 4096;

/** Holds on to the loaded bytes: drop it with the reading it belongs to. */
export class Interner {
  readonly #entries = new Map<number, Entry>();

  /** The text of [start, end). Bytes that are not UTF-8 become U+FFFD. */
  text(cursor: Cursor, start: number, end: number): string {
    if (start === end) return '';
    const bytes = cursor.bytes(start, end);
    if (bytes.length > MAX_INTERNED) return utf8(bytes);
    const hash = hashOf(bytes);
    const first = this.#entries.get(hash);
    for (let entry = first; entry !== undefined; entry = entry.next) {
      if (sameBytes(entry.bytes, bytes)) return entry.text;
    }
    const text = utf8(bytes);
    this.#entries.set(hash, { bytes, text, next: first });
    return text;
  }
}

/** Decodes UTF-8; bytes that are not become U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function hashOf(bytes: Uint8Array): number {
  let hash = bytes.length;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
