/**
 * Any protobuf message as a tree of fields that can be cut, copied and put together again with lengths that agree. Knows
 * ONNX's messages by field number only. Written for the mutations; it shares nothing with src/onnx.
 */

export interface Field {
  /** `field << 3 | wire type`. */
  readonly tag: number;
  /** Bytes of a varint or fixed number, as they stood. */
  readonly value: Uint8Array | null;
  /** Payload of a length-delimited field. */
  bytes: Uint8Array | null;
  /** Its fields, where it is a known message that could be parsed; then `bytes` is not used. */
  children: Field[] | null;
  readonly kind: string | null;
}

const GRAPH = {
  1: 'node',
  5: 'tensor',
  11: 'valueInfo',
  12: 'valueInfo',
  13: 'valueInfo',
  15: 'sparse',
  16: 'entry',
};
const TYPE = { 1: 'tensorType', 4: 'sequenceType', 5: 'mapType', 8: 'tensorType', 9: 'sequenceType' };

const CHILDREN: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'graph', 8: 'opset', 14: 'entry', 20: 'training', 25: 'function' },
  graph: GRAPH,
  training: { 2: 'graph' },
  node: { 5: 'attribute', 9: 'entry' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 14: 'type', 15: 'type', 22: 'sparse' },
  tensor: { 13: 'entry' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  function: { 7: 'node', 9: 'opset', 11: 'attribute', 12: 'valueInfo', 14: 'entry' },
  valueInfo: { 2: 'type' },
  type: TYPE,
  tensorType: { 2: 'shape' },
  sequenceType: { 1: 'type' },
  mapType: { 2: 'type' },
  shape: { 1: 'dim' },
};

/** Parses a well-formed message. */
export function parse(bytes: Uint8Array, kind: string): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): { readonly value: number; readonly raw: Uint8Array } => {
    const from = at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return { value, raw: bytes.slice(from, at) };
    }
  };
  while (at < bytes.length) {
    const { value: tag } = varint();
    const wire = tag & 7;
    if (wire === 0) {
      fields.push({ tag, value: varint().raw, bytes: null, children: null, kind: null });
    } else if (wire === 2) {
      const { value: length } = varint();
      const payload = bytes.slice(at, (at += length));
      const inner = CHILDREN[kind]?.[tag >>> 3] ?? null;
      fields.push({
        tag,
        value: null,
        bytes: payload,
        children: inner === null ? null : parse(payload, inner),
        kind: inner,
      });
    } else {
      const size = wire === 1 ? 8 : 4;
      fields.push({ tag, value: bytes.slice(at, (at += size)), bytes: null, children: null, kind: null });
    }
  }
  return fields;
}

/** The message of these fields. */
export function print(fields: readonly Field[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    parts.push(varintOf(field.tag));
    if (field.value !== null) parts.push(field.value);
    else {
      const payload = field.children === null ? (field.bytes ?? new Uint8Array(0)) : print(field.children);
      parts.push(varintOf(payload.length), payload);
    }
  }
  return Buffer.concat(parts);
}

/** A copy that shares no field with the original. */
export function copy(field: Field): Field {
  return { ...field, children: field.children?.map(copy) ?? null };
}

export function varintOf(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
