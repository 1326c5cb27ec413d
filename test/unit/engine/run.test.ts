/** The run command, from arguments to files: the form of its answer, its exit codes, and numbers that are right. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { FileNames } from '../../../src/cli/outFolder';
import { readNpy, writeNpy } from '../../../src/tensor/npy';
import { floats, tinyModel } from './models';

describe('patchclamp run', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-run-'));
  const file = join(folder, 'tiny.onnx');
  const feed = `x=${join(folder, 'x.npy')}`;

  before(() => {
    writeFileSync(file, tinyModel());
    writeFileSync(join(folder, 'x.npy'), writeNpy(floats([2, 3], 0)));
    writeFileSync(join(folder, 'add.npy'), writeNpy(floats([3], 1)));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = async (...args: string[]): Promise<{ code: number; out: string[]; err: string }> => {
    const [out, err]: [string[], string[]] = [[], []];
    const { signal } = new AbortController();
    const code = await main(['run', file, ...args], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      signal,
    });
    return { code, out, err: err.join('\n') };
  };

  it('prints one object and writes the arrays beside it', async () => {
    const dir = join(folder, 'out');
    const { code, out } = await run(
      '--feed',
      feed,
      '--capture',
      'h',
      '--capture',
      'h#1',
      '--out',
      dir,
      '--json',
    );
    assert.deepEqual([code, out.length], [0, 1]);
    const answer = JSON.parse(out[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(answer['outputs'], [{ name: 'y', file: 'y.npy', dtype: 'float32', shape: [2, 3] }]);
    const whole = {
      site: 'h',
      file: 'h.npy',
      dtype: 'float32',
      shape: [2, 3],
      mean: 1,
      min: 0,
      max: 3,
      zeros: 3,
    };
    const [first, second] = answer['captures'] as { std: number }[];
    assert.deepEqual({ ...first, std: undefined }, { ...whole, std: undefined });
    assert.ok(Math.abs((first?.std ?? 0) - Math.sqrt(8 / 6)) < 1e-12);
    assert.deepEqual((second as unknown as { shape: number[] }).shape, [2, 1]);
    assert.equal(typeof answer['ms'], 'number');
    assert.deepEqual(readNpy(readFileSync(join(dir, 'y.npy')), 'y').data, Float32Array.of(0, 0, 0, 3, 6, 9));
  });

  it('takes literals, random numbers and dimensions', async () => {
    const literal = await run('--feed', 'x=[[5, 6, 7]]', '--json');
    assert.equal(literal.code, 0);
    const once = await run('--feed', 'x=random:7', '--dim', 'n=2', '--capture', 'x', '--json');
    const again = await run('--feed', 'x=random:7', '--dim', 'n=2', '--capture', 'x', '--json');
    const captures = ({ out }: { out: string[] }): unknown =>
      (JSON.parse(out[0] ?? '{}') as { captures: unknown }).captures;
    assert.deepEqual(captures(once), captures(again));
  });

  it('intervenes in every form', async () => {
    const mean = async (...interventions: string[]): Promise<number> => {
      const flags = interventions.flatMap((text) => ['--intervene', text]);
      const { code, out, err } = await run('--feed', feed, '--capture', 'y', ...flags, '--json');
      assert.equal(code, 0, err);
      return (JSON.parse(out[0] ?? '') as { captures: { mean: number }[] }).captures[0]?.mean ?? NaN;
    };
    assert.equal(await mean('scale h 2'), 6);
    assert.equal(await mean('set h#0 1.5'), 4);
    assert.equal(await mean(`add h ${join(folder, 'add.npy')}`), 9);
    assert.equal(await mean(`replace h ${join(folder, 'add.npy')}`), 6);
    assert.equal(await mean('scale h 2', 'set h#1 0'), 4);
  });

  it('says which value holds NaN or infinities, and that the figures are over the rest', async () => {
    const odd = join(folder, 'odd.npy');
    const data = Float32Array.of(NaN, Infinity, 2, -1, 5, 1);
    writeFileSync(odd, writeNpy({ dtype: 'float32', dims: [2, 3], data }));
    const { code, out } = await run('--feed', `x=${odd}`, '--capture', 'd', '--json');
    const { captures, notes } = JSON.parse(out[0] ?? '') as { captures: { max: number }[]; notes: string[] };
    assert.deepEqual([code, notes.length, captures.length], [0, 1, 1]);
    assert.match(
      notes[0] ?? '',
      /^"x" holds 1 NaN and 1 infinite of 6 numbers \(so do 2 others\); figures are over the finite ones\. patchclamp nonfinite says/,
    );
    const finite = await run('--feed', 'x=[[1, 2, 3]]', '--json');
    assert.deepEqual((JSON.parse(finite.out[0] ?? '') as { notes: string[] }).notes, []);
  });

  it('says of a file that is cut off that it is, whatever else is wrong', async () => {
    const whole = tinyModel();
    const cut = join(folder, 'cut.onnx');
    writeFileSync(cut, whole.subarray(0, Math.floor(whole.length / 2)));
    const err: string[] = [];
    const { signal } = new AbortController();
    await main(['run', cut, '--feed', feed], { out: () => undefined, err: (line) => err.push(line), signal });
    assert.match(err[0] ?? '', /^cut\.onnx: The file is cut off: /);
    assert.ok(err.length <= 5, err.join('\n'));
  });

  it('tells usage from failure by its exit code', async () => {
    assert.equal((await run('--feed', 'z=1')).code, 2);
    assert.equal((await run('--feed', 'nonsense')).code, 2);
    assert.equal((await run('--feed', feed, '--intervene', 'twist h 2')).code, 2);
    assert.equal((await run('--feed', feed, '--level', 'most')).code, 2);
    const failed = await run('--feed', feed, '--capture', 'hh', '--json');
    assert.deepEqual([failed.code, failed.out], [1, []]);
    assert.match(failed.err, /^The model has no value "hh"\. The nearest names are "h"/);
  });

  it('names files as every system takes them, no two alike', () => {
    const names = new FileNames();
    const given = ['/a/b', 'a:b', 'A B', '..', 'x'.repeat(300)].map((site) => names.next(site));
    assert.deepEqual(given.slice(0, 4), ['_a_b.npy', 'a_b.npy', 'A_B-2.npy', '_.npy']);
    assert.equal(given[4]?.length, 124);
  });
});
