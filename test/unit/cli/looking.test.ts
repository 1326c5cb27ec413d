/** What the editor shows of weights, units and time, asked for on the command line. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { readNpy } from '../../../src/tensor/npy';

const digits = join(__dirname, '../../../media/samples/digits');
const model = join(digits, 'digits.onnx');
const feed = ['--feed', `image=${join(digits, 'images/3.png')}`];

async function run(...args: string[]): Promise<{ code: number; out: string[]; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out, err: err.join('\n') };
}

async function answers<T>(...args: string[]): Promise<T[]> {
  const { code, out, err } = await run(...args, '--json');
  assert.equal(code, 0, err);
  return out.map((line) => JSON.parse(line) as T);
}

interface Weight {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly mean: number;
  readonly std: number;
  readonly modules: readonly string[];
  readonly histogram: { readonly counts: readonly number[] };
  readonly file?: string;
}

interface Unit {
  readonly activity: number | null;
  readonly incoming: readonly {
    readonly site: string;
    readonly weight: number;
    readonly contribution: number | null;
  }[];
  readonly incomingOf: number;
  readonly outgoing: readonly unknown[];
}

describe('looking, from the command line', function () {
  this.timeout(60_000);
  let folder = '';
  let head: number[] = [];
  let bias: number[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'patchclamp-looking-'));
    const named = ['head.weight', 'head.bias'];
    const rows = await answers<Weight>('weights', model, ...named, '--out', folder);
    assert.deepEqual(
      rows.map(({ name }) => name),
      named,
    );
    const numbers = ({ file = '' }: Weight): number[] => {
      const { data } = readNpy(readFileSync(join(folder, file)), file);
      assert.ok(data instanceof Float32Array);
      return [...data];
    };
    [head = [], bias = []] = rows.map(numbers);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('says what is in every weight, and where it is read', async () => {
    const rows = await answers<Weight>('weights', model);
    const [inspected] = await answers<{ parameters: number }>('inspect', model);
    const numbers = rows.filter(({ dtype }) => dtype === 'float32');
    assert.equal(
      numbers.reduce((sum, { count }) => sum + count, 0),
      78_762,
    );
    // Two more that say a shape.
    assert.equal(inspected?.parameters, 78_764);
    const row = rows.find(({ name }) => name === 'head.weight');
    assert.ok(row);
    assert.deepEqual([row.shape, row.modules], [[10, 64], ['head']]);
    const mean = head.reduce((sum, value) => sum + value, 0) / head.length;
    assert.ok(Math.abs(row.mean - mean) < 1e-9);
    assert.equal(
      row.histogram.counts.reduce((sum, count) => sum + count, 0),
      640,
    );
    const { code, err } = await run('weights', model, 'head.wieght');
    assert.equal(code, 2);
    assert.match(err, /no weight "head.wieght".*head.weight/s);
  });

  it('lists a unit’s strongest connections: the weights that are in the file', async () => {
    const [unit] = await answers<Unit>('neurons', model, 'logits#3', '--most', '5');
    const row = head.slice(3 * 64, 4 * 64).map((weight, at) => ({ site: `mean#${String(at)}`, weight }));
    row.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    assert.deepEqual(
      unit?.incoming.map(({ site, weight }) => ({ site, weight })),
      row.slice(0, 5),
    );
    assert.equal(unit.incomingOf, 64);
    assert.deepEqual([unit.activity, unit.incoming[0]?.contribution], [null, null]);
  });

  it('gives contributions that add up, with the bias, to what the unit is in the run', async () => {
    const [unit] = await answers<Unit>('neurons', model, 'logits#3', '--most', '64', ...feed);
    const sum = unit?.incoming.reduce((all, { contribution }) => all + (contribution ?? NaN), bias[3] ?? NaN);
    const [{ captures: [logit] } = { captures: [] }] = await answers<{ captures: { max: number }[] }>(
      'run',
      model,
      '--capture',
      'logits#3',
      ...feed,
    );
    assert.ok(logit !== undefined && Math.abs((sum ?? NaN) - logit.max) < 1e-4);
    assert.ok(Math.abs((unit?.activity ?? NaN) - logit.max) < 1e-5);
  });

  it('says why a run failed, whatever the values are called', async () => {
    const slashed = join(digits, 'digits.torchscript.onnx');
    const [unit] = (await answers<{ address: string }>('neurons', slashed)).slice(-1);
    const { code, err } = await run(
      'neurons',
      slashed,
      `${unit?.address ?? ''}3`,
      '--feed',
      'image=[[1, 2]]',
    );
    assert.notEqual(code, 0);
    assert.match(err, /image/);
  });

  it('lists the layers, and says what a unit is called', async () => {
    const layers = await answers<{ value: string; address: string; units: number; reads: string[] }>(
      'neurons',
      model,
    );
    const last = layers.at(-1);
    assert.deepEqual([last?.address, last?.units, last?.reads], ['logits#', 10, ['mean']]);
    const beyond = await run('neurons', model, 'logits#10');
    assert.equal(beyond.code, 2);
    assert.match(beyond.err, /10 units/);
    const none = await run('neurons', model, 'x#30');
    assert.match(none.err, /"x#30" is no unit of a layer. Units are written as/);
    assert.equal((await run('neurons', model, 'logits#1', '--by', 'contribution')).code, 2);
  });

  it('says how long nodes and lines took, each node once and all of the time accounted for', async () => {
    interface Times {
      readonly total: number;
      readonly elsewhere: number;
      readonly nodes: readonly { readonly node: string; readonly microseconds: number }[];
      readonly lines: readonly { readonly line: string; readonly nodes: number }[];
    }
    const [times] = await answers<Times>('times', model, ...feed, '--source', digits);
    assert.ok(times);
    assert.equal(new Set(times.nodes.map(({ node }) => node)).size, 31);
    const sum = times.nodes.reduce((all, { microseconds }) => all + microseconds, times.elsewhere);
    assert.ok(Math.abs(sum - times.total) < 1e-6);
    assert.ok(times.lines.some(({ line, nodes }) => line === 'model.py:19' && nodes === 18));
  });
});
