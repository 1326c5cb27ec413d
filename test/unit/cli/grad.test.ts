/** `patchclamp grad`, from its arguments to its files. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { readArray } from '../../../src/data/npz';
import { writeNpy } from '../../../src/tensor/npy';

const MODEL = join(__dirname, '../../reference/gradients/models/mlp.onnx');

interface Answer {
  readonly value: number;
  readonly gradients: readonly { readonly site: string; readonly file: string; readonly shape: number[] }[];
  readonly completenessError?: number;
  readonly ms: number;
}

async function grad(...args: readonly string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const { signal } = new AbortController();
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), signal };
  return { code: await main(['grad', ...args], io), out, err };
}

describe('patchclamp grad', function () {
  this.timeout(60_000);
  const run = [MODEL, '--feed', 'x=random:1', '--objective', 'logprob(logits)[1,3]'];
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-grad-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('writes one array per site and says where', async () => {
    const { code, out } = await grad(...run, '--wrt', 'x', '--wrt', 'linear', '--out', folder, '--json');
    assert.equal(code, 0);
    const answer = JSON.parse(out.join('\n')) as Answer;
    assert.ok(answer.value < 0 && answer.ms > 0 && !('completenessError' in answer));
    assert.deepEqual(
      answer.gradients.map(({ site, shape }) => [site, shape]),
      [
        ['x', [2, 6]],
        ['linear', [2, 12]],
      ],
    );
    for (const { file, shape } of answer.gradients) {
      const { dims } = readArray(await readFile(join(folder, file)), file);
      assert.deepEqual(dims, shape);
    }
  });

  it('says how far integrated gradients are from complete', async () => {
    const { code, out } = await grad(...run, '--wrt', 'x', '--integrated', '30', '--json');
    assert.equal(code, 0);
    const { completenessError } = JSON.parse(out.join('\n')) as Answer;
    assert.ok(completenessError !== undefined && completenessError < 1e-4);
  });

  it('answers several objectives at once, and second derivatives along a direction', async () => {
    const cnn = join(MODEL, '../cnn.onnx');
    const feed = [cnn, '--feed', 'x=random:1', '--wrt', 'x', '--out', folder, '--json'];
    const two = await grad(...feed, '--objective', 'logits[0,3]', '--objective', 'logits[0,1]');
    assert.equal(two.code, 0, two.err.join());
    const { values, gradients } = JSON.parse(two.out.join('\n')) as Answer & { values: readonly number[] };
    assert.equal(values.length, 2);
    assert.deepEqual(gradients[0]?.shape, [2, 1, 3, 8, 8]);
    // The first objective's own gradient, as a direction of the input's shape.
    const one = await grad(...feed, '--objective', 'logits[0,3]');
    const { gradients: slopes } = JSON.parse(one.out.join('\n')) as Answer;
    const along = join(folder, slopes[0]?.file ?? '');
    const second = await grad(...feed, '--objective', 'logprob(logits)[0,3]', '--along', `x=${along}`);
    assert.equal(second.code, 0, second.err.join());
    assert.deepEqual((JSON.parse(second.out.join('\n')) as Answer).gradients[0]?.shape, [1, 3, 8, 8]);
  });

  it('projects on a direction from a file, in whatever type it was written', async () => {
    const file = join(folder, 'fourth.npy');
    const data = Float64Array.of(0, 0, 0, 2, 0);
    const feed = [MODEL, '--feed', 'x=random:1', '--wrt', 'x', '--json'];
    const element = await grad(...feed, '--objective', '2 * logits[1,3]');
    assert.equal(element.code, 0, element.err.join());
    const { value } = JSON.parse(element.out.join('\n')) as Answer;
    await writeFile(file, writeNpy({ dtype: 'float64', dims: [5], data }));
    const given = ['--direction', `d=${file}`];
    const projected = await grad(...feed, '--objective', 'dot(logits, d)[1]', ...given);
    assert.equal(projected.code, 0, projected.err.join());
    assert.ok(Math.abs((JSON.parse(projected.out.join('\n')) as Answer).value - value) < 1e-6);
    const refusals = [
      [['--objective', 'dot(linear, d)[1]', ...given], /has 5 elements; the last axis has 12/],
      [['--objective', 'logits[1,3]', ...given], /"d" was given, and the objective does not project/],
    ] as const;
    for (const [args, says] of refusals) {
      const { code, err } = await grad(...feed, ...args);
      assert.ok(code !== 0);
      assert.match(err.join('\n'), says);
    }
  });

  it('refuses an objective that is not a scalar and a site that is not there', async () => {
    const scalar = await grad(MODEL, '--feed', 'x=random:1', '--objective', 'logits', '--wrt', 'x');
    assert.deepEqual([scalar.code, scalar.out], [1, []]);
    assert.match(scalar.err.join('\n'), /not a scalar/);
    const site = await grad(...run, '--wrt', 'nowhere');
    assert.equal(site.code, 1);
    assert.match(site.err.join('\n'), /nowhere/);
  });

  it('is used wrongly without an objective, a site or a whole number of steps', async () => {
    for (const args of [[MODEL, '--wrt', 'x'], run, [...run, '--wrt', 'x', '--integrated', '1.5']]) {
      const { code, err } = await grad(...args);
      assert.equal(code, 2);
      assert.match(err.join('\n'), /Usage: patchclamp grad/);
    }
  });
});
