/** Objectives that project on a direction, wherever their text is taken: gradients, methods, experiment files. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import type { Finding } from '../../../src/contract/method';
import { directionFiles } from '../../../src/data/directions';
import { readArray } from '../../../src/data/npz';
import { writeNpy } from '../../../src/tensor/npy';

const MODEL = join(__dirname, '../../reference/gradients/models/mlp.onnx');
const DIRECTION = [0.5, -2, 1.5, 0.25, -1];

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function say(...args: readonly string[]): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  const { signal } = new AbortController();
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), signal };
  return { code: await main(args, io), out: out.join('\n'), err: err.join('\n') };
}

describe('objectives that project on a direction', function () {
  this.timeout(60_000);
  const fed = ['--feed', 'x=random:1'];
  let folder = '';
  let file = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchclamp-directions-'));
    file = join(folder, 'direction.npy');
    await writeFile(
      file,
      writeNpy({ dtype: 'float32', dims: [DIRECTION.length], data: Float32Array.from(DIRECTION) }),
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** The gradient at x and the value, of one objective. */
  async function grad(objective: string, ...more: readonly string[]): Promise<number[]> {
    const { code, out, err } = await say(
      'grad',
      MODEL,
      ...fed,
      '--objective',
      objective,
      '--wrt',
      'x',
      '--out',
      folder,
      '--json',
      ...more,
    );
    assert.equal(code, 0, err);
    const answer = JSON.parse(out) as { value: number; gradients: { file: string }[] };
    const saved = answer.gradients[0]?.file ?? '';
    const { data } = readArray(await readFile(join(folder, saved)), saved);
    return [answer.value, ...(data as Float32Array)];
  }

  async function probe(objective: string, ...more: readonly string[]): Promise<Said> {
    return say(
      'probe',
      'attribution',
      MODEL,
      ...fed,
      '--param',
      `objective=${objective}`,
      '--param',
      'steps=4',
      '--json',
      ...more,
    );
  }

  it('find the files in a text', () => {
    assert.deepEqual(
      directionFiles(['dot(h, a.npy)[0] - dot(h,b/c-d.npy)[1]', 'dot(h, a.npy)[1]', 'dot(h, d)', '']),
      ['a.npy', 'b/c-d.npy'],
    );
  });

  it('are the sum of the elements they weigh, named by file or by hand', async () => {
    const parts: number[][] = [];
    for (const [i] of DIRECTION.entries()) parts.push(await grad(`logits[1,${String(i)}]`));
    const expected = (parts[0] ?? []).map((_, at) =>
      DIRECTION.reduce((sum, weight, i) => sum + weight * (parts[i]?.[at] ?? Number.NaN), 0),
    );
    const byFile = await grad(`dot(logits, ${file})[1]`);
    const byHand = await grad('dot(logits, truth)[1]', '--direction', `truth=${file}`);
    assert.deepEqual(byFile, byHand);
    byFile.forEach((number, at) => assert.ok(Math.abs(number - (expected[at] ?? Number.NaN)) < 1e-5));
  });

  it('are attributed by a method, from the command line and from an experiment file', async () => {
    const [value = Number.NaN] = await grad(`dot(logits, ${file})[1]`);
    const { code, out, err } = await probe(`dot(logits, ${file})[1]`);
    assert.equal(code, 0, err);
    const finding = JSON.parse(out) as Finding;
    const said = finding.figures.flatMap(({ kind, rows }) => (kind === 'scalars' ? rows : [])).flat();
    assert.ok(
      said.some((cell) => typeof cell === 'number' && Math.abs(cell - value) < 1e-4 * Math.abs(value)),
      `${String(value)} is not among ${JSON.stringify(said)}`,
    );
    assert.ok(file in finding.provenance.feeds);

    const experiment = join(folder, 'e.clamp.json');
    const params = { objective: 'dot(logits, direction.npy)[1]', steps: 4 };
    const question = { model: MODEL, method: 'attribution', feeds: { x: 'random:1' }, params };
    await writeFile(experiment, JSON.stringify(question));
    const asked = await say('probe', experiment, '--json');
    assert.equal(asked.code, 0, asked.err);
    assert.deepEqual((JSON.parse(asked.out) as Finding).figures, finding.figures);
  });

  it('are refused where the direction is missing, idle or of another length', async () => {
    const refusals: readonly [Promise<Said>, RegExp][] = [
      [
        probe('dot(logits, truth)[1]'),
        /projects on "truth", and no direction of that name was given\..*FILE\.npy/s,
      ],
      [
        probe('logits[1,0]', '--direction', `truth=${file}`),
        /"truth" was given, and no objective .* projects on it/,
      ],
      [probe(`dot(linear, ${file})[1]`), /has 5 elements; the last axis has 12/],
      [probe('dot(logits, gone.npy)[1]'), /gone\.npy does not exist/],
    ];
    for (const [asked, words] of refusals) {
      const { code, err } = await asked;
      assert.equal(code, 1);
      assert.match(err, words);
    }
  });
});
