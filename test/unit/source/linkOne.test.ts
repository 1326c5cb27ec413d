/** The index asked for one model at a time: an open one, or one in the background that is let go of afterwards. */
import assert from 'node:assert/strict';
import { buildScopes } from '../../../src/onnx/scopes';
import { WorkspaceIndex } from '../../../src/source/workspaceIndex';
import { rootOf, skeletonOf, sourcesOf } from './fixtures';

async function loaded(
  name: string,
): Promise<
  () => Promise<{ skeleton: Awaited<ReturnType<typeof skeletonOf>>; scopes: ReturnType<typeof buildScopes> }>
> {
  const skeleton = await skeletonOf(name);
  return () => Promise.resolve({ skeleton, scopes: buildScopes(skeleton) });
}

describe('one model of an index', () => {
  it('is linked by itself, the others stay as they are', async () => {
    const index = new WorkspaceIndex(rootOf({ ...sourcesOf('gpt'), ...sourcesOf('resnet') }));
    index.setModel('gpt', await loaded('gpt'));
    index.setModel('resnet', await loaded('resnet'));
    const table = await index.link('resnet');
    assert.ok(table.counts.exact > 0);
    assert.deepEqual([index.isStale('gpt'), index.isStale('resnet')], [true, false]);
    assert.equal(index.isStale('nobody'), true);
  });

  it('tells which files its links were made from, and still does when it is let go of', async () => {
    const files = sourcesOf('gpt');
    const index = new WorkspaceIndex(rootOf(files));
    index.setModel('gpt', await loaded('gpt'));
    await index.link('gpt');
    index.release('gpt');
    assert.equal(index.table('gpt'), null);
    assert.ok(index.filesOf('gpt').has('model.py'));
    index.setFile('model.py', `# edited\n${files['model.py'] ?? ''}`);
    assert.equal(index.isStale('gpt'), true);
  });

  it('says why it cannot be linked, and stays stale when cancelled', async () => {
    const index = new WorkspaceIndex(rootOf(sourcesOf('gpt')));
    index.setModel('broken', () => Promise.reject(new Error('truncated')));
    await assert.rejects(index.link('broken'), /truncated/);
    index.setModel('gpt', await loaded('gpt'));
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(index.link('gpt', controller.signal));
    assert.equal(index.isStale('gpt'), true);
    assert.ok((await index.link('gpt')).links.length > 0);
  });

  it('takes its turn when several are asked for at once', async () => {
    const index = new WorkspaceIndex(rootOf({ ...sourcesOf('gpt'), ...sourcesOf('resnet') }));
    index.setModel('gpt', await loaded('gpt'));
    index.setModel('resnet', await loaded('resnet'));
    const [gpt, resnet] = await Promise.all([index.link('gpt'), index.link('resnet')]);
    assert.notEqual(gpt.links.length, resnet.links.length);
  });
});
