/**
 * A request into a plan: sites read and placed, interventions turned into steps and numbers, what may be handed in
 * instead of computed. Asks for types and dims only where it needs them.
 */
import { isFailure } from '../../base/errors';
import type { Intervention, PlainIntervention, RunRequest } from '../../contract/run';
import type { AxisSlice, Site } from '../../contract/site';
import type { TensorData } from '../../contract/tensor';
import { axisNames, layoutOf, placeSlices, type PlacedSlice } from '../../onnx/axes';
import { neededNames, nodesBetween } from '../../onnx/rewrite/cut';
import type { InlinedCall } from '../../onnx/rewrite/inline';
import type { Step } from '../../onnx/rewrite/intervene';
import type { InnerValue } from '../../onnx/rewrite/lift';
import type { CaptureAt, Plan } from '../../onnx/rewrite/plan';
import { parseSite, printSite } from '../../onnx/site';
import { isFloat, type Dtype } from '../../tensor/dtype';
import { beforeItself, conflict, reshaped, severalCalls, unknownOutput, unknownType } from './failures';
import { inferGraph, typeOf, whyUnknown } from './infer';
import type { EngineModel } from './model';
import { isCarried } from './runtime';
import { formOf, identityNumbers, isFixing, numbersOf, type StepNumbers } from './stepNumbers';

/** A captured site: the plan's capture it reads. */
export interface PlannedCapture {
  readonly text: string;
  readonly site: Site;
  /** Index among the plan's captures. */
  readonly capture: number;
}

/** One intervention as the run needs it. */
export interface PlannedStep {
  readonly intervention: PlainIntervention;
  readonly step: Step;
  readonly slices: readonly PlacedSlice[];
  readonly dims: readonly number[] | null;
  readonly numbers: StepNumbers;
  /** Numbers that change nothing; null where that is what the value was. */
  readonly identity: StepNumbers | null;
  /** Index among the plan's captures of the value before the step, where a branch may not be taken; else null. */
  readonly watch: number | null;
}

export interface Planned {
  readonly plan: Plan;
  readonly captures: readonly PlannedCapture[];
  /** In the order of the plan's steps. */
  readonly steps: readonly PlannedStep[];
  /** Values handed in, by name. */
  readonly given: ReadonlyMap<string, TensorData>;
  /** Every intervention's step, those that became values handed in among them. */
  readonly all: readonly PlannedStep[];
}

/** Dims that values have with the feeds of the request. */
export interface DimsSource {
  /** Where they are known without running anything. */
  known(inner: InnerValue): readonly number[] | undefined;
  /** Finds them out by running what lies upstream, if need be. */
  find(inner: InnerValue): Promise<readonly number[]>;
  /** Dims are wanted of every value that is changed: they say whether it has a row to ride on. */
  readonly forRows?: boolean;
  /** As `find`, with these interventions at work. */
  findAfter(inner: InnerValue, steps: readonly PlannedStep[]): Promise<readonly number[]>;
  /** The numbers of an intervention that takes them from other runs. */
  numbers(intervention: Intervention): Promise<PlainIntervention>;
}

/** Throws `bad-site`, `bad-intervention` or `unsupported` with what is wrong. */
export async function planRequest(
  model: EngineModel,
  request: RunRequest,
  dims: DimsSource,
  signal?: AbortSignal,
): Promise<Planned> {
  const { graph } = model.skeleton;
  const names = graph.outputs.map(({ name }) => name);
  for (const name of request.outputs ?? []) if (!names.includes(name)) throw unknownOutput(name, names);
  const captures: PlannedCapture[] = [];
  const captured: CaptureAt[] = [];
  for (const text of request.capture) {
    const site = siteAt(model, text);
    if (site.graph !== '') await inferGraph(model, site.graph, signal);
    const raw = site.stage === 'raw';
    let capture = captured.findIndex(
      (at) => at.path === site.graph && at.value === site.value && at.raw === raw,
    );
    if (capture < 0) capture = captured.push({ path: site.graph, value: site.value, raw }) - 1;
    captures.push({ text, site, capture });
  }
  const steps: PlannedStep[] = [];
  for (const asked of request.interventions ?? []) {
    const planned = await planStep(model, await dims.numbers(asked), dims, signal);
    const other = steps.find((earlier) => clashes(earlier, planned));
    if (other !== undefined) throw conflict(other.intervention.site, asked.site);
    const { path, value } = planned.step;
    const watch = path === '' ? null : captured.push({ path, value, raw: true }) - 1;
    steps.push({ ...planned, watch });
  }
  for (const step of steps) await confirmDims(model, step, steps, dims);
  const { kept, given } = handIn(steps, captured);
  return {
    plan: {
      outputs: request.outputs ?? names,
      captures: captured,
      steps: kept.map(({ step }) => step),
      given: [...given].map(([name, { dtype, dims: shape }]) => ({
        name,
        type: { kind: 'tensor', dtype, shape },
      })),
      overridden: graph.overridable.filter((name) => Object.hasOwn(request.feeds, name)),
    },
    captures,
    steps: kept,
    given,
    all: steps,
  };
}

/**
 * A site of the model with its functions written out. One that names a value of a function itself is the value of its
 * call, where there is one. Throws `bad-site`, and `unsupported` for a function called from several places.
 */
export function siteAt(model: EngineModel, text: string): Site {
  let problem: unknown;
  try {
    return parseSite(model.skeleton, text);
  } catch (error) {
    problem = error;
  }
  if (model.inlined.calls.size === 0) throw problem;
  let site: Site;
  try {
    site = parseSite(model.original, text);
  } catch (error) {
    if (isFailure(error)) throw problem;
    throw error;
  }
  const calls = model.inlined.calls.get(site.graph) ?? [];
  const [only] = calls;
  if (only === undefined) throw problem;
  const value = (call: InlinedCall): string => call.names.get(site.value) ?? site.value;
  if (calls.length > 1) throw severalCalls(text, calls.map(value));
  return { ...site, graph: only.path, value: value(only) };
}

async function planStep(
  model: EngineModel,
  intervention: PlainIntervention,
  source: DimsSource,
  signal: AbortSignal | undefined,
): Promise<PlannedStep> {
  const site = siteAt(model, intervention.site);
  if (site.stage === 'raw')
    throw beforeItself(intervention.site, printSite(model.skeleton, { ...site, stage: 'after' }));
  const inner = { path: site.graph, value: site.value };
  const own = await dtypeAt(model, inner, intervention.site, signal);
  const dtype = workedOnAs(own);
  const fixes = isFixing(intervention);
  const shaped = intervention.kind === 'add' && intervention.value.dims.length > 0;
  const rides = source.forRows === true && site.graph === '';
  const needsDims = fixes || shaped || rides || site.slices.length > 0;
  const dims = source.known(inner) ?? (needsDims ? await source.find(inner) : null);
  const slices = dims === null ? [] : placeAt(model, site, dims, intervention.site);
  const fixing = formOfFixing(model, site, dims ?? [], slices);
  const form = formOf(intervention, isFloat(own) ? dtype : own, fixing);
  // In a body the same numbers serve every iteration: all of the first axis is written, not the whole exchanged.
  const [first] = dims ?? [];
  if (form === 'scatter' && slices.length === 0 && first !== undefined) {
    slices.push({ axis: 0, indices: Array.from({ length: first }, (_, index) => index) });
  }
  return {
    intervention,
    step: own === dtype ? { ...inner, dtype, form } : { ...inner, dtype, own, form },
    slices,
    dims,
    numbers: numbersOf(intervention, form, dtype, dims, slices, own),
    identity: identityNumbers(form, dtype, dims, slices),
    watch: null,
  };
}

/** What Node has no array for is worked on in a type that holds all its numbers. */
function workedOnAs(own: Dtype): Dtype {
  if (isCarried(own)) return own;
  if (isFloat(own)) return 'float32';
  return own.startsWith('uint') ? 'uint8' : own.startsWith('int') ? 'int8' : own;
}

/** How elements are fixed at a site. */
function formOfFixing(
  model: EngineModel,
  site: Site,
  dims: readonly number[],
  slices: readonly PlacedSlice[],
): 'swap' | 'scatter' | 'pick' {
  if (slices.length === 0 && site.graph === '') return 'swap';
  return hasScatter(model) && dims.length > 0 ? 'scatter' : 'pick';
}

/** Operators through which floats come to say how many there are of something, or hold graphs in which they may. */
const COUNTS = new Set([
  'ArgMax',
  'ArgMin',
  'Cast',
  'CastLike',
  'Compress',
  'If',
  'Loop',
  'NonMaxSuppression',
  'NonZero',
  'Range',
  'Resize',
  'Scan',
  'TopK',
  'Unique',
  'Upsample',
]);

/**
 * Numbers were laid out for the dims that a value has without other interventions. One that changes whole numbers (a shape,
 * a count) upstream, or what such numbers are made of, may give it others. Throws `bad-intervention` where it does.
 */
async function confirmDims(
  model: EngineModel,
  planned: PlannedStep,
  all: readonly PlannedStep[],
  source: DimsSource,
): Promise<void> {
  const { step, dims, slices, intervention } = planned;
  if (dims === null || step.path !== '' || (step.form !== 'swap' && slices.length === 0)) return;
  const upstream = neededNames(model.skeleton.graph, [step.value]);
  const others = all.filter(
    ({ step: { path, value } }) => path === '' && value !== step.value && upstream.has(value),
  );
  const { graph } = model.skeleton;
  const onWay = (from: string): boolean =>
    nodesBetween(graph, [from], [step.value]).some(({ op }) => COUNTS.has(op));
  if (!others.some(({ step: { value, own, dtype } }) => !isFloat(own ?? dtype) || onWay(value))) return;
  const now = await source.findAfter({ path: '', value: step.value }, others);
  if (now.join() !== dims.join()) throw reshaped(intervention.site, dims, now);
}

/** Names of the axes of a site's value, as far as the operators say. */
export function axesAt(model: EngineModel, site: Site, rank: number): string[] {
  const graph = model.skeleton.graphs.get(site.graph) ?? model.skeleton.graph;
  return axisNames(layoutOf(graph, site.value, rank), rank);
}

/**
 * The slices of a site on the axes of its value. `stacked` axes in front count the iterations of loops around it: they
 * are named `iteration`, and numbers count the value's own axes behind them.
 */
export function placeAt(
  model: EngineModel,
  site: Site,
  dims: readonly number[],
  text: string,
  stacked = 0,
): PlacedSlice[] {
  const own = dims.slice(stacked);
  const names = axesAt(model, site, own.length);
  const isIteration = ({ axis }: AxisSlice): boolean => axis === 'iteration' && stacked > 0;
  const inner = placeSlices(
    site.slices.filter((slice) => !isIteration(slice)),
    own,
    names,
    text,
  );
  const outer = placeSlices(site.slices.filter(isIteration), dims.slice(0, 1), ['iteration'], text);
  return [...outer, ...inner.map(({ axis, indices }) => ({ axis: axis + stacked, indices }))];
}

function hasScatter({ skeleton }: EngineModel): boolean {
  const opset = skeleton.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  return (opset?.version ?? 0) >= 11;
}

async function dtypeAt(
  model: EngineModel,
  inner: InnerValue,
  text: string,
  signal: AbortSignal | undefined,
): Promise<Dtype> {
  let type = typeOf(model, inner.path, inner.value);
  if (type === undefined) {
    await inferGraph(model, inner.path, signal);
    type = typeOf(model, inner.path, inner.value);
  }
  const why = type === undefined ? whyUnknown(model) : undefined;
  if (why !== undefined) throw why;
  if (type?.kind !== 'tensor') throw unknownType(text, type);
  return type.dtype;
}

/** Two that each fix the same elements of one value. */
function clashes(a: PlannedStep, b: PlannedStep): boolean {
  const fixes = ({ intervention: { kind } }: PlannedStep): boolean => kind === 'set' || kind === 'replace';
  if (a.step.path !== b.step.path || a.step.value !== b.step.value || !fixes(a) || !fixes(b)) return false;
  return a.slices.every(({ axis, indices }) => {
    const other = b.slices.find((slice) => slice.axis === axis);
    return other === undefined || other.indices.some((index) => indices.includes(index));
  });
}

/**
 * A main-graph value that is fixed whole need not be computed: it becomes an input, and so what is upstream of it is cut
 * away. Steps before that one on the same value no longer matter.
 */
function handIn(
  steps: readonly PlannedStep[],
  captured: readonly CaptureAt[],
): { readonly kept: readonly PlannedStep[]; readonly given: ReadonlyMap<string, TensorData> } {
  const given = new Map<string, TensorData>();
  const dropped = new Set<PlannedStep>();
  for (const [index, { step, numbers }] of steps.entries()) {
    const rawWanted = captured.some(({ path, value, raw }) => raw && path === '' && value === step.value);
    if (step.form !== 'swap' || step.path !== '' || step.own !== undefined || rawWanted) continue;
    given.set(step.value, numbers.operand);
    for (const earlier of steps.slice(0, index + 1)) {
      if (earlier.step.path === '' && earlier.step.value === step.value) dropped.add(earlier);
    }
  }
  return { kept: steps.filter((step) => !dropped.has(step)), given };
}
