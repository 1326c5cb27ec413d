/**
 * Streams: examples run in as few runs as the model allows, and what they show at the asked sites goes into reducers at
 * once. What is not asked for is cut away; the session is packed, and compared with the plain model on the first example.
 */
import { must } from '../../base/assert';
import { throwIfCancelled } from '../../base/cancel';
import { Failure } from '../../base/errors';
import type { RunRequest } from '../../contract/run';
import type { Reduced, StreamId, StreamProgress, StreamRequest, StreamResult } from '../../contract/stream';
import type { TensorData } from '../../contract/tensor';
import { placeSlices } from '../../onnx/axes';
import { judgeBatch, stackRows, type BatchVerdict } from './batch';
import { TOLERANCE } from './check';
import { relativeDifference } from './compare';
import { hashFeeds, type Settings } from './executor';
import { checkFeeds } from './feeds';
import type { Allowance, RowBudget } from './memory';
import type { EngineModel } from './model';
import { nextTake, rowsFor } from './pace';
import { SiteReducer } from './reducers';
import { axesAt, placeAt, planRequest, siteAt, type Planned } from './request';
import type { Runner } from './runner';
import { bytesOf } from './store';
import { takeSlices } from './take';
import { workBetween } from './work';

type Feeds = RunRequest['feeds'];

interface Stream {
  readonly model: EngineModel;
  readonly request: StreamRequest;
  readonly settings: Settings;
  readonly reducers: readonly SiteReducer[];
  readonly notes: Set<string>;
  readonly plans: Map<string, Planned>;
  /** What its runs may take of memory, as much as is free when it begins. */
  readonly allowance: Allowance;
  /** How many rows fit in one run, by shapes of a row. */
  readonly room: Map<string, RowBudget>;
  verdict: BatchVerdict | undefined;
  /** Rows that the next run takes; undefined before the first example. */
  take: number | undefined;
  /** Rows that it takes on a machine that is quick enough. */
  most: number;
  proved: boolean;
  /** Bytes of rows that are asked for whole. */
  kept: number;
  examples: number;
  runs: number;
  ridden: number;
}

export class Streams {
  readonly #open = new Map<StreamId, Stream>();
  #next = 1;

  constructor(private readonly runner: Runner) {}

  /** Throws `bad-site` for a reduction that cannot be. Sites are read with the first example. */
  open(model: EngineModel, request: StreamRequest): StreamId {
    const settings = { ...this.runner.settings(request.level), packed: true };
    const reducers = request.reductions.map((reduction) => {
      const site = siteAt(model, reduction.site);
      return new SiteReducer(reduction, (axis, rank) => {
        const names = axesAt(model, site, rank);
        const dims = new Array<number>(rank).fill(1);
        return must(placeSlices([{ axis, indices: [0] }], dims, names, reduction.site)[0], 'one slice').axis;
      });
    });
    const id = `s${String(process.pid)}.${String(this.#next++)}`;
    this.#open.set(id, {
      model,
      request,
      settings,
      reducers,
      notes: new Set(),
      plans: new Map(),
      allowance: this.runner.allowance(model, 'stream', request.confirmed),
      room: new Map(),
      verdict: undefined,
      take: undefined,
      most: 1,
      proved: false,
      kept: 0,
      examples: 0,
      runs: 0,
      ridden: 1,
    });
    return id;
  }

  /** Runs these examples. What was taken before a failure or a cancel stays taken. */
  async push(id: StreamId, examples: readonly Feeds[], signal?: AbortSignal): Promise<StreamProgress> {
    const stream = this.#stream(id);
    for (const feeds of examples) checkFeeds(feeds, stream.model.inputs);
    let at = 0;
    while (at < examples.length) {
      throwIfCancelled(signal);
      const first = must(examples[at], 'an example is left');
      stream.verdict ??= await this.#judge(stream, first, signal);
      const room = await this.#room(stream, first, signal);
      // Rows that are asked for whole stay, and are put into one tensor in the end.
      stream.allowance.ask({ bytes: 2 * stream.kept, calibrated: true });
      // The first is alone, so that it can be compared with the plain model.
      if (stream.take === undefined) stream.take = stream.most = await this.#take(stream, first, signal);
      const { take } = stream;
      const most = Math.min(take, room.most);
      const together = stream.verdict.rides && stream.runs > 0 ? alike(examples, at, most) : 1;
      const start = performance.now();
      const ran = await this.#run(stream, examples.slice(at, at + together), signal);
      // Nothing was taken: they are run again, one by one.
      if (ran === 'rowless') continue;
      room.took(together, ran);
      const took = performance.now() - start;
      at += together;
      // The first run makes the session and compares it: only later ones say how long a row takes.
      if (stream.runs > 2) stream.take = nextTake(take, together, took, stream.most);
    }
    return progressOf(stream);
  }

  /** The answers so far. Throws `usage` before the first example. */
  result(id: StreamId): StreamResult {
    const stream = this.#stream(id);
    const reduced = stream.reducers.map((reducer): Reduced => {
      const answer = reducer.finish();
      if (answer === undefined) throw nothingYet();
      if (answer.kind !== 'each') return answer;
      return { kind: 'each', captured: this.runner.captured(reducer.reduction.site, answer.rows, true) };
    });
    return { ...progressOf(stream), reduced, notes: [...stream.notes] };
  }

  close(id: StreamId): void {
    this.#open.delete(id);
  }

  /** Closes the streams of a model. */
  forget(model: EngineModel): void {
    for (const [id, stream] of this.#open) if (stream.model === model) this.#open.delete(id);
  }

  #stream(id: StreamId): Stream {
    const stream = this.#open.get(id);
    if (stream !== undefined) return stream;
    throw new Failure({
      code: 'disconnected',
      message: 'The engine does not hold this stream: it was ended, or the engine was replaced.',
      remedy: 'Start it again.',
    });
  }

  async #judge(stream: Stream, feeds: Feeds, signal: AbortSignal | undefined): Promise<BatchVerdict> {
    if ((stream.request.interventions ?? []).length > 0) {
      const why = 'With interventions, examples run one by one.';
      stream.notes.add(why);
      return { rides: false, why };
    }
    const { model, settings, allowance } = stream;
    const verdict = await judgeBatch(this.runner.executor, model, feeds, settings, signal, allowance);
    if (!verdict.rides) stream.notes.add(`${verdict.why} Examples ran one by one.`);
    else if (verdict.changes.length > 0)
      stream.notes.add(`The fixed batch was opened at ${verdict.changes.join(', ')}.`);
    return verdict;
  }

  /** How many rows like this one fit in a run. Throws `would-not-fit` where not even it does. */
  async #room(stream: Stream, feeds: Feeds, signal: AbortSignal | undefined): Promise<RowBudget> {
    const key = shapesOf(feeds);
    const known = stream.room.get(key);
    if (known !== undefined) return known;
    const { model, settings, allowance } = stream;
    const plan = await this.#plan(stream, feeds, signal);
    const numbers = plan.steps.map((step) => step.numbers);
    const one = await this.runner.executor.estimate(model, plan, numbers, feeds, settings, signal);
    allowance.ask(one);
    const room = allowance.rows(one);
    if (stream.room.size > 64) stream.room.clear();
    stream.room.set(key, room);
    return room;
  }

  /** How many examples like this one share a run. */
  async #take(stream: Stream, feeds: Feeds, signal: AbortSignal | undefined): Promise<number> {
    const { model } = stream;
    const { plan } = await this.#plan(stream, feeds, signal);
    const inside = plan.captures.some(({ path }) => path !== '');
    const outputs = model.skeleton.graph.outputs.map(({ name }) => name);
    const read = [...plan.captures.map(({ value }) => value), ...(inside ? outputs : [])];
    return rowsFor(await workBetween(model, feeds, [], read, signal));
  }

  /**
   * Bytes that a first run took, else undefined; `rowless` where a value has no row for each example, so that they cannot
   * share a run.
   */
  async #run(
    stream: Stream,
    examples: readonly Feeds[],
    signal: AbortSignal | undefined,
  ): Promise<number | 'rowless' | undefined> {
    const feeds = stacked(examples);
    const { captured, tookBytes } = await this.#capture(stream, feeds, signal);
    const rows = examples.length > 1 ? examples.length : rowsOf(feeds, captured);
    if (examples.length > 1) {
      let rowless = captured.findIndex(({ dims }) => dims[0] !== rows);
      if (rowless < 0 && !stream.proved) rowless = await this.#prove(stream, examples, captured, signal);
      if (rowless >= 0) {
        const why = `"${stream.request.reductions[rowless]?.site ?? ''}" has no row for each example.`;
        stream.verdict = { rides: false, why };
        stream.notes.add(`${why} Examples ran one by one.`);
        return 'rowless';
      }
    }
    stream.reducers.forEach((reducer, index) => {
      const value = must(captured[index], 'a value per reduction');
      reducer.add(value, rows, stream.examples);
      if (reducer.reduction.kind === 'each') stream.kept += bytesOf(value);
    });
    stream.examples += rows;
    stream.runs++;
    stream.ridden = Math.max(stream.ridden, examples.length);
    return tookBytes;
  }

  async #plan(stream: Stream, feeds: Feeds, signal: AbortSignal | undefined): Promise<Planned> {
    const { model, request, settings } = stream;
    const shapes = shapesOf(feeds);
    let planned = stream.plans.get(shapes);
    if (planned === undefined) {
      const asked = {
        feeds,
        capture: request.reductions.map(({ site }) => site),
        interventions: request.interventions ?? [],
        outputs: [],
      };
      planned = await planRequest(
        model,
        asked,
        this.runner.dimsSource(model, feeds, settings, signal),
        signal,
      );
      const relaxed = stream.verdict?.rides === true && stream.verdict.relaxed;
      if (relaxed) planned = { ...planned, plan: { ...planned.plan, relaxed } };
      if (stream.plans.size > 64) stream.plans.clear();
      stream.plans.set(shapes, planned);
    }
    return planned;
  }

  /** The sites' values with these feeds, in the order of the reductions. */
  async #capture(
    stream: Stream,
    feeds: Feeds,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly captured: readonly TensorData[]; readonly tookBytes: number | undefined }> {
    const { model, settings } = stream;
    const plan = await this.#plan(stream, feeds, signal);
    const numbers = plan.steps.map((step) => step.numbers);
    const executed = await this.runner.executor.run(model, plan, numbers, feeds, settings, signal);
    if (stream.runs === 0)
      await this.runner.checker.check(model, plan, feeds, hashFeeds(feeds), settings, executed, true, signal);
    const captured = plan.captures.map(({ text, site, capture }) => {
      const tensor = executed.captures[capture] ?? null;
      if (tensor === null || (executed.stacked[capture] ?? 0) > 0) throw notStreamed(text);
      return site.slices.length === 0 ? tensor : takeSlices(tensor, placeAt(model, site, tensor.dims, text));
    });
    return { captured, tookBytes: executed.tookBytes };
  }

  /** The first shared run against examples alone; the place of a value that has no row for each, -1 for none. */
  async #prove(
    stream: Stream,
    examples: readonly Feeds[],
    together: readonly TensorData[],
    signal: AbortSignal | undefined,
  ): Promise<number> {
    for (const row of [0, examples.length - 1]) {
      const { captured: alone } = await this.#capture(stream, must(examples[row], 'it is one'), signal);
      const rowless = alone.findIndex(({ dims }) => dims[0] !== 1);
      if (rowless >= 0) return rowless;
      together.forEach((tensor, index) => {
        const single = must(alone[index], 'a value per reduction');
        const mine = takeSlices(tensor, [{ axis: 0, indices: [row] }]);
        if (relativeDifference(mine, single) <= TOLERANCE) return;
        throw leaks(stream.request.reductions[index]?.site ?? '');
      });
    }
    stream.proved = true;
    return -1;
  }
}

function shapesOf(feeds: Feeds): string {
  return JSON.stringify(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
}

function progressOf({ examples, runs, ridden }: Stream): StreamProgress {
  return { examples, runs, ridden };
}

/** How many examples from `at` on have one row each of the same shapes, at most `most`. */
function alike(examples: readonly Feeds[], at: number, most: number): number {
  const first = examples[at] ?? {};
  if (!Object.values(first).every(({ dims }) => dims[0] === 1)) return 1;
  let count = 1;
  while (count < most && isLike(first, examples[at + count])) count++;
  return count;
}

function isLike(first: Feeds, other: Feeds | undefined): boolean {
  if (other === undefined) return false;
  const names = Object.keys(first);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [a, b] = [first[name], other[name]];
      return (
        a !== undefined &&
        b?.dtype === a.dtype &&
        b.dims.length === a.dims.length &&
        b.dims.every((dim, axis) => dim === a.dims[axis])
      );
    })
  );
}

function stacked(examples: readonly Feeds[]): Feeds {
  const [first = {}] = examples;
  if (examples.length === 1) return first;
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      stackRows(examples.map((feeds) => must(feeds[name], 'all are alike'))),
    ]),
  );
}

/** Rows of one pushed example: what the feeds and all values start with, where they agree. */
function rowsOf(feeds: Feeds, captured: readonly TensorData[]): number {
  const [first] = Object.values(feeds);
  const rows = first?.dims[0] ?? 1;
  return captured.every(({ dims }) => dims[0] === rows) ? rows : 1;
}

function nothingYet(): Failure {
  return new Failure({
    code: 'usage',
    message: 'No example has been run yet, so there is nothing to reduce.',
    remedy: 'Give at least one example.',
  });
}

function notStreamed(site: string): Failure {
  return new Failure({
    code: 'bad-site',
    message: `"${site}" lies in a body or was not computed, and streams read values of the main graph.`,
    remedy: `Choose a value of the main graph, or capture it example by example.`,
  });
}

function leaks(site: string): Failure {
  return new Failure({
    code: 'internal',
    message: `Examples that share a run give "${site}" other values than each alone, so nothing of it is shown.`,
    remedy: 'Report this with the model if you can; push examples of several rows to run them one by one.',
  });
}
