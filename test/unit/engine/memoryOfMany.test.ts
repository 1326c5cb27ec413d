/** Sweeps, streams and gradients are estimated before they run: asked about where they do not fit, in smaller runs where that helps. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Intervention, RunRequest } from '../../../src/contract/run';
import { Allowance, ownBytes, RowBudget } from '../../../src/engine/child/memory';
import { info, model, node, tensor } from './models';
import { withEngine } from './testEngine';

/** Sum of all products of two elements of a row: few numbers go in and come out, and their square is held in between. */
const SQUARE = model({
  nodes: [
    node('Unsqueeze', ['x', 'last'], ['column']),
    node('Unsqueeze', ['x', 'middle'], ['row']),
    node('MatMul', ['column', 'row'], ['square']),
    node('ReduceSum', ['square', 'axes'], ['s'], { keepdims: 0 }),
    node('Unsqueeze', ['s', 'middle'], ['y']),
  ],
  inputs: [info('x', 'float32', ['batch', 'n'])],
  outputs: [info('y', 'float32', ['batch', 1])],
  weights: [
    tensor('last', { dtype: 'int64', dims: [1], data: BigInt64Array.of(2n) }),
    tensor('middle', { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) }),
    tensor('axes', { dtype: 'int64', dims: [2], data: BigInt64Array.of(1n, 2n) }),
  ],
});

/** A row of n ones: y is n². */
function ones(n: number): RunRequest['feeds'] {
  return { x: { dtype: 'float32', dims: [1, n], data: new Float32Array(n).fill(1) } };
}

/** The first elements set to k: y is (n - 1 + k)². */
const cells = Array.from({ length: 12 }, (_, k): Intervention[] => [{ kind: 'set', site: 'x#0', value: k }]);

const HUGE = 200_000;
/** 64 MB a row in the middle. */
const MIDDLE = 4000;

describe('memory of many runs', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-many-'));
  after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'square.onnx');
  writeFileSync(file, SQUARE);
  const options = { sessionBudget: 1 << 24, tensorBudget: 1 << 28 };
  const asked = (what: string): { code: string; message: RegExp } => ({
    code: 'would-not-fit',
    message: new RegExp(
      `This ${what} of .*square.onnx may take .*B of memory, and .*B are free. Run it anyway`,
    ),
  });

  it('is asked about before a sweep, and what fits runs', () =>
    withEngine(options, async (api) => {
      const { id } = await api.open(file);
      await assert.rejects(api.sweep(id, { feeds: ones(HUGE), cells, read: ['y'] }), asked('sweep'));
      const { cells: read } = await api.sweep(id, { feeds: ones(3), cells, read: ['y'] });
      const found = await api.tensor(read[0]?.handle ?? '', undefined);
      assert.deepEqual(
        [...found.data].map(Number),
        cells.map((_, k) => (2 + k) ** 2),
      );
    }));

  it('leaves runs as large as they were where there is enough', () =>
    withEngine(options, async (api) => {
      const { id } = await api.open(file);
      const { ridden } = await api.sweep(id, { feeds: ones(300), cells, read: ['y'] });
      assert.ok(ridden > 3, String(ridden));
    }));

  it('makes the runs of a sweep smaller until they fit', () =>
    withEngine({ ...options, memoryCap: ownBytes() + 300e6 }, async (api) => {
      const { id } = await api.open(file);
      const request = { feeds: ones(MIDDLE), cells, read: ['y'] };
      const swept = await api.sweep(id, request);
      // Four rows and the session would be more than four fifths of what there is.
      assert.ok(swept.ridden <= 3, String(swept.ridden));
      const found = await api.tensor(swept.cells[0]?.handle ?? '', undefined);
      assert.deepEqual(
        [...found.data].map(Number),
        cells.map((_, k) => (MIDDLE - 1 + k) ** 2),
      );
    }));

  it('is asked about before a stream, and makes its runs smaller', () =>
    withEngine({ ...options, memoryCap: ownBytes() + 300e6 }, async (api) => {
      const { id } = await api.open(file);
      const reductions = [{ kind: 'moments', site: 'y' } as const];
      const stream = await api.stream(id, { reductions });
      await assert.rejects(api.push(stream, [ones(HUGE)]), asked('stream'));
      const { ridden, examples } = await api.push(
        stream,
        new Array<RunRequest['feeds']>(12).fill(ones(MIDDLE)),
      );
      assert.ok(ridden <= 3, String(ridden));
      const { reduced } = await api.reduced(stream);
      assert.ok(reduced[0]?.kind === 'moments' && reduced[0].mean[0] === MIDDLE ** 2);
      assert.equal(examples, 12);
    }));

  it('is asked about where a stream is to keep more than there is, and what was taken stays', () =>
    withEngine({ ...options, memoryCap: ownBytes() + 300e6 }, async (api) => {
      const { id } = await api.open(file);
      const stream = await api.stream(id, { reductions: [{ kind: 'each', site: 'square' }] });
      await assert.rejects(api.push(stream, new Array<RunRequest['feeds']>(12).fill(ones(MIDDLE))), {
        code: 'would-not-fit',
        message: /This stream of .*square.onnx takes/,
      });
      const { examples } = await api.reduced(stream);
      assert.ok(examples > 0 && examples < 12, String(examples));
    }));

  it('is asked about before a gradient', () =>
    withEngine(options, async (api) => {
      const { id } = await api.open(file);
      const request = { objective: 'y[0,0]', wrt: ['x'] };
      await assert.rejects(api.gradient(id, { ...request, feeds: ones(HUGE) }), asked('gradient'));
      const { gradients } = await api.gradient(id, { ...request, feeds: ones(3) });
      const found = await api.tensor(gradients[0]?.handle ?? '', undefined);
      assert.deepEqual([...found.data].map(Number), [6, 6, 6]);
    }));

  it('is what a gradient needs on its way back, and what it holds of the way there', () =>
    withEngine({ ...options, memoryCap: ownBytes() + 500e6 }, async (api) => {
      const { id } = await api.open(file);
      const request = { feeds: ones(5000), objective: 'y[0,0]', wrt: ['square'] };
      // 100 MB there, and 325 by the estimate; the way back makes as many while those are held.
      await assert.rejects(api.gradient(id, request), {
        code: 'would-not-fit',
        message: /This gradient of .*square.onnx may take [4-9]\d\d MB/,
      });
      const { gradients } = await api.gradient(id, { ...request, confirmed: true });
      assert.equal(gradients[0]?.summary?.mean, 1);
    }));

  it('is not asked about again once somebody said to run it', () => {
    assert.throws(() => new Allowance('sweep', 'm.onnx', 1, false).ask({ bytes: 1e9, calibrated: true }), {
      code: 'would-not-fit',
      message: /This sweep of m.onnx takes 1 GB of memory/,
    });
    const anyway = new Allowance('sweep', 'm.onnx', 1, true);
    anyway.ask({ bytes: 1e18, calibrated: false });
    assert.equal(anyway.rows({ bytes: 1e12, fixed: 0, calibrated: false }).most, Infinity);
  });

  it('of a row is put right by the first run', () => {
    const rows = new RowBudget({ bytes: 30, fixed: 10, calibrated: false }, 110);
    assert.equal(rows.most, 5);
    rows.took(4, undefined);
    assert.equal(rows.most, 5);
    rows.took(4, 50);
    assert.equal(rows.most, 10);
    // More than was estimated: fewer go.
    rows.took(2, 110);
    assert.equal(rows.most, 2);
    rows.took(1, 1e9);
    assert.equal(rows.most, 1);
  });
});
