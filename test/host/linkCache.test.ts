/** Kept links on a real disk, through VS Code's own file system; what makes them hold is in test/unit. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { LinkCache } from '../../src/editor/linkCache';
import type { LineEntry } from '../../src/editor/lineIndex';
import { Linker } from '../../src/editor/linker';
import { linkFilesIn } from '../../src/editor/linkFiles';
import { Models } from '../../src/editor/models';
import { ModelReader } from '../../src/editor/reading';
import { WorkspaceIndex } from '../../src/editor/workspaceIndex';
import { closeAll, openSource, until, workspaceFile } from './helpers';

describe('the folder of kept links', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'patchclamp-links-'));
    writeFileSync(path.join(folder, 'm.onnx'), 'the model');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('gives links back until the model, or the kept file, is another', async () => {
    const cache = new LinkCache(linkFilesIn(vscode.Uri.file(path.join(folder, 'storage'))));
    const model = vscode.Uri.file(path.join(folder, 'm.onnx')).toString();
    const kept = { entries: [], root: 'file:///', files: ['model.py'] };
    assert.equal(await cache.get(model, 'python'), undefined, 'nothing is there yet');
    await cache.delete(model);
    await cache.set(model, 'python', kept);
    assert.deepEqual(await cache.get(model, 'python'), kept);
    const links = path.join(folder, 'storage/links');
    const [name = ''] = readdirSync(links);
    assert.deepEqual(readdirSync(links), [name], 'nothing is left beside it');
    writeFileSync(path.join(links, `${name}.new`), '{"version":');
    assert.deepEqual(await cache.get(model, 'python'), kept, 'a write that did not end changes nothing');
    writeFileSync(path.join(links, name), '{"version":');
    assert.equal(await cache.get(model, 'python'), undefined);
    await cache.set(model, 'python', kept);
    assert.deepEqual(await cache.get(model, 'python'), kept);
    writeFileSync(path.join(folder, 'm.onnx'), 'another model');
    assert.equal(await cache.get(model, 'python'), undefined);
  });
});

/** Counts the models that are read to be linked. */
class CountingReader extends ModelReader {
  readonly linked: string[] = [];

  override readToLink(uri: vscode.Uri, signal: AbortSignal): ReturnType<ModelReader['readToLink']> {
    this.linked.push(uri.toString());
    return super.readToLink(uri, signal);
  }
}

describe('the index of a window', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'patchclamp-index-'));
  const log = vscode.window.createOutputChannel('Patchclamp test', { log: true });
  const model = workspaceFile('digits.onnx');
  const opened: { dispose(): void }[] = [];
  after(async () => {
    for (const each of opened) each.dispose();
    log.dispose();
    rmSync(folder, { recursive: true });
    await closeAll();
  });

  /** The index as a window makes it, over a storage folder that other windows have used. */
  function open(storage: string): { reader: CountingReader; index: WorkspaceIndex; models: Models } {
    const reader = new CountingReader();
    const linker = new Linker();
    const models = new Models(reader, linker, log);
    const index = new WorkspaceIndex(
      models,
      reader,
      linker,
      vscode.Uri.file(path.join(folder, storage)),
      log,
    );
    opened.push(index, models);
    return { reader, index, models };
  }

  it('is taken from what the window before it kept, without reading a model', async () => {
    await openSource('model.py');
    const entriesOf = (models: Models): readonly LineEntry[] => models.get(model)?.index.entries ?? [];
    const first = open('storage');
    await until('the first window has linked the model', () => entriesOf(first.models).length > 0);
    await first.index.settled();
    assert.ok(first.reader.linked.includes(model.toString()));
    const second = open('storage');
    await until('the second window knows the model', () => entriesOf(second.models).length > 0);
    assert.deepEqual(entriesOf(second.models), entriesOf(first.models));
    assert.deepEqual(second.reader.linked, []);
    const elsewhere = open('another');
    await until('a window without them has linked it', () => entriesOf(elsewhere.models).length > 0);
    assert.ok(elsewhere.reader.linked.includes(model.toString()));
  });
});
