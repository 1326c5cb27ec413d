/**
 * One run request carried out: planned, run, checked, and told with its notes. Also what other questions start from:
 * settings, dims of values, and tensors put under handles.
 */
import { must } from '../../base/assert';
import { isFailure } from '../../base/errors';
import { Lru } from '../../base/lru';
import type { Captured, Level, RunRequest, RunResult } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { formatType } from '../../onnx/describe';
import { neededNames, producersOf } from '../../onnx/rewrite/cut';
import type { InnerValue } from '../../onnx/rewrite/lift';
import { isStatic } from '../../tensor/shape';
import { summarize } from '../../tensor/stats';
import { settleBranches } from './branches';
import { Checker, randomNodes } from './check';
import { sameBits } from './compare';
import { hashFeeds, type Executed, type Executor, type Settings } from './executor';
import { noIteration, noProvider, notATensor, notComputed, nothingAsked } from './failures';
import { checkFeeds } from './feeds';
import { inferGraph, typeOf } from './infer';
import { Allowance, freeBytes, refuseTooLarge } from './memory';
import type { EngineModel } from './model';
import { OtherRuns } from './otherRuns';
import { axesAt, placeAt, planRequest, type DimsSource, type Planned, type PlannedCapture } from './request';
import { providers } from './runtime';
import { varyingCapture } from './stacking';
import { bytesOf, type TensorStore } from './store';
import { takeSlices } from './take';

export class Runner {
  readonly checker: Checker;
  readonly #others: OtherRuns;
  /** Dims that values had, by model, feeds and value. */
  readonly #dims = new Lru<string, readonly number[]>(10_000);

  /** `threads`: within an operator; 0 lets the runtime choose. `memoryCap`: bytes for the process; 0: no limit. */
  constructor(
    readonly executor: Executor,
    private readonly store: TensorStore,
    private readonly threads: number,
    private readonly memoryCap: number,
  ) {
    this.checker = new Checker(executor);
    this.#others = new OtherRuns(executor);
  }

  /** Throws `unsupported` for a provider that this runtime does not list. */
  settings(level: Level = 'disabled', provider = 'cpu'): Settings {
    if (provider !== 'cpu' && !providers().includes(provider)) throw noProvider(provider, providers());
    return {
      level,
      packed: false,
      // What a provider has no kernel for runs on the CPU.
      providers: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      threads: this.threads,
    };
  }

  /** What the runs of a sweep, a stream or a gradient may take of memory, asked now. */
  allowance(model: EngineModel, what: string, confirmed: boolean | undefined): Allowance {
    return new Allowance(what, model.skeleton.file, this.memoryCap, confirmed === true);
  }

  /** Answers a request; one that does not fit in memory and keeps no tensors is answered in pieces. */
  run(model: EngineModel, request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    return this.#run(model, request, isLarge(request), signal);
  }

  /** `doubtful`: to be estimated first, as every piece of what did not fit is. */
  async #run(
    model: EngineModel,
    request: RunRequest,
    doubtful: boolean,
    signal: AbortSignal | undefined,
  ): Promise<RunResult> {
    try {
      return await this.#runOnce(model, request, doubtful, signal);
    } catch (error) {
      const { capture, keep } = request;
      const inPieces =
        isFailure(error) && error.code === 'would-not-fit' && keep === false && capture.length > 1;
      if (!inPieces) throw error;
    }
    const { capture } = request;
    const half = Math.ceil(capture.length / 2);
    const first = await this.#run(model, { ...request, capture: capture.slice(0, half) }, true, signal);
    const others = { ...request, capture: capture.slice(half), outputs: [] };
    const rest = await this.#run(model, others, true, signal);
    const pending = first.check === 'pending' || rest.check === 'pending';
    return {
      outputs: first.outputs,
      captures: [...first.captures, ...rest.captures],
      ms: first.ms + rest.ms,
      sessionMs: first.sessionMs + rest.sessionMs,
      notes: [...new Set([...first.notes, ...rest.notes, IN_PIECES])],
      check: pending ? 'pending' : first.check,
    };
  }

  async #runOnce(
    model: EngineModel,
    request: RunRequest,
    doubtful: boolean,
    signal: AbortSignal | undefined,
  ): Promise<RunResult> {
    const start = performance.now();
    const settings = this.settings(request.level, request.provider);
    const feeds = request.feeds;
    checkFeeds(feeds, model.inputs);
    const feedsHash = hashFeeds(feeds);
    const { runnable, notes } = tensorOutputs(model, request);
    if (runnable.capture.length === 0 && runnable.outputs?.length === 0) throw nothingAsked(model.skeleton);
    const asked = await planRequest(model, runnable, this.dimsSource(model, feeds, settings, signal), signal);
    this.#refuseNonTensors(model, asked);
    const numbers = asked.steps.map((step) => step.numbers);
    const { plan, made } = await settleBranches(
      this.executor,
      model,
      asked,
      numbers,
      feeds,
      settings,
      signal,
    );
    const planned = { ...asked, plan };
    if (request.confirmed !== true && doubtful) {
      const estimate = await this.executor.estimate(model, planned, numbers, feeds, settings, signal);
      refuseTooLarge(model.skeleton.file, estimate, freeBytes(this.memoryCap));
    }
    const executed = await this.executor
      .run(model, planned, numbers, feeds, settings, signal)
      .catch(async (error: unknown) => {
        throw (await varyingCapture(this.executor, model, planned, feeds, settings, error, signal)) ?? error;
      });
    const check = await this.checker.check(
      model,
      planned,
      feeds,
      feedsHash,
      settings,
      executed,
      request.thorough === true,
      signal,
    );
    if (check === 'not-comparable' && randomNodes(model).length === 0) notes.push(NOT_COMPARED);
    const told = {
      ...executed,
      captures: executed.captures.map((tensor, at) => (made.get(at)?.length === 0 ? null : tensor)),
    };
    notes.push(...this.#notes(model, planned, told, feedsHash, settings, check === 'pending'));
    const keep = request.keep !== false;
    const outputs = [...executed.outputs].map(([name, tensor]) => this.captured(name, tensor, keep));
    // With interventions at work a value may have another shape than it has by itself.
    const remember = plan.steps.length === 0 && planned.given.size === 0 ? feedsHash : null;
    const captures = planned.captures.map((each) => {
      const told = this.#told(model, each, executed, made.get(each.capture), remember);
      if (typeof told !== 'string' && told.note !== undefined) notes.push(told.note);
      if (typeof told !== 'string')
        return { ...this.captured(each.text, told.tensor, keep), axes: told.axes };
      notes.push(`"${each.text}" was not computed: ${told}.`);
      return { site: each.text, handle: null, dtype: 'undefined' as const, dims: [], summary: null };
    });
    const ms = performance.now() - start;
    return { outputs, captures, ms, sessionMs: executed.sessionMs, notes, check };
  }

  /** What a site holds, or why it holds nothing. `made`: the iterations that make it, where not all do. */
  #told(
    model: EngineModel,
    { text, site, capture }: PlannedCapture,
    executed: Executed,
    made: readonly number[] | undefined,
    feedsHash: string | null,
  ): { readonly tensor: TensorData; readonly axes: readonly string[]; readonly note?: string } | string {
    const tensor = executed.captures[capture] ?? null;
    if (tensor === null || made?.length === 0) return 'the branch that makes it was not taken';
    const depth = executed.stacked[capture] ?? 0;
    if (tensor.dims.slice(0, depth).includes(0)) return 'the loop around it made no iteration';
    const own = tensor.dims.slice(depth);
    if (feedsHash !== null)
      this.#dims.set(dimsKey(model, feedsHash, { path: site.graph, value: site.value }), own);
    const slices = site.slices.length === 0 ? [] : placeAt(model, site, tensor.dims, text, depth);
    const axes = [...new Array<string>(depth).fill('iteration'), ...axesAt(model, site, own.length)];
    if (made === undefined) return { tensor: takeSlices(tensor, slices), axes };
    const named = slices.find(({ axis }) => axis === 0);
    const without = named?.indices.find((index) => !made.includes(index));
    if (without !== undefined) return `iteration ${String(without)} does not take the branch that makes it`;
    const taken = named === undefined ? [{ axis: 0, indices: made }, ...slices] : slices;
    const note = `"${text}" is made by iterations ${made.join(', ')} of ${String(tensor.dims[0] ?? 0)}, counted from 0: the others do not take its branch.`;
    return { tensor: takeSlices(tensor, taken), axes, note };
  }

  /** A tensor as it is told of: summarised, and kept under a handle where it is wanted. */
  captured(site: string, tensor: TensorData, keep: boolean): Captured {
    const { dtype, dims } = tensor;
    return { site, handle: keep ? this.store.put(tensor) : null, dtype, dims, summary: summarize(tensor) };
  }

  #refuseNonTensors(model: EngineModel, { captures }: Planned): void {
    for (const { text, site } of captures) {
      const type = typeOf(model, site.graph, site.value);
      if (type !== undefined && type.kind !== 'tensor' && type.kind !== 'unknown') throw notATensor(text);
    }
  }

  /** Dims of values with these feeds, and the numbers that interventions take from other runs. */
  dimsSource(
    model: EngineModel,
    feeds: RunRequest['feeds'],
    settings: Settings,
    signal: AbortSignal | undefined,
  ): DimsSource {
    let hash: string | undefined;
    const feedsHash = (): string => (hash ??= hashFeeds(feeds));
    const known = (inner: InnerValue): readonly number[] | undefined => {
      const cached = this.#dims.get(dimsKey(model, feedsHash(), inner));
      if (cached !== undefined) return cached;
      const input = inner.path === '' ? feeds[inner.value] : undefined;
      if (input !== undefined) return input.dims;
      const type = model.inferred.get(inner.path)?.get(inner.value);
      return type?.kind === 'tensor' && isStatic(type.shape) ? type.shape : undefined;
    };
    const find = async (inner: InnerValue): Promise<readonly number[]> => {
      if (inner.path !== '') await inferGraph(model, inner.path, signal);
      const plan = {
        outputs: [],
        captures: [{ ...inner, raw: false }],
        steps: [],
        given: [],
        overridden: [],
      };
      const alone = { plan, given: new Map<string, TensorData>() };
      const settled = await settleBranches(this.executor, model, alone, [], feeds, settings, signal);
      const whole = { ...alone, plan: settled.plan };
      const looked = await this.executor.run(model, whole, [], feeds, settings, signal);
      const tensor = looked.captures[0] ?? null;
      if (tensor === null || settled.made.get(0)?.length === 0) throw notComputed(inner.value);
      // Iterations are stacked in front; inside, the value has the axes behind them.
      const depth = looked.stacked[0] ?? 0;
      if (tensor.dims.slice(0, depth).includes(0)) throw noIteration(inner.value);
      const dims = tensor.dims.slice(depth);
      this.#dims.set(dimsKey(model, feedsHash(), inner), dims);
      return dims;
    };
    const findAfter: DimsSource['findAfter'] = async (inner, steps) => {
      const plan = {
        outputs: [],
        captures: [{ ...inner, raw: false }],
        steps: steps.map(({ step }) => step),
        given: [],
        overridden: [],
      };
      const numbers = steps.map((each) => each.numbers);
      const alone = { plan, given: new Map<string, TensorData>() };
      const looked = await this.executor.run(model, alone, numbers, feeds, settings, signal);
      return must(looked.captures[0] ?? null, 'values of the main graph are computed').dims;
    };
    return {
      known,
      find,
      findAfter,
      numbers: (intervention) => this.#others.numbers(model, intervention, settings, signal),
    };
  }

  #notes(
    model: EngineModel,
    planned: Planned,
    executed: Executed,
    feedsHash: string,
    settings: Settings,
    pending: boolean,
  ): string[] {
    const notes: string[] = [];
    const random = randomNodes(model);
    if (random.length > 0)
      notes.push(`The model draws random numbers (${random.join(', ')}), so runs differ.`);
    const [provider = 'cpu'] = settings.providers;
    if (provider !== 'cpu')
      notes.push(
        `From ${provider}, on which nobody has run Patchclamp's tests; the outputs are the CPU's to 1e-3 of the largest value.`,
      );
    if (pending) notes.push('Not yet compared with a run of the whole model, which would take a while.');
    for (const { watch, intervention } of planned.steps) {
      if (watch === null || executed.captures[watch] !== null) continue;
      notes.push(
        `"${intervention.site}" lies in a branch that was not taken: the intervention has no effect.`,
      );
    }
    const touched = [...planned.steps.map(({ intervention }) => intervention.site), ...planned.given.keys()];
    if (touched.length === 0 || planned.plan.outputs.length === 0) return notes;
    const needed = neededNames(model.skeleton.graph, planned.plan.outputs);
    const paths = [
      ...planned.steps.map(({ step }) => step),
      ...[...planned.given.keys()].map((value) => ({ path: '', value })),
    ];
    paths.forEach(({ path, value }, index) => {
      if (path === '' && !needed.has(value))
        notes.push(
          `No output depends on "${must(touched[index], 'a site')}": the intervention has no effect.`,
        );
    });
    const plain = this.checker.plainOutputs(model, feedsHash, settings);
    const unchanged =
      plain !== undefined &&
      [...executed.outputs].every(([name, tensor]) => {
        const before = plain.get(name);
        return before !== undefined && sameBits(tensor, before);
      });
    if (unchanged && notes.length === 0) notes.push('The interventions changed no output.');
    return notes;
  }
}

const NOT_COMPARED =
  'No output of the model can be computed here with these inputs, so nothing was compared with a run of the whole model.';
const IN_PIECES = 'The values did not fit in memory at once and were recorded in pieces.';

/**
 * Runs beyond this many bytes of input, places along an axis of it (attention takes their square) or captures are asked
 * about; shapes have to be inferred for it.
 */
const LARGE_FEEDS = 1 << 20;
const LONG_FEEDS = 512;
const MANY_CAPTURES = 64;

function isLarge({ feeds, capture }: RunRequest): boolean {
  const bytes = Object.values(feeds).reduce((sum, feed) => sum + bytesOf(feed), 0);
  const long = Object.values(feeds).some(({ dims }) => dims.some((dim) => dim > LONG_FEEDS));
  return bytes > LARGE_FEEDS || long || capture.length > MANY_CAPTURES;
}

function dimsKey(model: EngineModel, feedsHash: string, { path, value }: InnerValue): string {
  return JSON.stringify([model.id, feedsHash, path, value]);
}

/** The request without outputs that are no tensors, and a note about each. */
function tensorOutputs(
  model: EngineModel,
  request: RunRequest,
): { readonly runnable: RunRequest; readonly notes: string[] } {
  const notes: string[] = [];
  const asked = request.outputs ?? model.skeleton.graph.outputs.map(({ name }) => name);
  const outputs = asked.filter((name) => {
    const spec = model.outputs.find((output) => output.name === name);
    if (spec === undefined || spec.dtype !== 'undefined') return true;
    const type = model.skeleton.graph.outputs.find((info) => info.name === name)?.type;
    if (type === undefined || type.kind === 'unknown') return true;
    const source = producersOf(model.skeleton.graph).get(name)?.inputs[0];
    const instead = source === undefined ? '' : ` Capture "${source}", which it is made from.`;
    notes.push(`The output "${name}" is a ${formatType(type)}, which cannot be shown.${instead}`);
    return false;
  });
  return { runnable: { ...request, outputs }, notes };
}
