/** Source that is broken, endless or made to trip a follower: links still come, in time, and none is false. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCancelled } from '../../../src/base/cancel';
import { openSourceFolder } from '../../../src/cli/sourceFolder';
import { link, rootOf, skeletonOf, sourcesOf } from './fixtures';

const HOSTILE: Readonly<Record<string, string>> = {
  'inherits from itself': 'class Net(Net):\n  pass\nclass A(B): pass\nclass B(A): pass\n',
  'calls itself for ever': 'def f(x):\n  return f(f(x)) + f(x)\ny = f(1)\n',
  'multiplies a list': 'x = [0] * 10**9\ny = [x] * 100000\nz = "a" * 10**9\n',
  'loops for ever': 'while True:\n  x = [1]\nfor i in range(10**12):\n  pass\n',
  'doubles at every turn': 'x = [1, 2]\n' + 'x = x + x\n'.repeat(60),
  'branches without end':
    'def f(x):\n' + '  if x: y = 1\n  else: y = 2\n'.repeat(3000) + '  return y\nf(0)\n',
  'nests functions deeply':
    Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}def f${String(i)}():`).join('\n') + ' pass\n',
  'imports in a circle': 'from train import *\nimport train\nfrom circle import a\n',
  'is no Python': '\u0000\u0001<<<<<<< HEAD\n\t\t}{}{ class class def (((\n',
  'hides a property':
    'class Net:\n  @property\n  def x(self): return self.x\n  def __getattr__(self, n): return getattr(self, n)\n',
};

describe('links in hostile source', function () {
  this.timeout(60_000);

  for (const [what, text] of Object.entries(HOSTILE)) {
    it(`stands a file that ${what}`, async () => {
      const skeleton = await skeletonOf('script');
      const files = sourcesOf('script');
      const table = await link(
        skeleton,
        rootOf({ ...files, 'circle.py': text, 'train.py': `import circle\n${files['train.py'] ?? ''}\n` }),
      );
      assert.equal(table.links.length, skeleton.nodes.length);
      assert.ok(table.counts.none < skeleton.nodes.length);
      assert.ok(table.links.every(({ call }) => call === null || call.place.file === 'train.py'));
    });
  }

  it('links what parses in a file with an error in it', async () => {
    const skeleton = await skeletonOf('gpt');
    const files = sourcesOf('gpt');
    const broken = {
      ...files,
      'model.py': `${files['model.py'] ?? ''}\n\nclass Unfinished(nn.Module:\n    def forward(self, x\n        return x +\n`,
    };
    const [whole, part] = [await link(skeleton, rootOf(files)), await link(skeleton, rootOf(broken))];
    assert.deepEqual(
      part.links.map(({ call, definition }) => [call?.place.line, definition?.place.line]),
      whole.links.map(({ call, definition }) => [call?.place.line, definition?.place.line]),
    );
  });

  it('links a model whose file has become Python 2', async () => {
    const skeleton = await skeletonOf('gpt');
    const files = sourcesOf('gpt');
    const old =
      'print "loaded", __name__\nexec "x = 1"\ntry:\n    import cPickle\nexcept ImportError, e:\n    print e\n';
    const [now, then] = [
      await link(skeleton, rootOf(files)),
      await link(skeleton, rootOf({ ...files, 'model.py': `${files['model.py'] ?? ''}\n${old}` })),
    ];
    assert.deepEqual(
      then.links.map(({ call, definition }) => [call?.place.line, definition?.place.line]),
      now.links.map(({ call, definition }) => [call?.place.line, definition?.place.line]),
    );
  });

  for (const [what, line] of Object.entries({
    'a table': (i: number) => `x${String(i % 977)} = f(x${String(i % 31)}, ${String(i)})`,
    classes: (i: number) =>
      [`class M${String(i)}(nn.Module):`, '  def forward(self, x):', '    return self.fc1(x)', ''][i % 4] ??
      '',
  })) {
    it(`links a model in a file of 50,000 lines, most of them ${what}, without holding anything up`, async () => {
      const skeleton = await skeletonOf('script');
      const files = sourcesOf('script');
      const long = `${files['train.py'] ?? ''}\n${Array.from({ length: 50_000 }, (_, i) => line(i)).join('\n')}\n`;
      const plain = await link(skeleton, rootOf(files));
      let turns = 0;
      const ticker = setInterval(() => turns++, 1);
      const table = await link(skeleton, rootOf({ 'train.py': long }));
      clearInterval(ticker);
      assert.deepEqual(
        table.links.map(({ call, definition }) => [call?.place.line, definition?.place.line]),
        plain.links.map(({ call, definition }) => [call?.place.line, definition?.place.line]),
      );
      assert.ok(turns >= 10, `${String(turns)} turns of the event loop`);
    });
  }

  it('does not follow a link out of the source folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'links-'));
    try {
      await mkdir(join(folder, 'secret'));
      await mkdir(join(folder, 'work'));
      await writeFile(join(folder, 'secret', 'train.py'), sourcesOf('script')['train.py'] ?? '');
      await symlink(join(folder, 'secret', 'train.py'), join(folder, 'work', 'train.py'));
      await symlink(join(folder, 'secret'), join(folder, 'work', 'package'));
      const table = await link(await skeletonOf('script'), await openSourceFolder(join(folder, 'work')));
      assert.deepEqual([table.counts.exact, table.counts.inferred], [0, 0]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells two classes of one name apart by their files', async () => {
    const skeleton = await skeletonOf('gpt');
    const files = {
      ...sourcesOf('gpt'),
      'old/model.py':
        'from torch import nn\nclass GPT(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.lm_head = nn.Linear(1, 1)\n',
    };
    const table = await link(skeleton, rootOf(files));
    assert.ok(table.links.every(({ definition }) => definition?.place.file !== 'old/model.py'));
    assert.ok(table.counts.exact > 50);
  });

  it('stops when told to', async () => {
    const skeleton = await skeletonOf('gpt');
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(link(skeleton, rootOf(sourcesOf('gpt')), controller.signal), (error: unknown) =>
      isCancelled(error),
    );
  });
});
