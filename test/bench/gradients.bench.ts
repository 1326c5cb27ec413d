/**
 * Gradients: what going back costs beside going forth, against PyTorch's autograd where PATCHCLAMP_PYTHON names a Python
 * with torch, what steps of an integral cost together, how soon a backward graph is built, and what memory it takes.
 */
import { execFileSync } from 'node:child_process';
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
import { inTurns, median, Peer, turnsOf, type Beside, type Pace } from './turns';

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
/** Of what takes a tenth of a second, a thirtieth, a hundredth and a thousandth. */
const SLOW: Pace = { warm: 4, rounds: 15, turns: 2 };
const MIDDLING: Pace = { warm: 8, rounds: 21, turns: 3 };
const BRISK: Pace = { warm: 100, rounds: 21, turns: 5 };
const QUICK: Pace = { warm: 1000, rounds: 31, turns: 30 };
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
async function timed(work: () => Promise<unknown>): Promise<number> {
  const times = await turnsOf(work)(Math.ceil(TURNS / 3) + TURNS);
  return median(times.slice(-TURNS));
}

/** Our median milliseconds, and PyTorch's autograd in turns with us where there is a PyTorch. */
async function measured(
  which: string,
  work: () => Promise<unknown>,
  pace: Pace,
): Promise<Partial<Beside> & { readonly ours: number }> {
  const python = process.env['PATCHCLAMP_PYTHON'];
  if (python === undefined || python === '') {
    const times = await turnsOf(work)(pace.warm + pace.rounds * pace.turns);
    return { ours: median(times.slice(pace.warm)) };
  }
  const peer = new Peer(python, [join(__dirname, 'autograd_peer.py'), which]);
  try {
    return await inTurns(turnsOf(work), peer.turns, pace);
  } finally {
    peer.end();
  }
}

/** A row for PyTorch's time, where there is a PyTorch; the ratio is ours to it. */
function beside(what: string, { theirs, ratio }: Partial<Beside>): Row[] {
  if (theirs === undefined || ratio === undefined) return [];
  return [{ what, value: theirs, unit: 'ms', ratio, bound: '≤ 1×', ok: ratio <= 1 }];
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
  const took = await measured('gpt2', () => gradient(api, id, { feeds, ...question }), SLOW);
  const both = took.ours;
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
  rows.push(...beside('PyTorch’s autograd of a model of the same make', took));
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
  const took = await measured('resnet', () => gradient(api, id, { feeds, ...question }), MIDDLING);
  const both = took.ours;
  await api.close(id);
  const what = 'forward and backward of a network of ResNet-18’s size, 224 x 224 pixels';
  return [
    { what: 'plain run of a network of ResNet-18’s size', value: plain, unit: 'ms', ok: true },
    { what, value: both, unit: 'ms', ratio: both / plain, ok: true },
    ...beside('PyTorch’s autograd of the same network, convolution for convolution', took),
    ...peak('of the ResNet-18-sized network', file, { name: 'image', tokens: false, dims }, question),
  ];
}

/** The residual network of the samples: one class, and an integral of 20 steps. */
async function digits(): Promise<Row[]> {
  const api = engine();
  const { id } = await api.open(DIGITS);
  const request = { feeds: { image: noise([1, 1, 28, 28]) }, objective: 'logits[0,7]', wrt: ['image'] };
  const took = await measured('digits', () => gradient(api, id, request), QUICK);
  const integral = { ...request, integrated: { steps: 20, rule: 'gauss-legendre' as const } };
  const steps = () => gradient(api, id, integral);
  const pair = await inTurns(
    turnsOf(steps),
    turnsOf(() => gradient(api, id, request)),
    BRISK,
  );
  await api.close(id);
  const rows: Row[] = [
    { what: 'forward and backward of the digits’ residual network', value: took.ours, unit: 'ms', ok: true },
    {
      what: 'integrated gradients of 20 steps there',
      value: pair.ours,
      unit: 'ms',
      ratio: pair.ratio,
      bound: '≤ 20×',
      ok: pair.ratio <= 20,
    },
  ];
  rows.push(...beside('PyTorch’s autograd of the same network', took));
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
