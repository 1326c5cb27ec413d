/**
 * Interned UTF-8: the same bytes give the same string without decoding them again. Metadata repeats itself thousands of
 * times in an exported model. Bytes are hashed where they lie: no view is made per string.
 */
import type { Cursor } from './wire';

/** Longer texts are decoded without being remembered. */
const MAX_INTERNED = 4096;
/** Up to this many bytes a loop beats a call. */
const SHORT = 32;

/** Holds on to the loaded bytes: drop it with the reading it belongs to. */
export class Interner {
  #mask = (1 << 12) - 1;
  /** Entry number + 1 by hash, open addressing. */
  #slots = new Int32Array(1 << 12);
  readonly #hashes: number[] = [];
  readonly #texts: string[] = [];
  readonly #buffers: Buffer[] = [];
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];

  /** The text of [start, end), which must be in memory. Bytes that are not UTF-8 become U+FFFD. */
  text(cursor: Cursor, start: number, end: number): string {
    if (start === end) return '';
    const { buffer, base } = cursor.seekText(start, end);
    const from = start - base;
    const to = end - base;
    const length = to - from;
    if (length > MAX_INTERNED) return buffer.toString('utf8', from, to);
    const hash = hashOf(buffer, from, to);
    let slot = hash & this.#mask;
    for (let entry = this.#slots[slot] ?? 0; entry > 0; entry = this.#slots[slot] ?? 0) {
      if (this.#hashes[entry - 1] === hash && this.#same(entry - 1, buffer, from, length)) {
        return this.#texts[entry - 1] ?? '';
      }
      slot = (slot + 1) & this.#mask;
    }
    const text = decode(buffer, from, to);
    this.#slots[slot] = this.#texts.push(text);
    this.#hashes.push(hash);
    this.#buffers.push(buffer);
    this.#starts.push(from);
    this.#lengths.push(length);
    if (this.#texts.length * 2 > this.#slots.length) this.#grow();
    return text;
  }

  /** How many different texts were met. */
  get size(): number {
    return this.#texts.length;
  }

  /** The text of [start, end), decoded without being remembered. */
  fresh(cursor: Cursor, start: number, end: number): string {
    if (start === end) return '';
    const { buffer, base } = cursor.seekText(start, end);
    return decode(buffer, start - base, end - base);
  }

  #same(entry: number, buffer: Buffer, from: number, length: number): boolean {
    if (this.#lengths[entry] !== length) return false;
    const other = this.#buffers[entry];
    const start = this.#starts[entry] ?? 0;
    if (other === undefined) return false;
    if (length > SHORT) return buffer.compare(other, start, start + length, from, from + length) === 0;
    for (let i = 0; i < length; i++) if (other[start + i] !== buffer[from + i]) return false;
    return true;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    this.#mask = slots.length - 1;
    this.#hashes.forEach((hash, entry) => {
      let slot = hash & this.#mask;
      while (slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      slots[slot] = entry + 1;
    });
    this.#slots = slots;
  }
}

/** Four bytes a step. */
function hashOf(buffer: Buffer, from: number, to: number): number {
  let hash = to - from;
  let i = from;
  for (const last = to - 3; i < last; i += 4) {
    const word =
      (buffer[i] ?? 0) |
      ((buffer[i + 1] ?? 0) << 8) |
      ((buffer[i + 2] ?? 0) << 16) |
      ((buffer[i + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < to; i++) hash = Math.imul(hash ^ (buffer[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 13);
}

/** Short texts are checked for ASCII, which decodes faster; for long ones the check would cost more than it saves. */
function decode(buffer: Buffer, from: number, to: number): string {
  if (to - from > SHORT) return buffer.toString('utf8', from, to);
  let bits = 0;
  for (let i = from; i < to; i++) bits |= buffer[i] ?? 0;
  return buffer.toString(bits < 0x80 ? 'latin1' : 'utf8', from, to);
}
