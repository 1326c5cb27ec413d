/** Varint-coded tensor data (int32_data, int64_data, uint64_data) -> raw little-endian bytes. Pure but for the cursor. */
import type { WeightRef } from '../contract/skeleton';
import { dtypeBits } from '../tensor/dtype';
import type { Cursor } from './wire';

interface Span {
  readonly offset: number;
  readonly length: number;
  /** False: every element but the first has its tag (one byte) before it. */
  readonly packed: boolean;
}

/** How many numbers a span holds. */
export function countVarints(cursor: Cursor, span: Span): number {
  let count = 0;
  const end = span.offset + span.length;
  for (let at = span.offset; at < end; at += span.packed ? 0 : 1) {
    at = cursor.varint(at, end);
    count++;
  }
  return count;
}

/** Raw bytes of a tensor whose numbers lie in loaded spans. */
export function inlineFromVarints(cursor: Cursor, spans: readonly Span[], ref: WeightRef): Uint8Array {
  const bits = Math.max(8, dtypeBits(ref.dtype));
  const bytes = new Uint8Array(ref.byteLength);
  const view = new DataView(bytes.buffer);
  let to = 0;
  for (const span of spans) {
    const end = span.offset + span.length;
    for (let at = span.offset; at < end && to < bytes.length; at += span.packed ? 0 : 1) {
      at = cursor.varint(at, end);
      to = putNumber(view, to, bits, cursor.lo, cursor.hi);
    }
  }
  return bytes;
}

/** Writes the low `bits` of a 64-bit number given as halves; returns the next position. */
export function putNumber(view: DataView, at: number, bits: number, lo: number, hi: number): number {
  switch (bits) {
    case 8:
      view.setUint8(at, lo & 0xff);
      return at + 1;
    case 16:
      view.setUint16(at, lo & 0xffff, true);
      return at + 2;
    case 32:
      view.setUint32(at, lo, true);
      return at + 4;
    default:
      view.setUint32(at, lo, true);
      view.setUint32(at + 4, hi, true);
      return at + 8;
  }
}
