/**
 * Interventions whose numbers come from other runs: what a site is with other feeds, or on average over examples. Each
 * becomes a replacement before anything is planned; what was found is remembered.
 */
import { throwIfCancelled } from '../../base/cancel';
import { Failure } from '../../base/errors';
import { Lru } from '../../base/lru';
import type { Intervention, PlainIntervention, RunRequest } from '../../contract/run';
import type { Site } from '../../contract/site';
import type { TensorData } from '../../contract/tensor';
import { toNumbers } from '../../tensor/buffers';
import { isFloat } from '../../tensor/dtype';
import { formatShape, sizeOf } from '../../tensor/shape';
import { hashFeeds, type Executor, type Settings } from './executor';
import { notComputed } from './failures';
import { checkFeeds } from './feeds';
import { inferGraph } from './infer';
import type { EngineModel } from './model';
import { axesAt, placeAt, siteAt } from './request';
import { bytesOf } from './store';
import { takeSlices } from './take';

type Feeds = RunRequest['feeds'];

/** Axes that `places` averages over, besides the batch. */
const PLACES = new Set(['position', 'depth', 'height', 'width']);

/** More places than any axis has. */
const ANY = 2 ** 31;

export class OtherRuns {
  readonly #found = new Lru<string, TensorData>(64 << 20);

  readonly #hashes = new WeakMap<Feeds, string>();

  constructor(private readonly executor: Executor) {}

  #hash(feeds: Feeds): string {
    const hash = this.#hashes.get(feeds) ?? hashFeeds(feeds);
    this.#hashes.set(feeds, hash);
    return hash;
  }

  /** The same with its numbers. Throws `bad-site`, `bad-feed`, `bad-intervention`, and what a run throws. */
  async numbers(
    model: EngineModel,
    intervention: Intervention,
    settings: Settings,
    signal?: AbortSignal,
  ): Promise<PlainIntervention> {
    const { kind, site: text } = intervention;
    if (kind !== 'resample' && kind !== 'mean') return intervention;
    const examples = kind === 'resample' ? [intervention.feeds] : intervention.examples;
    const places = kind === 'mean' && intervention.places === true;
    const site = siteAt(model, text);
    // Found for the whole value, since a sweep asks for slice after slice of it.
    const key = JSON.stringify([
      model.id,
      settings,
      site.graph,
      site.value,
      kind,
      places,
      examples.map((feeds) => this.#hash(feeds)),
    ]);
    let value = this.#found.get(key);
    if (value === undefined) {
      if (site.graph !== '') await inferGraph(model, site.graph, signal);
      const look = (feeds: Feeds): Promise<TensorData> =>
        this.#look(model, site, text, feeds, settings, signal);
      value =
        kind === 'resample'
          ? await look(intervention.feeds)
          : await average(examples, look, text, (dims) => averaged(model, site, dims, places), signal);
      this.#found.set(key, value, bytesOf(value));
    }
    // Along axes that were averaged away one number stands for every place.
    const gone = kind === 'mean' ? averaged(model, site, value.dims, places) : [];
    const dims = value.dims.map((dim, axis) => (gone.includes(axis) ? ANY : dim));
    const slices = placeAt(model, site, dims, text).filter(({ axis }) => !gone.includes(axis));
    return { kind: 'replace', site: text, value: takeSlices(value, slices) };
  }

  async #look(
    model: EngineModel,
    site: Site,
    text: string,
    feeds: Feeds,
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<TensorData> {
    checkFeeds(feeds, model.inputs);
    const captures = [{ path: site.graph, value: site.value, raw: false }];
    const overridden = model.skeleton.graph.overridable.filter((name) => Object.hasOwn(feeds, name));
    const plan = { outputs: [], captures, steps: [], given: [], overridden };
    const done = await this.executor.run(model, { plan, given: new Map() }, [], feeds, settings, signal);
    const tensor = done.captures[0] ?? null;
    if (tensor === null) throw notComputed(text);
    if ((done.stacked[0] ?? 0) > 0) {
      throw bad(
        `"${text}" has a value per iteration of a loop, and one is needed`,
        'Choose a value outside of it.',
      );
    }
    return tensor;
  }
}

/** Axes of the site's value to average over. */
function averaged(model: EngineModel, site: Site, dims: readonly number[], places: boolean): number[] {
  return axesAt(model, site, dims.length).flatMap((name, axis) =>
    name === 'batch' || (places && PLACES.has(name)) ? [axis] : [],
  );
}

async function average(
  examples: readonly Feeds[],
  look: (feeds: Feeds) => Promise<TensorData>,
  site: string,
  over: (dims: readonly number[]) => readonly number[],
  signal: AbortSignal | undefined,
): Promise<TensorData> {
  let sums: Float64Array | undefined;
  let kept: readonly number[] = [];
  let count = 0;
  for (const feeds of examples) {
    throwIfCancelled(signal);
    const { dtype, dims, data } = await look(feeds);
    if (!isFloat(dtype) || !ArrayBuffer.isView(data))
      throw bad(`"${site}" is ${dtype}, which has no mean`, 'Choose a value of numbers with a fraction.');
    const axes = over(dims);
    const shape = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    if (sums === undefined) {
      sums = new Float64Array(sizeOf(shape));
      kept = shape;
    } else if (formatShape(shape) !== formatShape(kept)) {
      throw bad(
        `The examples give "${site}" several shapes, ${formatShape(kept)} and ${formatShape(shape)}`,
        'Average over places too, or choose examples of one length.',
      );
    }
    addUp(sums, toNumbers(dtype, data), dims, axes);
    count += axes.reduce((product, axis) => product * (dims[axis] ?? 1), 1);
  }
  if (sums === undefined) throw bad(`The mean at "${site}" is over no examples`, 'Give at least one.');
  return { dtype: 'float32', dims: kept, data: Float32Array.from(sums, (sum) => sum / count) };
}

/** Adds every element to the sum that stands for it once the axes have length 1. */
function addUp(
  sums: Float64Array,
  numbers: ArrayLike<number>,
  dims: readonly number[],
  axes: readonly number[],
): void {
  const strides = dims.map(() => 0);
  for (let axis = dims.length - 1, stride = 1; axis >= 0; axis--) {
    if (axes.includes(axis)) continue;
    strides[axis] = stride;
    stride *= dims[axis] ?? 1;
  }
  const index = dims.map(() => 0);
  for (let at = 0; at < numbers.length; at++) {
    let to = 0;
    for (let axis = 0; axis < index.length; axis++) to += (index[axis] ?? 0) * (strides[axis] ?? 0);
    sums[to] = (sums[to] ?? 0) + (numbers[at] ?? 0);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (dims[axis] ?? 1)) break;
      index[axis] = 0;
    }
  }
}

function bad(message: string, remedy: string): Failure {
  return new Failure({ code: 'bad-intervention', message: `${message}.`, remedy });
}
