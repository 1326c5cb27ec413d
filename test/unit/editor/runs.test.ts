import assert from 'node:assert/strict';
import {
  RunStore,
  parseRun,
  printRun,
  sameStamp,
  type KeptRun,
  type TextFolder,
} from '../../../src/study/runs';

function memory(files = new Map<string, string>()): TextFolder & { files: Map<string, string> } {
  return {
    files,
    list: () => Promise.resolve([...files.keys()]),
    read: (name) => Promise.resolve(files.get(name) ?? ''),
    write: (name, text) => Promise.resolve(void files.set(name, text)),
    delete: (name) => Promise.resolve(void files.delete(name)),
  };
}

function run(id: string, when: number, pinned = false): KeptRun {
  return {
    version: 1,
    id,
    name: `Run ${id}`,
    when,
    ms: 1,
    pinned,
    note: '',
    model: { size: 1, changed: 2 },
    feeds: [],
    dims: {},
    values: [],
    outputs: [],
    notes: [],
  };
}

function noProblem(sentence: string): void {
  throw new Error(sentence);
}

describe('kept runs', () => {
  it('come back after a reload, newest first', async () => {
    const folder = memory();
    const store = new RunStore(folder, noProblem);
    await store.add(run('a', 1), 10);
    await store.add(run('b', 2), 10);
    const again = new RunStore(folder, noProblem);
    await again.load();
    assert.deepEqual(
      again.runs.map(({ id }) => id),
      ['b', 'a'],
    );
  });

  it('let the oldest unpinned go beyond the limit and keep pinned ones', async () => {
    const folder = memory();
    const store = new RunStore(folder, noProblem);
    await store.add(run('pinned', 1, true), 2);
    for (const [index, id] of ['a', 'b', 'c'].entries()) await store.add(run(id, 2 + index), 2);
    assert.deepEqual([...folder.files.keys()].sort(), ['b.json', 'c.json', 'pinned.json']);
  });

  it('keep names, notes and values that were added later', async () => {
    const folder = memory();
    const store = new RunStore(folder, noProblem);
    await store.add(run('a', 1), 10);
    await store.change('a', { name: 'the seven', note: 'odd stroke', pinned: true });
    await store.addValues('a', [{ site: 'x', dtype: 'float32', dims: [1], summary: null }]);
    const again = new RunStore(folder, noProblem);
    await again.load();
    const kept = again.get('a');
    assert.equal(kept?.name, 'the seven');
    assert.equal(kept.pinned, true);
    assert.equal(kept.values.length, 1);
  });

  it('report a damaged file and keep the others', async () => {
    const folder = memory(
      new Map([
        ['bad.json', '{"version": 1'],
        ['odd.json', '{"version": 9}'],
      ]),
    );
    const problems: string[] = [];
    await new RunStore(folder, noProblem).add(run('a', 1), 10).catch(() => undefined);
    folder.files.set('a.json', JSON.stringify(run('a', 1)));
    const store = new RunStore(folder, (sentence) => problems.push(sentence));
    await store.load();
    assert.equal(store.runs.length, 1);
    assert.equal(problems.length, 2);
    assert.ok(folder.files.has('bad.json'), 'a damaged file is left alone');
  });

  it('refuse an id that could leave the folder', () => {
    assert.equal(parseRun(JSON.stringify({ ...run('a', 1), id: '../a' })), undefined);
  });

  it('keep NaN and the infinities of their summaries', async () => {
    const folder = memory();
    const summary = {
      count: 3,
      mean: NaN,
      std: NaN,
      min: -Infinity,
      max: Infinity,
      zeros: 0,
      nan: 3,
      inf: 0,
      histogram: { from: 0, to: 0, counts: [] },
    };
    const kept = { ...run('a', 1), values: [{ site: 'x', dtype: 'float32', dims: [3], summary }] as const };
    await new RunStore(folder, noProblem).add(kept, 10);
    const again = new RunStore(folder, noProblem);
    await again.load();
    assert.deepEqual(again.get('a')?.values[0]?.summary, summary);
    assert.deepEqual(parseRun(printRun(kept)), kept);
  });

  it('tell another model by its data files too', () => {
    const own = { size: 1, changed: 2 };
    const files = { 'data/w.bin': { size: 10, changed: 20 } };
    assert.equal(sameStamp({ ...own, files }, { ...own, files: { ...files } }), true);
    assert.equal(
      sameStamp({ ...own, files }, { ...own, files: { 'data/w.bin': { size: 10, changed: 21 } } }),
      false,
    );
    assert.equal(sameStamp({ ...own, files }, { ...own, files: {} }), false);
    assert.equal(sameStamp(own, { ...own, files }), true, 'an older run knows only the model file');
  });
});
