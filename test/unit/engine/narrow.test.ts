/** Moving slices up a graph: which operators are passed, and that the numbers are those of a slice taken afterwards. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { relativeDifference } from '../../../src/engine/child/compare';
import { createSession, runSession } from '../../../src/engine/child/runtime';
import { FreshNames } from '../../../src/onnx/rewrite/names';
import { narrow } from '../../../src/onnx/rewrite/narrow';
import { rewrite } from '../../../src/onnx/rewrite/plan';
import { writeModel } from '../../../src/onnx/write';
import { read } from '../onnx/memory';
import { floats, info, model, node, tensor } from './models';

const weights = [
  tensor('w', floats([4, 6], -10)),
  tensor('bias', floats([6], 1)),
  tensor('gain', floats([4], 1)),
  tensor('rows', floats([3, 1], 1)),
];

describe('narrowing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-narrow-'));
  after(() => rmSync(folder, { recursive: true }));

  const bytes = model({
    nodes: [
      node('LayerNormalization', ['x', 'gain'], ['n'], { axis: -1 }),
      node('Tanh', ['n'], ['t']),
      node('MatMul', ['t', 'w'], ['m']),
      node('Add', ['m', 'bias'], ['b']),
      node('Softmax', ['b'], ['s'], { axis: -1 }),
      node('Mul', ['s', 'rows'], ['r']),
    ],
    inputs: [info('x', 'float32', ['n', 3, 4])],
    outputs: [info('r', 'float32', ['n', 3, 6])],
    weights,
  });

  it('passes what treats the places alike, and stops where it does not', async () => {
    const { graph } = await read(bytes);
    const passed = (value: string, axis: number): number =>
      narrow(graph, value, [{ axis, indices: [-1], rank: 3 }], new FreshNames(graph)).passed;
    assert.deepEqual(
      ['n', 't', 'm', 'b', 's', 'r'].map((value) => passed(value, 1)),
      [1, 2, 3, 4, 5, 0],
    );
    assert.deepEqual(
      ['n', 't', 'm', 'b', 's', 'r'].map((value) => passed(value, 2)),
      [0, 1, 0, 0, 0, 0],
    );
  });

  it('gives the numbers of a slice taken afterwards', async () => {
    writeFileSync(join(folder, 'm.onnx'), bytes);
    const skeleton = await read(bytes);
    const x = { ...floats([2, 3, 4], 0), data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)) };
    const takes = [
      [{ axis: 1, indices: [-1], rank: 3 }],
      [{ axis: 1, indices: [2, 0], rank: 3 }],
      [
        { axis: 1, indices: [1], rank: 3 },
        { axis: 2, indices: [0, 3], rank: 3 },
      ],
    ];
    for (const value of ['s', 'b', 'r']) {
      for (const take of takes) {
        const captures = [
          { path: '', value, raw: false, take },
          { path: '', value, raw: false },
        ];
        const plan = { outputs: [], captures, steps: [], given: [], overridden: [] };
        const { model: parts, captures: given } = rewrite(skeleton, plan, () => ({
          dtype: 'float32',
          shape: null,
        }));
        const made = writeModel(parts, { self: 'm.onnx', packed: () => new Uint8Array() });
        const session = await createSession(made, {
          level: 'disabled',
          packed: false,
          providers: ['cpu'],
          threads: 1,
          folder,
        });
        const names = given.map(({ name }) => name);
        const results = await runSession(session, new Map([['x', x]]), names);
        const [slice, whole] = names.map((name) => results.get(name));
        assert.ok(slice && whole && ArrayBuffer.isView(whole.data));
        const [, rows = 0, columns = 0] = whole.dims;
        const at = (axis: number, length: number): number[] =>
          (take.find((each) => each.axis === axis)?.indices ?? Array.from({ length }, (_, i) => i)).map(
            (index) => (index < 0 ? length + index : index),
          );
        const expected = [0, 1].flatMap((batch) =>
          at(1, rows).flatMap((row) =>
            at(2, columns).map((column) => Number(whole.data[(batch * rows + row) * columns + column])),
          ),
        );
        const reference = { ...slice, data: Float32Array.from(expected) };
        assert.ok(relativeDifference(slice, reference) <= 1e-6, `${value} ${JSON.stringify(take)}`);
        await session.release();
      }
    }
  });
});
