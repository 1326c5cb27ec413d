import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { parseOptions } from '../../../src/cli/options';
import { openLocal } from '../../../src/onnx/files';
import { definedNames } from '../../../src/onnx/rewrite/names';
import { parseSite, printSite } from '../../../src/onnx/site';
import { modelOf, plain, seeds } from '../onnx/seeds';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    signal: new AbortController().signal,
  };
  return { code: await main(args, io), out: out.join('\n'), err: err.join('\n') };
}

const parse = (text: string): Record<string, unknown>[] =>
  text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('inspect', () => {
  let dir = '';
  const file = (name: string): string => join(dir, name);
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'patchclamp-'));
    writeFileSync(file('plain.onnx'), modelOf(plain()));
    writeFileSync(file('broken.onnx'), 'this is not a model\n');
    for (const { name, bytes } of seeds()) writeFileSync(file(`${name}.seed.onnx`), bytes);
  });
  after(() => rmSync(dir, { recursive: true }));

  it('prints one JSON object a line and nothing else', async () => {
    const { code, out, err } = await run('inspect', file('plain.onnx'), file('bodies.seed.onnx'), '--json');
    const [first, second] = parse(out);
    assert.deepEqual([code, err], [0, '']);
    const { ms, bytesRead, ...rest } = first ?? {};
    assert.ok(typeof ms === 'number' && ms > 0 && ms < 10_000);
    assert.equal(bytesRead, modelOf(plain()).length);
    assert.deepEqual(rest, {
      file: file('plain.onnx'),
      nodes: 2,
      parameters: 3,
      weightBytes: 12,
      inputs: [{ name: 'x', type: 'float32 batch×3', dtype: 'float32', shape: ['batch', 3] }],
      outputs: [{ name: 'y', type: 'float32 batch×3', dtype: 'float32', shape: ['batch', 3] }],
      opsets: [{ domain: 'ai.onnx', version: 20 }],
      modules: 0,
      links: null,
      warnings: [],
    });
    const listed = await run('inspect', file('bodies.seed.onnx'), '--values', '--json');
    const sites = (parse(listed.out)[0]?.['values'] as { site: string; type: string }[]).map(
      ({ site }) => site,
    );
    const { skeleton, source } = await openLocal(file('bodies.seed.onnx'));
    await source.close();
    const all = [...skeleton.graphs.values()].reduce((sum, graph) => sum + definedNames(graph).size, 0);
    assert.deepEqual([sites.length, new Set(sites).size], [all, all]);
    for (const site of sites) assert.equal(printSite(skeleton, parseSite(skeleton, site)), site);
    // Two top-level nodes, five in the loop, one in each branch, two in the scan.
    assert.equal(second?.['nodes'], 11);
  });

  it('goes on after a file that cannot be shown, and fails at the end', async () => {
    const { code, out } = await run(
      'inspect',
      file('none.onnx'),
      file('broken.onnx'),
      file('plain.onnx'),
      '--json',
    );
    const [none, broken, fine] = parse(out);
    assert.equal(code, 1);
    assert.deepEqual(none, {
      file: file('none.onnx'),
      error: `${file('none.onnx')} does not exist. Check the path.`,
    });
    assert.match(String(broken?.['error']), /is a text file, not an ONNX model\. Open the \.onnx file\./);
    assert.equal(fine?.['nodes'], 2);
  });

  it('counts links when a source folder is named', async () => {
    const { out, code } = await run(
      'inspect',
      'media/samples/digits/digits.onnx',
      '--source',
      'media/samples/digits',
      '--json',
    );
    const links = parse(out)[0]?.['links'] as Record<string, number>;
    assert.equal(code, 0);
    assert.equal((links['exact'] ?? 0) + (links['inferred'] ?? 0) + (links['none'] ?? 0), 31);
    assert.ok((links['exact'] ?? 0) > 20);
  });

  it('prints for people without --json', async () => {
    const { out } = await run('inspect', file('plain.onnx'));
    assert.match(out, /nodes +2 in 0 modules\n +parameters +3 \(12 B\)/);
  });

  it('exits with 2 and one sentence when it is used wrongly', async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [[], /^No command was given\. Usage:/],
      [['inspct'], /^There is no command "inspct"/],
      [['inspect'], /^No model was named\. Name one or more/],
      [
        ['inspect', 'a.onnx', '--jsno'],
        /^There is no option --jsno here\. It takes --source, --values, --json\./,
      ],
      [['inspect', 'a.onnx', '--source'], /^--source needs a value/],
      [['inspect', 'a.onnx', '--json=1'], /^--json takes no value/],
      [['inspect', 'a.onnx', '--source', file('none')], /cannot be read|is not a folder/],
    ];
    for (const [args, expected] of cases) {
      const { code, out, err } = await run(...args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.match(err, expected);
    }
    assert.equal((await run('--help')).code, 0);
  });
});

describe('options', () => {
  it('reads flags, values in both forms, repeated values and what follows --', () => {
    const parsed = parseOptions(['a', '--feed', 'x=1', '--feed=y=2', '--json', '--', '--z'], {
      feed: 'many',
      json: 'flag',
      out: 'one',
    });
    assert.deepEqual(parsed, {
      positionals: ['a', '--z'],
      options: { feed: ['x=1', 'y=2'], json: true, out: undefined },
    });
  });

  it('does not take names from Object.prototype for options', () => {
    assert.throws(() => parseOptions(['--constructor'], {}), /There is no option --constructor here/);
  });
});

describe('what a command writes', () => {
  let dir = '';
  const file = (name: string): string => join(dir, name);
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'patchclamp-'));
    writeFileSync(file('plain.onnx'), modelOf(plain()));
    writeFileSync(file('file'), '');
  });
  after(() => rmSync(dir, { recursive: true }));

  it('is never the model itself', async () => {
    const { code, err, out } = await run(
      'layout',
      file('plain.onnx'),
      '--geometry',
      file('plain.onnx'),
      '--json',
    );
    assert.deepEqual([code, out], [1, '']);
    assert.match(
      err,
      /plain\.onnx is a model or a file it reads, and Patchclamp never writes to those\. Choose/,
    );
    assert.deepEqual(new Uint8Array(readFileSync(file('plain.onnx'))), new Uint8Array(modelOf(plain())));
  });

  it('is refused before anything runs where it cannot go', async () => {
    const { code, err } = await run(
      'run',
      file('plain.onnx'),
      '--feed',
      'x=1',
      '--out',
      file('file/below'),
      '--json',
    );
    assert.equal(code, 1);
    assert.match(err, /^Nothing can be written to .*file.below: .* Choose a place/);
    assert.equal((await run('run', file('plain.onnx'), '--out', '')).code, 2);
  });

  it('is no option of one letter', async () => {
    const { code, err } = await run('inspect', '-j');
    assert.equal(code, 2);
    assert.match(err, /There is no option -j here\./);
  });
});
