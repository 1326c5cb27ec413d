/**
 * Protobuf's wire format, read by position. A `Cursor` walks messages whose bytes lie in `Segments`: the parts of a file
 * that were loaded, with holes where large payloads were left on disk. Every position is an offset in the file.
 * Nothing here knows ONNX. Hostile input ends in a `WireError` (never a hang, never a read outside the message).
 */

export const Wire = {
  Varint: 0,
  Fixed64: 1,
  Bytes: 2,
  GroupStart: 3,
  GroupEnd: 4,
  Fixed32: 5,
} as const;

/** The bytes break the wire format at `offset`; `message` is half a sentence ("a length of 12 passes the end …"). */
export class WireError extends Error {
  constructor(
    message: string,
    readonly offset: number,
    /** Where what could not be read would have ended, where that is known. */
    readonly past = 0,
  ) {
    super(message);
    this.name = 'WireError';
  }
}

export interface Segment {
  readonly base: number;
  readonly bytes: Uint8Array;
}

const EMPTY: Segment = { base: 0, bytes: new Uint8Array(0) };
const MAX_GROUP_DEPTH = 32;

/**
 * Reads fields by absolute offset. `open` reads one field's header and value bounds:
 *
 *     for (let at = start; at < end; ) {
 *       const tag = cursor.open(at, end);
 *       at = cursor.end;
 *       switch (tag) { case MODEL.graph: decodeGraph(cursor.start, cursor.end); … }
 *     }
 */
export class Cursor {
  readonly #segments: readonly Segment[];
  readonly #buffers = new Map<Uint8Array, Buffer>();
  #base = 0;
  #bytes: Uint8Array = EMPTY.bytes;
  #text: { readonly buffer: Buffer; readonly base: number; readonly bytes: Uint8Array } = {
    buffer: Buffer.alloc(0),
    base: 0,
    bytes: EMPTY.bytes,
  };

  /** Payload of the field just opened (for Bytes) or its value's bytes; absolute offsets. */
  start = 0;
  end = 0;
  /** Of a varint: its two 32-bit halves, unsigned. */
  lo = 0;
  hi = 0;
  /** Whether the last lenient `open` met a length that passes the end of its parent; `end` is then the parent's. */
  clipped = false;

  /** `segments` in ascending order of `base`, not overlapping. */
  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** Opens the field at `at` within a message that ends at `end`; returns `field << 3 | wire`. */
  open(at: number, end: number, lenient = false): number {
    this.#seek(at);
    let pos = this.#varint(at, end);
    const tag = this.lo;
    if (this.hi !== 0 || tag >>> 3 === 0) throw new WireError('a field number is not valid', at);
    this.clipped = false;
    switch (tag & 7) {
      case Wire.Varint:
        this.start = pos;
        this.end = this.#varint(pos, end);
        return tag;
      case Wire.Bytes: {
        pos = this.#varint(pos, end);
        const length = this.hi * 0x1_0000_0000 + this.lo;
        this.start = pos;
        this.end = pos + length;
        if (this.end > end) {
          if (!lenient)
            throw new WireError(`a length of ${length} bytes passes the end of what holds it`, at, this.end);
          this.end = end;
          this.clipped = true;
        }
        return tag;
      }
      case Wire.Fixed64:
      case Wire.Fixed32:
        this.start = pos;
        this.end = pos + ((tag & 7) === Wire.Fixed64 ? 8 : 4);
        if (this.end > end) throw new WireError('a number is cut off', at, this.end);
        return tag;
      case Wire.GroupStart: {
        const after = this.#skipGroup(tag >>> 3, pos, end, 1);
        this.start = pos;
        this.end = after;
        return tag;
      }
      default:
        throw new WireError(`a field has the wire type ${tag & 7}, which does not exist`, at);
    }
  }

  /** The varint just opened as protobuf's int64: a bigint only where a number would round. */
  int64(): number | bigint {
    const value = (this.hi | 0) * 0x1_0000_0000 + this.lo;
    if (Number.isSafeInteger(value)) return value;
    return (BigInt(this.hi | 0) << 32n) | BigInt(this.lo);
  }

  /** The varint just opened as int32 (its low half). */
  int32(): number {
    return this.lo | 0;
  }

  /** Reads a varint inside a packed field; leaves it in `lo`/`hi` and returns the offset after it. */
  varint(at: number, end: number): number {
    if (at < this.#base || at >= this.#base + this.#bytes.length) this.#seek(at);
    return this.#varint(at, end);
  }

  float32(at: number): number {
    return this.#view(at, 4).getFloat32(0, true);
  }

  float64(at: number): number {
    return this.#view(at, 8).getFloat64(0, true);
  }

  /** Whether [start, end) lies in memory. */
  has(start: number, end: number): boolean {
    if (start === end) return true;
    if (!this.#maybeSeek(start)) return false;
    return end <= this.#base + this.#bytes.length;
  }

  /** A view (not a copy) of [start, end), which must be in memory. */
  bytes(start: number, end: number): Uint8Array {
    if (start === end) return EMPTY.bytes;
    this.#seek(start);
    if (end > this.#base + this.#bytes.length)
      throw new WireError('a part of the message was not loaded', start);
    return this.#bytes.subarray(start - this.#base, end - this.#base);
  }

  /**
   * For strings, without a view per string: moves to [start, end), which must be in memory. The bytes then lie in `buffer`
   * from `start - base` to `end - base`.
   */
  seekText(start: number, end: number): { readonly buffer: Buffer; readonly base: number } {
    if (start < this.#base || end > this.#base + this.#bytes.length || this.#text.bytes !== this.#bytes) {
      this.bytes(start, end);
      let buffer = this.#buffers.get(this.#bytes);
      if (buffer === undefined) {
        buffer = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
        this.#buffers.set(this.#bytes, buffer);
      }
      this.#text = { buffer, base: this.#base, bytes: this.#bytes };
    }
    return this.#text;
  }

  /** A copy of [start, end). */
  copy(start: number, end: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.bytes(start, end));
  }

  #view(at: number, length: number): DataView {
    const bytes = this.bytes(at, at + length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #varint(at: number, end: number): number {
    const bytes = this.#bytes;
    let pos = at - this.#base;
    const limit = Math.min(end - this.#base, bytes.length);
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= limit) throw new WireError('a number is cut off', at, pos + this.#base + 1);
      const byte = bytes[pos++] ?? 0;
      const low7 = byte & 0x7f;
      if (shift < 28) lo |= low7 << shift;
      else if (shift === 28) {
        lo |= low7 << 28;
        hi |= low7 >>> 4;
      } else if (shift < 63) hi |= low7 << (shift - 32);
      else hi |= (low7 & 1) << 31;
      if (byte < 0x80) {
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return pos + this.#base;
      }
    }
    throw new WireError('a number is longer than ten bytes', at);
  }

  #skipGroup(field: number, from: number, end: number, depth: number): number {
    if (depth > MAX_GROUP_DEPTH) throw new WireError('groups are nested too deep', from);
    let at = from;
    while (at < end) {
      this.#seek(at);
      const pos = this.#varint(at, end);
      const tag = this.lo;
      if ((tag & 7) === Wire.GroupEnd) {
        if (tag >>> 3 !== field) throw new WireError('a group ends that never began', at);
        return pos;
      }
      if ((tag & 7) === Wire.GroupStart) at = this.#skipGroup(tag >>> 3, pos, end, depth + 1);
      else {
        this.open(at, end);
        at = this.end;
      }
    }
    throw new WireError('a group never ends', from);
  }

  #seek(at: number): void {
    if (!this.#maybeSeek(at)) throw new WireError('a part of the message was not loaded', at);
  }

  #maybeSeek(at: number): boolean {
    if (at >= this.#base && at < this.#base + this.#bytes.length) return true;
    let low = 0;
    let high = this.#segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle] ?? EMPTY;
      if (at < segment.base) high = middle - 1;
      else if (at >= segment.base + segment.bytes.length) low = middle + 1;
      else {
        this.#base = segment.base;
        this.#bytes = segment.bytes;
        return true;
      }
    }
    return false;
  }
}
