/** Weights beyond protobuf's 2 GB: a rewrite points at them, so it stays small whatever is captured or changed. */
import { create } from '@bufbuild/protobuf';
import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TensorProto_DataLocation, TensorProtoSchema, type TensorProto } from 'onnx-buf';
import type { Intervention } from '../../../src/contract/run';
import type { WeightRef } from '../../../src/contract/skeleton';
import type { TensorData } from '../../../src/contract/tensor';
import { ownBytes } from '../../../src/engine/child/memory';
import { EngineModel } from '../../../src/engine/child/model';
import { rewritesOf } from './largeRewrites';
import { info, model, node } from './models';
import { testEngine } from './testEngine';

const [TABLES, ROWS, WIDTH] = [5, 131_072, 1024];
const BYTES = ROWS * WIDTH * 4;

/** Row `row` of table `t` begins with this number; the rest of the file was never written. */
const marked = (t: number, row: number): number => 100 * t + row;

function table(t: number): TensorProto {
  const entry = (key: string, value: string | number) => ({ key, value: String(value) });
  return create(TensorProtoSchema, {
    name: `w${String(t)}`,
    dims: [BigInt(ROWS), BigInt(WIDTH)],
    dataType: 1,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [entry('location', 'big.data'), entry('offset', t * BYTES), entry('length', BYTES)],
  });
}

/** y = the sum of a row of each of five tables of 512 MB. */
function writeTables(folder: string): string {
  const all = Array.from({ length: TABLES }, (_, t) => t);
  const file = join(folder, 'big.onnx');
  writeFileSync(
    file,
    model({
      nodes: [
        ...all.map((t) => node('Gather', [`w${String(t)}`, 'row'], [`r${String(t)}`])),
        ...all
          .slice(1)
          .map((t) =>
            node('Add', [t === 1 ? 'r0' : `s${String(t - 1)}`, `r${String(t)}`], [`s${String(t)}`]),
          ),
      ],
      inputs: [info('row', 'int64', ['n'])],
      outputs: [info('s4', 'float32', ['n', WIDTH])],
      weights: all.map(table),
    }),
  );
  const out = openSync(join(folder, 'big.data'), 'w');
  ftruncateSync(out, TABLES * BYTES);
  for (const t of all)
    for (const row of [3, 70_000])
      writeSync(out, Float32Array.of(marked(t, row)), 0, 4, t * BYTES + row * WIDTH * 4);
  closeSync(out);
  return file;
}

describe('models of more than 2 GB', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-large-'));
  after(() => rmSync(folder, { recursive: true }));
  const api = testEngine();
  const file = writeTables(folder);
  const row: TensorData = { dtype: 'int64', dims: [2], data: BigInt64Array.of(3n, 70_000n) };

  it('have weights that no protobuf holds', () => {
    assert.ok(statSync(join(folder, 'big.data')).size > 2 ** 31);
  });

  it('are rewritten in kilobytes, everything captured and everything changed', async () => {
    const opened = await EngineModel.open('large', file);
    try {
      const { plain, everything } = await rewritesOf(opened);
      assert.ok(plain.length < 2000, String(plain.length));
      assert.ok(everything.length < 8000, String(everything.length));
    } finally {
      await opened.close();
    }
  });

  it('run with everything captured and a value clamped, and none of the weights is copied', async () => {
    const { id } = await api.open(file);
    const before = ownBytes();
    const capture = ['r0', 'r1', 'r2', 'r3', 'r4', 's1', 's2', 's3'];
    const firsts = async (interventions: readonly Intervention[]): Promise<number[][]> => {
      const { outputs, captures, check } = await api.run(id, { feeds: { row }, capture, interventions });
      assert.equal(check, 'equal');
      const handles = [...captures, ...outputs].map(({ handle }) => handle ?? '');
      const tensors = await Promise.all(handles.map((handle) => api.tensor(handle)));
      return tensors.map(({ data }) => [Number(data[0]), Number(data[WIDTH])]);
    };
    const sums = (change: number): number[][] => {
      const at = (t: number): number[] =>
        [3, 70_000].map((r) => (t === 2 && change !== 0 ? change : marked(t, r)));
      const rows = [0, 1, 2, 3, 4].map(at);
      const upTo = (t: number): number[] =>
        [0, 1].map((i) => rows.slice(0, t + 1).reduce((sum, r) => sum + (r[i] ?? 0), 0));
      return [...rows, upTo(1), upTo(2), upTo(3), upTo(4)];
    };
    assert.deepEqual(await firsts([]), sums(0));
    assert.deepEqual(await firsts([{ kind: 'set', site: 'r2', value: 1.5 }]), sums(1.5));
    const more = ownBytes() - before;
    assert.ok(more < BYTES / 4, `${String(more)} bytes more`);
  });

  it('are refused with a sentence where tensors lie in the model as lists of numbers', async () => {
    const opened = await EngineModel.open('listed', file);
    try {
      const { graph } = opened.skeleton;
      const initializers = new Map(
        [...graph.initializers].map(([name, ref]): [string, WeightRef] => [
          name,
          { ...ref, where: { kind: 'packed', field: 'int64_data', chunks: [] } },
        ]),
      );
      // Said before any of it is read.
      await assert.rejects(opened.write({ ...opened.skeleton, graph: { ...graph, initializers } }), {
        code: 'unsupported',
        message: /lists of numbers \(int64_data and the like\) that are 2.68 GB written out/,
        remedy: 'Save the model with its tensors as raw data, or as external data.',
      });
    } finally {
      await opened.close();
    }
  });
});
