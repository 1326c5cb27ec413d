/**
 * A patch sweep, 12 blocks by 15 positions, over a model of GPT-2 small's size made on the spot: against one full forward
 * per cell by PyTorch, where PATCHCLAMP_PYTHON names a Python with torch, and what each of the engine's savings brings.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Intervention, SweepResult } from '../../src/contract/run';
import { Engine } from '../../src/engine/child/engine';
import { SMALL, writeGpt2 } from './gpt2';
import { LENGTH, patchSweep } from './patchSweep';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio?: number;
  readonly bound?: string;
  readonly ok: boolean;
}

export const name = 'sweep';

export async function run(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-sweep-'));
  try {
    return await measure(join(folder, 'gpt2.onnx'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(file: string): Promise<Row[]> {
  const { residuals } = writeGpt2(file, SMALL);
  const memory = await memoryRow(file, residuals);
  const api = new Engine(
    { sessionBudget: 2 ** 30, tensorBudget: 2 ** 30, threads: 0 },
    () => undefined,
  ).api();
  const { id } = await api.open(file);
  const { feeds, cells, patch } = patchSweep(residuals);
  const places = Array.from({ length: LENGTH }, (_, place) => place);
  // A change of nothing at the beginning keeps a sweep from cutting anything away.
  const nothing: Intervention = { kind: 'scale', site: residuals[0] ?? '', factor: 1 };
  const sample = [residuals[1] ?? '', residuals[6] ?? '', residuals[11] ?? ''];
  const python = await Forward.start();
  const sweep = async (site: string, asked: readonly (readonly Intervention[])[]): Promise<Timed> => {
    const result = await api.sweep(id, { feeds, cells: asked, read: [site] });
    api.release([...result.cells, ...result.baseline].map(({ handle }) => handle ?? ''));
    return { result, perCell: result.ms / asked.length };
  };
  try {
    const forwards: number[] = [...(await python.times(6))];
    const alone: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const request = { feeds, capture: [], interventions: [patch(sample[1] ?? '', turn)] };
      const result = await api.run(id, request);
      api.release(result.outputs.map(({ handle }) => handle ?? ''));
      if (turn > 0) alone.push(result.ms);
    }
    const cold = await sweep('logits@position=-1', cells);
    forwards.push(...(await python.times(6)));
    const warm = await sweep('logits@position=-1', cells);
    forwards.push(...(await python.times(6)));
    const some = sample.flatMap((site) => places.map((place) => patch(site, place)));
    const uncut = some.map((change) => [nothing, change]);
    const cut = some.map((change) => [change]);
    const steps: readonly (readonly [string, number])[] = [
      ['one run per cell, as a click does it', median(alone)],
      ['cells riding together on the batch', (await best(() => sweep('logits', uncut))).perCell],
      ['and starting where the change is', (await best(() => sweep('logits', cut))).perCell],
      [
        'and computing one position’s logits only',
        (await best(() => sweep('logits@position=-1', cut))).perCell,
      ],
    ];
    const rows: Row[] = [];
    const forward = median(forwards);
    const against = (what: string, { result, perCell }: Timed, bound: boolean): Row => ({
      what: `${what}: ${String(cells.length)} cells in ${String(result.runs)} runs`,
      value: perCell,
      unit: 'ms/cell',
      ...(Number.isNaN(forward) ? {} : { ratio: forward / perCell }),
      ...(bound ? { bound: '≥ 4× PyTorch' } : {}),
      ok: !bound || Number.isNaN(forward) || forward / perCell >= 4,
    });
    rows.push({
      what: Number.isNaN(forward)
        ? 'one forward by PyTorch: not measured'
        : 'one forward by PyTorch, median of 18',
      value: forward,
      unit: 'ms',
      ok: true,
    });
    rows.push(against('patch sweep, sessions made on the way', cold, false));
    rows.push(against('patch sweep, sessions there', warm, true));
    for (const [index, [what, perCell]] of steps.entries()) {
      const before = steps[index - 1]?.[1];
      rows.push({
        what,
        value: perCell,
        unit: 'ms/cell',
        ...(before === undefined ? {} : { ratio: before / perCell }),
        ok: true,
      });
    }
    return [...rows, memory];
  } finally {
    python.stop();
    await api.close(id);
  }
}

interface Timed {
  readonly result: SweepResult;
  readonly perCell: number;
}

/** The quicker of two: the first makes the sessions. */
async function best(measure: () => Promise<Timed>): Promise<Timed> {
  const [first, second] = [await measure(), await measure()];
  return first.perCell < second.perCell ? first : second;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** What a plain run and the sweep take at most beyond what their processes held before, each in a process of its own. */
async function memoryRow(file: string, residuals: readonly string[]): Promise<Row> {
  const [plain, swept] = [await taken(file, 'plain', residuals), await taken(file, 'sweep', residuals)];
  const ratio = swept / plain;
  const what = 'memory the sweep takes at most, against a plain run';
  if (!(plain > 0)) return { what: `${what} (only Linux says)`, value: Number.NaN, unit: 'MB', ok: true };
  return { what, value: swept / 1e6, unit: 'MB', ratio, bound: '≤ 2×', ok: ratio <= 2 };
}

function taken(file: string, what: 'plain' | 'sweep', residuals: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(join(__dirname, 'sweepMemory.child.ts'), [file, what, ...residuals], {
      execArgv: ['--import', 'tsx'],
    });
    let told: { readonly before: number; readonly most: number } | undefined;
    child.on('message', (message) => (told = message as typeof told));
    child.on('exit', (code) => {
      if (told === undefined) reject(new Error(`The ${what} ended with code ${String(code)}.`));
      else resolve(told.most - told.before);
    });
  });
}

/** PyTorch beside, one forward at a time; gives no times where there is none. */
class Forward {
  private constructor(
    private readonly ask: ((count: number) => Promise<number[]>) | undefined,
    readonly stop: () => void,
  ) {}

  static async start(): Promise<Forward> {
    const python = process.env['PATCHCLAMP_PYTHON'];
    if (python === undefined || python === '') return new Forward(undefined, () => undefined);
    const { blocks, width, heads, vocabulary } = SMALL;
    const shape = [blocks, width, heads, vocabulary, LENGTH].map(String);
    const child = spawn(python, [join(__dirname, 'gpt2_forward.py'), ...shape], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${python} ended without an answer.`);
      return line.value;
    };
    await next();
    const ask = async (count: number): Promise<number[]> => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        child.stdin.write('\n');
        times.push(Number(await next()));
      }
      return times;
    };
    return new Forward(ask, () => void child.kill());
  }

  times(count: number): Promise<readonly number[]> {
    return this.ask?.(count) ?? Promise.resolve([]);
  }
}
