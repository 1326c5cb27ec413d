/**
 * Sweeps: cells are grouped by where they start, what lies upstream of a group runs once and is kept, of what is read only
 * the asked slice is computed, cells ride together on the batch where that is proved, and runs stay short so that a cancel
 * is heard between them. The first row of a group's first run has no intervention: it is the baseline of that session, and
 * is compared with the plain model.
 */
import { must } from '../../base/assert';
import { throwIfCancelled } from '../../base/cancel';
import { isFailure } from '../../base/errors';
import type { SweepRequest } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import type { PlacedSlice } from '../../onnx/axes';
import { frontierOf, touchedBy } from '../../onnx/rewrite/frontier';
import type { CaptureAt } from '../../onnx/rewrite/plan';
import { judgeBatch, stackRows, type BatchVerdict } from './batch';
import { groupCells, type CellGroup } from './cellGroups';
import { rideTogether, rowBytes } from './cells';
import { TOLERANCE } from './check';
import { relativeDifference } from './compare';
import type { Executor, Settings } from './executor';
import type { Allowance, RowBudget } from './memory';
import type { EngineModel } from './model';
import { nextTake, rowsFor } from './pace';
import { placeAt, planRequest, siteAt, type DimsSource, type Planned, type PlannedStep } from './request';
import type { StepNumbers } from './stepNumbers';
import { leaked, mainOnly, mixedUp } from './sweepFailures';
import { takeSlices } from './take';
import { workBetween } from './work';

/** Bytes that the values handed in may take in one run. */
const MOST_BYTES = 256 << 20;

export interface Swept {
  /** Per site: a row per session. */
  readonly baseline: readonly TensorData[];
  readonly baselineRow: readonly number[];
  /** Per site: a row per cell. */
  readonly cells: readonly TensorData[];
  readonly ridden: number;
  readonly runs: number;
  readonly notes: readonly string[];
}

interface Line {
  readonly executor: Executor;
  readonly model: EngineModel;
  readonly settings: Settings;
  readonly signal: AbortSignal | undefined;
  readonly allowance: Allowance;
  /** What every cell reads. */
  readonly captures: readonly CaptureAt[];
  /** The same in words. */
  readonly read: readonly string[];
}

/** Runs all cells. `progress` hears of every run. Throws as a run does. */
export async function sweep(
  executor: Executor,
  model: EngineModel,
  request: SweepRequest,
  dims: DimsSource,
  settings: Settings,
  allowance: Allowance,
  progress: (done: number) => void,
  signal?: AbortSignal,
): Promise<Swept> {
  const captures = await readsOf(model, request.read, dims);
  const planned = await planCells(model, request, dims, signal);
  const line: Line = { executor, model, settings, signal, allowance, captures, read: request.read };
  const verdict = await judgeBatch(executor, model, request.feeds, settings, signal, allowance);
  const inMain = planned.every((steps) =>
    steps.every(({ step, dims: at }) => step.path === '' && step.form !== 'pick' && at?.[0] === 1),
  );
  const groups = inMain ? groupCells(model.skeleton.graph, planned) : [];
  const { plain, given } = await upstream(line, request.feeds, groups);
  const rows = plain.every((tensor) => tensor.dims[0] === 1);
  // The answer: every cell's reading, and all of them in one piece.
  allowance.ask({ bytes: 2 * planned.length * rowBytes(plain), calibrated: true });
  if (!verdict.rides || !inMain || !rows) {
    const why = !verdict.rides ? verdict.why : 'Something swept or read has no batch axis in front.';
    return oneByOne(line, request, planned, plain, progress, `${why} Cells ran one by one.`);
  }
  try {
    return await riding(line, request, planned, groups, { plain, given }, verdict, progress);
  } catch (error) {
    // Two rows of the whole model run; from the values at which these cells begin, they may not.
    if (!isFailure(error) || error.code !== 'runtime') throw error;
    const why = `Together the cells do not run: ${error.what} They ran one by one.`;
    return oneByOne(line, request, planned, plain, progress, why);
  }
}

/** Cells that share runs, a row each, from the values at which they begin. */
async function riding(
  line: Line,
  request: SweepRequest,
  planned: readonly (readonly PlannedStep[])[],
  groups: readonly CellGroup[],
  { plain, given }: Upstream,
  verdict: BatchVerdict & { readonly rides: true },
  progress: (done: number) => void,
): Promise<Swept> {
  const { captures, model, signal } = line;
  const notes =
    verdict.changes.length > 0 ? [`The fixed batch was opened at ${verdict.changes.join(', ')}.`] : [];
  const found = planned.map((): readonly TensorData[] => []);
  const baselineRow = planned.map(() => 0);
  const baselines: (readonly TensorData[])[] = [];
  let [done, runs, ridden] = [0, 0, 0];
  for (const [session, { cells: indices }] of groups.entries()) {
    const start = must(given[session], 'a start per group');
    const most = Math.max(1, Math.floor(MOST_BYTES / Math.max(1, rowBytes([...start.values()]))));
    const room = await roomFor(
      line,
      start,
      must(planned[indices[0] ?? 0], 'a plan per cell'),
      verdict.relaxed,
    );
    const reads = captures.map(({ value }) => value);
    const wanted = rowsFor(await workBetween(model, request.feeds, start.keys(), reads, signal));
    let take = wanted;
    for (let at = 0; at < indices.length;) {
      throwIfCancelled(signal);
      const withBaseline = at === 0;
      const fit = withBaseline ? Math.max(1, room.most - 1) : room.most;
      const now = indices.slice(at, at + Math.min(take, most, fit));
      const cells = now.map((index) => must(planned[index], 'a plan per cell'));
      const began = performance.now();
      const { results, tookBytes } = await runTogether(
        line,
        start,
        withBaseline ? [[], ...cells] : cells,
        verdict.relaxed,
      );
      const took = performance.now() - began;
      room.took(withBaseline ? now.length + 1 : now.length, tookBytes);
      const row = (place: number): TensorData[] =>
        results.map((tensor) => takeSlices(tensor, [{ axis: 0, indices: [place] }]));
      if (withBaseline) {
        const first = row(0);
        first.forEach((tensor, index) => {
          const reference = must(plain[index], 'a reading per site');
          if (!(relativeDifference(tensor, reference) <= TOLERANCE))
            throw leaked(model.skeleton.file, line.read[index]);
        });
        baselines.push(first);
      }
      now.forEach((index, place) => {
        found[index] = row(withBaseline ? place + 1 : place);
        baselineRow[index] = session;
      });
      at += now.length;
      done += now.length;
      runs++;
      ridden = Math.max(ridden, now.length);
      progress(done);
      // The first run of a session maps its weights.
      if (!withBaseline) take = nextTake(take, now.length, took, wanted);
    }
  }
  await spotCheck(line, request.feeds, planned, found);
  const perSite = (each: readonly (readonly TensorData[])[]): TensorData[] =>
    captures.map((_, site) => stackRows(each.map((tensors) => must(tensors[site], 'a reading per site'))));
  const cells = planned.length === 0 ? plain.map(noRows) : perSite(found);
  return {
    baseline: baselines.length === 0 ? plain : perSite(baselines),
    baselineRow,
    cells,
    ridden,
    runs,
    notes,
  };
}

/** What is read, with slices placed on the values' axes. */
async function readsOf(
  model: EngineModel,
  read: readonly string[],
  dims: DimsSource,
): Promise<readonly CaptureAt[]> {
  const captures: CaptureAt[] = [];
  for (const text of read) {
    const site = siteAt(model, text);
    if (site.graph !== '' || site.stage === 'raw') throw mainOnly(text);
    const inner = { path: '', value: site.value };
    if (site.slices.length === 0) {
      captures.push({ ...inner, raw: false });
      continue;
    }
    const shape = dims.known(inner) ?? (await dims.find(inner));
    const slices = placeAt(model, site, shape, text);
    if (slices.some(({ axis }) => axis === 0)) throw mainOnly(text);
    const take = slices.map(({ axis, indices }) => ({ axis, indices, rank: shape.length }));
    captures.push({ ...inner, raw: false, take });
  }
  return captures;
}

async function planCells(
  model: EngineModel,
  { feeds, cells }: SweepRequest,
  dims: DimsSource,
  signal: AbortSignal | undefined,
): Promise<(readonly PlannedStep[])[]> {
  const planned: (readonly PlannedStep[])[] = [];
  for (const interventions of cells) {
    const request = { feeds, capture: [], interventions, outputs: [] };
    planned.push((await planRequest(model, request, { ...dims, forRows: true }, signal)).all);
  }
  return planned;
}

/** Captures with these steps, in a run of their own over the whole value upstream. Throws `would-not-fit`. */
async function runAlone(
  { executor, model, settings, allowance, signal }: Line,
  captures: readonly CaptureAt[],
  feeds: SweepRequest['feeds'],
  steps: readonly PlannedStep[],
): Promise<TensorData[]> {
  const overridden = model.skeleton.graph.overridable.filter((name) => Object.hasOwn(feeds, name));
  const plan = { outputs: [], captures, steps: steps.map(({ step }) => step), given: [], overridden };
  const numbers = steps.map((step) => step.numbers);
  const planned = { plan, given: new Map<string, TensorData>() };
  const asked = { ...planned, plan: { ...plan, captures: wholeOf(captures) } };
  allowance.ask(await executor.estimate(model, asked, numbers, feeds, settings, signal));
  const done = await executor.run(model, planned, numbers, feeds, settings, signal);
  return done.captures.map((tensor, index) => must(tensor, `"${captures[index]?.value ?? ''}" was computed`));
}

interface Upstream {
  /** Per site: the reading without interventions, from the whole model. */
  readonly plain: readonly TensorData[];
  /** Per group: the values at which it starts, with one row each. */
  readonly given: readonly ReadonlyMap<string, TensorData>[];
}

/** One run of the whole model for everything the groups start from, and for what is read. */
async function upstream(
  line: Line,
  feeds: SweepRequest['feeds'],
  groups: readonly CellGroup[],
): Promise<Upstream> {
  const { graph } = line.model.skeleton;
  const reads = line.captures.map(({ value }) => value);
  const refused = new Set<string>();
  // What no feed's numbers go into is the same for all rows, and is none itself, unless cells change it: a mask, a bias.
  const fed = touchedBy(graph, new Set(Object.keys(feeds)), ({ op }) => op === 'Shape' || op === 'Size');
  const swept = new Set(groups.flatMap((group) => [...group.swept]));
  const isOwn = (name: string): boolean => fed.has(name) || swept.has(name);
  for (;;) {
    const starts = groups.map((group) =>
      frontierOf(graph, reads, group.swept, (value) => isOwn(value) && !refused.has(value)),
    );
    const wanted = [...new Set(starts.flat())].filter((name) => !Object.hasOwn(feeds, name));
    // Read whole and cut here: the sessions that compute slices only are compared with this.
    const whole = [...reads, ...wanted].map((value) => ({ path: '', value, raw: false }));
    const run = await runAlone(line, whole, feeds, []);
    const values = new Map(
      wanted.map((name, index) => [name, must(run[reads.length + index], 'it was computed')]),
    );
    // Shapes and other numbers that are no rows are computed again: the batch is not what it was when they were made.
    const rowless = wanted.filter((name) => !isOwn(name) || !isRow(values.get(name)));
    if (rowless.length > 0) {
      for (const name of rowless) refused.add(name);
      continue;
    }
    const plain = line.captures.map(({ take = [] }, index) =>
      takeSlices(must(run[index], 'it was computed'), take satisfies readonly PlacedSlice[]),
    );
    const given = starts.map((names) => {
      // The model's inputs come along: an opened batch takes its size from one of them.
      const start = new Map(Object.entries(feeds));
      for (const name of names)
        if (!start.has(name)) start.set(name, must(values.get(name), 'it was computed'));
      return start;
    });
    return { plain, given };
  }
}

function isRow(tensor: TensorData | undefined): boolean {
  return tensor?.dims[0] === 1 && tensor.dims.length > 1 && tensor.dtype.startsWith('float');
}

/** What is read, as estimated: where only slices are computed, values on the way have no sizes that are known. */
function wholeOf(captures: readonly CaptureAt[]): CaptureAt[] {
  return captures.map(({ path, value, raw }) => ({ path, value, raw }));
}

/** How many rows of this start fit in one run. */
async function roomFor(
  { executor, model, settings, signal, allowance, captures }: Line,
  start: ReadonlyMap<string, TensorData>,
  cell: readonly PlannedStep[],
  relaxed: boolean,
): Promise<RowBudget> {
  const { planned, numbers, feeds } = together(model, wholeOf(captures), start, [cell], relaxed);
  return allowance.rows(await executor.estimate(model, planned, numbers, feeds, settings, signal));
}

/** One run with a row per cell. */
async function runTogether(
  { executor, model, settings, signal, captures }: Line,
  given: ReadonlyMap<string, TensorData>,
  cells: readonly (readonly PlannedStep[])[],
  relaxed: boolean,
): Promise<{ readonly results: readonly TensorData[]; readonly tookBytes: number | undefined }> {
  const { planned, numbers, feeds } = together(model, captures, given, cells, relaxed);
  const done = await executor.run(model, planned, numbers, feeds, settings, signal);
  const results = done.captures.map((tensor) => must(tensor, 'values of the main graph are computed'));
  return { results, tookBytes: done.tookBytes };
}

/** What is run for these cells, a row each. */
function together(
  model: EngineModel,
  captures: readonly CaptureAt[],
  given: ReadonlyMap<string, TensorData>,
  cells: readonly (readonly PlannedStep[])[],
  relaxed: boolean,
): {
  readonly planned: Pick<Planned, 'plan' | 'given'>;
  readonly numbers: readonly StepNumbers[];
  readonly feeds: SweepRequest['feeds'];
} {
  const tiled = new Map(
    [...given].map(([name, row]) => [name, stackRows(new Array<TensorData>(cells.length).fill(row))]),
  );
  const inputs = new Set(model.skeleton.graph.inputs.map(({ name }) => name));
  const handed = new Map([...tiled].filter(([name]) => !inputs.has(name)));
  const feeds = Object.fromEntries([...tiled].filter(([name]) => inputs.has(name)));
  const ridden = rideTogether(cells);
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
  return { planned: { plan, given: handed }, numbers: ridden.map((step) => step.numbers), feeds };
}

/** Some cells once more, each alone over the whole model: what rides together must give what it gives alone. */
async function spotCheck(
  line: Line,
  feeds: SweepRequest['feeds'],
  planned: readonly (readonly PlannedStep[])[],
  found: readonly (readonly TensorData[])[],
): Promise<void> {
  const cells = new Set([0, planned.length >> 1, planned.length - 1]);
  for (const cell of cells) {
    const steps = planned[cell];
    if (steps === undefined) continue;
    throwIfCancelled(line.signal);
    const alone = await runAlone(line, line.captures, feeds, steps);
    alone.forEach((tensor, site) => {
      const mine = must(found[cell]?.[site], 'a reading per cell and site');
      if (!(relativeDifference(mine, tensor) <= TOLERANCE))
        throw mixedUp(line.model.skeleton.file, line.read[site], cell);
    });
  }
}

async function oneByOne(
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
    const read = await runAlone(line, line.captures, feeds, steps);
    // A new first axis counts the cells, also where the value itself has no batch.
    read.forEach((tensor, site) => collected[site]?.push({ ...tensor, dims: [1, ...tensor.dims] }));
    progress(index + 1);
  }
  const counted = (tensor: TensorData, site: number): TensorData => {
    const had = plain[site]?.dims ?? [];
    return had[0] === 1 ? { ...tensor, dims: [tensor.dims[0] ?? 0, ...had.slice(1)] } : tensor;
  };
  const cells = planned.length === 0 ? plain.map(noRows) : collected.map(stackRows).map(counted);
  const baseline = plain.map((tensor) =>
    tensor.dims[0] === 1 ? tensor : { ...tensor, dims: [1, ...tensor.dims] },
  );
  const baselineRow = planned.map(() => 0);
  return { baseline, baselineRow, cells, ridden: 1, runs: planned.length, notes: [note] };
}

function noRows(tensor: TensorData): TensorData {
  return takeSlices(tensor.dims.length === 0 ? { ...tensor, dims: [1] } : tensor, [{ axis: 0, indices: [] }]);
}
