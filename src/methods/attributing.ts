/**
 * The runs behind attribution: integrated gradients or gradient x activation at some entries, gradient x activation at
 * values inside, and which weights are shuffled in which stage. Says nothing of what the numbers mean.
 */
import { Failure } from '../base/errors';
import type { MethodContext, Params } from '../contract/method';
import type { GradientRequest } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { toNumbers } from '../tensor/buffers';
import { entriesOf, type Asked, type Entry } from './asking';
import type { SiteMap } from './maps';
import type { Layer } from './paths';

/** Bytes of weights that a shuffled copy may hold. */
const MOST_BYTES = 512 << 20;
/** Taken at once, so that a backward graph's outputs stay few. */
const AT_ONCE = 64;
/** Values whose gradient x activation goes to the graph, at most. */
const MOST_VALUES = 400;
export interface Found {
  readonly maps: readonly SiteMap[];
  readonly value: number;
  readonly baselineValue: number;
  readonly sum: number;
  readonly notes: readonly string[];
}

export type Inside = readonly { readonly site: string; readonly value: number }[];

export interface Stage {
  readonly name: string;
  readonly weights: readonly string[];
  readonly complete: boolean;
}

export function entriesFor(context: MethodContext, params: Params): readonly Entry[] {
  const over = params['over'];
  if (Array.isArray(over) && over.length > 0) return over.map((site: string) => ({ site, input: site }));
  const entries = entriesOf(context.model);
  if (entries.length > 0) return entries;
  throw new Failure({
    code: 'bad-site',
    message: 'The model has no float input, and no embedding that looks its tokens up.',
    remedy: 'Name a float value to attribute to.',
  });
}

/** One attribution over all entries together. */
export async function attribute(
  context: MethodContext,
  { objective }: Asked,
  entries: readonly Entry[],
  params: Params,
): Promise<Found> {
  const { feeds } = context;
  const wrt = entries.map(({ site }) => site);
  const { captures } = await context.run({ feeds, capture: wrt, outputs: [] });
  const values: Float64Array[] = [];
  for (const { handle } of captures) values.push(await numbersAt(context, handle));
  const starts = values.map((numbers) => baselineOf(text(params, 'baseline'), numbers));
  const baselines = Object.fromEntries(wrt.map((site, i) => [site, scalar(starts[i] ?? 0)]));
  const integrated = params['kind'] !== 'gradient-x-activation';
  const rule = params['rule'] === 'left-riemann' ? 'left-riemann' : 'gauss-legendre';
  const request: GradientRequest = { feeds, objective, wrt };
  const answer = await context.gradient(
    integrated ? { ...request, integrated: { steps: count(params, 'steps'), rule, baselines } } : request,
  );
  const maps: SiteMap[] = [];
  for (const [i, { handle, dims }] of answer.gradients.entries()) {
    const gradient = await numbersAt(context, handle);
    const own = values[i] ?? new Float64Array();
    const attributed = integrated ? gradient : gradient.map((g, k) => g * ((own[k] ?? 0) - (starts[i] ?? 0)));
    const entry = entries[i] ?? { site: wrt[i] ?? '', input: '' };
    maps.push({ ...entry, dims, attribution: attributed, values: own });
  }
  let { baselineValue } = answer;
  if (baselineValue === undefined) {
    const start = await context.gradient({ ...request, integrated: { steps: 1, rule, baselines } });
    context.release(start.gradients.flatMap(({ handle }) => (handle === null ? [] : [handle])));
    baselineValue = start.baselineValue ?? Number.NaN;
  }
  const sum = maps.reduce((all, map) => all + map.attribution.reduce((part, a) => part + a, 0), 0);
  return { maps, value: answer.value, baselineValue, sum, notes: answer.notes };
}

/** Gradient x activation, summed over each value. */
export async function insideOf(
  context: MethodContext,
  { objective }: Asked,
  values: readonly string[],
): Promise<Inside> {
  const inside: { site: string; value: number }[] = [];
  for (let start = 0; start < values.length; start += AT_ONCE) {
    const wrt = values.slice(start, start + AT_ONCE);
    const { feeds } = context;
    const { captures } = await context.run({ feeds, capture: wrt, outputs: [] });
    const floats = captures.filter(({ dtype }) => /^float(16|32|64)$/.test(dtype));
    context.release(captures.flatMap((c) => (c.handle === null || floats.includes(c) ? [] : [c.handle])));
    const { gradients } = await context.gradient({ feeds, objective, wrt: floats.map(({ site }) => site) });
    for (const [i, { site, handle }] of gradients.entries()) {
      const gradient = await numbersAt(context, handle);
      const own = await numbersAt(context, floats[i]?.handle ?? null);
      const value = gradient.reduce((sum, g, k) => sum + (g === 0 ? 0 : g * (own[k] ?? 0)), 0);
      inside.push({ site, value });
    }
  }
  return inside;
}

async function numbersAt(context: MethodContext, handle: string | null): Promise<Float64Array> {
  if (handle === null) return new Float64Array();
  const { data, dtype } = await context.tensor(handle);
  return ArrayBuffer.isView(data) ? Float64Array.from(toNumbers(dtype, data)) : new Float64Array();
}

function baselineOf(name: string, values: Float64Array): number {
  if (name === 'zero' || name === '') return 0;
  if (name === 'mean') return values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
  const number = Number(name);
  if (Number.isFinite(number)) return number;
  throw new Failure({
    code: 'usage',
    message: `"${name}" is not a baseline.`,
    remedy: 'Write zero, mean or a number.',
  });
}

function scalar(number: number): TensorData {
  return { dtype: 'float64', dims: [], data: Float64Array.of(number) };
}

/** Evenly spread, the last among them. */
export function chosen(values: readonly string[], sites: readonly string[]): readonly string[] {
  const inner = [...sites, ...values.filter((name) => !sites.includes(name))];
  if (inner.length <= MOST_VALUES) return inner;
  const stride = inner.length / MOST_VALUES;
  return Array.from({ length: MOST_VALUES }, (_, i) => inner[Math.floor((i + 1) * stride) - 1] ?? '');
}

/** From the output down: each stage shuffles what the one before did, and some layers more. */
export function stagesOf(layers: readonly Layer[], wanted: number): Stage[] {
  const down: Layer[] = [];
  let bytes = 0;
  for (const layer of [...layers].reverse()) {
    bytes += layer.bytes;
    if (bytes > MOST_BYTES) break;
    down.push(layer);
  }
  const most = Math.min(wanted, down.length);
  return Array.from({ length: most }, (_, k) => {
    const some = down.slice(0, Math.round(((k + 1) * down.length) / most));
    return {
      name: some.at(-1)?.name ?? '',
      weights: some.flatMap(({ weights }) => weights),
      complete: some.length === layers.length,
    };
  });
}

export function text(params: Params, name: string): string {
  return String(params[name] ?? '');
}

export function count(params: Params, name: string): number {
  return Number(params[name] ?? 0);
}
