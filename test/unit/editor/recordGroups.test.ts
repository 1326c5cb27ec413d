/** Recording in groups, against recording all at once: the engine itself is the oracle. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Captured } from '../../../src/contract/run';
import { record } from '../../../src/editor/recording';
import { ValueTypes } from '../../../src/editor/valueTypes';
import { Engine } from '../../../src/engine/child/engine';
import { openLocal } from '../../../src/onnx/files';

describe('recording a real model in groups', () => {
  it('gives the same values as all at once, and says how many runs it took', async () => {
    const options = { sessionBudget: 1 << 28, tensorBudget: 1 << 24, threads: 1 };
    const api = new Engine(options, () => undefined).api();
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
    await api.close(id);
  });
});
