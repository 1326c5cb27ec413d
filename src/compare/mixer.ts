/**
 * Hashes of structure: integers, texts and other hashes mixed into one number of 53 bits, so that a hundred thousand
 * nodes may be told apart by number alone. Not for security, and not stable between versions.
 */

export class Mixer {
  #a = 0;
  #b = 0;

  /** Begins anew; `kind` keeps hashes of different things apart. */
  start(kind: number): this {
    this.#a = 0x811c9dc5 ^ kind;
    this.#b = 0x1b873593;
    return this.int(kind);
  }

  /** A 32-bit integer. */
  int(value: number): this {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b ^ value, 0x85ebca6b) + 0x9e3779b9;
    this.#b ^= this.#b >>> 13;
    return this;
  }

  /** Another mixer's result. */
  hash(value: number): this {
    return this.int((value % 0x1_0000_0000) | 0).int(Math.floor(value / 0x1_0000_0000));
  }

  text(text: string): this {
    for (let i = 0; i < text.length; i++) this.int(text.charCodeAt(i));
    return this.int(-1 - text.length);
  }

  /** A non-negative integer below 2^53. */
  get value(): number {
    const a = Math.imul(this.#a ^ (this.#a >>> 16), 0x7feb352d);
    const b = Math.imul(this.#b ^ (this.#b >>> 15), 0x846ca68b);
    return ((a ^ (a >>> 15)) >>> 0) * 0x20_0000 + ((b ^ (b >>> 16)) >>> 11);
  }
}
