/** AttributeProto: bytes -> Attribute. Bodies are decoded by the function it is handed. */
import type { Attribute, AttributeValue, Graph, ValueType, WeightRef } from '../contract/skeleton';
import type { Decoding } from './decoding';
import { decodeSparse, decodeTensor } from './decodeTensor';
import { decodeType } from './decodeType';
import { ATTRIBUTE } from './fields';
import { shorten } from './names';

/** AttributeProto.AttributeType. */
const Kind = {
  Undefined: 0,
  Float: 1,
  Int: 2,
  String: 3,
  Tensor: 4,
  Graph: 5,
  Floats: 6,
  Ints: 7,
  Strings: 8,
  Tensors: 9,
  Graphs: 10,
  SparseTensor: 11,
  SparseTensors: 12,
  Type: 13,
  Types: 14,
} as const;

/** Decodes a body of the attribute `part` (`then_branch`, `branches[1]`); undefined when it is too deep or broken. */
export type DecodeBody = (part: string, start: number, end: number) => Graph | undefined;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Decodes an AttributeProto in [start, end). `owner` names the node for messages. */
export function decodeAttribute(
  ctx: Decoding,
  start: number,
  end: number,
  owner: () => string,
  body: DecodeBody,
): Attribute {
  const { cursor } = ctx;
  let name = '';
  let reference = '';
  let kind: number = Kind.Undefined;
  let guess: number = Kind.Undefined;
  let f = 0;
  let i: number | bigint = 0;
  let s: Span = { start, end: start };
  const floats: number[] = [];
  const ints: (number | bigint)[] = [];
  const strings: string[] = [];
  const messages: { readonly tag: number; readonly start: number; readonly end: number }[] = [];
  for (let at = start; at < end;) {
    const tag = cursor.open(at, end);
    const { start: from, end: to } = cursor;
    at = to;
    switch (tag) {
      case ATTRIBUTE.name:
        name = ctx.text(from, to);
        break;
      case ATTRIBUTE.refAttrName:
        reference = ctx.text(from, to);
        break;
      case ATTRIBUTE.type:
        kind = cursor.int32();
        break;
      case ATTRIBUTE.f:
        f = cursor.float32(from);
        guess = Kind.Float;
        break;
      case ATTRIBUTE.i:
        i = cursor.int64();
        guess = Kind.Int;
        break;
      case ATTRIBUTE.s:
        s = { start: from, end: to };
        guess = Kind.String;
        break;
      case ATTRIBUTE.floats:
        floats.push(cursor.float32(from));
        guess = Kind.Floats;
        break;
      case ATTRIBUTE.floatsPacked:
        for (let pos = from; pos + 4 <= to; pos += 4) floats.push(cursor.float32(pos));
        guess = Kind.Floats;
        break;
      case ATTRIBUTE.ints:
        ints.push(cursor.int64());
        guess = Kind.Ints;
        break;
      case ATTRIBUTE.intsPacked:
        for (let pos = from; pos < to;) {
          pos = cursor.varint(pos, to);
          ints.push(cursor.int64());
        }
        guess = Kind.Ints;
        break;
      case ATTRIBUTE.strings:
        strings.push(ctx.text(from, to));
        guess = Kind.Strings;
        break;
      default: {
        const of = KIND_OF.get(tag);
        if (of === undefined) break;
        guess = of;
        messages.push({ tag, start: from, end: to });
      }
    }
  }
  if (kind === Kind.Undefined) kind = guess;
  if (reference !== '') return { name, value: { type: 'reference', name: reference, of: kind } };

  const spans = (tag: number): Span[] => messages.filter((message) => message.tag === tag);
  const what = (): string => `The attribute "${shorten(name)}" of ${owner()}`;
  const tensor = (span: Span): WeightRef => decodeTensor(ctx, span.start, span.end, 'attribute', what);
  const type = (span: Span): ValueType => decodeType(ctx, span.start, span.end);
  const opaque = (): AttributeValue => ({
    type: 'opaque',
    bytes: cursor.has(start, end) ? cursor.copy(start, end) : new Uint8Array(0),
  });

  const value = ((): AttributeValue => {
    switch (kind) {
      case Kind.Float:
        return { type: 'float', value: f };
      case Kind.Int:
        return { type: 'int', value: i };
      case Kind.String:
        if (!cursor.has(s.start, s.end)) {
          ctx.warn('attributes too large to show', `${what()} is too large to be shown.`);
          return opaque();
        }
        return { type: 'string', value: ctx.text(s.start, s.end), bytes: cursor.copy(s.start, s.end) };
      case Kind.Floats:
        return { type: 'floats', value: floats };
      case Kind.Ints:
        return { type: 'ints', value: ints };
      case Kind.Strings:
        return { type: 'strings', value: strings };
      case Kind.Tensor: {
        const span = spans(ATTRIBUTE.t).at(-1);
        return span === undefined ? opaque() : { type: 'tensor', value: tensor(span) };
      }
      case Kind.Tensors:
        return { type: 'tensors', value: spans(ATTRIBUTE.tensors).map(tensor) };
      case Kind.SparseTensor: {
        const span = spans(ATTRIBUTE.sparseTensor).at(-1);
        const sparse = span && decodeSparse(ctx, span.start, span.end, what);
        return sparse === undefined ? opaque() : { type: 'sparse-tensor', value: sparse };
      }
      case Kind.Type: {
        const span = spans(ATTRIBUTE.typeProto).at(-1);
        return span === undefined ? opaque() : { type: 'type', value: type(span) };
      }
      case Kind.Types:
        return { type: 'types', value: spans(ATTRIBUTE.typeProtos).map(type) };
      case Kind.Graph: {
        const span = spans(ATTRIBUTE.g).at(-1);
        const graph = span && body(name, span.start, span.end);
        return graph === undefined ? opaque() : { type: 'graph', value: graph };
      }
      case Kind.Graphs: {
        const graphs = spans(ATTRIBUTE.graphs).map((span, index) =>
          body(`${name}[${index}]`, span.start, span.end),
        );
        const whole = graphs.filter((graph) => graph !== undefined);
        return whole.length < graphs.length ? opaque() : { type: 'graphs', value: whole };
      }
      default:
        return opaque();
    }
  })();
  return { name, value };
}

const KIND_OF = new Map<number, number>([
  [ATTRIBUTE.t, Kind.Tensor],
  [ATTRIBUTE.g, Kind.Graph],
  [ATTRIBUTE.tensors, Kind.Tensors],
  [ATTRIBUTE.graphs, Kind.Graphs],
  [ATTRIBUTE.typeProto, Kind.Type],
  [ATTRIBUTE.typeProtos, Kind.Types],
  [ATTRIBUTE.sparseTensor, Kind.SparseTensor],
  [ATTRIBUTE.sparseTensors, Kind.SparseTensors],
]);
