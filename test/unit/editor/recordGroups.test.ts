/** Recording in groups, against recording all at once: the engine itself is the oracle. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Captured, RunRequest } from '../../../src/contract/run';
import { record } from '../../../src/editor/recording';
import { ValueTypes } from '../../../src/editor/valueTypes';
import { openLocal } from '../../../src/onnx/files';
import { floats, info, model, node } from '../engine/models';
import { testEngine } from '../engine/testEngine';

describe('recording a real model', () => {
  const api = testEngine();

  it('gives, in groups, the same values as all at once, and says how many runs it took', async () => {
    const file = join(__dirname, '../../../media/samples/digits/digits.onnx');
    const { id } = await api.open(file);
    const { skeleton, source } = await openLocal(file);
    await source.close();
    const types = new ValueTypes(skeleton, await api.infer(id));
    const data = Float32Array.from({ length: 784 }, (_, i) => Math.sin(i));
    const feeds = { image: { dtype: 'float32', dims: [1, 1, 28, 28], data } } as const;
    const { signal } = new AbortController();
    const all = async (captureBudget: number) => {
      let runs = 0;
      const recording = await record(
        {
          captureBudget,
          run: (request) => {
            runs++;
            return api.run(id, request);
          },
          infer: () => api.infer(id),
        },
        { skeleton, types },
        { feeds },
        (count) => `in ${String(count)} runs`,
        signal,
      );
      return { recording, runs };
    };
    const once = await all(1 << 30);
    const grouped = await all(60_000);
    const plain = (captures: readonly Captured[]) =>
      captures.map(({ site, dims, summary }) => ({ site, dims, summary }));
    assert.equal(once.runs, 1);
    assert.ok(grouped.runs > 2, String(grouped.runs));
    assert.deepEqual(plain(grouped.recording.captures), plain(once.recording.captures));
    assert.deepEqual(plain(grouped.recording.outputs), plain(once.recording.outputs));
    assert.deepEqual(
      grouped.recording.notes.filter((note) => !once.recording.notes.includes(note)),
      [`in ${String(grouped.runs)} runs`],
    );
  });

  it('leaves out what is no tensor, stated or not, and records the rest', async () => {
    const nodes = [
      node('Relu', ['x'], ['r']),
      node('SplitToSequence', ['r'], ['parts'], { axis: 0 }),
      node('SequenceInsert', ['parts', 'r'], ['more']),
      node('SequenceLength', ['more'], ['count']),
    ];
    const inputs = [info('x', 'float32', ['n', 3])];
    const bytes = model({ nodes, inputs, outputs: [info('count', 'int64', [])] });
    const folder = mkdtempSync(join(tmpdir(), 'patchclamp-record-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'parts.onnx');
    writeFileSync(file, bytes);
    const { id } = await api.open(file);
    const { skeleton, source } = await openLocal(file);
    await source.close();
    const { signal } = new AbortController();
    const recorder = {
      captureBudget: 1 << 20,
      run: (request: RunRequest) => api.run(id, request),
      infer: () => api.infer(id),
    };
    const feeds = { x: floats([2, 3], -2) };
    const recorded = async (types: ValueTypes): Promise<string[]> => {
      const { captures } = await record(recorder, { skeleton, types }, { feeds }, String, signal);
      return captures.map(({ site }) => site);
    };
    assert.deepEqual(await recorded(new ValueTypes(skeleton)), ['r', 'count'], 'before types were inferred');
    assert.deepEqual(await recorded(new ValueTypes(skeleton, await recorder.infer())), ['r', 'count']);
  });
});
