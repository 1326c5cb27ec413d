/**
 * An independent reading of a whole model (onnx-buf: ONNX's own schema, compiled by protoc-gen-es), compared with the
 * skeleton field by field: nodes, attributes, types, metadata, and every byte of every tensor.
 */
import assert from 'node:assert/strict';
import { fromBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  TensorProto_DataLocation,
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  type SparseTensorProto,
  type StringStringEntryProto,
  type TensorProto,
  type TypeProto,
  type ValueInfoProto,
} from 'onnx-buf';
import type {
  Attribute,
  FunctionDef,
  Graph,
  Metadata,
  Node,
  Skeleton,
  SparseTensor,
  ValueInfo,
  ValueType,
  WeightRef,
} from '../../../src/contract/skeleton';
import type { WeightReader } from '../../../src/onnx/weights';
import { toRaw, type TensorBuffer } from '../../../src/tensor/buffers';
import { dtypeBits, dtypeCode } from '../../../src/tensor/dtype';

export interface Compared {
  nodes: number;
  attributes: number;
  tensors: number;
  tensorBytes: number;
}

/** Asserts that the skeleton says all that `bytes` say. External tensors are compared by shape and type only. */
export async function compareWithFullDecode(
  skeleton: Skeleton,
  reader: WeightReader,
  bytes: Uint8Array,
): Promise<Compared> {
  const model = fromBinary(ModelProtoSchema, bytes);
  const counted = { nodes: 0, attributes: 0, tensors: 0, tensorBytes: 0 };
  const oracle = new Oracle(reader, counted);
  assert.equal(skeleton.irVersion, Number(model.irVersion));
  assert.equal(skeleton.producer, model.producerName);
  assert.equal(skeleton.producerVersion, model.producerVersion);
  assert.equal(skeleton.domain, model.domain);
  assert.equal(skeleton.modelVersion, Number(model.modelVersion));
  assert.equal(skeleton.doc, model.docString);
  assert.deepEqual(skeleton.metadata, entries(model.metadataProps));
  assert.deepEqual(
    skeleton.opsets,
    model.opsetImport.map(({ domain, version }) => ({
      domain: plainDomain(domain),
      version: Number(version),
    })),
  );
  if (model.graph !== undefined) await oracle.graph(skeleton.graph, model.graph);
  assert.equal(skeleton.functions.length, model.functions.length);
  for (const [i, fn] of model.functions.entries()) await oracle.fn(skeleton.functions[i] as FunctionDef, fn);
  assert.equal(skeleton.nodes.length, counted.nodes);
  skeleton.nodes.forEach((node, id) => assert.equal(node.id, id));
  return counted;
}

class Oracle {
  constructor(
    private readonly reader: WeightReader,
    private readonly counted: Compared,
  ) {}

  async graph(graph: Graph, proto: GraphProto): Promise<void> {
    assert.equal(graph.name, proto.name);
    assert.equal(graph.doc, proto.docString);
    assert.deepEqual(graph.metadata, entries(proto.metadataProps));
    const initialized = new Set([
      ...proto.initializer.map(({ name }) => name),
      ...proto.sparseInitializer.map(({ values }) => values?.name ?? ''),
    ]);
    const dense = new Set(proto.initializer.map(({ name }) => name));
    infos(
      graph.inputs,
      proto.input.filter(({ name }) => !dense.has(name)),
    );
    assert.deepEqual(
      graph.overridable,
      proto.input.filter(({ name }) => dense.has(name)).map(({ name }) => name),
    );
    infos(graph.outputs, proto.output);
    infos(
      [...graph.values.values()],
      [...new Map(proto.valueInfo.map((info) => [info.name, info])).values()],
    );
    assert.deepEqual(
      new Set([...graph.initializers.keys(), ...graph.sparseInitializers.keys()]),
      initialized,
    );
    for (const tensor of new Map(proto.initializer.map((one) => [one.name, one])).values()) {
      await this.tensor(graph.initializers.get(tensor.name) as WeightRef, tensor);
    }
    for (const sparse of proto.sparseInitializer) {
      await this.sparse(graph.sparseInitializers.get(sparse.values?.name ?? '') as SparseTensor, sparse);
    }
    await this.nodes(graph.nodes, proto.node);
  }

  async fn(fn: FunctionDef, proto: FunctionProto): Promise<void> {
    assert.equal(fn.name, proto.name);
    assert.equal(fn.domain, plainDomain(proto.domain));
    assert.equal(fn.overload, proto.overload);
    assert.equal(fn.doc, proto.docString);
    assert.deepEqual(fn.inputs, proto.input);
    assert.deepEqual(fn.outputs, proto.output);
    assert.deepEqual(fn.attributes, proto.attribute);
    assert.deepEqual(fn.metadata, entries(proto.metadataProps));
    assert.equal(fn.attributeDefaults.length, proto.attributeProto.length);
    for (const [i, attribute] of proto.attributeProto.entries()) {
      await this.attribute(fn.attributeDefaults[i] as Attribute, attribute);
    }
    await this.nodes(fn.graph.nodes, proto.node);
  }

  private async nodes(nodes: readonly Node[], protos: readonly NodeProto[]): Promise<void> {
    assert.equal(nodes.length, protos.length);
    for (const [index, proto] of protos.entries()) {
      const node = nodes[index] as Node;
      this.counted.nodes++;
      assert.equal(node.index, index);
      assert.equal(node.name, proto.name);
      assert.equal(node.op, proto.opType);
      assert.equal(node.domain, plainDomain(proto.domain));
      assert.equal(node.overload, proto.overload);
      assert.equal(node.doc, proto.docString);
      assert.deepEqual(node.inputs, proto.input);
      assert.deepEqual(node.outputs, proto.output);
      assert.deepEqual(node.metadata, entries(proto.metadataProps));
      assert.equal(node.attributes.length, proto.attribute.length);
      for (const [i, attribute] of proto.attribute.entries()) {
        await this.attribute(node.attributes[i] as Attribute, attribute);
      }
    }
  }

  private async attribute({ name, value }: Attribute, proto: AttributeProto): Promise<void> {
    this.counted.attributes++;
    assert.equal(name, proto.name);
    if (proto.refAttrName !== '') {
      assert.deepEqual(value, { type: 'reference', name: proto.refAttrName, of: proto.type });
      return;
    }
    switch (value.type) {
      case 'float':
        assert.ok(Object.is(value.value, proto.f), `${name}: ${value.value} and ${proto.f}`);
        return;
      case 'int':
        assert.equal(BigInt(value.value), proto.i);
        return;
      case 'string':
        assert.deepEqual(Buffer.from(value.bytes), Buffer.from(proto.s));
        assert.equal(value.value, Buffer.from(proto.s).toString());
        return;
      case 'floats':
        assert.deepEqual(value.value, proto.floats);
        return;
      case 'ints':
        assert.deepEqual(value.value.map(BigInt), proto.ints);
        return;
      case 'strings':
        assert.deepEqual(
          value.value,
          proto.strings.map((bytes) => Buffer.from(bytes).toString()),
        );
        return;
      case 'tensor':
        return this.tensor(value.value, proto.t as TensorProto);
      case 'tensors':
        assert.equal(value.value.length, proto.tensors.length);
        for (const [i, tensor] of proto.tensors.entries())
          await this.tensor(value.value[i] as WeightRef, tensor);
        return;
      case 'sparse-tensor':
        return this.sparse(value.value, proto.sparseTensor as SparseTensorProto);
      case 'graph':
        return this.graph(value.value, proto.g as GraphProto);
      case 'graphs':
        assert.equal(value.value.length, proto.graphs.length);
        for (const [i, graph] of proto.graphs.entries()) await this.graph(value.value[i] as Graph, graph);
        return;
      case 'type':
        assert.deepEqual(value.value, typeOf(proto.tp));
        return;
      case 'types':
        assert.deepEqual(value.value, proto.typeProtos.map(typeOf));
        return;
      case 'reference':
        assert.fail(`${name} is no reference`);
        return;
      case 'opaque':
        assert.ok(
          proto.type === Kind.SPARSE_TENSORS || proto.type === Kind.UNDEFINED,
          `${name} of type ${proto.type} was not read`,
        );
        return;
    }
  }

  private async tensor(ref: WeightRef, proto: TensorProto): Promise<void> {
    this.counted.tensors++;
    assert.equal(ref.name, proto.name);
    assert.deepEqual(ref.dims, proto.dims.map(Number));
    assert.equal(dtypeCode(ref.dtype), proto.dataType);
    if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) return;
    const read = await this.reader.read(ref);
    if (ref.dtype === 'string') {
      assert.deepEqual(
        read.data,
        proto.stringData.map((bytes) => Buffer.from(bytes).toString()),
      );
      return;
    }
    const ours = Buffer.from(toRaw(ref.dtype, read.data as TensorBuffer));
    const theirs = Buffer.from(rawOf(proto, dtypeBits(ref.dtype)));
    assert.equal(Buffer.compare(ours, theirs), 0, `the bytes of ${ref.name} differ`);
    this.counted.tensorBytes += theirs.length;
  }

  private async sparse(sparse: SparseTensor, proto: SparseTensorProto): Promise<void> {
    assert.deepEqual(sparse.dims, proto.dims.map(Number));
    await this.tensor(sparse.values, proto.values as TensorProto);
    await this.tensor(sparse.indices, proto.indices as TensorProto);
  }
}

/** Raw bytes of a decoded TensorProto, from whichever field holds them. */
function rawOf(proto: TensorProto, bits: number): Uint8Array {
  if (proto.rawData.length > 0) return proto.rawData;
  if (proto.floatData.length > 0) return new Uint8Array(Float32Array.from(proto.floatData).buffer);
  if (proto.doubleData.length > 0) return new Uint8Array(Float64Array.from(proto.doubleData).buffer);
  if (proto.int64Data.length > 0) return new Uint8Array(BigInt64Array.from(proto.int64Data).buffer);
  if (proto.uint64Data.length > 0) {
    if (bits === 32) return new Uint8Array(Uint32Array.from(proto.uint64Data, Number).buffer);
    return new Uint8Array(BigUint64Array.from(proto.uint64Data).buffer);
  }
  if (bits === 32) return new Uint8Array(Int32Array.from(proto.int32Data).buffer);
  if (bits === 16) return new Uint8Array(Uint16Array.from(proto.int32Data).buffer);
  return Uint8Array.from(proto.int32Data);
}

function infos(ours: readonly ValueInfo[], theirs: readonly ValueInfoProto[]): void {
  assert.deepEqual(
    ours.map(({ name }) => name),
    theirs.map(({ name }) => name),
  );
  theirs.forEach(({ type }, i) => assert.deepEqual(ours[i]?.type, typeOf(type)));
}

function typeOf(type: TypeProto | undefined): ValueType {
  const value = type?.value;
  switch (value?.case) {
    case 'tensorType':
    case 'sparseTensorType': {
      const { elemType, shape } = value.value;
      const dims = shape?.dim.map(({ value: dim }) => {
        if (dim.case === 'dimValue') return dim.value < 0n ? null : Number(dim.value);
        return dim.case === 'dimParam' && dim.value !== '' ? dim.value : null;
      });
      const kind = value.case === 'tensorType' ? 'tensor' : 'sparse';
      return { kind, dtype: dtypeByCode(elemType), shape: dims ?? null };
    }
    case 'sequenceType':
      return { kind: 'sequence', of: typeOf(value.value.elemType) };
    case 'optionalType':
      return { kind: 'optional', of: typeOf(value.value.elemType) };
    case 'mapType':
      return { kind: 'map', key: dtypeByCode(value.value.keyType), value: typeOf(value.value.valueType) };
    default:
      return { kind: 'unknown' };
  }
}

function dtypeByCode(code: number): WeightRef['dtype'] {
  const names =
    'undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2'.split(
      ' ',
    );
  return (names[code] ?? 'undefined') as WeightRef['dtype'];
}

function entries(list: readonly StringStringEntryProto[]): Metadata {
  return Object.fromEntries(list.map(({ key, value }) => [key, value]));
}

function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}
