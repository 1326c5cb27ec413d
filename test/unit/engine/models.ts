/** Small models for the engine's tests, encoded by onnx-buf, not by our own writer. */
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import type { TensorData } from '../../../src/contract/tensor';
import { toRaw } from '../../../src/tensor/buffers';
import { dtypeCode, type Dtype } from '../../../src/tensor/dtype';
import { sizeOf } from '../../../src/tensor/shape';

/** 0, 1, 2, … plus `from`. */
export function floats(dims: readonly number[], from: number): TensorData {
  return {
    dtype: 'float32',
    dims,
    data: Float32Array.from({ length: sizeOf(dims) }, (_, index) => from + index),
  };
}

export function node(
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Readonly<Record<string, number | number[] | GraphProto | TensorProto | string>> = {},
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
  return create(NodeProtoSchema, {
    opType: op,
    input: inputs,
    output: outputs,
    name: `${op}_${outputs[0] ?? ''}`,
    attribute,
  });
}

function attributeOf(
  name: string,
  value: number | number[] | GraphProto | TensorProto | string,
): AttributeProto {
  const init = ((): MessageInitShape<typeof AttributeProtoSchema> => {
    if (typeof value === 'string') return { s: new TextEncoder().encode(value), type: Kind.STRING };
    if (typeof value === 'number') {
      return Number.isInteger(value) ? { i: BigInt(value), type: Kind.INT } : { f: value, type: Kind.FLOAT };
    }
    if (Array.isArray(value)) return { ints: value.map(BigInt), type: Kind.INTS };
    return value.$typeName === 'onnx.GraphProto'
      ? { g: value, type: Kind.GRAPH }
      : { t: value, type: Kind.TENSOR };
  })();
  return create(AttributeProtoSchema, { name, ...init });
}

/** A tensor type; a `dims` of null leaves even the rank open. */
export function info(
  name: string,
  dtype?: Dtype,
  dims: readonly (number | string)[] | null = null,
): ValueInfoProto {
  if (dtype === undefined) return create(ValueInfoProtoSchema, { name });
  const dim = (dims ?? []).map((size) =>
    typeof size === 'number'
      ? ({ value: { case: 'dimValue', value: BigInt(size) } } as const)
      : ({ value: { case: 'dimParam', value: size } } as const),
  );
  const tensor =
    dims === null ? { elemType: dtypeCode(dtype) } : { elemType: dtypeCode(dtype), shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensor } } });
}

export function tensor(name: string, { dtype, dims, data }: TensorData): TensorProto {
  const rawData = new Uint8Array(ArrayBuffer.isView(data) ? toRaw(dtype, data) : []);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: dtypeCode(dtype), rawData });
}

export interface GraphParts {
  readonly nodes: NodeProto[];
  readonly inputs?: ValueInfoProto[];
  readonly outputs: ValueInfoProto[];
  readonly weights?: TensorProto[];
}

export function graph({ nodes, inputs = [], outputs, weights = [] }: GraphParts): GraphProto {
  return create(GraphProtoSchema, {
    name: 'g',
    node: nodes,
    input: inputs,
    output: outputs,
    initializer: weights,
  });
}

/** A local function of the domain `pc`. */
export function fn(name: string, input: string[], output: string[], nodes: NodeProto[]): FunctionProto {
  const opsetImport = [
    { domain: '', version: 17n },
    { domain: 'pc', version: 1n },
  ];
  return create(FunctionProtoSchema, { name, domain: 'pc', input, output, node: nodes, opsetImport });
}

/** A call of a local function. */
export function call(name: string, inputs: string[], outputs: string[]): NodeProto {
  return create(NodeProtoSchema, { opType: name, domain: 'pc', input: inputs, output: outputs });
}

/** A model with local functions. */
export function modelWith(functions: FunctionProto[], parts: GraphParts): Uint8Array {
  const opsetImport = [
    { domain: '', version: 17n },
    { domain: 'pc', version: 1n },
  ];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph: graph(parts), functions }),
  );
}

/** The bytes of a model file. */
export function model(parts: GraphParts, opset = 17): Uint8Array {
  const opsetImport = [{ domain: '', version: BigInt(opset) }];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph: graph(parts) }),
  );
}

/** y = 3 relu(x - 2), with h = relu(x - 2); x is n × 3. */
export function tinyModel(): Uint8Array {
  return model({
    nodes: [node('Sub', ['x', 'two'], ['d']), node('Relu', ['d'], ['h']), node('Mul', ['h', 'three'], ['y'])],
    inputs: [info('x', 'float32', ['n', 3])],
    outputs: [info('y', 'float32', ['n', 3])],
    weights: [
      tensor('two', { dtype: 'float32', dims: [], data: Float32Array.of(2) }),
      tensor('three', { dtype: 'float32', dims: [], data: Float32Array.of(3) }),
    ],
  });
}

/** `count` products of x with itself: as slow as x is large. */
export function slowModel(count: number): Uint8Array {
  const nodes: NodeProto[] = [];
  let value = 'x';
  for (let i = 0; i < count; i++) {
    nodes.push(
      node('MatMul', [value, 'x'], [`p${String(i)}`]),
      node('Tanh', [`p${String(i)}`], [`s${String(i)}`]),
    );
    value = `s${String(i)}`;
  }
  nodes.push(node('Identity', [value], ['y']));
  return model({
    nodes,
    inputs: [info('x', 'float32', ['n', 'n'])],
    outputs: [info('y', 'float32', ['n', 'n'])],
  });
}

/** No input, more than 64 values, and one among them of 640 GB, whose sum is the output. */
export function wideModel(): Uint8Array {
  const side = 400_000n;
  const chain = Array.from({ length: 70 }, (_, i) =>
    node('Identity', [i === 0 ? 'one' : `v${String(i - 1)}`], [`v${String(i)}`]),
  );
  return model({
    nodes: [
      ...chain,
      node('Expand', ['v69', 'shape'], ['wide']),
      node('ReduceSum', ['wide'], ['y'], { keepdims: 0 }),
    ],
    inputs: [],
    outputs: [info('y', 'float32', [])],
    weights: [
      tensor('one', { dtype: 'float32', dims: [1, 1], data: Float32Array.of(1) }),
      tensor('shape', { dtype: 'int64', dims: [2], data: BigInt64Array.of(side, side) }),
    ],
  });
}
