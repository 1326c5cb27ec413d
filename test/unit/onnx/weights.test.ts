import assert from 'node:assert/strict';
import { MemorySource } from '../../../src/base/bytes';
import { isFailure } from '../../../src/base/errors';
import type { Skeleton, WeightRef } from '../../../src/contract/skeleton';
import { readSkeleton } from '../../../src/onnx/skeleton';
import { WeightReader } from '../../../src/onnx/weights';
import { readNpy } from '../../../src/tensor/npy';
import { sliceTensor } from '../../../src/tensor/slice';
import { summarize } from '../../../src/tensor/stats';
import { memoryFolder } from './memory';
import { AttributeProto_AttributeType as Kind } from 'onnx-buf';
import {
  attribute,
  externalTensor,
  floats,
  info,
  modelOf,
  node,
  plain,
  seeds,
  type TensorInit,
} from './seeds';

interface Opened {
  readonly skeleton: Skeleton;
  readonly reader: WeightReader;
  readonly source: MemorySource;
  readonly weight: (name: string) => WeightRef;
}

async function open(bytes: Uint8Array, files: Readonly<Record<string, Uint8Array>> = {}): Promise<Opened> {
  const source = new MemorySource('model.onnx', bytes);
  const folder = memoryFolder(files);
  const skeleton = await readSkeleton(source, { folder });
  const weight = (name: string): WeightRef => {
    const found = skeleton.graph.initializers.get(name);
    assert.ok(found !== undefined, name);
    return found;
  };
  return { skeleton, source, reader: new WeightReader(source, folder), weight };
}

const tensors = (): Promise<Opened> =>
  open(seeds().find(({ name }) => name === 'tensors')?.bytes ?? new Uint8Array());
const withWeight = (tensor: TensorInit): Uint8Array => modelOf({ ...plain(), initializer: [tensor] });

describe('reading weights', () => {
  it('reads a box as it would be cut from the whole, and only what it needs', async () => {
    const { reader, weight, source } = await open(withWeight(floats('w', [400, 300, 2])));
    const whole = await reader.read(weight('w'));
    const boxes = [
      { start: [3], size: [2] },
      { start: [0, 7], size: [400, 1] },
      { start: [10, 20, 1], size: [5, 6, 1] },
      { start: [399, 299, 0], size: [9, 9, 9] },
      { start: [0], size: [0] },
    ];
    for (const box of boxes) {
      const before = source.bytesRead;
      assert.deepEqual(await reader.readBox(weight('w'), box), sliceTensor(whole, box));
      assert.ok(source.bytesRead - before <= 400 * 300 * 2 * 4);
    }
    const before = source.bytesRead;
    await reader.readBox(weight('w'), { start: [3], size: [2] });
    assert.equal(source.bytesRead - before, 2 * 300 * 2 * 4);
  });

  it('gives the same statistics from pieces as from the whole, for every element type', async () => {
    const { skeleton, reader } = await tensors();
    let checked = 0;
    for (const weight of skeleton.graph.initializers.values()) {
      const summary = await reader.summarize(weight);
      if (weight.dtype === 'string') assert.equal(summary, null);
      else {
        assert.deepEqual(summary, summarize(await reader.read(weight)), weight.name);
        assert.equal(summary?.count, weight.count);
        checked++;
      }
    }
    assert.ok(checked > 60);
  });

  it('reads a tensor of several pieces', async () => {
    const { reader, weight } = await open(withWeight(floats('w', [700, 1000])));
    const whole = await reader.read(weight('w'));
    assert.deepEqual(await reader.summarize(weight('w')), summarize(whole));
  });

  it('reads packed numbers that are split between two pieces', async () => {
    const values = Array.from({ length: 300_000 }, (_unused, i) => (i % 3 === 1 ? -i : i * 12345));
    const tensor: TensorInit = { name: 'w', dataType: 7, dims: [300_000n], int64Data: values.map(BigInt) };
    const { reader, weight } = await open(withWeight(tensor));
    assert.equal(weight('w').where.kind, 'packed');
    const { data } = await reader.read(weight('w'));
    assert.deepEqual(Array.from(data as BigInt64Array, Number), values);
  });

  it('says so when packed numbers are too few or too many', async () => {
    for (const dims of [299_999n, 300_001n]) {
      const tensor: TensorInit = {
        name: 'w',
        dataType: 7,
        dims: [dims],
        int64Data: new Array<bigint>(300_000).fill(5n),
      };
      const { reader, weight } = await open(withWeight(tensor));
      await assert.rejects(
        reader.read(weight('w')),
        /The tensor "w" holds (fewer|more) numbers than its shape takes/,
      );
    }
  });

  it('exports .npy files that read back, in pieces', async () => {
    const { skeleton, reader } = await tensors();
    for (const weight of skeleton.graph.initializers.values()) {
      const pieces: Uint8Array[] = [];
      for await (const piece of reader.npy(weight)) pieces.push(piece);
      const back = readNpy(Buffer.concat(pieces), `${weight.name}.npy`);
      assert.deepEqual(back.dims, weight.dims, weight.name);
      const plainSummary = await reader.summarize(weight);
      const { min, max, count, nan } = summarize(back) ?? { min: 0, max: 0, count: 0, nan: 0 };
      if (plainSummary !== null && !weight.dtype.startsWith('complex')) {
        assert.deepEqual(
          [min, max, count, nan],
          [plainSummary.min, plainSummary.max, plainSummary.count, plainSummary.nan],
        );
      }
    }
  });

  it('fills in sparse tensors', async () => {
    const { skeleton, reader } = await tensors();
    const sparse = skeleton.graph.sparseInitializers.get('sparse');
    assert.ok(sparse !== undefined);
    const values = (await reader.read(sparse.values)).data as Float32Array;
    const { dims, data } = await reader.readSparse(sparse);
    assert.deepEqual(dims, [3, 4]);
    const expected = new Float32Array(12);
    expected.set([values[0] ?? 0], 0);
    expected.set([values[1] ?? 0], 5);
    expected.set([values[2] ?? 0], 11);
    assert.deepEqual(data, expected);
  });

  it('reads external data and closes it', async () => {
    const bytes = new Uint8Array(4096 + 12);
    bytes.set(new Uint8Array(Float32Array.of(1, 2, 3).buffer), 4096);
    const { reader, weight } = await open(withWeight(externalTensor('w', [3], 'w.bin', 4096, 12)), {
      'w.bin': bytes,
    });
    assert.deepEqual((await reader.read(weight('w'))).data, Float32Array.of(1, 2, 3));
    await reader.close();
  });

  it('gives the reason when a tensor cannot be read', async () => {
    const { reader, weight } = await open(withWeight(externalTensor('w', [3], '../x')));
    await assert.rejects(
      reader.read(weight('w')),
      (error) =>
        isFailure(error) && error.code === 'bad-tensor' && /leaves the model's folder/.test(error.message),
    );
  });

  it('stops when it is cancelled', async () => {
    const { reader, weight } = await open(withWeight(floats('w', [700, 1000])));
    await assert.rejects(reader.summarize(weight('w'), AbortSignal.abort()), { name: 'AbortError' });
  });

  it('reads the weights that attributes and bodies hold', async () => {
    const graph = {
      input: [info('x')],
      output: [info('y')],
      node: [
        node('Constant', [], ['y'], {
          attribute: [attribute('value', Kind.TENSOR, { t: floats('c', [30, 30]) })],
        }),
      ],
    };
    const { skeleton, reader } = await open(modelOf(graph));
    const [held] = skeleton.graph.nodes[0]?.attributes ?? [];
    assert.ok(held?.value.type === 'tensor');
    assert.equal((await reader.read(held.value.value)).data.length, 900);
    assert.equal(skeleton.parameters, 900);
  });
});
