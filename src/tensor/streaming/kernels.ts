/**
 * The two loops in which a stream spends its time, over eight rows of single-precision numbers at a time and four indices
 * abreast: what moments sum up, and whether any number may be among an index's largest. Per index they do the very
 * operations, in the very order, of the loops in `moments.ts` and `top.ts`, which take over where these stop: at a block of
 * rows with numbers that are not finite, or with candidates. Where the machine has no such instructions those do it all.
 */
import * as w from './wasm';
import { bits, doubles, floats, get, ints, put, step, type Code, type Local } from './wasm';

/** Rows that go together. */
export const BLOCK = 8;
/** Arrays of doubles that moments keep, one after another: shift, sum, squares, min, max, zeros. */
export const KEPT = 6;
/** Bytes of rows that are taken at once: they stay in a core's own cache. */
const ROWS = 1 << 20;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Every Node has it, and its types come with none but the browser's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Exports {
  readonly memory: Memory;
  readonly moments: (...numbers: number[]) => number;
  readonly candidates: (...numbers: number[]) => number;
}

let made: Exports | null | undefined;

/** Whether this machine runs them. */
export function vectorised(): boolean {
  return exported() !== null;
}

function exported(): Exports | null {
  if (made !== undefined) return made;
  try {
    const module = new WebAssembly.Module(w.encode([MOMENTS, CANDIDATES]));
    made = new WebAssembly.Instance(module).exports as Exports;
  } catch {
    // No vectors on this processor, or no WebAssembly at all: the other loops give the same.
    made = null;
  }
  return made;
}

const up = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Bytes from one row or array to the next: a multiple of a cache's pages would put all of them into the same few places. */
function apart(bytes: number): number {
  return bytes % 512 === 0 ? bytes + 64 : bytes;
}

/** Rows in the kernels' memory, with room for what is kept of them and for what is found. */
class Rows {
  /** Bytes from one row to the next. */
  readonly stride: number;
  readonly kept: number;
  readonly found: Int32Array;
  readonly #atOnce: number;
  readonly data: Float32Array;

  constructor(
    readonly memory: Memory,
    private readonly numbers: Float32Array,
    private readonly outer: number,
    private readonly count: number,
    kept: number,
  ) {
    this.stride = apart(count * 4);
    const fit = Math.max(BLOCK, Math.floor(ROWS / this.stride));
    this.#atOnce = Math.min(outer, fit - (fit % BLOCK));
    this.kept = up(this.#atOnce * this.stride);
    const found = this.kept + up(kept);
    const missing = found + count * 2 + 64 - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    this.data = new Float32Array(memory.buffer, 0, (this.#atOnce * this.stride) / 4);
    this.found = new Int32Array(memory.buffer, found, count / 2 + 1);
  }

  /** Puts some rows there after the others; `run` goes over blocks until it finds something and says how many it did. */
  each(
    run: (data: number, blocks: number) => number,
    found: (entry: number, row: number, at: number) => void,
  ): void {
    for (let first = 0; first < this.outer; first += this.#atOnce) {
      const rows = Math.min(this.#atOnce, this.outer - first);
      this.#put(first, rows);
      for (let done = 0; done < rows / BLOCK;) {
        done += run(done * BLOCK * this.stride, rows / BLOCK - done);
        const [length = 0] = this.found;
        const row = (done - 1) * BLOCK;
        for (let i = 1; i <= length; i++) found(this.found[i] ?? 0, first + row, (row * this.stride) / 4);
      }
    }
  }

  #put(first: number, rows: number): void {
    const { numbers, count, stride } = this;
    const [from, wide] = [first * count, stride / 4];
    if (wide === count) this.data.set(numbers.subarray(from, from + rows * count));
    else
      for (let row = 0; row < rows; row++)
        this.data.set(numbers.subarray(from + row * count, from + (row + 1) * count), row * wide);
  }
}

/**
 * Adds `outer` rows of `count` numbers, a multiple of 8 and of 4, to `state`: `KEPT` arrays. `odd` is told, block by block
 * and in order, of every index whose eight numbers it has to add by itself: rows from `row` on. It finds that index's
 * numbers in `kept` at `index`, and `apart` further each time.
 */
export function addMoments(
  numbers: Float32Array,
  outer: number,
  count: number,
  state: Float64Array,
  odd: (kept: Float64Array, apart: number, row: number, index: number) => void,
): void {
  const run = exported();
  if (run === null) return;
  const span = apart(count * 8);
  const rows = new Rows(run.memory, numbers, outer, count, span * KEPT);
  const kept = new Float64Array(run.memory.buffer, rows.kept, (span / 8) * KEPT);
  const part = (array: number): [number, number] => [array * count, (array + 1) * count];
  for (let i = 0; i < KEPT; i++) kept.set(state.subarray(...part(i)), (i * span) / 8);
  rows.each(
    (data, blocks) => run.moments(data, blocks, count, rows.kept, rows.found.byteOffset, rows.stride, span),
    (entry, row) => {
      const index = entry >> 2;
      if ((entry & 1) !== 0) odd(kept, span / 8, row, index);
      if ((entry & 2) !== 0) odd(kept, span / 8, row, index + 1);
    },
  );
  for (let i = 0; i < KEPT; i++) state.set(kept.subarray((i * span) / 8, (i * span) / 8 + count), i * count);
}

/**
 * Goes over `outer` rows of `count` numbers, a multiple of 8 and of 4, and tells `candidate`, block by block and in order,
 * of every index of which a number passes its bar, or whose bar is -Infinity: eight rows from `row` on, in `data` at `at`
 * and `apart` further each time. It gives the new bar. `negative`: numbers are taken with the other sign.
 */
export function findCandidates(
  numbers: Float32Array,
  outer: number,
  count: number,
  negative: boolean,
  bars: Float32Array,
  candidate: (data: Float32Array, at: number, apart: number, row: number, index: number) => number,
): void {
  const run = exported();
  if (run === null) return;
  const rows = new Rows(run.memory, numbers, outer, count, count * 4);
  const kept = new Float32Array(run.memory.buffer, rows.kept, count);
  const sign = negative ? -0x80000000 : 0;
  kept.set(bars);
  rows.each(
    (data, blocks) =>
      run.candidates(data, blocks, count, rows.kept, rows.found.byteOffset, sign, rows.stride),
    (entry, row, at) => {
      for (let lane = 0; lane < 4; lane++) {
        const index = (entry >> 4) + lane;
        if (((entry >> lane) & 1) === 0) continue;
        kept[index] = candidate(rows.data, at + index, rows.stride / 4, row, index);
      }
    },
  );
  bars.set(kept);
}

/** The eight rows' four numbers from address `p` on, `stride` bytes apart, into locals from `to` on; `q` is overwritten. */
function loadRows(p: number, q: number, stride: number, to: number, sign: number): Code {
  const value = bits.xor(w.load(get(q)), get(sign));
  const rows = Array.from({ length: BLOCK }, (_, row) => [...put(to + row, value), ...step(q, get(stride))]);
  return [...put(q, get(p)), ...rows.flat()];
}

const lane = (first: number): readonly Code[] => Array.from({ length: BLOCK }, (_, i) => get(first + i));

/**
 * Blocks of rows, until one has numbers that are not finite: what is found there is listed as index · 4 + the odd ones of
 * this index and the next, its length in front. Gives how many blocks it went over.
 */
const MOMENTS = ((): w.Routine => {
  const [data, blocks, count, kept, list, stride, span] = [0, 1, 2, 3, 4, 5, 6];
  const [done, u, p, q, entry, s, at] = [7, 8, 9, 10, 11, 12, 13];
  const [row, shift, low, high, none, good, x, y] = [14, 15, 16, 17, 18, 19, 20, 21];
  const [sums, squares] = [22, 25];
  const nextRow = step(q, get(stride));
  const whole = (first: boolean): Code => [
    ...put(row, w.load(get(q))),
    ...put(low, first ? get(row) : floats.smaller(get(low), get(row))),
    ...put(high, first ? get(row) : floats.larger(get(high), get(row))),
    // Comparisons give -1 where they hold.
    ...put(none, first ? floats.eq(get(row), w.zeros) : ints.add(get(none), floats.eq(get(row), w.zeros))),
    ...nextRow,
  ];
  const half = (h: 0 | 1): Code => {
    const two = (four: Code): Code => floats.lowToDoubles(h === 0 ? four : w.upper(four));
    const distance = [...doubles.sub(floats.lowToDoubles(w.loadHalf(get(q), h * 8)), get(shift))];
    const pair = (to: number): Code => [
      ...put(x, distance),
      ...nextRow,
      ...put(y, distance),
      ...nextRow,
      ...put(sums + to, doubles.add(get(x), get(y))),
      ...put(squares + to, doubles.add(doubles.mul(get(x), get(x)), doubles.mul(get(y), get(y)))),
    ];
    const merge = (a: number, b: number): Code =>
      [sums, squares].flatMap((of) => put(of + a, doubles.add(get(of + a), get(of + b))));
    // ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)), as `moments.ts` has it.
    const summed = [
      ...pair(0),
      ...pair(1),
      ...merge(0, 1),
      ...pair(1),
      ...pair(2),
      ...merge(1, 2),
      ...merge(0, 1),
    ];
    const now = w.load(get(at), h * 16);
    const keep = (value: Code, where: Code): Code => [
      ...step(at, get(span)),
      ...w.store(get(at), bits.select(value, now, where), h * 16),
    ];
    const odd = bits.ofDoubles(doubles.eq(get(good), w.zeros));
    return [
      ...put(q, get(p)),
      ...put(at, get(s)),
      ...put(shift, now),
      ...summed,
      ...put(good, doubles.eq(doubles.sub(get(sums), get(sums)), w.zeros)),
      ...keep(doubles.add(now, get(sums)), get(good)),
      ...keep(doubles.add(now, get(squares)), get(good)),
      ...keep(two(get(low)), bits.and(doubles.lt(two(get(low)), now), get(good))),
      ...keep(two(get(high)), bits.and(doubles.gt(two(get(high)), now), get(good))),
      ...w.when(
        bits.any(get(none)),
        keep(doubles.sub(now, ints.lowToDoubles(h === 0 ? get(none) : w.upper(get(none)))), get(good)),
      ),
      ...w.when(odd, [
        ...step(entry, w.int(4)),
        ...w.storeInt(get(entry), w.or(w.shiftLeft(w.add(get(u), w.int(h * 2)), 2), odd)),
      ]),
    ];
  };
  const four: Code = [
    ...put(q, get(p)),
    ...Array.from({ length: BLOCK }, (_, i) => whole(i === 0)).flat(),
    ...half(0),
    ...half(1),
    ...step(p, w.int(16)),
    ...step(u, w.int(4)),
    ...step(s, w.int(32)),
  ];
  const block: Code = [
    ...put(u, w.int(0)),
    ...put(p, get(data)),
    ...put(s, get(kept)),
    ...w.loop(four, w.less(get(u), get(count))),
    ...step(done, w.int(1)),
    ...step(data, w.shiftLeft(get(stride), 3)),
  ];
  const code: Code = [
    ...put(entry, get(list)),
    ...w.loop(block, whileNothing(done, blocks, entry, list)),
    ...told(entry, list),
    ...get(done),
  ];
  const locals = [...new Array<Local>(7).fill('i32'), ...new Array<Local>(14).fill('v128')];
  return { name: 'moments', takes: 7, locals, code };
})();

/** Blocks of rows, until one has candidates: listed as index · 16 + which of it and the next three. */
const CANDIDATES = ((): w.Routine => {
  const [data, blocks, count, bars, list, sign, stride] = [0, 1, 2, 3, 4, 5, 6];
  const [done, u, p, q, entry, bar] = [7, 8, 9, 10, 11, 12];
  const [row, flip, lowest, past] = [13, 21, 22, 23];
  const most = lane(row).reduce((a, b) => floats.larger(a, b), get(lowest));
  const four: Code = [
    ...loadRows(p, q, stride, row, flip),
    ...put(past, bits.or(floats.gt(most, w.load(get(bar))), floats.eq(w.load(get(bar)), get(lowest)))),
    ...w.when(bits.any(get(past)), [
      ...step(entry, w.int(4)),
      ...w.storeInt(get(entry), w.or(w.shiftLeft(get(u), 4), bits.ofFloats(get(past)))),
    ]),
    ...step(p, w.int(16)),
    ...step(bar, w.int(16)),
    ...step(u, w.int(4)),
  ];
  const block: Code = [
    ...put(u, w.int(0)),
    ...put(p, get(data)),
    ...put(bar, get(bars)),
    ...w.loop(four, w.less(get(u), get(count))),
    ...step(done, w.int(1)),
    ...step(data, w.shiftLeft(get(stride), 3)),
  ];
  const code: Code = [
    ...put(entry, get(list)),
    ...put(flip, ints.splat(get(sign))),
    // The bits of -Infinity.
    ...put(lowest, ints.splat(w.int(0xff800000 | 0))),
    ...w.loop(block, whileNothing(done, blocks, entry, list)),
    ...told(entry, list),
    ...get(done),
  ];
  const locals = [...new Array<Local>(6).fill('i32'), ...new Array<Local>(11).fill('v128')];
  return { name: 'candidates', takes: 7, locals, code };
})();

/** Blocks are left, and nothing was listed. */
function whileNothing(done: number, blocks: number, entry: number, list: number): Code {
  return [...w.less(get(done), get(blocks)), ...get(entry), ...get(list), 0x46, 0x71];
}

/** Writes how many entries were listed in front of them. */
function told(entry: number, list: number): Code {
  return w.storeInt(get(list), [...get(entry), ...get(list), 0x6b, ...w.int(2), 0x76]);
}
