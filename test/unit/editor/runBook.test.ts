import assert from 'node:assert/strict';
import { RunBook } from '../../../src/editor/runBook';
import { hashTensor } from '../../../src/study/feedHash';
import { RunStore, type KeptRun, type ModelStamp } from '../../../src/study/runs';

const stamp: ModelStamp = { size: 10, changed: 1, files: { 'w.bin': { size: 4, changed: 1 } } };

function run(id: string, model: ModelStamp): KeptRun {
  const summary = {
    count: 2,
    mean: 1,
    std: 0,
    min: 1,
    max: 1,
    zeros: 0,
    nan: 0,
    inf: 0,
    histogram: { from: 1, to: 1, counts: [2] },
  };
  return {
    version: 1,
    id,
    name: id,
    when: 1,
    ms: 1,
    pinned: false,
    note: '',
    model,
    feeds: [],
    dims: {},
    values: [{ site: 'h', dtype: 'float32', dims: [1, 2], summary }],
    outputs: [],
    notes: [],
  };
}

async function book(...runs: readonly KeptRun[]): Promise<RunBook> {
  const folder = {
    list: () => Promise.resolve([]),
    read: () => Promise.resolve(''),
    write: () => Promise.resolve(),
    delete: () => Promise.resolve(),
  };
  const store = new RunStore(folder, (sentence) => assert.fail(sentence));
  for (const kept of runs) await store.add(kept, 10);
  return new RunBook(store);
}

describe('what runs recorded', () => {
  it('is of another version once any of the model’s files has changed', async () => {
    const kept = await book(run('a', stamp));
    kept.show('a');
    const recorded = (now: ModelStamp) => kept.recorded(now, '', () => undefined).shown('h');
    assert.equal(recorded(stamp)?.stale, false);
    assert.equal(recorded({ ...stamp, changed: 2 })?.stale, true);
    assert.equal(recorded({ ...stamp, files: { 'w.bin': { size: 4, changed: 2 } } })?.stale, true);
    assert.equal(recorded({ ...stamp, changed: 2 })?.summary?.mean, 1, 'its summary stays');
  });

  it('is judged run by run', async () => {
    const now = { ...stamp, changed: 2 };
    const kept = await book(run('old', stamp), run('new', now));
    kept.show('new');
    kept.compareWith('old');
    const recorded = kept.recorded(now, '', () => undefined);
    assert.equal(recorded.shown('h')?.stale, false);
    assert.equal(recorded.other('h')?.stale, true);
    assert.equal(recorded.stale, false);
    assert.deepEqual([...kept.drawn(now).shown.keys()], ['h']);
    assert.equal(kept.drawn(now).other, null, 'what is of another version is not put on the graph');
    assert.equal(kept.drawn(stamp).shown.size, 0);
    assert.equal(kept.recorded(stamp, '', () => undefined).stale, true);
  });
});

describe('the hash of an input', () => {
  const data = Float32Array.of(1, 2, 3, 4);
  const tensor = { dtype: 'float32', dims: [2, 2], data } as const;

  it('is the same for the same tensor, whatever buffer it lies in', () => {
    const wide = Float32Array.of(0, 1, 2, 3, 4);
    assert.equal(hashTensor({ ...tensor, data: wide.subarray(1) }), hashTensor(tensor));
  });

  it('differs by type, shape and a single bit', () => {
    const hashes = [
      tensor,
      { ...tensor, dims: [4] },
      { ...tensor, dtype: 'int32', data: new Int32Array(data.buffer) } as const,
      { ...tensor, data: Float32Array.of(1, 2, 3, -4) },
      { dtype: 'string', dims: [1], data: ['a'] } as const,
    ].map(hashTensor);
    assert.equal(new Set(hashes).size, hashes.length);
  });
});
