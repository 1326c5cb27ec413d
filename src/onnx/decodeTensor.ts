/**
 * TensorProto and SparseTensorProto: bytes -> WeightRef. Payloads are located, not read; only tensors of a kilobyte or
 * less are kept in memory. A tensor that contradicts itself becomes `missing` with the reason, never an exception.
 */
import type { SparseTensor, WeightLocation, WeightRef } from '../contract/skeleton';
import { byteLengthOf, dtypeBits, maybeDtype, type Dtype } from '../tensor/dtype';
import { formatInteger } from '../tensor/format';
import { formatShape } from '../tensor/shape';
import { missing, type Building, type Decoding } from './decoding';
import { SPARSE } from './fields';
import { shorten } from './names';
import { readParts, type Parts, type Span, type VarintField } from './tensorParts';
import { inlineFromVarints, countVarints } from './varints';

/** Tensors up to this many bytes are kept in the skeleton. */
const INLINE = 1024;

/** Decodes a TensorProto in [start, end). Throws `WireError` when its own fields are broken. */
export function decodeTensor(
  ctx: Decoding,
  start: number,
  end: number,
  origin: WeightRef['origin'],
  what: (name: string) => string,
): WeightRef {
  const parts = readParts(ctx, start, end);
  const dtype = maybeDtype(parts.code);
  const count = parts.dims.reduce((product, dim) => product * dim, 1);
  const label = what(parts.name);
  const ref: Building<WeightRef> = {
    name: parts.name,
    dtype: dtype ?? 'undefined',
    dims: parts.dims,
    count: parts.badDims || !Number.isSafeInteger(count) ? 0 : count,
    byteLength: 0,
    where: { kind: 'inline', bytes: NO_BYTES },
    origin,
  };
  ref.byteLength = byteLengthOf(ref.dtype, ref.count);
  ref.where = locate(ctx, parts, ref, label, dtype);
  if (ref.where.kind === 'missing') ctx.warn('tensors that cannot be read', ref.where.reason);
  return ref;
}

const NO_BYTES = new Uint8Array(0);

function locate(
  ctx: Decoding,
  parts: Parts,
  ref: Building<WeightRef>,
  label: string,
  dtype: Dtype | undefined,
): WeightLocation {
  const shape = shorten(formatShape(parts.dims));
  if (parts.badDims || (ref.count === 0 && !parts.dims.includes(0))) {
    return missing(`${label} has an impossible shape (${shape}). Export the model again.`);
  }
  if (dtype === undefined || dtype === 'undefined') {
    const code =
      dtype === undefined
        ? `the element type ${parts.code}, which this version does not know`
        : 'no element type';
    return missing(`${label} has ${code}. Export the model again, or update Patchclamp.`);
  }
  if (parts.external) return external(ctx, parts, ref, label);
  if (dtype === 'string') {
    if (parts.cut) return missing(`${label} is cut off. Download or export the model again.`);
    if (parts.strings.length === ref.count) return { kind: 'strings', values: parts.strings };
    return disagrees(
      label,
      shape,
      `${formatInteger(ref.count)} strings`,
      formatInteger(parts.strings.length),
    );
  }
  if (parts.cut)
    return missing(`${label} is cut off: the file ends inside its data. Download or export the model again.`);
  if (parts.mixed) return missing(`${label} keeps its data in two fields at once. Export the model again.`);
  if (parts.raw !== null) return fromRaw(ctx, parts.raw, ref, label, shape);
  if (parts.floats.length > 0) return fromRawSpans(ctx, parts.floats, ref, label, shape, 32);
  if (parts.doubles.length > 0) return fromRawSpans(ctx, parts.doubles, ref, label, shape, 64);
  if (parts.intField !== null) return fromVarints(ctx, parts, parts.intField, ref, label, shape);
  if (ref.count === 0) return { kind: 'inline', bytes: NO_BYTES };
  return missing(
    `${label} has the shape ${shape} but no data. Look for the file that should hold it, or export the model again.`,
  );
}

function fromRaw(ctx: Decoding, span: Span, ref: WeightRef, label: string, shape: string): WeightLocation {
  if (span.length !== ref.byteLength) {
    return disagrees(
      label,
      `${ref.dtype} ${shape}`,
      `${formatInteger(ref.byteLength)} bytes`,
      formatInteger(span.length),
    );
  }
  const { cursor } = ctx;
  if (span.length <= INLINE && cursor.has(span.offset, span.offset + span.length)) {
    return { kind: 'inline', bytes: cursor.copy(span.offset, span.offset + span.length) };
  }
  return { kind: 'file', file: null, offset: span.offset, length: span.length };
}

/** float_data and double_data: little-endian already; complex numbers are pairs. */
function fromRawSpans(
  ctx: Decoding,
  spans: readonly Span[],
  ref: WeightRef,
  label: string,
  shape: string,
  bits: number,
): WeightLocation {
  const element = ref.dtype.startsWith('complex') ? dtypeBits(ref.dtype) / 2 : dtypeBits(ref.dtype);
  if (element !== bits || (bits === 32 && ref.dtype !== 'float32' && ref.dtype !== 'complex64')) {
    return missing(
      `${label} is ${ref.dtype} but keeps its data as ${bits === 32 ? 'float' : 'double'}_data. Export the model again.`,
    );
  }
  const [only] = spans;
  if (only !== undefined && spans.length === 1) return fromRaw(ctx, only, ref, label, shape);
  const total = spans.reduce((sum, span) => sum + span.length, 0);
  if (total !== ref.byteLength) {
    return disagrees(
      label,
      `${ref.dtype} ${shape}`,
      `${formatInteger(ref.byteLength)} bytes`,
      formatInteger(total),
    );
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const span of spans) {
    if (!ctx.cursor.has(span.offset, span.offset + span.length)) {
      return missing(
        `${label} is stored in several large pieces, which is not supported. Save it with onnx.save.`,
      );
    }
    bytes.set(ctx.cursor.bytes(span.offset, span.offset + span.length), at);
    at += span.length;
  }
  return { kind: 'inline', bytes };
}

const FIELD_OF: Partial<Record<Dtype, VarintField>> = {
  int64: 'int64_data',
  uint32: 'uint64_data',
  uint64: 'uint64_data',
};

function fromVarints(
  ctx: Decoding,
  parts: Parts,
  field: VarintField,
  ref: WeightRef,
  label: string,
  shape: string,
): WeightLocation {
  const proper = FIELD_OF[ref.dtype] ?? 'int32_data';
  if (
    field !== proper ||
    ref.dtype === 'float32' ||
    dtypeBits(ref.dtype) > 64 ||
    ref.dtype === 'float64' ||
    ref.dtype === 'complex64'
  ) {
    return missing(`${label} is ${ref.dtype} but keeps its data as ${field}. Export the model again.`);
  }
  // Types under a byte are packed into bytes first, as in raw data.
  const elements = dtypeBits(ref.dtype) < 8 ? ref.byteLength : ref.count;
  const loaded = parts.ints.every((span) => ctx.cursor.has(span.offset, span.offset + span.length));
  const loose = parts.ints.some((span) => !span.packed);
  if (!loaded) {
    if (loose) return missing(`${label} is stored in a form that is not supported. Save it with onnx.save.`);
    return { kind: 'packed', field, chunks: parts.ints.map(({ offset, length }) => ({ offset, length })) };
  }
  const found = parts.ints.reduce((sum, span) => sum + countVarints(ctx.cursor, span), 0);
  if (found !== elements) {
    return disagrees(
      label,
      `${ref.dtype} ${shape}`,
      `${formatInteger(elements)} numbers`,
      formatInteger(found),
    );
  }
  if (ref.byteLength <= INLINE || loose)
    return { kind: 'inline', bytes: inlineFromVarints(ctx.cursor, parts.ints, ref) };
  return { kind: 'packed', field, chunks: parts.ints.map(({ offset, length }) => ({ offset, length })) };
}

function external(ctx: Decoding, parts: Parts, ref: Building<WeightRef>, label: string): WeightLocation {
  const location = parts.entries.get('location');
  if (location === undefined || location === '') {
    return missing(
      `${label} lies in another file, but the model does not say which. Export the model again.`,
    );
  }
  if (ref.dtype === 'string')
    return missing(`${label} is a string tensor in another file, which ONNX does not allow.`);
  const offset = wholeNumber(parts.entries.get('offset') ?? '0');
  const stated = parts.entries.get('length');
  const length = stated === undefined ? null : wholeNumber(stated);
  if (offset === undefined || length === undefined) {
    return missing(
      `${label} lies in "${shorten(location)}" at an offset or length that is not a number. Export the model again.`,
    );
  }
  ctx.externals.push({ ref, location, offset, length });
  return { kind: 'inline', bytes: NO_BYTES };
}

function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

function disagrees(label: string, shape: string, expected: string, found: string): WeightLocation {
  return missing(
    `${label} does not fit its shape: ${shape} takes ${expected}, but ${found} are stored. Export the model again.`,
  );
}

/** Decodes a SparseTensorProto in [start, end). */
export function decodeSparse(
  ctx: Decoding,
  start: number,
  end: number,
  what: (name: string) => string,
): SparseTensor | undefined {
  const { cursor } = ctx;
  let values: WeightRef | undefined;
  let indices: WeightRef | undefined;
  const dims: number[] = [];
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    const { start: from, end: to } = cursor;
    at = to;
    if (tag === SPARSE.values) values = decodeTensor(ctx, from, to, 'sparse-initializer', what);
    else if (tag === SPARSE.indices) indices = decodeTensor(ctx, from, to, 'sparse-initializer', what);
    else if (tag === SPARSE.dims) dims.push(Number(cursor.int64()));
    else if (tag === SPARSE.dimsPacked) {
      for (let pos = from; pos < to;) {
        pos = cursor.varint(pos, to);
        dims.push(Number(cursor.int64()));
      }
    }
  }
  if (values === undefined || indices === undefined) {
    ctx.warn(
      'sparse tensors without data',
      `${what(values?.name ?? '')} is sparse but has no values or no indices. Export the model again.`,
    );
    return undefined;
  }
  return { values, indices, dims };
}
