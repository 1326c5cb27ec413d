/** Kept links on a real disk, through VS Code's own file system; what makes them hold is in test/unit. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { LinkCache } from '../../src/editor/linkCache';
import { linkFilesIn } from '../../src/editor/linkFiles';

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
