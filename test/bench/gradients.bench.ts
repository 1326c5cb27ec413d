/**
 * Gradients: what going back costs beside going forth, against PyTorch's autograd where PATCHCLAMP_PYTHON names a Python
 * with torch, what steps of an integral cost together, how soon a backward graph is built, and what memory it takes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
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
import type { PeakQuestion } from './gradientPeak';
import { writeResnet } from './resnet';

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
const TURNS = 9;
/** Of what takes a millisecond: until the compilers on both sides are done. */
const MANY_TURNS = 200;
const DIGITS = join(__dirname, '../../media/samples/digits/digits.onnx');

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-gradients-'));
  try {
    return [
      ...(await gpt2(join(folder, 'gpt2.onnx'))),
      ...(await resnet(join(folder, 'resnet.onnx'))),
      ...(await digits()),
      ...(await building(folder)),
    ];
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

/** Median milliseconds of some turns, after a third as many that warm up. */
async function timed(work: () => Promise<unknown>, turns = TURNS): Promise<number> {
  const times: number[] = [];
  for (let turn = -Math.ceil(turns / 3); turn < turns; turn++) {
    const start = performance.now();
    await work();
    if (turn >= 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
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
  const question = { objective: 'logits[0,-1,42]', wrt: units };
  const both = await timed(() => gradient(api, id, { feeds, ...question }));
  await api.close(id);
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
    ...peak('of the GPT-2-sized model', file, { name: 'ids', tokens: true, dims: [1, LENGTH] }, question),
  ];
  rows.push(...beside('gpt2', 'PyTorch’s autograd of a model of the same make', both));
  return rows;
}

/** One class of a network of ResNet-18's size, at the usual picture. */
async function resnet(file: string): Promise<Row[]> {
  writeResnet(file);
  const api = engine();
  const { id } = await api.open(file);
  const dims = [1, 3, 224, 224];
  const feeds = { image: noise(dims) };
  const plain = await timed(async () => {
    const { outputs } = await api.run(id, { feeds, capture: [] });
    api.release(outputs.map(({ handle }) => handle ?? ''));
  });
  const question = { objective: 'logits[0,7]', wrt: ['image'] };
  const both = await timed(() => gradient(api, id, { feeds, ...question }));
  await api.close(id);
  const what = 'forward and backward of a network of ResNet-18’s size, 224 x 224 pixels';
  return [
    { what: 'plain run of a network of ResNet-18’s size', value: plain, unit: 'ms', ok: true },
    { what, value: both, unit: 'ms', ratio: both / plain, ok: true },
    ...beside('resnet', 'PyTorch’s autograd of the same network, convolution for convolution', both),
    ...peak('of the ResNet-18-sized network', file, { name: 'image', tokens: false, dims }, question),
  ];
}

/** The residual network of the samples: one class, and an integral of 20 steps. */
async function digits(): Promise<Row[]> {
  const api = engine();
  const { id } = await api.open(DIGITS);
  const request = { feeds: { image: noise([1, 1, 28, 28]) }, objective: 'logits[0,7]', wrt: ['image'] };
  const one = await timed(() => gradient(api, id, request), MANY_TURNS);
  const integral = { ...request, integrated: { steps: 20, rule: 'gauss-legendre' as const } };
  const many = await timed(() => gradient(api, id, integral));
  await api.close(id);
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
  rows.push(...beside('digits', 'PyTorch’s autograd of the same network', one));
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
  await api.close(id);
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

/** What a plain run and the gradients take of memory at most, each in a fresh process. */
function peak(
  whose: string,
  file: string,
  feed: PeakQuestion['feed'],
  gradient: PeakQuestion['gradient'],
): Row[] {
  const root = join(__dirname, '..', '..');
  const outfile = join(root, '.cache', 'bench', 'gradientPeak.js');
  buildSync({
    entryPoints: [join(__dirname, 'gradientPeak.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    external: ['onnxruntime-node'],
    logLevel: 'error',
  });
  const bytes = (question: PeakQuestion): number =>
    Number(execFileSync(process.execPath, [outfile, JSON.stringify(question)], { encoding: 'utf8' }));
  const forward = bytes({ file, feed, gradient: null });
  const both = bytes({ file, feed, gradient });
  return [
    { what: `memory a plain run ${whose} takes at its peak`, value: forward / 1e6, unit: 'MB', ok: true },
    {
      what: `memory the gradients ${whose} take at their peak, forward run included`,
      value: both / 1e6,
      unit: 'MB',
      ratio: both / forward,
      bound: '≤ 3×',
      ok: both / forward <= 3,
    },
  ];
}

/** A row for PyTorch's time, where there is a PyTorch; the ratio is ours to it. */
function beside(which: string, what: string, ours: number): Row[] {
  const torch = autograd(which);
  if (torch === undefined) return [];
  const ratio = ours / torch;
  return [{ what, value: torch, unit: 'ms', ratio, bound: '≤ 1×', ok: ratio <= 1 }];
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
