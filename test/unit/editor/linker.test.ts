/** A model in one folder of a workspace and its source in another, and what a second window takes from the first. */
import assert from 'node:assert/strict';
import { Linker, type LinkRoot } from '../../../src/editor/linker';
import { buildScopes } from '../../../src/onnx/scopes';
import { rootOf, skeletonOf, sourcesOf } from '../source/fixtures';

function folderOf(name: string, files: Readonly<Record<string, string>>): LinkRoot & { asked: string[] } {
  return { ...rootOf(files), folder: { toString: () => `file:///${name}` } };
}

describe('links among several folders', () => {
  const { signal } = new AbortController();
  const weights = folderOf('weights', { 'notes.py': 'x = 1\n' });
  const code = folderOf('code', sourcesOf('unet'));
  const other = folderOf('other', {
    'train.py': 'from torch import nn\n\nclass Head(nn.Module):\n    pass\n',
  });

  it('are found where the source is, wherever the model stands', async () => {
    const skeleton = await skeletonOf('unet');
    const model = { skeleton, scopes: buildScopes(skeleton) };
    const { table, root } = await new Linker().linkAmong('a', model, [weights, other, code], signal);
    assert.equal(root, code);
    assert.ok(table.counts.exact > 80);
  });

  it('stay in the model’s own folder where that leads somewhere, and nobody reads the others', async () => {
    const skeleton = await skeletonOf('unet');
    const far = folderOf('far', sourcesOf('unet'));
    const model = { skeleton, scopes: buildScopes(skeleton) };
    const { root } = await new Linker().linkAmong('a', model, [code, far], signal);
    assert.equal(root, code);
    assert.deepEqual(far.asked, []);
  });

  it('are the model’s own folder’s where none leads anywhere', async () => {
    const skeleton = await skeletonOf('unet');
    const model = { skeleton, scopes: buildScopes(skeleton) };
    const linker = new Linker();
    const { table, root } = await linker.linkAmong('a', model, [weights, other], signal);
    assert.equal(root, weights);
    assert.equal(table.counts.none, table.links.length);
    assert.equal(await linker.isStale('a', other), false);
    assert.equal(await linker.isStale('a', code), undefined);
  });
});
