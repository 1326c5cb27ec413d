/** TypeProto and ValueInfoProto: bytes -> ValueType. */
import type { ValueInfo, ValueType } from '../contract/skeleton';
import { maybeDtype, type Dtype } from '../tensor/dtype';
import type { Dim, Shape } from '../tensor/shape';
import type { Decoding } from './decoding';
import { TYPE, VALUE_INFO } from './fields';

const UNKNOWN: ValueType = { kind: 'unknown' };
/** Sequences of optionals of maps …: nothing real goes beyond three. */
const MAX_DEPTH = 16;

/** Decodes a ValueInfoProto in [start, end). */
export function decodeValueInfo(ctx: Decoding, start: number, end: number): ValueInfo {
  const { cursor } = ctx;
  let name = '';
  let type = UNKNOWN;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === VALUE_INFO.name) name = ctx.text(cursor.start, cursor.end);
    else if (tag === VALUE_INFO.type) type = decodeType(ctx, cursor.start, cursor.end);
  }
  return { name, type };
}

/** Decodes a TypeProto in [start, end); what it does not know is `unknown`. */
export function decodeType(ctx: Decoding, start: number, end: number, depth = 0): ValueType {
  const { cursor } = ctx;
  let type = UNKNOWN;
  if (depth > MAX_DEPTH) return UNKNOWN;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    const { start: from, end: to } = cursor;
    at = to;
    switch (tag) {
      case TYPE.tensor:
        type = { kind: 'tensor', ...decodeTensorType(ctx, from, to) };
        break;
      case TYPE.sparse:
        type = { kind: 'sparse', ...decodeTensorType(ctx, from, to) };
        break;
      case TYPE.sequence:
        type = { kind: 'sequence', of: decodeInner(ctx, from, to, depth) };
        break;
      case TYPE.optional:
        type = { kind: 'optional', of: decodeInner(ctx, from, to, depth) };
        break;
      case TYPE.map:
        type = decodeMap(ctx, from, to, depth);
        break;
    }
  }
  return type;
}

function decodeTensorType(ctx: Decoding, start: number, end: number): { dtype: Dtype; shape: Shape } {
  const { cursor } = ctx;
  let dtype: Dtype = 'undefined';
  let shape: Shape = null;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === TYPE.elem) dtype = maybeDtype(cursor.int32()) ?? 'undefined';
    else if (tag === TYPE.shape) shape = decodeShape(ctx, cursor.start, cursor.end);
  }
  return { dtype, shape };
}

function decodeShape(ctx: Decoding, start: number, end: number): Shape {
  const { cursor } = ctx;
  const dims: Dim[] = [];
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === TYPE.dim) dims.push(decodeDim(ctx, cursor.start, cursor.end));
  }
  return dims;
}

function decodeDim(ctx: Decoding, start: number, end: number): Dim {
  const { cursor } = ctx;
  let dim: Dim = null;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === TYPE.dimValue) {
      const value = cursor.int64();
      dim = typeof value === 'number' && value >= 0 ? value : null;
    } else if (tag === TYPE.dimParam) dim = ctx.text(cursor.start, cursor.end) || null;
  }
  return dim;
}

function decodeInner(ctx: Decoding, start: number, end: number, depth: number): ValueType {
  const { cursor } = ctx;
  let type = UNKNOWN;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === TYPE.inner) type = decodeType(ctx, cursor.start, cursor.end, depth + 1);
  }
  return type;
}

function decodeMap(ctx: Decoding, start: number, end: number, depth: number): ValueType {
  const { cursor } = ctx;
  let key: Dtype = 'undefined';
  let value = UNKNOWN;
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    at = cursor.end;
    if (tag === TYPE.key) key = maybeDtype(cursor.int32()) ?? 'undefined';
    else if (tag === TYPE.mapValue) value = decodeType(ctx, cursor.start, cursor.end, depth + 1);
  }
  return { kind: 'map', key, value };
}
