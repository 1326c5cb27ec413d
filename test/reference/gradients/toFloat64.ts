/**
 * The same model in double precision, so that central differences are worth something: types of inputs and outputs,
 * small tensors and casts go from float32 to float64. For models of a few nodes; not a converter.
 */
import type { Attribute, Graph, Node, Skeleton, ValueInfo, WeightRef } from '../../../src/contract/skeleton';

export function toFloat64(model: Skeleton): Skeleton {
  return { ...model, graph: graph64(model.graph) };
}

function graph64(graph: Graph): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map(info64),
    outputs: graph.outputs.map((output) => ({ name: output.name, type: { kind: 'unknown' as const } })),
    values: new Map(),
    initializers: new Map([...graph.initializers].map(([name, ref]) => [name, weight64(ref)])),
    nodes: graph.nodes.map(node64),
  };
}

function info64(info: ValueInfo): ValueInfo {
  if (info.type.kind !== 'tensor' || info.type.dtype !== 'float32') return info;
  return { ...info, type: { ...info.type, dtype: 'float64' } };
}

function weight64(ref: WeightRef): WeightRef {
  if (ref.dtype !== 'float32') return ref;
  if (ref.where.kind !== 'inline') throw new Error(`${ref.name} is too large for this helper`);
  const bytes = Uint8Array.from(ref.where.bytes);
  const numbers = Float64Array.from(new Float32Array(bytes.buffer));
  return {
    ...ref,
    dtype: 'float64',
    byteLength: numbers.byteLength,
    where: { kind: 'inline', bytes: new Uint8Array(numbers.buffer) },
  };
}

function node64(node: Node): Node {
  return { ...node, attributes: node.attributes.map((attribute) => attribute64(node, attribute)) };
}

function attribute64(node: Node, attribute: Attribute): Attribute {
  const { value } = attribute;
  if (value.type === 'tensor')
    return { ...attribute, value: { type: 'tensor', value: weight64(value.value) } };
  if (value.type === 'graph') return { ...attribute, value: { type: 'graph', value: graph64(value.value) } };
  if (node.op === 'Cast' && attribute.name === 'to' && value.type === 'int' && Number(value.value) === 1) {
    return { ...attribute, value: { type: 'int', value: 11 } };
  }
  return attribute;
}
