/** Scripts that the editor writes, from the command line: printed, or beside their source, over nothing that is there. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';

const digits = join(__dirname, '../../../media/samples/digits');

async function script(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(['script', ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('patchclamp script', () => {
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'patchclamp-script-'));
    for (const name of ['model.py', 'digits.onnx', 'export.py'])
      cpSync(join(digits, name), join(folder, name));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('prints what exports the one class of a file, its guesses marked, to a name that no model has', async () => {
    const { code, out, err } = await script(join(folder, 'model.py'));
    assert.equal(code, 0);
    assert.match(out, /^from model import Digits, build$/m);
    assert.match(out, /^ {4}"image": torch.randn\(2, 1, 28, 28\),$/m);
    assert.match(out, /^OUT = HERE \/ "digits.export.onnx"$/m);
    assert.match(err, /2 guesses are marked/);
    assert.ok(!existsSync(join(folder, 'export_digits.py')));
  });

  it('writes beside the source once, and never over what is there', async () => {
    const file = join(folder, 'export_stem.py');
    const first = await script(join(folder, 'model.py'), 'Stem', '--write');
    assert.deepEqual([first.code, first.out], [0, file]);
    assert.match(readFileSync(file, 'utf8'), /from model import Stem/);
    writeFileSync(file, '# mine\n');
    const second = await script(join(folder, 'model.py'), 'Stem', '--write');
    assert.equal(second.code, 1);
    assert.match(second.err, /there already, and may hold changes of yours/);
    assert.equal(readFileSync(file, 'utf8'), '# mine\n');
  });

  it('says which class is missing', async () => {
    const without = await script(join(folder, 'export.py'));
    assert.deepEqual([without.code, /no module class/.test(without.err)], [2, true]);
    const wrong = await script(join(folder, 'model.py'), 'Nothing');
    assert.deepEqual([wrong.code, /has no class Nothing/.test(wrong.err)], [1, true]);
    const outside = await script(join(folder, 'model.py'), '--source', digits);
    assert.deepEqual([outside.code, /Name the folder that holds it/.test(outside.err)], [2, true]);
    assert.equal((await script(join(folder, 'none.py'))).code, 1);
  });

  it('prints what records the framework’s activations, called with the model’s inputs', async () => {
    const { code, out } = await script('--record', join(folder, 'digits.onnx'));
    assert.equal(code, 0);
    assert.match(out, /^record\(model.eval\(\), image, file="activations.npz"\)$/m);
  });
});
