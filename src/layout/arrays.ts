/**
 * Reading and growing typed arrays.
 * One reader per array type: an index inside the bounds is an invariant of every loop in `layout/`, and a reader that
 * sees only one kind of array stays fast. Not a matrix library.
 */

export const i32 = (array: Int32Array, index: number): number => array[index] as number;
export const u8 = (array: Uint8Array, index: number): number => array[index] as number;
export const f32 = (array: Float32Array, index: number): number => array[index] as number;
export const f64 = (array: Float64Array, index: number): number => array[index] as number;

/** A growing column of 32-bit integers. */
export class IntList {
  #data: Int32Array;
  length = 0;

  constructor(capacity = 16) {
    this.#data = new Int32Array(Math.max(4, capacity));
  }

  push(value: number): void {
    if (this.length === this.#data.length) {
      const grown = new Int32Array(this.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.length++] = value;
  }

  at(index: number): number {
    return this.#data[index] as number;
  }

  set(index: number, value: number): void {
    this.#data[index] = value;
  }

  /** The values so far; valid until the next push. */
  view(): Int32Array {
    return this.#data.subarray(0, this.length);
  }

  /** The values so far, in an array of exactly their number. */
  toArray(): Int32Array {
    return this.#data.slice(0, this.length);
  }
}

/** A growing column of 64-bit floats. */
export class FloatList {
  #data: Float64Array;
  length = 0;

  constructor(capacity = 16) {
    this.#data = new Float64Array(Math.max(4, capacity));
  }

  push(value: number): void {
    if (this.length === this.#data.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.length++] = value;
  }

  at(index: number): number {
    return this.#data[index] as number;
  }

  /** The values so far; valid until the next push. */
  view(): Float64Array {
    return this.#data.subarray(0, this.length);
  }

  /** The values so far, in an array of exactly their number. */
  toArray(): Float64Array {
    return this.#data.slice(0, this.length);
  }
}

/** Rows grouped by a key: the rows of key k are `rows[start[k]] … rows[start[k + 1] - 1]`, in ascending order. */
export interface Groups {
  readonly start: Int32Array;
  readonly rows: Int32Array;
}

/** Groups row i under `key[i]` (0 … keys - 1); rows with a negative key are left out. Linear. */
export function groupBy(key: Int32Array, count: number, keys: number): Groups {
  const start = new Int32Array(keys + 1);
  for (let row = 0; row < count; row++) {
    const k = i32(key, row);
    if (k >= 0) start[k + 1] = i32(start, k + 1) + 1;
  }
  for (let k = 0; k < keys; k++) start[k + 1] = i32(start, k + 1) + i32(start, k);
  const next = start.slice(0, keys);
  const rows = new Int32Array(i32(start, keys));
  for (let row = 0; row < count; row++) {
    const k = i32(key, row);
    if (k < 0) continue;
    const slot = i32(next, k);
    rows[slot] = row;
    next[k] = slot + 1;
  }
  return { start, rows };
}
