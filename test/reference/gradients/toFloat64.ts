/**
 * The same model in double precision, so that central differences are worth something, or in half precision: types of
 * inputs and outputs, small tensors and casts go from float32 to the other. For models of a few nodes; not a converter.
 */
import { encode } from '../../../src/engine/child/autodiff/encode';
import type { Attribute, Graph, Node, Skeleton, ValueInfo, WeightRef } from '../../../src/contract/skeleton';

type Other = 'float64' | 'float16';

export function toFloat64(model: Skeleton): Skeleton {
  return { ...model, graph: graphIn('float64', model.graph) };
}

export function toFloat16(model: Skeleton): Skeleton {
  return { ...model, graph: graphIn('float16', model.graph) };
}

/** With the tensors that the file's own bytes hold in its initializers, so that it can be written elsewhere. */
export function withTensors(model: Skeleton, file: Uint8Array): Skeleton {
  const inline = (ref: WeightRef): WeightRef => {
    const { where } = ref;
    if (where.kind !== 'file' || where.file !== null) return ref;
    return {
      ...ref,
      where: { kind: 'inline', bytes: file.slice(where.offset, where.offset + where.length) },
    };
  };
  const initializers = new Map([...model.graph.initializers].map(([name, ref]) => [name, inline(ref)]));
  return { ...model, graph: { ...model.graph, initializers } };
}

function graphIn(other: Other, graph: Graph): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map((info) => infoIn(other, info)),
    outputs: graph.outputs.map((output) => ({ name: output.name, type: { kind: 'unknown' as const } })),
    values: new Map(),
    initializers: new Map([...graph.initializers].map(([name, ref]) => [name, weightIn(other, ref)])),
    nodes: graph.nodes.map((node) => nodeIn(other, node)),
  };
}

function infoIn(other: Other, info: ValueInfo): ValueInfo {
  if (info.type.kind !== 'tensor' || info.type.dtype !== 'float32') return info;
  return { ...info, type: { ...info.type, dtype: other } };
}

function weightIn(other: Other, ref: WeightRef): WeightRef {
  if (ref.dtype !== 'float32') return ref;
  if (ref.where.kind !== 'inline') throw new Error(`${ref.name} is too large for this helper`);
  const bytes = Uint8Array.from(ref.where.bytes);
  const numbers = new Float32Array(bytes.buffer);
  const encoded = encode(other, Array.from(numbers));
  return {
    ...ref,
    dtype: other,
    byteLength: encoded.byteLength,
    where: { kind: 'inline', bytes: encoded },
  };
}

function nodeIn(other: Other, node: Node): Node {
  return { ...node, attributes: node.attributes.map((attribute) => attributeIn(other, node, attribute)) };
}

function attributeIn(other: Other, node: Node, attribute: Attribute): Attribute {
  const { value } = attribute;
  if (value.type === 'tensor')
    return { ...attribute, value: { type: 'tensor', value: weightIn(other, value.value) } };
  if (value.type === 'graph')
    return { ...attribute, value: { type: 'graph', value: graphIn(other, value.value) } };
  if (node.op === 'Cast' && attribute.name === 'to' && value.type === 'int' && Number(value.value) === 1) {
    return { ...attribute, value: { type: 'int', value: other === 'float64' ? 11 : 10 } };
  }
  return attribute;
}
