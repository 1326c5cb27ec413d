/** Making the few nodes that rewrites insert. They carry id -1: they are nobody's node. Pure. */
import type { Attribute, Graph, Node, WeightRef } from '../../contract/skeleton';
import type { Dtype } from '../../tensor/dtype';
import { byteLengthOf, dtypeCode } from '../../tensor/dtype';
import { sizeOf } from '../../tensor/shape';
import type { FreshNames } from './names';

const NONE: Node['metadata'] = {};

/** A node of ai.onnx that Patchclamp put in. */
export function insertedNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Attribute[] = [],
): Node {
  return {
    id: -1,
    index: -1,
    graph: '',
    name: '',
    op,
    domain: '',
    overload: '',
    inputs,
    outputs,
    attributes,
    metadata: NONE,
    doc: '',
  };
}

export function castNode(from: string, to: string, dtype: Dtype): Node {
  const attributes: Attribute[] = [{ name: 'to', value: { type: 'int', value: dtypeCode(dtype) } }];
  // An infinity that an 8-bit float held must come back as one, and not as the largest number.
  if (dtype.startsWith('float8')) attributes.push({ name: 'saturate', value: { type: 'int', value: 0 } });
  return insertedNode('Cast', [from], [to], attributes);
}

/** A `Constant` node that holds an empty tensor: one axis of length 0. */
export function emptyConstant(output: string, dtype: Dtype): Node {
  const bytes = new Uint8Array(0);
  const value: WeightRef = {
    name: '',
    dtype,
    dims: [0],
    count: 0,
    byteLength: 0,
    where: dtype === 'string' ? { kind: 'strings', values: [] } : { kind: 'inline', bytes },
    origin: 'attribute',
  };
  return constantNode(output, value);
}

/** What `ConstantOfShape` makes in every opset that has it; the rest is cast from float32. */
const FILLED = /^(float(16|32|64)|u?int(8|16|32|64)|bool)$/;

/** Nodes that make a tensor of these dims, zeros all over (or empty texts), under the name `output`. */
export function zeros(output: string, dtype: Dtype, dims: readonly number[], fresh: FreshNames): Node[] {
  if (dtype === 'string') {
    const count = sizeOf(dims);
    const values = new Array<string>(count).fill('');
    const where = { kind: 'strings', values } as const;
    return [
      constantNode(output, { name: '', dtype, dims, count, byteLength: 0, where, origin: 'attribute' }),
    ];
  }
  if (!FILLED.test(dtype)) {
    const plain = fresh.next(`${output}~float32`);
    return [...zeros(plain, 'float32', dims, fresh), castNode(plain, output, dtype)];
  }
  const shape = fresh.next(`${output}~shape`);
  const bytes = new Uint8Array(byteLengthOf(dtype, 1));
  const where = { kind: 'inline', bytes } as const;
  const one = {
    name: '',
    dtype,
    dims: [1],
    count: 1,
    byteLength: bytes.length,
    where,
    origin: 'attribute',
  } as const;
  return [
    constantNode(shape, { ...intsInitializer('', dims, [dims.length]), origin: 'attribute' }),
    insertedNode(
      'ConstantOfShape',
      [shape],
      [output],
      [{ name: 'value', value: { type: 'tensor', value: one } }],
    ),
  ];
}

export function constantNode(output: string, value: WeightRef): Node {
  return insertedNode('Constant', [], [output], [{ name: 'value', value: { type: 'tensor', value } }]);
}

/** A small int64 initializer. */
export function intsInitializer(name: string, values: readonly number[], dims: readonly number[]): WeightRef {
  const bytes = new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);
  const count = sizeOf(dims);
  return {
    name,
    dtype: 'int64',
    dims,
    count,
    byteLength: byteLengthOf('int64', count),
    where: { kind: 'inline', bytes },
    origin: 'initializer',
  };
}

/** A copy of the graph with nodes put in right after the one that makes `value`, or first where none does. */
export function insertAfter(graph: Graph, value: string, nodes: readonly Node[]): Graph {
  const at = graph.nodes.findIndex((node) => node.outputs.includes(value));
  return { ...graph, nodes: graph.nodes.toSpliced(at + 1, 0, ...nodes) };
}
