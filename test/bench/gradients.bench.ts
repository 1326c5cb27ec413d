/**
 * Gradients: what going back costs beside going forth, against PyTorch's autograd where PATCHCLAMP_PYTHON names a Python
 * with torch, what steps of an integral cost together, how soon a backward graph is built, and what memory it takes.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineApi } from '../../src/contract/engineApi';
import type { GradientRequest } from '../../src/contract/run';
import type { TensorData } from '../../src/contract/tensor';
import { normal } from '../../src/data/random';
import { buildBackward, type Observed } from '../../src/engine/child/autodiff/graph';
import { Engine } from '../../src/engine/child/engine';
import { openLocal } from '../../src/onnx/files';
import { sizeOf } from '../../src/tensor/shape';
import { generate } from './generate';
import { SMALL, writeGpt2 } from './gpt2';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly bound?: string;
  readonly ok: boolean;
}

export const name = 'gradients';

const LENGTH = 15;
const TURNS = 5;
const DIGITS = join(__dirname, '../../media/samples/digits/digits.onnx');

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-gradients-'));
  try {
    return [...(await gpt2(join(folder, 'gpt2.onnx'))), ...(await digits()), ...(await building(folder))];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function engine(): EngineApi {
  return new Engine({ sessionBudget: 2 ** 31, tensorBudget: 2 ** 31, threads: 0 }, () => undefined).api();
}

function noise(dims: readonly number[]): TensorData {
  return { dtype: 'float32', dims, data: Float32Array.from({ length: sizeOf(dims) }, normal(1)) };
}

/** Median milliseconds of some turns, after one that warms up. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(TURNS / 2)] ?? Number.NaN;
}

async function gradient(api: EngineApi, id: string, request: GradientRequest): Promise<void> {
  const { gradients } = await api.gradient(id, request);
  api.release(gradients.map(({ handle }) => handle ?? ''));
}

/** Every MLP's units of a model of GPT-2 small's size, at once. */
async function gpt2(file: string): Promise<Row[]> {
  const { units } = writeGpt2(file, SMALL);
  const api = engine();
  const { id } = await api.open(file);
  const data = BigInt64Array.from({ length: LENGTH }, (_, i) => BigInt((i * 37 + 11) % SMALL.vocabulary));
  const feeds: Record<string, TensorData> = { ids: { dtype: 'int64', dims: [1, LENGTH], data } };
  const plain = await timed(async () => {
    const { outputs } = await api.run(id, { feeds, capture: [] });
    api.release(outputs.map(({ handle }) => handle ?? ''));
  });
  const before = process.memoryUsage().rss;
  const request = { feeds, objective: 'logits[0,-1,42]', wrt: units };
  const both = await timed(() => gradient(api, id, request));
  const after = process.memoryUsage().rss;
  const rows: Row[] = [
    { what: 'plain run of a GPT-2-sized model, 15 tokens', value: plain, unit: 'ms', ok: true },
    {
      what: `the same and the gradients at ${String(units.length)} MLPs’ units`,
      value: both,
      unit: 'ms',
      ratio: both / plain,
      bound: '≤ 3×',
      ok: both / plain <= 3,
    },
    {
      what: 'what the gradients add to the process’s memory after plain runs',
      value: (after - before) / 1e6,
      unit: 'MB',
      ratio: after / before,
      bound: '≤ 3×',
      ok: after / before <= 3,
    },
  ];
  const torch = autograd('gpt2');
  if (torch !== undefined)
    rows.push({
      what: 'PyTorch’s autograd of a model of the same make',
      value: torch,
      unit: 'ms',
      ratio: both / torch,
      bound: '≤ 1×',
      ok: both <= torch,
    });
  return rows;
}

/** The residual network of the samples: one class, and an integral of 20 steps. */
async function digits(): Promise<Row[]> {
  const api = engine();
  const { id } = await api.open(DIGITS);
  const request = { feeds: { image: noise([1, 1, 28, 28]) }, objective: 'logits[0,7]', wrt: ['image'] };
  const one = await timed(() => gradient(api, id, request));
  const integral = { ...request, integrated: { steps: 20, rule: 'gauss-legendre' as const } };
  const many = await timed(() => gradient(api, id, integral));
  const rows: Row[] = [
    { what: 'forward and backward of the digits’ residual network', value: one, unit: 'ms', ok: true },
    {
      what: 'integrated gradients of 20 steps there',
      value: many,
      unit: 'ms',
      ratio: many / one,
      bound: '≤ 20×',
      ok: many / one <= 20,
    },
  ];
  const torch = autograd('digits');
  if (torch !== undefined)
    rows.push({
      what: 'PyTorch’s autograd of the same network',
      value: torch,
      unit: 'ms',
      ratio: one / torch,
      bound: '≤ 1×',
      ok: one <= torch,
    });
  return rows;
}

/** From a skeleton of 2,000 nodes and its shapes to the backward graph. */
async function building(folder: string): Promise<Row[]> {
  const file = join(folder, 'nodes.onnx');
  const made = generate(file, { nodes: 2000 });
  const { skeleton, source } = await openLocal(file);
  await source.close();
  const api = engine();
  const { id, inputs } = await api.open(file);
  const feeds = Object.fromEntries(inputs.map(({ name: input }) => [input, noise([1, 8, made.width])]));
  const capture = skeleton.graph.nodes.flatMap(({ outputs }) => outputs);
  const { captures } = await api.run(id, { feeds, capture });
  const observed = new Map<string, Observed>(
    Object.entries(feeds).map(([input, { dtype, dims }]) => [input, { dtype, dims }]),
  );
  for (const { site, dtype, dims, handle } of captures) {
    const tensor = /^(int|bool)/.test(dtype) ? await api.tensor(handle ?? '') : undefined;
    const ints = tensor === undefined ? {} : { ints: Array.from(tensor.data as ArrayLike<number>, Number) };
    observed.set(site, { dtype, dims, ...ints });
  }
  api.release(captures.map(({ handle }) => handle ?? ''));
  const target = skeleton.graph.outputs[0]?.name ?? '';
  const ms = await timed(() => {
    buildBackward({ model: skeleton, observed }, Object.keys(feeds), (_, declare) => {
      const { dtype, dims } = observed.get(target) ?? { dtype: 'float32' as const, dims: [] };
      return { seeds: new Map([[target, declare('seed', dtype, dims)]]) };
    });
    return Promise.resolve();
  });
  return [
    {
      what: `building the backward graph of ${String(skeleton.graph.nodes.length)} nodes`,
      value: ms,
      unit: 'ms',
      bound: '< 200 ms',
      ok: ms < 200,
    },
  ];
}

/** Median milliseconds of PyTorch's forward and backward, where there is a PyTorch. */
function autograd(which: string): number | undefined {
  const python = process.env['PATCHCLAMP_PYTHON'];
  if (python === undefined || python === '') return undefined;
  const script = join(__dirname, 'autograd_peer.py');
  const { stdout, status, stderr } = spawnSync(python, [script, which], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`PyTorch did not answer: ${stderr}`);
  return Number(stdout);
}
