/** Interventions as they are typed on a command line: sites and files with spaces, numbers as people write them. */
import assert from 'node:assert/strict';
import { parseIntervention } from '../../../src/cli/feeds';
import type { DataFiles } from '../../../src/data/files';
import { fileUnreadable } from '../../../src/onnx/errors';
import { writeNpy } from '../../../src/tensor/npy';

const NPY = writeNpy({ dtype: 'float32', dims: [2], data: Float32Array.of(1, 2) });
const THERE = ['v.npy', 'my file.npy'];

const files: DataFiles = {
  read: (file) =>
    THERE.includes(file)
      ? Promise.resolve(NPY)
      : Promise.reject(fileUnreadable(file, Object.assign(new Error('none'), { code: 'ENOENT' }))),
  beside: () => Promise.resolve(THERE),
};

describe('interventions as text', () => {
  const parse = (text: string): Promise<unknown> => parseIntervention(text, files);

  it('take all between the kind and the last word as the site', async () => {
    assert.deepEqual(await parse('scale a\\#1#3 0.5'), { kind: 'scale', site: 'a\\#1#3', factor: 0.5 });
    assert.deepEqual(await parse('set with space 3 -2e-3'), {
      kind: 'set',
      site: 'with space 3',
      value: -0.002,
    });
    // Spaces more than one may be a name's own: the model says.
    assert.deepEqual(await parse('  set   a  1 '), { kind: 'set', site: '  a ', value: 1 });
  });

  it('take numbers as they are printed elsewhere, and nothing else', async () => {
    for (const [text, value] of [
      ['nan', NaN],
      ['-inf', -Infinity],
      ['Infinity', Infinity],
      ['1e3', 1000],
    ] as const)
      assert.deepEqual(await parse(`set a ${text}`), { kind: 'set', site: 'a', value });
    // 2^53 + 1 is no double: the neighbour would be set instead.
    await assert.rejects(parse('set a 9007199254740993'), {
      code: 'usage',
      message: /^9007199254740993 is no number .* exactly\. Write it to a file/,
    });
    assert.deepEqual(await parse('set a +9007199254740992'), { kind: 'set', site: 'a', value: 2 ** 53 });
    for (const text of ['set a', 'set a b', 'scale a 1,5', 'twist a 1', '', 'add a'])
      await assert.rejects(parse(text), { code: 'usage' }, text);
  });

  it('find where the site ends and the file begins', async () => {
    const sites = async (text: string): Promise<unknown> => ((await parse(text)) as { site: string }).site;
    assert.equal(await sites('add a v.npy'), 'a');
    assert.equal(await sites('replace a b my file.npy'), 'a b');
    assert.equal(await sites('add a 3'), 'a');
    await assert.rejects(parse('add a no file.npy'), { message: /^file\.npy does not exist/ });
  });
});
