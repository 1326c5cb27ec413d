import assert from 'node:assert/strict';
import { buildScopes } from '../../../src/onnx/scopes';
import { nodesAtLine } from '../../../src/source/lines';
import { WorkspaceIndex, type ModelLoader } from '../../../src/source/workspaceIndex';
import { rootOf, skeletonOf, sourcesOf } from './fixtures';

function workspace(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of ['gpt', 'unet'])
    for (const [file, text] of Object.entries(sourcesOf(name))) files[`${name}/${file}`] = text;
  return files;
}

function counted(name: string): { readonly load: ModelLoader; readonly times: () => number } {
  let times = 0;
  const load: ModelLoader = async () => {
    times++;
    const skeleton = await skeletonOf(name);
    return { skeleton, scopes: buildScopes(skeleton) };
  };
  return { load, times: () => times };
}

describe('the index of a workspace', () => {
  it('leads from a line to the nodes of every model', async () => {
    const files = workspace();
    const index = new WorkspaceIndex(rootOf(files));
    index.setModel('gpt.onnx', counted('gpt').load);
    index.setModel('unet.onnx', counted('unet').load);
    await index.refresh();
    const line =
      (files['gpt/model.py'] ?? '').split('\n').findIndex((text) => text.includes('self.c_fc = nn.Linear')) +
      1;
    const [place] = index.at('gpt/model.py', line);
    assert.equal(place?.kind, 'definition');
    assert.equal(place.model, 'gpt.onnx');
    // Three layers share the line; each has one linear or two nodes of it.
    assert.ok(place.nodes.length >= 3);
    const table = index.table('gpt.onnx');
    assert.ok(table !== null);
    assert.deepEqual(nodesAtLine(table, 'gpt/model.py', line), place.nodes);
  });

  it('gives the innermost call at a column', async () => {
    const files = workspace();
    const index = new WorkspaceIndex(rootOf(files));
    index.setModel('unet.onnx', counted('unet').load);
    await index.refresh();
    const text = (files['unet/unet/blocks.py'] ?? '').split('\n');
    const line = text.findIndex((entry) => entry.includes('self.body(self.pool(x))')) + 1;
    const inner = index.at('unet/unet/blocks.py', line, (text[line - 1] ?? '').indexOf('self.pool') + 2)[0];
    assert.equal(inner?.claim.place.column, (text[line - 1] ?? '').indexOf('self.pool'));
  });

  it('links again only what an edit touches', async () => {
    const files = workspace();
    const [gpt, unet] = [counted('gpt'), counted('unet')];
    const index = new WorkspaceIndex(rootOf(files));
    index.setModel('gpt.onnx', gpt.load);
    index.setModel('unet.onnx', unet.load);
    await index.refresh();
    index.setFile('unet/unet/model.py', `# edited\n${files['unet/unet/model.py'] ?? ''}`);
    assert.equal(index.stale, true);
    await index.refresh();
    assert.deepEqual([gpt.times(), unet.times()], [1, 2]);
    assert.ok(index.inFile('unet/unet/model.py').some(({ claim }) => claim.moved));
    index.setFile('unet/unet/model.py', files['unet/unet/model.py'] ?? '');
    await index.refresh();
    assert.ok(index.inFile('unet/unet/model.py').every(({ claim }) => !claim.moved));
  });

  it('gets humbler everywhere when a file begins to replace forwards', async () => {
    const files = { ...workspace(), 'tools/patch.py': 'x = 1\n' };
    const index = new WorkspaceIndex(rootOf(files));
    index.setModel('gpt.onnx', counted('gpt').load);
    await index.refresh();
    const before = index.table('gpt.onnx')?.counts.exact ?? 0;
    // The file is read once somebody asks for it.
    index.setFile('tools/patch.py', 'def patch(m, f):\n    m.forward = f\n');
    await index.refresh();
    assert.ok((index.table('gpt.onnx')?.counts.exact ?? 0) < before);
  });

  it('keeps a model that cannot be read out of the way of the others', async () => {
    const index = new WorkspaceIndex(rootOf(workspace()));
    index.setModel('broken.onnx', () => Promise.reject(new Error('truncated')));
    index.setModel('unet.onnx', counted('unet').load);
    await index.refresh();
    assert.equal((index.errorOf('broken.onnx') as Error).message, 'truncated');
    assert.ok(index.table('unet.onnx') !== null);
  });

  it('stays stale when it was cancelled, and goes on later', async () => {
    const index = new WorkspaceIndex(rootOf(workspace()));
    index.setModel('unet.onnx', counted('unet').load);
    const controller = new AbortController();
    const running = index.refresh(controller.signal);
    controller.abort();
    await assert.rejects(running);
    assert.equal(index.stale, true);
    await index.refresh();
    assert.equal(index.stale, false);
  });
});
