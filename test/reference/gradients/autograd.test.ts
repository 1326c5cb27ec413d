/**
 * Gradients against PyTorch's autograd on tiny random models (generate.py): an MLP, a CNN with residuals and batch norm,
 * LSTM and GRU, GPT-2, Llama, BERT, ViT; at their inputs and at values inside. And what integrated gradients promise.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineApi } from '../../../src/contract/engineApi';
import type { GradientResult } from '../../../src/contract/run';
import { encode } from '../../../src/engine/child/autodiff/encode';
import { writeModel } from '../../../src/onnx/write';
import { toNumbers } from '../../../src/tensor/buffers';
import { testEngine } from '../../unit/engine/testEngine';
import { read } from '../../unit/onnx/memory';
import { packed } from './check';
import { toFloat16, withTensors } from './toFloat64';

interface Golden {
  readonly name: string;
  readonly x: { readonly dims: readonly number[]; readonly data: readonly number[] };
  readonly objective: string;
  readonly value: number;
  readonly gradients: readonly { readonly site: string; readonly data: readonly number[] }[];
  /** A direction at the input, and the product of the Hessian there with it. */
  readonly along: readonly number[];
  readonly hessian: readonly number[];
}

/** Of the largest value: forward values of half precision, 11 bits, through tens of operators. */
const HALF = 2e-2;
const FOLDER = join(__dirname, 'models');
const goldens = JSON.parse(readFileSync(join(FOLDER, 'goldens.json'), 'utf8')) as readonly Golden[];

async function gradientOf(
  engine: EngineApi,
  { name, x, objective }: Golden,
  wrt: readonly string[],
  steps?: number,
): Promise<GradientResult> {
  const model = await engine.open(join(FOLDER, `${name}.onnx`));
  const feeds = { x: { dtype: 'float32' as const, dims: x.dims, data: Float32Array.from(x.data) } };
  const request = { feeds, objective, wrt };
  return engine.gradient(
    model.id,
    steps === undefined ? request : { ...request, integrated: { steps, rule: 'gauss-legendre' } },
  );
}

describe("gradients against PyTorch's autograd", function () {
  this.timeout(60_000);
  const engine = testEngine();
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-autograd-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const golden of goldens) {
    it(`agree at the input and inside: ${golden.name}`, async () => {
      const sites = golden.gradients.map(({ site }) => site);
      assert.ok(sites.length >= 2, 'the input and values inside');
      const { value, gradients } = await gradientOf(engine, golden, sites);
      assert.ok(Math.abs(value - golden.value) <= 1e-5 * Math.abs(golden.value), String(value));
      for (const [i, { site, data }] of golden.gradients.entries()) {
        const tensor = await engine.tensor(gradients[i]?.handle ?? '');
        assert.ok(ArrayBuffer.isView(tensor.data));
        const ours = toNumbers(tensor.dtype, tensor.data);
        assert.equal(ours.length, data.length);
        const largest = Math.max(...data.map(Math.abs));
        const worst = Math.max(...data.map((number, k) => Math.abs(number - (ours[k] ?? NaN))));
        assert.ok(largest > 0 && worst <= 1e-4 * largest, `${site}: ${String(worst / largest)}`);
      }
    });
  }

  for (const golden of goldens) {
    it(`agree in the second derivative: ${golden.name}`, async () => {
      const { name, x, objective, hessian } = golden;
      const model = await engine.open(join(FOLDER, `${name}.onnx`));
      const at = (data: readonly number[]) =>
        ({ dtype: 'float32', dims: x.dims, data: Float32Array.from(data) }) as const;
      const request = { feeds: { x: at(x.data) }, objective, wrt: ['x'], along: { x: at(golden.along) } };
      const { value, gradients, notes } = await engine.gradient(model.id, request);
      assert.ok(Math.abs(value - golden.value) <= 1e-5 * Math.abs(golden.value), String(value));
      const tensor = await engine.tensor(gradients[0]?.handle ?? '');
      assert.ok(ArrayBuffer.isView(tensor.data));
      const ours = toNumbers(tensor.dtype, tensor.data);
      const largest = Math.max(...hessian.map(Math.abs));
      const worst = Math.max(...hessian.map((number, k) => Math.abs(number - (ours[k] ?? NaN))));
      assert.ok(largest > 0 && worst <= 1e-4 * largest, `${String(worst / largest)} ${notes.join()}`);
    });
  }

  for (const golden of goldens.filter(({ x }) => x.dims[0] === 1)) {
    it(`agree for several objectives at once: ${golden.name}`, async () => {
      const { name, x, objective } = golden;
      const model = await engine.open(join(FOLDER, `${name}.onnx`));
      const feeds = { x: { dtype: 'float32' as const, dims: x.dims, data: Float32Array.from(x.data) } };
      const others = [1, 2, 0].map((index) => objective.replace(/\d+\]$/, `${String(index)}]`));
      const asked = [objective, ...others];
      const together = await engine.gradient(model.id, { feeds, objective: asked, wrt: ['x'] });
      const all = await engine.tensor(together.gradients[0]?.handle ?? '');
      assert.deepEqual(all.dims, [asked.length, ...x.dims]);
      assert.ok(ArrayBuffer.isView(all.data));
      const size = x.data.length;
      for (const [row, each] of asked.entries()) {
        const alone = await engine.gradient(model.id, { feeds, objective: each, wrt: ['x'] });
        const one = await engine.tensor(alone.gradients[0]?.handle ?? '');
        assert.ok(ArrayBuffer.isView(one.data));
        const ours = toNumbers(one.dtype, one.data);
        const largest = Math.max(...Array.from(ours, Math.abs));
        for (let k = 0; k < size; k++)
          assert.ok(Math.abs(Number(all.data[row * size + k]) - (ours[k] ?? NaN)) <= 1e-5 * largest);
        assert.ok(Math.abs((together.values?.[row] ?? NaN) - alone.value) <= 1e-5 * Math.abs(alone.value));
      }
    });
  }

  for (const golden of goldens) {
    it(`agree as far as half precision goes: ${golden.name}`, async () => {
      const { name, x, objective } = golden;
      const file = join(folder, `${name}.onnx`);
      const bytes = readFileSync(join(FOLDER, `${name}.onnx`));
      const half = toFloat16(withTensors(await read(bytes), bytes));
      writeFileSync(file, writeModel(half, { self: `${name}.onnx`, packed }));
      const { id } = await engine.open(file);
      const data = new Uint16Array(encode('float16', x.data).buffer as ArrayBuffer);
      const feeds = { x: { dtype: 'float16' as const, dims: x.dims, data } };
      const sites = golden.gradients.map(({ site }) => site);
      const { value, gradients } = await engine.gradient(id, { feeds, objective, wrt: sites });
      assert.ok(Math.abs(value - golden.value) <= HALF * Math.max(1, Math.abs(golden.value)), String(value));
      for (const [i, { site, data: theirs }] of golden.gradients.entries()) {
        const { dtype, data: ours } = await engine.tensor(gradients[i]?.handle ?? '');
        // Small gradients would vanish in half precision.
        assert.equal(dtype, 'float32');
        const largest = Math.max(...theirs.map(Math.abs));
        const worst = Math.max(...theirs.map((number, k) => Math.abs(number - Number(ours[k] ?? NaN))));
        assert.ok(worst <= HALF * largest, `${site}: ${String(worst / largest)}`);
      }
    });
  }

  for (const golden of goldens.filter(({ name }) => name === 'mlp' || name === 'recurrent')) {
    it(`sum to the change of the objective when integrated: ${golden.name}`, async () => {
      const { value, baselineValue, completenessError } = await gradientOf(engine, golden, ['x'], 30);
      const change = Math.abs(value - (baselineValue ?? NaN));
      assert.ok((completenessError ?? NaN) <= 1e-4 * Math.max(1, change), String(completenessError));
    });
  }
});
