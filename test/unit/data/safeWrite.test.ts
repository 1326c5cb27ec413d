/** Files a person asked for never replace a model, and a failure on the way leaves what was there. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isFailure } from '../../../src/base/errors';
import { makeFolder, prepareFolder, writeSafely } from '../../../src/data/safeWrite';

describe('files that a person asked for', () => {
  let folder = '';
  const at = (name: string): string => path.join(folder, name);
  const text = (name: string): string => readFileSync(at(name), 'utf8');
  const refused = (error: unknown): boolean =>
    isFailure(error) && error.code === 'not-writable' && error.remedy !== '';

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'patchclamp-write-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('take the place of what was there', async () => {
    writeFileSync(at('a.npy'), 'old');
    await writeSafely(at('a.npy'), 'new');
    assert.equal(text('a.npy'), 'new');
    assert.deepEqual(readdirSync(folder), ['a.npy']);
  });

  it('never replace a model or a file it reads, also through a link', async () => {
    writeFileSync(at('m.onnx'), 'model');
    writeFileSync(at('weights.bin'), 'weights');
    symlinkSync(at('m.onnx'), at('logits.npy'));
    symlinkSync(at('weights.bin'), at('other.npy'));
    for (const name of ['m.onnx', 'logits.npy', 'weights.bin', 'other.npy'])
      await assert.rejects(writeSafely(at(name), 'x', [at('weights.bin')]), refused, name);
    assert.deepEqual([text('m.onnx'), text('weights.bin')], ['model', 'weights']);
  });

  it('leave what was there when the writing fails', async () => {
    writeFileSync(at('a.npy'), 'old');
    const fail = writeSafely(at('a.npy'), async (write) => {
      await write(new Uint8Array([1, 2, 3]));
      throw new Error('the engine died');
    });
    await assert.rejects(fail, /the engine died/);
    assert.equal(text('a.npy'), 'old');
    assert.deepEqual(readdirSync(folder), ['a.npy']);
  });

  it('go into folders that are made on the way', async () => {
    await writeSafely(at('a/b/c.npy'), 'x');
    assert.equal(text('a/b/c.npy'), 'x');
  });

  it('are refused at once where no folder can be', async () => {
    writeFileSync(at('file'), '');
    symlinkSync(at('nowhere'), at('dangling'));
    mkdirSync(at('there'));
    for (const name of ['file', 'file/x', 'dangling/x'])
      await assert.rejects(makeFolder(at(name)), refused, name);
    await assert.rejects(writeSafely(at('there'), 'x'), refused);
    await prepareFolder(at('there'));
    assert.deepEqual(readdirSync(at('there')), []);
    if (existsSync('/proc/version')) await assert.rejects(prepareFolder('/proc/patchclamp'), refused);
  });
});
