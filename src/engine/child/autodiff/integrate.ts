/**
 * Integrated gradients: Sundararajan, Taly & Yan, "Axiomatic Attribution for Deep Networks" (2017), arXiv:1703.01365. All
 * sites move together along the straight line from their baselines. The steps ride on the batch where the model lets
 * them; the end of the line rides along each time and has to give the value that a run of its own gave.
 */
import { must } from '../../../base/assert';
import { throwIfCancelled } from '../../../base/cancel';
import { Failure } from '../../../base/errors';
import type { GradientRequest, Intervention } from '../../../contract/run';
import type { TensorData } from '../../../contract/tensor';
import { sizeOf } from '../../../tensor/shape';
import type { Gradients, Once, Question } from './question';
import type { Observed } from './graph';
import { numbersOf, typed, workingType } from './numbers';
import { gaussLegendre, leftRiemann } from './quadrature';
import { rowsPerRun, tiled, type Rows } from './rows';

type Ask = (question: Question, interventions: readonly Intervention[]) => Promise<Once>;

/** How far the riding end may be off what it gave alone, of the larger of the two and 1. */
const SAME = 1e-4;

interface End {
  readonly site: string;
  readonly value: TensorData;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

export async function integrate(
  question: Question,
  here: Once,
  observed: ReadonlyMap<string, Observed>,
  rows: Rows,
  ask: Ask,
): Promise<Omit<Gradients, 'value'>> {
  const { request, sites, signal } = question;
  const { steps, rule, baselines = {} } = must(request.integrated, 'integrated gradients were asked for');
  if (!Number.isInteger(steps) || steps < 1 || steps > 10_000) throw badSteps(steps);
  const ends = sites.map((site, i): End => {
    const value = must(here.at.get(site), `"${site}" was captured`);
    const text = request.wrt[i] ?? site;
    return { site, value, to: numbersOf(value), from: baselineOf(baselines[text], value, text) };
  });
  const { nodes, weights } = rule === 'left-riemann' ? leftRiemann(steps) : gaussLegendre(steps);
  const path: Path = { question, ends, ask };
  const baseline = await alone(path, 0);
  const sums = ends.map(({ to }) => new Float64Array(to.length));
  /** Adds the first rows of the gradients, one per weight. */
  const add = (gradients: readonly TensorData[], shares: readonly number[]): void => {
    gradients.forEach((gradient, i) => {
      const sum = must(sums[i], 'one sum per site');
      const numbers = numbersOf(gradient);
      shares.forEach((weight, row) => {
        const start = row * sum.length;
        for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] ?? 0) + weight * (numbers[start + j] ?? 0);
      });
    });
  };
  // Of the ends only the values count: what their own gradients hold is part of no sum.
  const notes = new Set<string>();
  const most = Math.min(steps + 1, await rowsPerRun(question, here.at));
  const plain = (request.interventions ?? []).length === 0;
  const ride = most > 2 && plain ? await rows.of(question, observed) : { why: '' };
  if ('why' in ride && ride.why !== '') notes.add(`${ride.why} The steps ran one by one.`);
  let k = 0;
  while (k < nodes.length) {
    throwIfCancelled(signal);
    if ('why' in ride) {
      const answer = await alone(path, nodes[k] ?? 0);
      add(answer.gradients, weights.slice(k, k + 1));
      answer.notes.forEach((note) => notes.add(note));
      k++;
      continue;
    }
    // The last run is filled up with the end of the line, so that all have one shape and one session.
    const some = nodes.slice(k, k + most - 1);
    const shares = [...some, ...new Array<number>(most - some.length).fill(1)];
    const answer = await together(path, ride.model, shares);
    const last = answer.values.at(-1) ?? Number.NaN;
    const alike = here.values[0] ?? Number.NaN;
    if (Math.abs(last - alike) > SAME * Math.max(1, Math.abs(alike))) throw leaked(question);
    add(answer.gradients, weights.slice(k, k + some.length));
    answer.notes.forEach((note) => notes.add(note));
    k += some.length;
  }
  let total = 0;
  const gradients = ends.map(({ value, to, from }, i): TensorData => {
    const sum = must(sums[i], 'one sum per site');
    const attribution = sum.map((g, j) => g * ((to[j] ?? 0) - (from[j] ?? 0)));
    for (const a of attribution) total += a;
    const dtype = workingType(value.dtype);
    return { ...value, dtype, data: typed(dtype, attribution) };
  });
  const baselineValue = baseline.values[0] ?? Number.NaN;
  const completenessError = Math.abs(total - ((here.values[0] ?? Number.NaN) - baselineValue));
  return { gradients, completenessError, baselineValue, notes: [...notes] };
}

interface Path {
  readonly question: Question;
  readonly ends: readonly End[];
  readonly ask: Ask;
}

/** The model with every site at this share of the way from baseline to value. */
function alone({ question, ends, ask }: Path, share: number): Promise<Once> {
  return ask(question, [
    ...(question.request.interventions ?? []),
    ...ends.map(({ site, value, to, from }): Intervention => {
      const numbers = between(from, to, share);
      return { kind: 'replace', site, value: { ...value, data: typed(value.dtype, numbers) } };
    }),
  ]);
}

/** A row per share. */
function together(
  { question, ends, ask }: Path,
  model: Question['model'],
  shares: readonly number[],
): Promise<Once> {
  const objective = must(question.objectives[0], 'there is an objective');
  const rows: Question = {
    ...question,
    model,
    feeds: tiled(question.feeds, shares.length),
    objectives: shares.map(() => objective),
    rows: true,
  };
  return ask(
    rows,
    ends.map(({ site, value, to, from }): Intervention => {
      const numbers = new Float64Array(to.length * shares.length);
      shares.forEach((share, row) => {
        numbers.set(between(from, to, share), row * to.length);
      });
      const dims = [shares.length, ...value.dims.slice(1)];
      return {
        kind: 'replace',
        site,
        value: { dtype: value.dtype, dims, data: typed(value.dtype, numbers) },
      };
    }),
  );
}

function between(from: Float64Array, to: Float64Array, share: number): Float64Array {
  return to.map((x, k) => (share === 1 ? x : (from[k] ?? 0) + share * (x - (from[k] ?? 0))));
}

function baselineOf(given: TensorData | undefined, value: TensorData, text: string): Float64Array {
  if (given === undefined) return new Float64Array(sizeOf(value.dims));
  const numbers = numbersOf(given);
  if (numbers.length === sizeOf(value.dims)) return numbers;
  if (numbers.length === 1) return new Float64Array(sizeOf(value.dims)).fill(numbers[0] ?? 0);
  throw new Failure({
    code: 'bad-feed',
    message: `The baseline of "${text}" has the shape [${given.dims.join(', ')}]; the value has [${value.dims.join(', ')}].`,
    remedy: 'Give it the shape of the value, or a single number.',
  });
}

function badSteps(
  steps: GradientRequest['integrated'] extends { steps: infer S } | undefined ? S : never,
): Failure {
  return new Failure({
    code: 'usage',
    message: `Integrated gradients cannot take ${String(steps)} steps.`,
    remedy: 'Use a whole number from 1 to 10,000; 20 to 50 is usual.',
  });
}

function leaked({ model }: Question): Failure {
  return new Failure({
    code: 'internal',
    message: `In a batch over ${model.skeleton.file}, the row at the input gave another value than a run of its own.`,
    remedy: 'Report this with the model if you can.',
  });
}
