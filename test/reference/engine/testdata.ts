/**
 * The models of Debian's package libonnx-testdata with the inputs and outputs it states. Its .pb files are read by
 * onnx-buf, not by our own reader.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TensorProtoSchema, type TensorProto } from 'onnx-buf';
import type { TensorData } from '../../../src/contract/tensor';
import { fromRaw, type TensorBuffer } from '../../../src/tensor/buffers';
import type { FeedSpec } from '../../../src/contract/run';
import { maybeDtype, type Dtype } from '../../../src/tensor/dtype';
import { sizeOf } from '../../../src/tensor/shape';

const ROOT = '/usr/share/libonnx-testdata/data';

export interface TestModel {
  /** `node/test_add`. */
  readonly name: string;
  readonly file: string;
  /** Folders with inputs and stated outputs; none for models that come without. */
  readonly sets: readonly string[];
}

/** Every model of the package, in the order of their names. */
export function testModels(): TestModel[] {
  if (!existsSync(ROOT)) {
    throw new Error(`${ROOT} is missing. Install it with: apt-get install libonnx-testdata`);
  }
  const models: TestModel[] = [];
  for (const group of readdirSync(ROOT).sort()) {
    for (const test of readdirSync(join(ROOT, group)).sort()) {
      const folder = join(ROOT, group, test);
      const file = join(folder, 'model.onnx');
      if (!existsSync(file)) continue;
      const sets = readdirSync(folder)
        .filter((name) => name.startsWith('test_data_set_'))
        .map((name) => join(folder, name));
      models.push({ name: `${group}/${test}`, file, sets });
    }
  }
  return models;
}

/** Raw bytes of the n-th input or output, or null when there is none. */
export function readPart(set: string, part: 'input' | 'output', index: number): Uint8Array | null {
  const file = join(set, `${part}_${String(index)}.pb`);
  return existsSync(file) ? readFileSync(file) : null;
}

type Named = readonly [name: string, tensor: TensorData];

/** The tensors in a part, under the names the engine gives them: `x`, or `x[0]`, `x[1]`, … of a sequence. */
export function parsePart(bytes: Uint8Array, spec: FeedSpec): Named[] {
  const tensor = (part: Uint8Array): TensorData =>
    asDeclared(tensorOf(fromBinary(TensorProtoSchema, part)), spec);
  const elements = (sequence: Uint8Array): Named[] =>
    fieldsOf(sequence, SEQUENCE_TENSORS).map((part, index) => [
      `${spec.name}[${String(index)}]`,
      tensor(part),
    ]);
  switch (spec.container) {
    case 'sequence':
      return elements(bytes);
    case 'optional':
      return fieldsOf(bytes, OPTIONAL_TENSOR).map((part) => [spec.name, tensor(part)]);
    case 'optional-sequence':
      return fieldsOf(bytes, OPTIONAL_SEQUENCE).flatMap(elements);
    default:
      return [[spec.name, tensor(bytes)]];
  }
}

// onnx-data.proto, which onnx-buf leaves out: SequenceProto.tensor_values, OptionalProto.tensor_value, .sequence_value.
const SEQUENCE_TENSORS = 3;
const OPTIONAL_TENSOR = 3;
const OPTIONAL_SEQUENCE = 5;

function fieldsOf(message: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === field) found.push(reader.bytes());
    else reader.skip(type, number);
  }
  return found;
}

/** The package writes the bits of bfloat16 as uint16. */
function asDeclared(tensor: TensorData, { dtype }: FeedSpec): TensorData {
  return dtype === 'bfloat16' && tensor.dtype === 'uint16' ? { ...tensor, dtype } : tensor;
}

function tensorOf(proto: TensorProto): TensorData {
  const dims = proto.dims.map(Number);
  const dtype = maybeDtype(proto.dataType) ?? 'undefined';
  const count = sizeOf(dims);
  if (dtype === 'string') {
    return { dtype, dims, data: proto.stringData.map((text) => Buffer.from(text).toString('utf8')) };
  }
  if (proto.rawData.length > 0) return { dtype, dims, data: fromRaw(dtype, proto.rawData, count) };
  return { dtype, dims, data: typed(dtype, proto, count) };
}

function typed(dtype: Dtype, proto: TensorProto, count: number): TensorBuffer {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(proto.floatData);
    case 'float64':
      return Float64Array.from(proto.doubleData);
    case 'int64':
      return BigInt64Array.from(proto.int64Data);
    case 'uint64':
      return BigUint64Array.from(proto.uint64Data);
    case 'uint32':
      return Uint32Array.from(proto.uint64Data, Number);
    case 'int32':
      return Int32Array.from(proto.int32Data);
    case 'int16':
      return Int16Array.from(proto.int32Data);
    case 'int8':
      return Int8Array.from(proto.int32Data);
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return Uint16Array.from(proto.int32Data);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(proto.int32Data);
    default:
      if (count === 0) return new Float32Array(0);
      throw new Error(`The test data hold ${dtype}, which this test does not read.`);
  }
}
