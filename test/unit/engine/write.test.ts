/**
 * What is written is the model that was read: every seed of the format is read, written, decoded by onnx-buf and compared
 * with onnx-buf's decoding of the original, tensors by their bytes wherever they lie.
 */
import assert from 'node:assert/strict';
import { fromBinary, toJson, type JsonValue } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataLocation, type TensorProto } from 'onnx-buf';
import type { WeightRef } from '../../../src/contract/skeleton';
import { MemorySource } from '../../../src/base/bytes';
import { WeightReader } from '../../../src/onnx/weights';
import { writeModel } from '../../../src/onnx/write';
import { fromRaw, toRaw } from '../../../src/tensor/buffers';
import { maybeDtype } from '../../../src/tensor/dtype';
import { sizeOf } from '../../../src/tensor/shape';
import { memoryFolder, read } from '../onnx/memory';
import { seeds } from '../onnx/seeds';
import { info, model, node, tensor } from './models';

const SELF = 'model.onnx';

describe('writing models', () => {
  for (const { name, bytes } of seeds()) {
    it(`gives back the seed "${name}"`, async () => {
      const skeleton = await read(bytes, memoryFolder({ 'weights.bin': new Uint8Array(8192) }));
      const reader = new WeightReader(new MemorySource(SELF, bytes), null);
      const packed = new Map<WeightRef, Uint8Array>();
      for (const ref of tensorsIn(skeleton)) {
        if (ref.where.kind !== 'packed') continue;
        const { dtype, data } = await reader.read(ref);
        assert.ok(ArrayBuffer.isView(data));
        packed.set(ref, toRaw(dtype, data));
      }
      const written = writeModel(skeleton, {
        self: SELF,
        packed: (ref) => packed.get(ref) ?? assert.fail(ref.name),
      });
      assert.deepEqual(plain(written, bytes), plain(bytes, bytes));
    });
  }

  it('leaves large weights where they are and fits in kilobytes', async () => {
    const weight = tensor('w', {
      dtype: 'float32',
      dims: [512, 512],
      data: new Float32Array(512 * 512).fill(0.5),
    });
    const bytes = model({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      inputs: [info('x', 'float32', ['n', 512])],
      outputs: [info('y', 'float32', ['n', 512])],
      weights: [weight],
    });
    const written = writeModel(await read(bytes), {
      self: SELF,
      packed: () => assert.fail('nothing is packed'),
    });
    assert.ok(bytes.length > 1_000_000 && written.length < 400, String(written.length));
    const [proto] = fromBinary(ModelProtoSchema, written).graph?.initializer ?? [];
    const entries = new Map(proto?.externalData.map(({ key, value }) => [key, value]));
    assert.equal(entries.get('location'), SELF);
    const offset = Number(entries.get('offset'));
    assert.deepEqual(bytes.subarray(offset, offset + Number(entries.get('length'))), weight.rawData);
  });

  it('refuses a tensor that has no bytes, with the reason', async () => {
    const skeleton = await read(seeds().find(({ name }) => name === 'external')?.bytes ?? new Uint8Array(0));
    assert.throws(() => writeModel(skeleton, { self: SELF, packed: () => new Uint8Array(0) }), {
      code: 'bad-tensor',
      message: /^The model cannot run: .*data/,
    });
  });
});

type Read = Awaited<ReturnType<typeof read>>;

function* tensorsIn({ graphs, functions }: Read): Iterable<WeightRef> {
  for (const graph of [...graphs.values(), ...functions.map((made) => made.graph)]) {
    yield* graph.initializers.values();
    for (const { values, indices } of graph.sparseInitializers.values()) yield* [values, indices];
    for (const { attributes } of graph.nodes) {
      for (const { value } of attributes) {
        if (value.type === 'tensor') yield value.value;
        if (value.type === 'tensors') yield* value.value;
        if (value.type === 'sparse-tensor') yield* [value.value.values, value.value.indices];
      }
    }
  }
}

/** The decoded model as plain data, without documentation and metadata, its tensors as hexadecimal bytes. */
function plain(bytes: Uint8Array, file: Uint8Array): JsonValue {
  const decoded = fromBinary(ModelProtoSchema, bytes);
  const json = toJson(ModelProtoSchema, decoded, { alwaysEmitImplicit: false });
  return tidy(json, file) ?? null;
}

const DROPPED = new Set([
  'docString',
  'metadataProps',
  'producerName',
  'producerVersion',
  'modelVersion',
  'trainingInfo',
  'quantizationAnnotation',
  'sinceVersion',
  'denotation',
]);

function tidy(value: JsonValue, file: Uint8Array, key = ''): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item) => tidy(item, file, key) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  if ('dataType' in value) return tensorText(value, file);
  // The two names of ONNX's own domain are one; types of attributes go without saying in old files.
  if (value['domain'] === 'ai.onnx') return tidy({ ...value, domain: '' }, file, key);
  if (key === 'attribute' && value['refAttrName'] === undefined) delete value['type'];
  const entries = Object.entries(value)
    .filter(([name, item]) => !DROPPED.has(name) && !(key === '' && name === 'domain') && item !== '')
    .map(([name, item]) => [name, tidy(item, file, name)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined)) as JsonValue;
}

/** A tensor's type, dims and raw bytes, from whichever field or file holds them. */
function tensorText(json: { [key: string]: JsonValue }, file: Uint8Array): JsonValue {
  const proto = json as unknown as Partial<Record<keyof TensorProto, unknown>>;
  const dims = ((proto.dims as string[] | undefined) ?? []).map(Number);
  const code = Number(proto.dataType);
  const dtype = maybeDtype(code) ?? 'undefined';
  const common = { name: (proto.name as string | undefined) ?? '', dims, code };
  const external = (proto.externalData as { key: string; value: string }[] | undefined) ?? [];
  const entry = (name: string): string | undefined => external.find(({ key }) => key === name)?.value;
  const location = proto.dataLocation === TensorProto_DataLocation[TensorProto_DataLocation.EXTERNAL];
  if (location && entry('location') !== SELF) return { ...common, external: entry('location') ?? '' };
  const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
  if (location) {
    const offset = Number(entry('offset') ?? 0);
    return { ...common, hex: hex(file.subarray(offset, offset + Number(entry('length')))) };
  }
  if (proto.rawData !== undefined)
    return { ...common, hex: Buffer.from(proto.rawData as string, 'base64').toString('hex') };
  if (proto.stringData !== undefined) return { ...common, strings: proto.stringData as JsonValue };
  const listed = [proto.floatData, proto.doubleData, proto.int32Data, proto.int64Data, proto.uint64Data].find(
    (list) => list !== undefined,
  ) as (number | string)[] | undefined;
  const count = sizeOf(dims);
  // Types under a byte are packed into bytes before they are listed.
  if (bytesPer(dtype) < 1) return { ...common, hex: hex(Uint8Array.from(listed ?? [], Number)) };
  const array = fromRaw(dtype, new Uint8Array(Math.ceil((count * 8 * bytesPer(dtype)) / 8)), count);
  (listed ?? []).forEach((item, index) => {
    const big = array instanceof BigInt64Array || array instanceof BigUint64Array;
    Reflect.set(array, index, big ? BigInt(item) : Number(item));
  });
  return { ...common, hex: hex(toRaw(dtype, array)) };
}

function bytesPer(dtype: string): number {
  const bits = /\d+/.exec(dtype.replace('e4m3fn', '').replace('e5m2', ''))?.[0];
  return dtype === 'bool' ? 1 : Number(bits ?? 8) / 8;
}
