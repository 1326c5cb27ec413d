/**
 * Sweeps: what lies upstream of everything swept runs once and is kept, cells ride together on the batch where that is
 * proved, and runs stay short so that a cancel is heard between them. The first row of every run has no intervention: it
 * is the baseline, from the same session, and is compared with the plain model each time.
 */
import { must } from '../../base/assert';
import { throwIfCancelled } from '../../base/cancel';
import { Failure } from '../../base/errors';
import type { SweepRequest } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { frontierOf } from '../../onnx/rewrite/frontier';
import type { CaptureAt } from '../../onnx/rewrite/plan';
import { relativeDifference } from './compare';
import { judgeBatch, stackRows } from './batch';
import { rideTogether, rowBytes } from './cells';
import { TOLERANCE } from './check';
import type { Executor, Settings } from './executor';
import type { EngineModel } from './model';
import { planRequest, siteAt, type DimsSource, type PlannedStep } from './request';
import { takeSlices } from './take';

/** A run aims at this many milliseconds, and starts with this many cells. */
const AIM = 150;
const FIRST = 4;
/** Bytes that the values handed in may take in one run. */
const MOST_BYTES = 256 << 20;

export interface Swept {
  readonly baseline: readonly TensorData[];
  /** Per site: a row per cell. */
  readonly cells: readonly TensorData[];
  readonly ridden: number;
  readonly runs: number;
  readonly notes: readonly string[];
}

interface Line {
  readonly model: EngineModel;
  readonly settings: Settings;
  readonly signal: AbortSignal | undefined;
  readonly captures: readonly CaptureAt[];
}

/** Runs all cells. `progress` hears of every run. Throws as a run does. */
export async function sweep(
  executor: Executor,
  model: EngineModel,
  request: SweepRequest,
  dims: DimsSource,
  settings: Settings,
  progress: (done: number) => void,
  signal?: AbortSignal,
): Promise<Swept> {
  const sites = request.read.map((text) => siteAt(model, text));
  for (const [index, { graph, slices, stage }] of sites.entries()) {
    if (graph !== '' || slices.length > 0 || stage === 'raw') throw wholeOnly(request.read[index] ?? '');
  }
  const planned = await planCells(model, request, dims, signal);
  const captures = sites.map(({ value }) => ({ path: '', value, raw: false }));
  const line: Line = { model, settings, signal, captures };
  const plain = await runAlone(executor, line, request.feeds, []);
  const verdict = await judgeBatch(executor, model, request.feeds, settings, signal);
  const inMain = planned.every((steps) =>
    steps.every(({ step, dims: at }) => step.path === '' && step.form !== 'pick' && at?.[0] === 1),
  );
  const rows = plain.every((tensor) => tensor.dims[0] === 1);
  if (!verdict.rides || !inMain || !rows) {
    const why = !verdict.rides ? verdict.why : 'Something swept or read has no batch axis in front.';
    return oneByOne(executor, line, request, planned, plain, progress, `${why} Cells ran one by one.`);
  }
  const notes =
    verdict.changes.length > 0 ? [`The fixed batch was opened at ${verdict.changes.join(', ')}.`] : [];
  const given = await upstream(executor, line, request, planned);
  const collected: TensorData[][] = sites.map(() => []);
  let [done, runs, ridden, take] = [0, 0, 0, FIRST];
  const most = Math.max(1, Math.floor(MOST_BYTES / Math.max(1, rowBytes([...given.values()]))));
  while (done < planned.length) {
    throwIfCancelled(signal);
    const cells = planned.slice(done, done + Math.min(take, most));
    const start = performance.now();
    const results = await runTogether(executor, line, given, cells, verdict.relaxed);
    const took = performance.now() - start;
    results.forEach((result, index) => {
      const reference = must(plain[index], 'a reading per site');
      const first = takeSlices(result, [{ axis: 0, indices: [0] }]);
      if (relativeDifference(first, reference) > TOLERANCE) throw leaked(model, request.read[index] ?? '');
      const others = Array.from({ length: cells.length }, (_, cell) => cell + 1);
      collected[index]?.push(takeSlices(result, [{ axis: 0, indices: others }]));
    });
    done += cells.length;
    runs++;
    ridden = Math.max(ridden, cells.length);
    progress(done);
    // The first run of a session maps the weights: only later ones say how long a row takes.
    if (runs > 1 || took < AIM)
      take = Math.max(1, Math.min(take * 2, Math.floor((cells.length * AIM) / Math.max(1, took))));
  }
  return { baseline: plain, cells: collected.map(stackRows), ridden, runs, notes };
}

async function planCells(
  model: EngineModel,
  { feeds, cells }: SweepRequest,
  dims: DimsSource,
  signal: AbortSignal | undefined,
): Promise<(readonly PlannedStep[])[]> {
  const planned: (readonly PlannedStep[])[] = [];
  for (const interventions of cells) {
    const { all } = await planRequest(
      model,
      { feeds, capture: [], interventions, outputs: [] },
      dims,
      signal,
    );
    planned.push(all);
  }
  return planned;
}

async function runAlone(
  executor: Executor,
  { model, settings, signal, captures }: Line,
  feeds: SweepRequest['feeds'],
  steps: readonly PlannedStep[],
): Promise<TensorData[]> {
  const plan = { outputs: [], captures, steps: steps.map(({ step }) => step), given: [], overridden: [] };
  const numbers = steps.map((step) => step.numbers);
  const done = await executor.run(model, { plan, given: new Map() }, numbers, feeds, settings, signal);
  return done.captures.map((tensor, index) => must(tensor, `"${captures[index]?.value ?? ''}" was computed`));
}

/** The values at which the sweep starts, with one row each. */
async function upstream(
  executor: Executor,
  { model, settings, signal, captures }: Line,
  { feeds }: SweepRequest,
  planned: readonly (readonly PlannedStep[])[],
): Promise<ReadonlyMap<string, TensorData>> {
  const { graph } = model.skeleton;
  const swept = new Set(planned.flatMap((steps) => steps.map(({ step }) => step.value)));
  const reads = captures.map(({ value }) => value);
  const refused = new Set<string>();
  for (;;) {
    const values = frontierOf(graph, reads, swept, (value) => !refused.has(value));
    // The model's inputs come along: an opened batch takes its size from one of them.
    const found = new Map(Object.entries(feeds));
    const wanted = values.filter((name) => !found.has(name));
    const plan = {
      outputs: [],
      captures: wanted.map((value) => ({ path: '', value, raw: false })),
      steps: [],
      given: [],
      overridden: [],
    };
    const run =
      wanted.length === 0
        ? []
        : (await executor.run(model, { plan, given: new Map() }, [], feeds, settings, signal)).captures;
    // Shapes and other numbers that are no rows are computed again: the batch is not what it was when they were made.
    const rowless = wanted.filter((_, index) => !isRow(run[index] ?? null));
    if (rowless.length === 0) {
      wanted.forEach((name, index) => found.set(name, must(run[index], 'it was computed')));
      return found;
    }
    for (const name of rowless) refused.add(name);
  }
}

function isRow(tensor: TensorData | null): tensor is TensorData {
  return tensor !== null && tensor.dims[0] === 1 && tensor.dims.length > 1 && /^float/.test(tensor.dtype);
}

/** One run: a row without interventions, then a row per cell. */
async function runTogether(
  executor: Executor,
  { model, settings, signal, captures }: Line,
  given: ReadonlyMap<string, TensorData>,
  cells: readonly (readonly PlannedStep[])[],
  relaxed: boolean,
): Promise<TensorData[]> {
  const count = cells.length + 1;
  const tiled = new Map(
    [...given].map(([name, row]) => [name, stackRows(new Array<TensorData>(count).fill(row))]),
  );
  const inputs = new Set(model.skeleton.graph.inputs.map(({ name }) => name));
  const handed = new Map([...tiled].filter(([name]) => !inputs.has(name)));
  const feeds = Object.fromEntries([...tiled].filter(([name]) => inputs.has(name)));
  const ridden = rideTogether([[], ...cells]);
  const plan = {
    outputs: [],
    captures,
    steps: ridden.map(({ step }) => step),
    given: [...handed].map(([name, { dtype, dims }]) => ({
      name,
      type: { kind: 'tensor', dtype, shape: dims.map((dim, axis) => (axis === 0 ? null : dim)) } as const,
    })),
    overridden: [],
    relaxed,
  };
  const numbers = ridden.map((step) => step.numbers);
  const done = await executor.run(model, { plan, given: handed }, numbers, feeds, settings, signal);
  return done.captures.map((tensor) => must(tensor, 'values of the main graph are computed'));
}

async function oneByOne(
  executor: Executor,
  line: Line,
  { feeds }: SweepRequest,
  planned: readonly (readonly PlannedStep[])[],
  plain: readonly TensorData[],
  progress: (done: number) => void,
  note: string,
): Promise<Swept> {
  const collected: TensorData[][] = plain.map(() => []);
  for (const [index, steps] of planned.entries()) {
    throwIfCancelled(line.signal);
    const read = await runAlone(executor, line, feeds, steps);
    // A new first axis counts the cells, also where the value itself has no batch.
    read.forEach((tensor, site) => collected[site]?.push({ ...tensor, dims: [1, ...tensor.dims] }));
    progress(index + 1);
  }
  const cells = collected.map(stackRows).map((tensor, site) => {
    const had = plain[site]?.dims ?? [];
    return had[0] === 1 ? { ...tensor, dims: [planned.length, ...had.slice(1)] } : tensor;
  });
  return { baseline: plain, cells, ridden: 1, runs: planned.length, notes: [note] };
}

function wholeOnly(site: string): Failure {
  return new Failure({
    code: 'bad-site',
    message: `A sweep reads whole values of the main graph, and "${site}" is not one.`,
    remedy: 'Name the value alone and take the slice from the answer.',
  });
}

function leaked(model: EngineModel, site: string): Failure {
  return new Failure({
    code: 'internal',
    message: `In a batch over ${model.skeleton.file}, the row without interventions changed "${site}": rows leak into each other.`,
    remedy: 'Report this with the model if you can; run the interventions one by one.',
  });
}
