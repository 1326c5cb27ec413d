/** Links kept on disk: given back while nothing has changed, and never where something has. */
import assert from 'node:assert/strict';
import { isCancelled } from '../../../src/base/cancel';
import type { NodeLink } from '../../../src/contract/link';
import { LineIndex } from '../../../src/editor/lineIndex';
import { LinkCache, pythonStamp, type KeptLinks, type LinkFiles } from '../../../src/editor/linkCache';

const MODEL = 'file:///project/net.onnx';
const ROOT = 'file:///project/';

/** A disk in memory: files with a size and a time, and a folder of kept texts. */
class Disk implements LinkFiles {
  readonly files = new Map<string, string>([
    [MODEL, '100:1'],
    [`${ROOT}model.py`, '20:1'],
    [`${ROOT}parts/block.py`, '30:1'],
  ]);
  readonly kept = new Map<string, string>();
  /** True: the next write ends before its file is in place. */
  ends = false;

  stamp = (uri: string): Promise<string | undefined> => Promise.resolve(this.files.get(uri));

  read = (name: string): Promise<string | undefined> => Promise.resolve(this.kept.get(name));

  write = (name: string, text: string): Promise<void> => {
    if (this.ends) return Promise.reject(new Error('the window was closed'));
    this.kept.set(name, text);
    return Promise.resolve();
  };

  delete = (name: string): Promise<void> => {
    this.kept.delete(name);
    return Promise.resolve();
  };

  python(signal = new AbortController().signal): Promise<string> {
    const list = (): Promise<string[]> =>
      Promise.resolve(
        [...this.files.keys()].filter((uri) => uri.endsWith('.py')).map((uri) => uri.slice(ROOT.length)),
      );
    return pythonStamp({ list, uri: (file) => ROOT + file }, this, signal);
  }
}

function linksAt(line: number): KeptLinks {
  const place = { file: 'model.py', line, column: 8, endLine: line, endColumn: 20 };
  const call = { place, confidence: 'exact', evidence: ['The trace names it.'], moved: false } as const;
  const link: NodeLink = {
    node: 3,
    call,
    definition: null,
    confidence: 'exact',
    evidence: [],
    also: [
      { call: { ...call, place: { ...place, line: line + 1 }, confidence: 'inferred' }, definition: null },
    ],
    outside: null,
  };
  const index = LineIndex.of({ links: [link], modules: [], counts: { exact: 1, inferred: 0, none: 0 } });
  return { entries: index.entries, root: ROOT, files: ['model.py'] };
}

describe('links kept on disk', () => {
  let disk: Disk;
  /** As a window that opens: nothing remembered but what the disk has. */
  const restored = async (): Promise<KeptLinks | undefined> =>
    new LinkCache(disk).get(MODEL, await disk.python());
  beforeEach(async () => {
    disk = new Disk();
    await new LinkCache(disk).set(MODEL, await disk.python(), linksAt(7));
    assert.equal(disk.kept.size, 1);
  });

  it('are given back whole while nothing has changed', async () => {
    const kept = await restored();
    assert.ok(kept !== undefined);
    assert.deepEqual(kept, linksAt(7));
    const index = LineIndex.from(kept.entries);
    assert.deepEqual(
      [7, 8].map((line) => index.at('model.py', line).map(({ nodes, confidence }) => [nodes, confidence])),
      [[[[3], 'exact']], [[[3], 'inferred']]],
    );
  });

  const changes: Readonly<Record<string, (files: Map<string, string>) => void>> = {
    'a Python file has another time': (files) => files.set(`${ROOT}model.py`, '20:2'),
    'a Python file the links were not made from has another size': (files) =>
      files.set(`${ROOT}parts/block.py`, '31:1'),
    'a Python file was added': (files) => files.set(`${ROOT}other.py`, '1:1'),
    'a Python file was deleted': (files) => files.delete(`${ROOT}parts/block.py`),
    'a Python file was renamed': (files) => {
      files.delete(`${ROOT}parts/block.py`);
      files.set(`${ROOT}parts/blocks.py`, '30:1');
    },
    'the model was written again': (files) => files.set(MODEL, '100:2'),
    'the model is gone': (files) => files.delete(MODEL),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`are not given back where ${what}`, async () => {
      change(disk.files);
      assert.equal(await restored(), undefined);
    });
  }

  it('are not another model’s, nor given back once deleted', async () => {
    const [[name, text] = ['', '']] = disk.kept;
    disk.kept.set(name, text.replace('net.onnx', 'old.onnx'));
    assert.equal(await restored(), undefined);
    disk.kept.set(name, text);
    assert.ok((await restored()) !== undefined);
    await new LinkCache(disk).delete(MODEL);
    assert.equal(await restored(), undefined);
  });

  it('are made anew where the kept file is damaged or of another version', async () => {
    const [[name, text] = ['', '']] = disk.kept;
    const record = JSON.parse(text) as { version: number };
    const damaged = [
      ...Array.from({ length: text.length }, (_, length) => text.slice(0, length)),
      '\0'.repeat(text.length),
      'null',
      '[]',
      JSON.stringify({ ...record, version: record.version - 1 }),
      JSON.stringify({ ...record, files: 'model.py' }),
      ...[null, 7, {}, { claim: {}, nodes: [], modules: [] }].map((entry) =>
        JSON.stringify({ ...record, entries: [entry] }),
      ),
    ];
    for (const each of damaged) {
      disk.kept.set(name, each);
      assert.equal(await restored(), undefined, each);
    }
    await new LinkCache(disk).set(MODEL, await disk.python(), linksAt(9));
    assert.deepEqual(await restored(), linksAt(9));
  });

  it('stay what they were when a write does not end', async () => {
    disk.ends = true;
    const cache = new LinkCache(disk);
    await assert.rejects(cache.set(MODEL, await disk.python(), linksAt(9)), /closed/);
    assert.deepEqual(await restored(), linksAt(7));
    disk.files.set(`${ROOT}model.py`, '21:2');
    await assert.rejects(cache.set(MODEL, await disk.python(), linksAt(9)), /closed/);
    assert.equal(await restored(), undefined, 'old links do not stand for new Python');
    disk.ends = false;
    await cache.set(MODEL, await disk.python(), linksAt(9));
    assert.deepEqual(await restored(), linksAt(9));
  });

  it('have no stamp of half the Python: cancelling rejects', async () => {
    const abort = new AbortController();
    abort.abort();
    await assert.rejects(disk.python(abort.signal), isCancelled);
  });
});
