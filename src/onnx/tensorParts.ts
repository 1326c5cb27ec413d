/** The fields of a TensorProto, located: nothing is interpreted here and no payload is read but strings and loose numbers. */
import type { Decoding } from './decoding';
import { TENSOR } from './fields';

/** String tensors hold at most this many bytes of text. */
const MAX_STRINGS = 256 * 1024 * 1024;

export type VarintField = 'int32_data' | 'int64_data' | 'uint64_data';

export interface Span {
  readonly offset: number;
  readonly length: number;
  /** False for an element that stands alone under its own tag. */
  readonly packed: boolean;
}

/** A TensorProto as it lies in the file. */
export interface Parts {
  name: string;
  dims: number[];
  badDims: boolean;
  code: number;
  external: boolean;
  entries: Map<string, string>;
  raw: Span | null;
  cut: boolean;
  floats: Span[];
  doubles: Span[];
  ints: Span[];
  intField: VarintField | null;
  mixed: boolean;
  strings: string[];
  stringBytes: number;
}

/** Reads the fields in [start, end). Throws `WireError`. */
export function readParts(ctx: Decoding, start: number, end: number): Parts {
  const { cursor } = ctx;
  const parts: Parts = {
    name: '',
    dims: [],
    badDims: false,
    code: 0,
    external: false,
    entries: new Map(),
    raw: null,
    cut: false,
    floats: [],
    doubles: [],
    ints: [],
    intField: null,
    mixed: false,
    strings: [],
    stringBytes: 0,
  };
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end, true);
    if (cursor.clipped) parts.cut = true;
    const { start: from, end: to } = cursor;
    at = to;
    switch (tag) {
      case TENSOR.dims:
        addDim(parts, cursor.int64());
        break;
      case TENSOR.dimsPacked:
        for (let pos = from; pos < to;) {
          pos = cursor.varint(pos, to);
          addDim(parts, cursor.int64());
        }
        break;
      case TENSOR.dataType:
        parts.code = cursor.int32();
        break;
      case TENSOR.name:
        parts.name = ctx.text(from, to);
        break;
      case TENSOR.rawData:
        parts.raw = { offset: from, length: to - from, packed: true };
        break;
      case TENSOR.floatData:
      case TENSOR.floatDataPacked:
        parts.floats.push({ offset: from, length: to - from, packed: tag === TENSOR.floatDataPacked });
        break;
      case TENSOR.doubleData:
      case TENSOR.doubleDataPacked:
        parts.doubles.push({ offset: from, length: to - from, packed: tag === TENSOR.doubleDataPacked });
        break;
      case TENSOR.int32Data:
      case TENSOR.int32DataPacked:
        addInts(parts, 'int32_data', from, to, tag === TENSOR.int32DataPacked);
        break;
      case TENSOR.int64Data:
      case TENSOR.int64DataPacked:
        addInts(parts, 'int64_data', from, to, tag === TENSOR.int64DataPacked);
        break;
      case TENSOR.uint64Data:
      case TENSOR.uint64DataPacked:
        addInts(parts, 'uint64_data', from, to, tag === TENSOR.uint64DataPacked);
        break;
      case TENSOR.stringData:
        parts.stringBytes += to - from;
        if (parts.stringBytes <= MAX_STRINGS && cursor.has(from, to)) parts.strings.push(ctx.text(from, to));
        else parts.cut = true;
        break;
      case TENSOR.externalData: {
        const [key, value] = ctx.entry(from, to);
        parts.entries.set(key, value);
        break;
      }
      case TENSOR.dataLocation:
        parts.external = cursor.lo === 1;
        break;
    }
  }
  return parts;
}

function addDim(parts: Parts, dim: number | bigint): void {
  if (typeof dim !== 'number' || dim < 0) parts.badDims = true;
  parts.dims.push(Number(dim));
}

function addInts(parts: Parts, field: VarintField, from: number, to: number, packed: boolean): void {
  if (parts.intField !== null && parts.intField !== field) parts.mixed = true;
  parts.intField = field;
  const last = parts.ints.at(-1);
  // Elements under their own tags come by the thousand: only their extent is kept while they follow each other.
  if (last !== undefined && !packed && !last.packed && last.offset + last.length + 1 === from) {
    parts.ints[parts.ints.length - 1] = { offset: last.offset, length: to - last.offset, packed: false };
    return;
  }
  parts.ints.push({ offset: from, length: to - from, packed });
}
