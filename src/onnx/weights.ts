/**
 * A weight's bytes, read when someone looks: whole, a box of it, its statistics, or as .npy. Large ones are read in
 * pieces and never held whole unless asked for whole. Readers do not own the model's source; they open data files
 * themselves and close them with `close`.
 */
import type { ByteSource } from '../base/bytes';
import { throwIfCancelled } from '../base/cancel';
import type { TensorData, TensorSummary } from '../contract/tensor';
import type { SparseTensor, WeightRef } from '../contract/skeleton';
import { fromRaw, toNumbers, type TensorBuffer } from '../tensor/buffers';
import { dtypeBits } from '../tensor/dtype';
import { npyDescr, npyElements, npyHeader, writeNpy } from '../tensor/npy';
import { sizeOf } from '../tensor/shape';
import { clampBox, runsOf, sliceTensor, type Box } from '../tensor/slice';
import { Summarizer } from '../tensor/stats';
import { badTensor } from './errors';
import { locationProblem, type ModelFolder } from './folder';
import { VarintStream } from './varintStream';

/** Pieces are read at this size, in bytes; a multiple of every element size. */
const PIECE = 1 << 20;
/** A box of small far-apart runs is read as a whole range while that is at most this many times as much. */
const WASTE = 8;

export class WeightReader {
  readonly #opened = new Map<string, Promise<ByteSource>>();

  constructor(
    private readonly source: ByteSource,
    private readonly folder: ModelFolder | null,
  ) {}

  /** The whole tensor. Throws `bad-tensor` with the reason when it cannot be read. */
  async read(ref: WeightRef, signal?: AbortSignal): Promise<TensorData> {
    if (ref.where.kind === 'strings') return { dtype: 'string', dims: ref.dims, data: ref.where.values };
    const bytes = new Uint8Array(ref.byteLength);
    let at = 0;
    for await (const piece of this.#pieces(ref, signal)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { dtype: ref.dtype, dims: ref.dims, data: fromRaw(ref.dtype, bytes, ref.count) };
  }

  /** A box of it; only what it needs is read where the tensor lies in a file as it is. */
  async readBox(ref: WeightRef, box: Box, signal?: AbortSignal): Promise<TensorData> {
    const { where, dims } = ref;
    const bits = dtypeBits(ref.dtype);
    if (where.kind !== 'file' || bits < 8) return sliceTensor(await this.read(ref, signal), box);
    const width = bits / 8;
    const { size } = clampBox(dims, box);
    const source = await this.#open(where.file);
    const bytes = new Uint8Array(sizeOf(size) * width);
    const runs = [...runsOf(dims, box)];
    const first = runs[0]?.from ?? 0;
    const last = runs.at(-1);
    const span = last === undefined ? 0 : last.from + last.length - first;
    const together = runs.length > 1 && span <= sizeOf(size) * WASTE && span * width <= PIECE * 64;
    const block = together ? await source.read(where.offset + first * width, span * width, signal) : null;
    let at = 0;
    for (const { from, length } of runs) {
      throwIfCancelled(signal);
      const piece =
        block === null
          ? await source.read(where.offset + from * width, length * width, signal)
          : block.subarray((from - first) * width, (from - first + length) * width);
      bytes.set(piece, at);
      at += piece.length;
    }
    return { dtype: ref.dtype, dims: size, data: fromRaw(ref.dtype, bytes, sizeOf(size)) };
  }

  /** All elements as numbers, in order, a piece at a time. Throws `bad-tensor` for strings and what cannot be read. */
  async *numbers(ref: WeightRef, signal?: AbortSignal): AsyncIterable<ArrayLike<number>> {
    for await (const data of this.#arrays(ref, signal)) yield toNumbers(ref.dtype, data);
  }

  /** Statistics and histogram in one pass; null for strings. */
  async summarize(ref: WeightRef, signal?: AbortSignal): Promise<TensorSummary | null> {
    if (ref.dtype === 'string') return null;
    const summarizer = new Summarizer();
    for await (const data of this.#arrays(ref, signal)) summarizer.add(toNumbers(ref.dtype, data));
    return summarizer.finish();
  }

  /** A .npy file in pieces: its header, then its elements. bfloat16 and small floats come as float32. */
  async *npy(ref: WeightRef, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    if (ref.where.kind === 'strings') {
      yield writeNpy({ dtype: 'string', dims: ref.dims, data: ref.where.values });
      return;
    }
    yield npyHeader(npyDescr(ref.dtype), ref.dims);
    for await (const data of this.#arrays(ref, signal)) yield npyElements(ref.dtype, data);
  }

  /** A sparse tensor, filled in with zeros. */
  async readSparse(sparse: SparseTensor, signal?: AbortSignal): Promise<TensorData> {
    const { values, indices, dims } = sparse;
    const count = sizeOf(dims);
    const fail = (what: string): Error => badTensor(values.name, what, 'Export the model again.');
    if (!Number.isSafeInteger(count) || count > MAX_DENSE) throw fail('is too large to be filled in');
    const [given, places] = [await this.read(values, signal), await this.read(indices, signal)];
    if (!ArrayBuffer.isView(given.data) || !(places.data instanceof BigInt64Array)) {
      throw fail('is sparse but its indices are not int64, or its values are no numbers');
    }
    const flat = places.dims.length === 1;
    if (places.data.length !== given.data.length * (flat ? 1 : dims.length))
      throw fail('has more values than indices, or fewer');
    const dense = fromRaw(
      values.dtype,
      new Uint8Array(Math.ceil((count * Math.max(8, dtypeBits(values.dtype))) / 8)),
      count,
    );
    for (let i = 0; i < given.data.length; i++) {
      let at = 0;
      if (flat) at = Number(places.data[i] ?? 0n);
      else dims.forEach((dim, axis) => (at = at * dim + Number(places.data[i * dims.length + axis] ?? 0n)));
      if (at < 0 || at >= count) throw fail('has an index outside its shape');
      Reflect.set(dense, at, given.data[i] ?? 0);
    }
    return { dtype: values.dtype, dims, data: dense };
  }

  /** Closes the data files it opened; the model's own source stays open. */
  async close(): Promise<void> {
    const opened = [...this.#opened.values()];
    this.#opened.clear();
    for (const source of await Promise.allSettled(opened))
      if (source.status === 'fulfilled') await source.value.close();
  }

  /** Elements in order, in arrays of a piece each. */
  async *#arrays(ref: WeightRef, signal: AbortSignal | undefined): AsyncIterable<TensorBuffer> {
    const bits = dtypeBits(ref.dtype);
    let left = ref.count;
    for await (const piece of this.#pieces(ref, signal)) {
      const count = Math.min(left, Math.floor((piece.length * 8) / bits));
      left -= count;
      yield fromRaw(ref.dtype, piece, count);
    }
  }

  /** Raw bytes in order. Every piece but the last holds a whole number of elements. */
  async *#pieces(ref: WeightRef, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const { where } = ref;
    switch (where.kind) {
      case 'missing':
        throw badTensor(ref.name, `cannot be read: ${where.reason}`, '');
      case 'strings':
        throw badTensor(ref.name, 'holds strings, not numbers', 'Read it as strings.');
      case 'inline':
        yield where.bytes;
        return;
      case 'file': {
        const source = await this.#open(where.file);
        for (let at = 0; at < where.length; at += PIECE) {
          yield await source.read(where.offset + at, Math.min(PIECE, where.length - at), signal);
        }
        return;
      }
      case 'packed': {
        const stream = new VarintStream(ref);
        for (const { offset, length } of where.chunks) {
          for (let at = 0; at < length; at += PIECE) {
            throwIfCancelled(signal);
            yield stream.take(await this.source.read(offset + at, Math.min(PIECE, length - at), signal));
          }
        }
        stream.end();
      }
    }
  }

  #open(file: string | null): Promise<ByteSource> {
    if (file === null) return Promise.resolve(this.source);
    const known = this.#opened.get(file);
    if (known !== undefined) return known;
    const problem = this.folder === null ? 'is not within reach here' : locationProblem(file);
    if (this.folder === null || problem !== null) {
      return Promise.reject(badTensor(file, problem ?? '', 'Open the model from its folder.'));
    }
    const opening = this.folder.open(file);
    this.#opened.set(file, opening);
    opening.catch(() => this.#opened.delete(file));
    return opening;
  }
}

/** Elements of a sparse tensor beyond which it is not filled in. */
const MAX_DENSE = 1 << 28;
