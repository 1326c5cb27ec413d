/** Library frames on a real disk: found in the packages of an interpreter, and nothing a model says leads out of them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { localDisk } from '../../../src/source/libraryDisk';
import {
  findLibraryFrame,
  frameText,
  isPlainPath,
  libraryFolders,
  libraryFrames,
  partsInLibrary,
} from '../../../src/source/libraryFiles';
import { skeletonOf } from './fixtures';

const LINEAR = 'torch/nn/modules/linear.py';
const TEXT = 'return F.linear(input, self.weight, self.bias)';
const FOREIGN = `/home/researcher/.venv/lib/python3.11/site-packages/${LINEAR}`;

describe('a library frame', () => {
  let base: string;
  let python: string;
  let packages: string;
  const write = (file: string, text: string): string => {
    const at = path.join(base, file);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, text);
    return at;
  };
  const find = async (file: string, line = 2, text: string | null = TEXT, folders?: readonly string[]) =>
    findLibraryFrame({ file, line, text }, folders ?? (await libraryFolders(python, localDisk)), localDisk);

  before(() => {
    base = realpathSync(mkdtempSync(path.join(tmpdir(), 'patchclamp-library-')));
    python = write('work/.venv/bin/python', '');
    write(
      'work/.venv/pyvenv.cfg',
      `home = ${path.join(base, 'usr', 'bin')}\ninclude-system-site-packages = false\n`,
    );
    packages = path.join(base, 'work/.venv/lib/python3.12/site-packages');
    write(`work/.venv/lib/python3.12/site-packages/${LINEAR}`, `def forward(self, input):\n    ${TEXT}\n`);
    write('usr/bin/python3', '');
    write('usr/lib/python3.12/contextlib.py', `# the standard library\n${TEXT}\n`);
    write('usr/lib/python3.12/site-packages/systemwide.py', `\n${TEXT}\n`);
    write('secret.py', `\n${TEXT}\n`);
    write('fake/site-packages/mine.py', `\n${TEXT}\n`);
    symlinkSync(path.join(base, 'secret.py'), path.join(packages, 'leak.py'));
    symlinkSync(base, path.join(packages, 'up'));
  });
  after(() => {
    rmSync(base, { recursive: true, force: true });
  });

  it('of another machine and another Python version is found in one’s own packages', async () => {
    assert.deepEqual(await find(FOREIGN), { path: path.join(packages, LINEAR), line: 2, fit: 'same' });
    const windows = `C:\\Users\\me\\venv\\Lib\\site-packages\\${LINEAR.replaceAll('/', '\\')}`;
    assert.equal((await find(windows))?.path, path.join(packages, LINEAR));
    // PyTorch names some of its files by the package alone.
    assert.equal((await find(LINEAR))?.path, path.join(packages, LINEAR));
  });

  it('of another version leads to the line that reads the same, or says that none does', async () => {
    assert.deepEqual(await find(FOREIGN, 90), { path: path.join(packages, LINEAR), line: 2, fit: 'moved' });
    assert.deepEqual(await find(FOREIGN, 2, 'return something_else'), {
      path: path.join(packages, LINEAR),
      line: 2,
      fit: 'unlike',
    });
    assert.equal((await find(FOREIGN, 4_000, 'gone'))?.line, 3);
  });

  it('of the standard library is found where the environment was made from', async () => {
    const found = await find('/usr/lib/python3.11/contextlib.py');
    assert.equal(found?.path, path.join(base, 'usr/lib/python3.12/contextlib.py'));
    // The environment does not see what is installed there.
    assert.equal(await find('/usr/lib/python3.11/site-packages/systemwide.py'), null);
  });

  it('is opened where it was traced when that is an environment on this machine', async () => {
    assert.equal((await find(path.join(packages, LINEAR), 2, TEXT, []))?.path, path.join(packages, LINEAR));
    assert.equal(await find(path.join(base, 'fake/site-packages/mine.py'), 2, TEXT, []), null);
  });

  it('leads nowhere where nobody has the library', async () => {
    assert.equal(await find('/x/site-packages/jax/nn.py'), null);
    assert.equal(await find(FOREIGN, 2, TEXT, [path.join(base, 'not-there')]), null);
  });

  const hostile = [
    '/x/site-packages/../secret.py',
    '/x/site-packages/torch/../../../../secret.py',
    '/x/site-packages//etc/passwd.py',
    '/x/site-packages/up/secret.py',
    '/x/site-packages/leak.py',
    '/x/site-packages/torch/nn/modules',
    '/x/site-packages/torch/nn/modules/linear.py\0',
    '/x/site-packages/C:secret.py',
    '\\\\server\\share\\site-packages\\torch.py',
    '//server/share/site-packages/torch.py',
    '/etc/passwd',
    'secret.py',
    'torch/../secret.py',
    '',
  ];
  for (const file of hostile)
    it(`does not follow ${JSON.stringify(file)}`, async () => {
      const found = await find(file);
      assert.equal(found, null);
    });

  it('has a name of plain parts', () => {
    assert.deepEqual(partsInLibrary(FOREIGN), LINEAR.split('/'));
    assert.deepEqual(partsInLibrary('/a/site-packages/b/lib/python3.9/site-packages/c-1.0/d.py'), [
      'c-1.0',
      'd.py',
    ]);
    assert.equal(partsInLibrary(`/a/site-packages/${'x/'.repeat(600)}y.py`), null);
    assert.equal(partsInLibrary('/home/me/project/model.py'), null);
  });

  it('is known in the trace of a node that a library’s own forward made', async () => {
    const { nodes } = await skeletonOf('hf_gpt2');
    const frames = nodes.map((node) => libraryFrames(node).map(frameText));
    assert.ok(
      frames.some(([inner]) => inner?.startsWith('transformers/models/gpt2/modeling_gpt2.py:') === true),
    );
    assert.ok(frames.flat().every((text) => !text.includes('site-packages')));
  });
});

describe('a path outside the workspace', () => {
  const at = (separator: '/' | '\\') => (file: string) => isPlainPath(file, { ...localDisk, separator });

  it('is offered only where it is a Python file’s plain path on this machine', () => {
    const [posix, windows] = [at('/'), at('\\')];
    assert.equal(posix('/home/me/other/net.py'), true);
    assert.equal(windows('C:\\work\\net.py'), true);
    for (const file of [
      '/etc/passwd',
      '/a/../b.py',
      '//host/a.py',
      'a.py',
      '/a\u202eyp.py',
      '/a/\0.py',
      '/a//b.py',
      '',
    ])
      assert.equal(posix(file), false, file);
    for (const file of ['\\\\host\\share\\a.py', 'C:a.py', 'C:\\a\\..\\b.py', 'C:\\a.py:hidden.py', '/a.py'])
      assert.equal(windows(file), false, file);
  });
});
