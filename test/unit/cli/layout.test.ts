/** The layout command: its answer, its geometry that anyone can count, and what it says of arguments that are wrong. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { info, modelOf, node, plain, type NodeInit } from '../onnx/seeds';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (Rect & { readonly index?: number; readonly scope?: string })[];
  readonly frames: readonly (Rect & { readonly scope: string })[];
  readonly edges: readonly {
    readonly from: number | string;
    readonly to: number | string;
    readonly points: readonly (readonly [number, number])[];
    readonly tag: boolean;
  }[];
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

describe('patchclamp layout', () => {
  const digits = 'media/samples/digits/digits.onnx';
  let dir = '';
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'patchclamp-layout-'));
  });
  after(() => rmSync(dir, { recursive: true }));

  const geometry = async (...args: string[]): Promise<Geometry> => {
    const file = join(dir, 'geometry.json');
    const { code } = await run('layout', digits, '--geometry', file, ...args);
    assert.equal(code, 0);
    return JSON.parse(readFileSync(file, 'utf8')) as Geometry;
  };

  it('says where it had to break a cycle', async () => {
    const file = join(dir, 'cycle.onnx');
    const around = [node('Add', ['x', 'c'], ['a']), node('Relu', ['a'], ['c']), node('Relu', ['c'], ['y'])];
    writeFileSync(
      file,
      modelOf({ name: 'cycle', node: around, input: [info('x', [2])], output: [info('y', [2])] }),
    );
    const { code, out } = await run('layout', file);
    assert.equal(code, 0);
    assert.match(out, /cycles {5}1, broken/);
    assert.equal((JSON.parse((await run('layout', file, '--json')).out) as { cycles: number }).cycles, 1);
    assert.doesNotMatch((await run('layout', digits)).out, /cycles/);
  });

  it('prints one object with size, crossings and tags', async () => {
    const { code, out, err } = await run('layout', digits, '--json');
    assert.deepEqual([code, err], [0, '']);
    const answer = JSON.parse(out) as Record<string, number | string>;
    const { ms, peakMB, ...rest } = answer;
    assert.ok(Number(ms) > 0 && Number(peakMB) > 0);
    assert.deepEqual(Object.keys(rest), ['file', 'nodes', 'boxes', 'crossings', 'tags', 'width', 'height']);
    assert.deepEqual([rest['file'], rest['nodes'], rest['crossings'], rest['tags']], [digits, 31, 0, 0]);
  });

  it('says the same in words', async () => {
    const { code, out } = await run('layout', digits);
    assert.equal(code, 0);
    assert.match(out, /drawn +\d+ boxes of 31 nodes in [\d.]+ m?s/);
    assert.match(out, /crossings +0, 0 tags/);
  });

  it('writes every node once when all is open, apart from each other and within the drawing', async () => {
    const { nodes, frames, width, height } = await geometry('--expand', 'all');
    const drawn = nodes.map(({ index }) => index).filter((index) => index !== undefined);
    assert.equal(new Set(drawn).size, drawn.length);
    for (let id = 0; id < 31; id++) assert.ok(drawn.includes(id), `node ${String(id)} is not drawn`);
    const inside = ({ x, y, w, h }: Rect): boolean =>
      x >= -0.01 && y >= -0.01 && x + w <= width + 0.01 && y + h <= height + 0.01;
    assert.ok([...nodes, ...frames].every(inside));
    nodes.forEach((a, at) => {
      for (const b of nodes.slice(at + 1)) {
        const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        assert.ok(apart, `${String(a.index)} and ${String(b.index)} overlap`);
      }
    });
  });

  it('draws every line from the bottom of one box to the top of another', async () => {
    const { nodes, edges } = await geometry('--expand', 'all');
    const byKey = new Map(nodes.map((node) => [node.index ?? node.scope, node]));
    assert.ok(edges.length >= 30);
    for (const { from, to, points, tag } of edges) {
      const [a, b] = [byKey.get(from), byKey.get(to)];
      assert.ok(a !== undefined && b !== undefined && !tag);
      const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = []] = [points[0], points.at(-1)];
      assert.ok(x0 >= a.x && x0 <= a.x + a.w && Math.abs(y0 - (a.y + a.h)) < 0.5);
      assert.ok(x1 >= b.x && x1 <= b.x + b.w && Math.abs(y1 - b.y) < 0.5);
    }
  });

  it('shows modules closed without --expand', async () => {
    const { nodes, frames } = await geometry();
    assert.deepEqual(frames, []);
    assert.ok(nodes.some(({ scope }) => scope === 'stem'));
  });

  it('draws a model that has no modules', async () => {
    const file = join(dir, 'plain.onnx');
    writeFileSync(file, modelOf(plain()));
    const { code, out } = await run('layout', file, '--json');
    assert.deepEqual([code, (JSON.parse(out) as { nodes: number }).nodes], [0, 2]);
  });

  it('stops when its limit is reached, says so, and still shows the model with its modules closed', async () => {
    const file = join(dir, 'geometry.json');
    const args = ['--expand', 'all', '--limit', '0.000001', '--geometry', file, '--json'];
    const { code, out, err } = await run('layout', digits, ...args);
    assert.equal(code, 0);
    assert.match(err, /took longer than 0\.000001 s and was stopped/);
    assert.equal((JSON.parse(out) as { stopped: boolean }).stopped, true);
    const { nodes, frames } = JSON.parse(readFileSync(file, 'utf8')) as Geometry;
    assert.deepEqual(frames, []);
    assert.ok(nodes.some(({ scope }) => scope === 'stem'));
    const patient = await run('layout', digits, '--expand', 'all', '--limit', '60', '--json');
    assert.equal((JSON.parse(patient.out) as { stopped?: boolean }).stopped, undefined);
  });

  describe('given what could freeze it', function () {
    this.timeout(60_000);
    const chain = (length: number): NodeInit[] =>
      Array.from({ length }, (_unused, k) => node('Relu', [`v${String(k)}`], [`v${String(k + 1)}`]));
    const long = '<script>alert("1")</script>'.repeat(400).slice(0, 10_000);
    const cases: readonly (readonly [string, readonly NodeInit[], number])[] = [
      ['a node without a name or an operator', [node('', ['v0'], ['y'], { name: '' })], 1],
      [
        'a thousand inputs',
        [
          node(
            'Concat',
            Array.from({ length: 1000 }, (_unused, k) => `i${String(k)}`),
            ['y'],
          ),
        ],
        1,
      ],
      ['a name of 10,000 characters with markup', [node('Relu', ['v0'], [long], { name: long })], 1],
      ['a chain of 50,000', chain(50_000), 50_000],
      [
        'a star of 50,000',
        Array.from({ length: 50_000 }, (_unused, k) => node('Relu', ['v0'], [`y${String(k)}`])),
        50_000,
      ],
      [
        'parts that nothing connects',
        Array.from({ length: 300 }, (_unused, k) => node('Constant', [], [`c${String(k)}`])),
        300,
      ],
      [
        'a cycle',
        [node('Relu', ['b'], ['a']), node('Relu', ['a'], ['b']), node('Add', ['a', 'v0'], ['y'])],
        3,
      ],
    ];
    for (const [what, nodes, count] of cases) {
      it(`draws ${what}`, async () => {
        const file = join(dir, 'odd.onnx');
        const drawing = join(dir, 'odd.json');
        writeFileSync(file, modelOf({ name: 'odd', node: [...nodes], input: [info('v0', [4])], output: [] }));
        const { code, err } = await run('layout', file, '--expand', 'all', '--geometry', drawing);
        assert.equal(code, 0, err);
        const found = JSON.parse(readFileSync(drawing, 'utf8')) as Geometry;
        const drawn = new Set(found.nodes.flatMap(({ index = -1 }) => (index >= 0 ? [index] : [])));
        assert.equal(drawn.size, count);
        assert.ok(
          found.nodes.every(({ x, y, w, h }) => [x, y].every(Number.isFinite) && w > 0 && w <= 240 && h > 0),
        );
        assert.ok(found.edges.every(({ points, tag }) => tag || points.length >= 2));
        // Every tensor that a node reads from another has its line.
        const makers = new Map(
          nodes.flatMap(({ output = [] }, at) => output.map((name) => [name, at] as const)),
        );
        const wanted = new Set(
          nodes.flatMap(({ input = [] }, at) =>
            input.flatMap((name) => (makers.has(name) ? [`${String(makers.get(name))} ${String(at)}`] : [])),
          ),
        );
        const lines = new Set(found.edges.map(({ from, to }) => `${String(from)} ${String(to)}`));
        for (const line of wanted) assert.ok(lines.has(line), `${line} is not drawn`);
      });
    }
  });

  it('says what is wrong with its arguments, and what to do', async () => {
    for (const [args, said] of [
      [[], /No model was named/],
      [[digits, digits], /2 models were named/],
      [[digits, '--expand', 'some'], /--expand some is not known/],
      [[digits, '--limit', 'soon'], /"soon" is no limit/],
      [[join(dir, 'none.onnx')], /none\.onnx/],
      [[digits, '--geometry', join(digits, 'inside-a-file.json')], /inside-a-file|written/],
    ] as const) {
      const { code, out, err } = await run('layout', ...args);
      assert.notEqual(code, 0, `${args.join(' ')}: ${out}`);
      assert.equal(out, '');
      assert.match(err, said);
    }
  });
});
