/** Packed varints that arrive in pieces -> raw little-endian bytes; a number may be split between two pieces. */
import type { WeightRef } from '../contract/skeleton';
import { dtypeBits } from '../tensor/dtype';
import { badTensor } from './errors';
import { putNumber } from './varints';

export class VarintStream {
  readonly #ref: WeightRef;
  readonly #bits: number;
  #left: number;
  #lo = 0;
  #hi = 0;
  #shift = 0;

  constructor(ref: WeightRef) {
    this.#ref = ref;
    this.#bits = Math.max(8, dtypeBits(ref.dtype));
    // Types under a byte are packed into bytes first, as in raw data.
    this.#left = dtypeBits(ref.dtype) < 8 ? ref.byteLength : ref.count;
  }

  /** Raw bytes of the numbers that end in this piece. Throws `bad-tensor`. */
  take(piece: Uint8Array): Uint8Array {
    const width = this.#bits / 8;
    const out = new Uint8Array(Math.min(piece.length, this.#left) * width);
    const view = new DataView(out.buffer);
    let to = 0;
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i] ?? 0;
      const low7 = byte & 0x7f;
      const shift = this.#shift;
      if (shift < 28) this.#lo |= low7 << shift;
      else if (shift === 28) {
        this.#lo |= low7 << 28;
        this.#hi |= low7 >>> 4;
      } else if (shift < 64) this.#hi |= low7 << (shift - 32);
      if (byte >= 0x80) {
        this.#shift += 7;
        if (this.#shift > 63) throw this.#wrong('holds a number longer than ten bytes');
        continue;
      }
      if (this.#left-- <= 0) throw this.#wrong('holds more numbers than its shape takes');
      to = putNumber(view, to, this.#bits, this.#lo >>> 0, this.#hi >>> 0);
      this.#lo = this.#hi = this.#shift = 0;
    }
    return out.subarray(0, to);
  }

  /** To be called after the last piece. Throws `bad-tensor` when numbers are missing. */
  end(): void {
    if (this.#shift > 0 || this.#left > 0) throw this.#wrong('holds fewer numbers than its shape takes');
  }

  #wrong(what: string): Error {
    return badTensor(this.#ref.name, what, 'Export the model again.');
  }
}
