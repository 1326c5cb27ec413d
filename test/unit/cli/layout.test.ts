/** The layout command: its answer, its geometry that anyone can count, and what it says of arguments that are wrong. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli';
import { modelOf, plain } from '../onnx/seeds';

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

  it('says what is wrong with its arguments, and what to do', async () => {
    for (const [args, said] of [
      [[], /No model was named/],
      [[digits, digits], /2 models were named/],
      [[digits, '--expand', 'some'], /--expand some is not known/],
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
