/** Files that changed since the export, paths from elsewhere, and models whose metadata is not to be trusted. */
import assert from 'node:assert/strict';
import type { LinkTable } from '../../../src/contract/link';
import { link, rootOf, skeletonOf, sourcesOf, withMetadata } from './fixtures';

const TRACE = 'pkg.torch.onnx.stack_trace';

function places(table: LinkTable): string[] {
  return table.links.map(({ call }) =>
    call === null ? '-' : `${call.place.file}:${String(call.place.line)}`,
  );
}

describe('links when files have changed', () => {
  it('finds lines again below new ones, marks them as moved and proves nothing', async () => {
    const skeleton = await skeletonOf('unet');
    const files = sourcesOf('unet');
    const before = places(await link(skeleton, rootOf(files)));
    const model = files['unet/model.py'] ?? '';
    const table = await link(
      skeleton,
      rootOf({ ...files, 'unet/model.py': `# one\n# two\n# three\n${model}` }),
    );
    const shifted = before.map((place) => {
      const [file = '', line = ''] = place.split(':');
      return file === 'unet/model.py' ? `${file}:${String(Number(line) + 3)}` : place;
    });
    assert.deepEqual(places(table), shifted);
    const inModel = table.links.filter(({ call }) => call?.place.file === 'unet/model.py');
    assert.ok(inModel.length > 0);
    assert.ok(
      inModel.every(
        ({ call, confidence }) =>
          call?.moved === true && call.confidence === 'inferred' && confidence === 'inferred',
      ),
    );
  });

  it('proves nothing in a file where one traced line reads differently', async () => {
    const skeleton = await skeletonOf('unet');
    const files = sourcesOf('unet');
    const changed = (files['unet/blocks.py'] ?? '').replace(
      'return self.body(self.pool(x))',
      'return self.body(self.pool(x * 1))',
    );
    const table = await link(skeleton, rootOf({ ...files, 'unet/blocks.py': changed }));
    const calls = table.links.flatMap(({ call }) => (call?.place.file === 'unet/blocks.py' ? [call] : []));
    assert.ok(calls.length > 0 && calls.every(({ confidence }) => confidence === 'inferred'));
  });

  it('takes neither of two files that fit equally well', async () => {
    const skeleton = await skeletonOf('script');
    const text = sourcesOf('script')['train.py'] ?? '';
    const table = await link(skeleton, rootOf({ 'a/train.py': text, 'b/train.py': text }));
    assert.ok(table.links.every(({ call }) => call?.confidence !== 'exact'));
  });

  it('takes the file with the longer common path', async () => {
    const skeleton = await skeletonOf('script');
    const text = sourcesOf('script')['train.py'] ?? '';
    const table = await link(skeleton, rootOf({ 'old/train.py': text, 'work/script/train.py': text }));
    const files = new Set(table.links.flatMap(({ call }) => (call === null ? [] : [call.place.file])));
    assert.deepEqual([...files], ['work/script/train.py']);
  });

  it('says where a trace leads when that is not in the workspace', async () => {
    const table = await link(await skeletonOf('script'), rootOf({ 'other.py': 'x = 1\n' }));
    assert.ok(
      table.links.every(
        ({ confidence, outside, evidence }) =>
          confidence === 'none' && outside !== null && evidence.length > 0,
      ),
    );
    assert.equal(table.links[0]?.outside?.file, '/home/researcher/script/train.py');
  });

  it('never asks for a file that was not listed, whatever the trace names', async () => {
    const skeleton = await skeletonOf('script');
    for (const path of [
      '/etc/passwd',
      '../../../etc/passwd',
      '..\\..\\train.py',
      'file:///etc/shadow',
      'train.py/../../secret.py',
      '//server/share/train.py/..',
      '\\\\server\\share\\secret.py',
      'C:\\Windows\\win.ini',
      '~/train.py/../.ssh/id_rsa',
      'https://example.com/evil.py',
      '',
    ]) {
      const root = rootOf(sourcesOf('script'));
      const hostile = withMetadata(skeleton, ({ metadata }) => ({
        ...metadata,
        [TRACE]: (metadata[TRACE] ?? '').replaceAll('/home/researcher/script/train.py', path),
      }));
      const table = await link(hostile, root);
      assert.ok(
        root.asked.every((file) => file === 'train.py'),
        root.asked.join(),
      );
      for (const { call } of table.links) assert.ok(call === null || call.place.file === 'train.py');
    }
  });

  it('survives metadata of the wrong form', async () => {
    const skeleton = await skeletonOf('inherit');
    const forms = [
      '',
      '[',
      '{}',
      "['']",
      '\u0000',
      'x'.repeat(300_000),
      "['a', 'b', 'c', 'd', 'e', 'f']",
      '[[]]',
    ];
    for (const form of forms) {
      for (const key of [TRACE, 'pkg.torch.onnx.name_scopes', 'pkg.torch.onnx.class_hierarchy']) {
        const wrong = withMetadata(skeleton, ({ metadata }) => ({ ...metadata, [key]: form }));
        const table = await link(wrong, rootOf(sourcesOf('inherit')));
        assert.equal(table.links.length, skeleton.nodes.length);
        if (key === TRACE) assert.equal(table.counts.exact, 0);
      }
    }
  });
});
