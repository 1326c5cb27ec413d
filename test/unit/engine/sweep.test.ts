/** Sweeps against one run per cell: the same numbers, whether cells ride together or not, from as few runs as can be. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { Intervention, SweepResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { normal } from '../../../src/data/random';
import { relativeDifference } from '../../../src/engine/child/compare';
import { frontierOf } from '../../../src/onnx/rewrite/frontier';
import { generate } from '../../bench/generate';
import { read } from '../onnx/memory';
import { floats, info, model, node, tensor, tinyModel } from './models';
import { testEngine } from './testEngine';

describe('sweeps', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-sweep-'));
  const progress: number[] = [];
  const api = testEngine({ sessionBudget: 1 << 26, tensorBudget: 1 << 28 }, (event, data) => {
    if (event === 'progress' && 'done' in data) progress.push(data.done);
  });
  let count = 0;

  after(() => rmSync(folder, { recursive: true }));

  const open = async (bytes: Uint8Array): Promise<string> => {
    const file = join(folder, `${String(count++)}.onnx`);
    writeFileSync(file, bytes);
    return (await api.open(file)).id;
  };

  /** Largest relative difference between the sweep's rows and a run of their own. */
  const difference = async (
    id: string,
    feeds: Readonly<Record<string, TensorData>>,
    cells: readonly (readonly Intervention[])[],
    site: string,
    swept: SweepResult,
  ): Promise<number> => {
    const rows = await tensorOf(api, swept.cells[0]?.handle);
    const size = rows.data.length / cells.length;
    let most = 0;
    for (const [index, interventions] of cells.entries()) {
      const { captures } = await api.run(id, { feeds, capture: [site], interventions });
      const alone = await tensorOf(api, captures[0]?.handle);
      const data = (rows.data as Float32Array).slice(index * size, (index + 1) * size);
      most = Math.max(most, relativeDifference({ ...alone, data }, alone));
    }
    return most;
  };

  it('gives every cell what a run of its own gives, many cells a run', async () => {
    const file = join(folder, 'blocks.onnx');
    const made = generate(file, { nodes: 220 });
    const opened = await api.open(file);
    const { id } = opened;
    const dims = [1, 6, made.width];
    const row = (seed: number): TensorData => ({
      dtype: 'float32',
      dims,
      data: Float32Array.from({ length: 6 * made.width }, normal(seed)),
    });
    const feeds = Object.fromEntries(opened.inputs.map(({ name }) => [name, row(1)]));
    const values = (await api.infer(id))
      .filter(({ shape }) => shape?.length === 3 && shape[2] === made.width)
      .map(({ name }) => name);
    const sites = [0.1, 0.4, 0.6, 0.9].map((share) => values[Math.floor(values.length * share)] ?? '');
    const read = opened.outputs[0]?.name ?? '';
    const cells: Intervention[][] = sites.flatMap((site, index): Intervention[][] => [
      [{ kind: 'scale', site: `${site}#${String(index)}`, factor: 2 }],
      [{ kind: 'set', site: `${site}@position=${String(index)}`, value: 0.5 }],
      [{ kind: 'replace', site, value: row(index + 10) }],
      [
        {
          kind: 'add',
          site: `${site}@position=1`,
          value: { dtype: 'float32', dims: [], data: Float32Array.of(0.3) },
        },
      ],
      [
        { kind: 'scale', site, factor: 0.5 },
        { kind: 'set', site: `${site}#0`, value: 1 },
      ],
    ]);
    progress.length = 0;
    const swept = await api.sweep(id, { feeds, cells, read: [read] });
    assert.deepEqual(swept.cells[0]?.dims[0], cells.length);
    assert.ok(
      swept.ridden > 1 && swept.runs < cells.length,
      JSON.stringify([swept.ridden, swept.runs, swept.notes]),
    );
    assert.equal(progress.at(-1), cells.length);
    const most = await difference(id, feeds, cells, read, swept);
    assert.ok(most <= 1e-5, String(most));
  });

  it('opens a fixed batch and says where', async () => {
    const to = { dtype: 'int64' as const, dims: [3], data: BigInt64Array.of(1n, 2n, 3n) };
    const id = await open(
      model({
        nodes: [
          node('Relu', ['x'], ['h']),
          node('Reshape', ['h', 'to'], ['r']),
          node('Softmax', ['r'], ['y'], { axis: -1 }),
        ],
        inputs: [info('x', 'float32', [1, 6])],
        outputs: [info('y', 'float32', [1, 2, 3])],
        weights: [tensor('to', to)],
      }),
    );
    const feeds = { x: floats([1, 6], -2) };
    const cells: Intervention[][] = [0, 1, 2, 3, 4, 5].map((unit) => [
      { kind: 'set', site: `h#${String(unit)}`, value: 3 },
    ]);
    const swept = await api.sweep(id, { feeds, cells, read: ['y'] });
    assert.match(swept.notes.join(), /fixed batch was opened at Reshape "r"/);
    assert.ok(swept.ridden > 1);
    assert.ok((await difference(id, feeds, cells, 'y', swept)) <= 1e-5);
  });

  it('runs cells one by one where rows would mix, and says why', async () => {
    const id = await open(
      model({
        nodes: [
          node('Relu', ['x'], ['h']),
          node('DynamicQuantizeLinear', ['h'], ['q', 's', 'z']),
          node('DequantizeLinear', ['q', 's', 'z'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 3])],
        outputs: [info('y', 'float32', ['n', 3])],
      }),
    );
    const feeds = { x: floats([1, 3], 1) };
    const cells: Intervention[][] = [
      [{ kind: 'set', site: 'h#0', value: 9 }],
      [{ kind: 'scale', site: 'h', factor: 2 }],
    ];
    const swept = await api.sweep(id, { feeds, cells, read: ['y'] });
    assert.deepEqual([swept.ridden, swept.runs, swept.cells[0]?.dims], [1, 2, [2, 3]]);
    assert.match(
      swept.notes.join(),
      /DynamicQuantizeLinear.*rows cannot share a run\. Cells ran one by one\.$/,
    );
    assert.equal(await difference(id, feeds, cells, 'y', swept), 0);
  });

  it('computes only the slice that is read', async () => {
    const file = join(folder, 'narrow.onnx');
    const made = generate(file, { nodes: 220 });
    const { id, inputs, outputs } = await api.open(file);
    const data = Float32Array.from({ length: 6 * made.width }, normal(3));
    const feeds = Object.fromEntries(
      inputs.map(({ name }) => [name, { dtype: 'float32' as const, dims: [1, 6, made.width], data }]),
    );
    const value = (await api.infer(id)).filter(({ shape }) => shape?.[2] === made.width)[20]?.name ?? '';
    const cells = [0, 1, 2, 3, 4, 5].map((place): Intervention[] => [
      { kind: 'set', site: `${value}@position=${String(place)}`, value: 0.5 },
    ]);
    const read = `${outputs[0]?.name ?? ''}@position=-1`;
    const swept = await api.sweep(id, { feeds, cells, read: [read] });
    assert.deepEqual(swept.cells[0]?.dims.slice(0, 2), [6, 1]);
    assert.ok((await difference(id, feeds, cells, read, swept)) <= 1e-5);
  });

  it('starts a session per place that is changed, each with its own baseline', async () => {
    const id = await open(
      model({
        nodes: [
          node('Neg', ['x'], ['a']),
          node('Exp', ['a'], ['b']),
          node('Abs', ['b'], ['c']),
          node('Add', ['c', 'a'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 5])],
        outputs: [info('y', 'float32', ['n', 5])],
      }),
    );
    const feeds = { x: floats([1, 5], 0) };
    // The cells' order is not the graph's.
    const cells = ['c', 'a', 'b'].flatMap((site) =>
      [0, 1, 2, 3, 4].map((unit): Intervention[] => [
        { kind: 'set', site: `${site}#${String(unit)}`, value: 7 },
      ]),
    );
    const swept = await api.sweep(id, { feeds, cells, read: ['y'] });
    assert.deepEqual(swept.baselineRow, [2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    assert.deepEqual(swept.baseline[0]?.dims, [3, 5]);
    const plain = await api.run(id, { feeds, capture: ['y'] });
    const [row, rows] = [
      await tensorOf(api, plain.captures[0]?.handle),
      await tensorOf(api, swept.baseline[0].handle),
    ];
    assert.deepEqual(
      [...(rows.data as Float32Array)],
      [0, 1, 2].flatMap(() => [...(row.data as Float32Array)]),
    );
    assert.ok((await difference(id, feeds, cells, 'y', swept)) <= 1e-6);
    const none = await api.sweep(id, { feeds, cells: [], read: ['y'] });
    assert.deepEqual([none.cells[0]?.dims, none.baseline[0]?.dims, none.runs], [[0, 5], [1, 5], 0]);
  });

  // As windows of a picture have it: four places a row along the first axis, and a bias that is the same for all.
  const windows = (): Uint8Array =>
    model({
      nodes: [
        node('Relu', ['x'], ['h']),
        node('Reshape', ['h', 'flat'], ['places']),
        node('Tanh', ['b'], ['bias']),
        node('Add', ['places', 'bias'], ['s']),
        node('Reshape', ['s', 'whole'], ['y']),
      ],
      inputs: [info('x', 'float32', ['n', 4, 3])],
      outputs: [info('y', 'float32', ['n', 4, 3])],
      weights: [
        tensor('b', floats([1, 3], 1)),
        tensor('flat', { dtype: 'int64', dims: [2], data: BigInt64Array.of(-1n, 3n) }),
        tensor('whole', { dtype: 'int64', dims: [3], data: BigInt64Array.of(-1n, 4n, 3n) }),
      ],
    });

  it('gives no cell a row of what no input goes into', async () => {
    const id = await open(windows());
    const feeds = { x: floats([1, 4, 3], 1) };
    const cells = [0, 1, 2, 3, 4].map((unit): Intervention[] => [
      { kind: 'set', site: `h@1=${String(unit % 4)}`, value: unit },
    ]);
    const swept = await api.sweep(id, { feeds, cells, read: ['y'] });
    assert.ok(swept.ridden > 1);
    assert.ok((await difference(id, feeds, cells, 'y', swept)) <= 1e-6);
  });

  it('runs cells one by one where together they do not run, and says why', async () => {
    const id = await open(windows());
    const feeds = { x: floats([1, 4, 3], 1) };
    const cells = [0, 1, 2, 3, 4].map((unit): Intervention[] => [
      { kind: 'set', site: `bias#${String(unit % 3)}`, value: unit },
    ]);
    const swept = await api.sweep(id, { feeds, cells, read: ['y'] });
    assert.equal(swept.ridden, 1);
    assert.match(swept.notes[0] ?? '', /^Together the cells do not run: .*Add.* They ran one by one\.$/);
    assert.ok((await difference(id, feeds, cells, 'y', swept)) === 0);
  });

  it('refuses to read a slice of the batch, and passes on what is wrong with a cell', async () => {
    const id = await open(tinyModel());
    const feeds = { x: floats([1, 3], 0) };
    await assert.rejects(api.sweep(id, { feeds, cells: [], read: ['y@batch=0'] }), { code: 'bad-site' });
    await assert.rejects(api.sweep(id, { feeds, cells: [], read: ['y!raw'] }), { code: 'bad-site' });
    const cells: Intervention[][] = [[{ kind: 'set', site: 'h#7', value: 0 }]];
    await assert.rejects(api.sweep(id, { feeds, cells, read: ['y'] }), {
      message: /index 7 on the axis unit, which has 3/,
    });
  });

  it('starts where the question starts', async () => {
    const skeleton = await read(
      model({
        nodes: [
          node('Neg', ['x'], ['a']),
          node('Abs', ['a'], ['b']),
          node('Exp', ['b'], ['c']),
          node('Add', ['c', 'a'], ['y']),
        ],
        inputs: [info('x', 'float32', ['n', 2])],
        outputs: [info('y', 'float32', ['n', 2])],
      }),
    );
    const from = (...swept: string[]): string[] =>
      [...frontierOf(skeleton.graph, ['y'], new Set(swept), () => true)].sort();
    assert.deepEqual(from('c'), ['a', 'c']);
    assert.deepEqual(from('b'), ['a', 'b']);
    assert.deepEqual(from('a'), ['a']);
    assert.deepEqual(from('x'), ['x']);
    assert.deepEqual(from('b', 'c'), ['a', 'b']);
  });
});

async function tensorOf(api: EngineApi, handle: string | null | undefined): Promise<TensorData> {
  assert.ok(handle, 'a tensor was kept');
  return api.tensor(handle);
}
