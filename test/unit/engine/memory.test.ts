/** Memory, estimated before a run: on the high side, put right by the first run, asked about, and answered in pieces. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TensorData } from '../../../src/contract/tensor';
import { livenessOf } from '../../../src/engine/child/liveness';
import { ownBytes, refuseTooLarge } from '../../../src/engine/child/memory';
import { generate } from '../../bench/generate';
import { read } from '../onnx/memory';
import type { EstimatedOnce } from './estimateOnce';
import { info, model, node, tensor, wideModel } from './models';
import { testEngine, withEngine } from './testEngine';

const ESTIMATE_ONCE = join(__dirname, 'estimateOnce.ts');

describe('memory', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-memory-'));
  after(() => rmSync(folder, { recursive: true }));
  const api = testEngine({ sessionBudget: 1 << 24, tensorBudget: 1 << 24 });

  const square = model({
    nodes: [
      node('Unsqueeze', ['x', 'axis'], ['column']),
      node('MatMul', ['column', 'row'], ['y']),
      node('Unsqueeze', ['x', 'first'], ['row']),
      node('ReduceSum', ['y'], ['s'], { keepdims: 0 }),
    ],
    inputs: [info('x', 'float32', ['n'])],
    outputs: [info('s', 'float32', [])],
    weights: [
      tensor('axis', { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) }),
      tensor('first', { dtype: 'int64', dims: [1], data: BigInt64Array.of(0n) }),
    ],
  });

  const feedsOf = (n: number): Readonly<Record<string, TensorData>> => ({
    x: { dtype: 'float32', dims: [n], data: new Float32Array(n) },
  });

  it('of a graph is what lives at once', async () => {
    const { graph } = await read(square);
    const floats = (n: number) => ({ kind: 'tensor', dtype: 'float32', shape: [n] }) as const;
    const sizes: Readonly<Record<string, number>> = { column: 10, row: 20, y: 200, s: 1 };
    const fed = new Map([['x', 40]]);
    const { peak, guessed } = livenessOf(graph, (name) => floats(sizes[name] ?? 0), fed);
    // The input, then column, row and y together, in whatever order the file lists them.
    assert.deepEqual([peak, guessed], [40 + 4 * 230, 0]);
    assert.equal(livenessOf(graph, () => undefined, fed).guessed, 4);
  });

  it('is estimated high, and put right by the first run', async () => {
    const file = join(folder, 'blocks.onnx');
    generate(file, { nodes: 220, weightBytes: 30e6 });
    // In a process of its own, so that nothing else that comes and goes is counted.
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ESTIMATE_ONCE, file]);
    const { high, took, known } = JSON.parse(stdout) as EstimatedOnce;
    assert.deepEqual([high.calibrated, known.calibrated], [false, true]);
    assert.ok(
      took > 20e6 && high.bytes >= took && high.bytes < 6 * took,
      `${String(high.bytes)} for ${String(took)}`,
    );
    assert.ok(Math.abs(known.bytes - took) <= 0.15 * took, `${String(known.bytes)} for ${String(took)}`);
  });

  it('that is not there is asked about before anything runs', async () => {
    const file = join(folder, 'square.onnx');
    writeFileSync(file, square);
    const { id } = await api.open(file);
    await assert.rejects(api.run(id, { feeds: feedsOf(600_000), capture: [] }), {
      code: 'would-not-fit',
      message: /may take .*B of memory, and .*B are free\. Run it anyway, or use a smaller input/,
    });
    // Few bytes go in, and their square would have to be held.
    await assert.rejects(api.run(id, { feeds: feedsOf(200_000), capture: [] }), { code: 'would-not-fit' });
    const small = await api.run(id, { feeds: feedsOf(10), capture: [] });
    assert.equal(small.outputs.length, 1);
    refuseTooLarge('m.onnx', { bytes: 70, calibrated: true }, 100);
    assert.throws(() => refuseTooLarge('m.onnx', { bytes: 90, calibrated: true }, 100), {
      code: 'would-not-fit',
    });
  });

  it('is asked about for every piece too, so that one value that cannot fit is not tried', async () => {
    const file = join(folder, 'wide.onnx');
    writeFileSync(file, wideModel());
    const { id } = await api.open(file);
    const capture = [...Array.from({ length: 70 }, (_, i) => `v${String(i)}`), 'wide', 'y'];
    await assert.rejects(api.run(id, { feeds: {}, capture, keep: false }), {
      code: 'would-not-fit',
      message: /may take [\d.]+ [TP]B of memory/,
    });
    await assert.rejects(api.run(id, { feeds: {}, capture, keep: false, confirmed: true }), {
      code: 'out-of-memory',
      message: /more memory than there is: node 70 \(Expand "Expand_wide"\) asked for 640 GB\. Use a smaller/,
    });
  });

  it('does for summaries of everything, in pieces, where it does not for all at once', async () => {
    const file = join(folder, 'chain.onnx');
    const names = Array.from({ length: 80 }, (_, i) => `v${String(i)}`);
    writeFileSync(
      file,
      model({
        nodes: names.map((name, i) => node('Neg', [i === 0 ? 'x' : `v${String(i - 1)}`], [name])),
        inputs: [info('x', 'float32', ['n'])],
        outputs: [info('v79', 'float32', ['n'])],
      }),
    );
    const feeds = {
      x: { dtype: 'float32' as const, dims: [500_000], data: new Float32Array(500_000).fill(2) },
    };
    const options = { sessionBudget: 1 << 20, tensorBudget: 1 << 30 };
    const memoryCap = ownBytes() + 300e6;
    await withEngine({ ...options, memoryCap }, async (capped) => {
      const { id } = await capped.open(file);
      await assert.rejects(capped.run(id, { feeds, capture: names }), { code: 'would-not-fit' });
      const told = await capped.run(id, { feeds, capture: names, keep: false });
      assert.match(told.notes.join(), /recorded in pieces/);
      assert.deepEqual(
        told.captures.map(({ site, summary }) => [site, summary?.mean]),
        names.map((name, i) => [name, i % 2 === 0 ? -2 : 2]),
      );
      assert.equal((await capped.run(id, { feeds, capture: names, confirmed: true })).captures.length, 80);
    });
  });
});
