/**
 * What attribution found, as a finding: maps with their controls, completeness, how much of the map shuffled weights
 * leave, and the sentences that say whether it passed. Runs nothing.
 */
import type { Figure, Finding, MethodContext, Overlay, Params } from '../contract/method';
import { text, type Found, type Inside, type Stage } from './attributing';
import type { Asked } from './asking';
import { mapFigure, short } from './maps';
import { shuffledCopy, spearman } from './rank';

export interface Similarity {
  readonly stage: string;
  readonly signed: number;
  readonly magnitude: number;
}

const BARS = 30;

/** A map that correlates this much with one of a model without its weights' order has failed. */
const UNCHANGED = 0.7;

/** Attributions whose sum is off by more than this share of what they explain do not add up. */
const INCOMPLETE = 0.01;

/** A sum this close to nothing, of the objective, is nothing. */
const ROUNDING = 1e-6;

export function finding(
  method: string,
  context: MethodContext,
  params: Params,
  asked: Asked,
  found: Found,
  inside: Inside,
  control: { readonly found: Found; readonly inside: Inside } | null,
  similar: readonly Similarity[],
  stages: readonly Stage[],
): Finding {
  const ofControl = control?.found ?? null;
  const controlTitle =
    stages.at(-1)?.complete === true
      ? 'The same with all weights shuffled'
      : 'The same with shuffled weights';
  const figures: Figure[] = found.maps.map((map, i) => {
    const other = ofControl?.maps[i];
    return other === undefined
      ? { ...mapFigure(map, map, '', context.labels), control: null }
      : mapFigure(map, other, controlTitle, context.labels);
  });
  figures.push({
    kind: 'scalars',
    title: 'Completeness: do the attributions add up?',
    columns: ['quantity', 'value'],
    rows: completeness(found),
    control: ofControl === null ? null : { title: controlTitle, rows: completeness(ofControl) },
  });
  const chance = chanceOf(context, found);
  if (similar.length > 0) {
    figures.push({
      kind: 'curves',
      title: 'Model randomisation: how much of the map is left as weights are shuffled',
      columns: ['shuffled down to', 'rank correlation', 'of magnitudes'],
      rows: [
        ['none', 1, 1],
        ...similar.map(({ stage, signed, magnitude }) => [stage, cell(signed), cell(magnitude)]),
      ],
      control: {
        title: 'The same map with its own elements shuffled: chance',
        rows: [
          ['none', 1, 1],
          ...similar.map(({ stage }) => [stage, cell(chance.signed), cell(chance.magnitude)]),
        ],
      },
    });
  }
  if (inside.length > 0) figures.push(insideFigure(inside, control?.inside ?? null, controlTitle));
  return {
    method,
    title: `What drives ${asked.words}?`,
    figures,
    overlay: inside.length === 0 ? null : overlayOf(inside),
    controls: [randomised(similar, chance.signed, stages), ...addingUp(params, found)],
    caveats: caveatsOf(params, found),
    provenance: { ...context.provenance, params: { ...params, objective: asked.objective } },
  };
}

function overlayOf(inside: Inside): Overlay {
  return {
    title: 'Attribution (gradient × activation)',
    unit: '',
    signed: true,
    values: inside.map(({ site, value }) => ({ site, value: short(value) })),
  };
}

function insideFigure(inside: Inside, control: Inside | null, controlTitle: string): Figure {
  const largest = [...inside].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, BARS);
  const others = new Map(control?.map(({ site, value }) => [site, value]));
  return {
    kind: 'bars',
    title: `Values inside, gradient × activation (the ${String(largest.length)} largest of ${String(inside.length)})`,
    columns: ['value', 'attribution'],
    rows: largest.map(({ site, value }) => [site, short(value)]),
    control:
      control === null
        ? null
        : { title: controlTitle, rows: largest.map(({ site }) => [site, short(others.get(site) ?? 0)]) },
  };
}

/** How far the attributions' sum is off, and that as a share of what they explain: infinite where that is nothing. */
function errorOf({ value, baselineValue, sum }: Found): { readonly error: number; readonly share: number } {
  const difference = Math.abs(value - baselineValue);
  const error = Math.abs(sum - (value - baselineValue));
  const rounding = difference === 0 && error <= ROUNDING * Math.max(1, Math.abs(value));
  return { error, share: rounding ? 0 : error / difference };
}

function completeness(found: Found): (readonly [string, number])[] {
  const { value, baselineValue, sum } = found;
  const { error, share } = errorOf(found);
  return [
    ['objective at the input', short(value)],
    ['objective at the baseline', short(baselineValue)],
    ['difference', short(value - baselineValue)],
    ['sum of attributions', short(sum)],
    ['completeness error', short(error)],
    ['error as a share of the difference', short(share)],
  ];
}

/** What a rank correlation with a map of no meaning is: the map against itself in random order. */
function chanceOf(context: MethodContext, found: Found): Omit<Similarity, 'stage'> {
  const numbers = flat(found);
  const other = shuffledCopy(numbers, () => context.random());
  return {
    signed: spearman(numbers, other),
    magnitude: spearman(numbers.map(Math.abs), other.map(Math.abs)),
  };
}

function cell(number: number): number | null {
  return Number.isFinite(number) ? short(number) : null;
}

function randomised(similar: readonly Similarity[], chance: number, stages: readonly Stage[]): string {
  const last = similar.at(-1);
  if (last === undefined)
    return 'No control: nothing between the inputs and the objective has weights that could be shuffled.';
  const all = stages.at(-1)?.complete === true ? 'all weights' : 'the last layers’ weights';
  const said = `With ${all} in random order the map’s rank correlation with itself is ${twoDigits(last.signed)} (chance: ${twoDigits(chance)})`;
  if (!Number.isFinite(last.signed))
    return `Model randomisation says nothing here: with ${all} in random order the map is flat.`;
  return last.signed >= UNCHANGED
    ? `FAILED model randomisation. ${said}: the map hardly depends on what the model has learned.`
    : `Passed model randomisation. ${said}.`;
}

/** `0.94`, `−0.80`: a correlation in a sentence. */
function twoDigits(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

/** Whether what is attributed adds up to what it explains; gradient × activation does not claim to. */
function addingUp(params: Params, found: Found): string[] {
  if (!integrates(params)) return [];
  const { error, share } = errorOf(found);
  const of = `${String(Number((100 * share).toPrecision(2)))} % of what they explain`;
  if (share <= INCOMPLETE)
    return [`Passed completeness. The attributions add up${share < ROUNDING ? '' : `, but for ${of}`}.`];
  if (!Number.isFinite(error))
    return ['FAILED completeness. The attributions do not add up: not all that was computed is a number.'];
  return [
    Number.isFinite(share)
      ? `FAILED completeness. The attributions’ sum is off by ${of}: take more steps than ${text(params, 'steps')}, or a baseline other than "${text(params, 'baseline')}", at which a normalisation may leap.`
      : `FAILED completeness. The attributions’ sum is off by ${String(short(error))}, and the objective is the same at the baseline and at the input: take another baseline.`,
  ];
}

function integrates(params: Params): boolean {
  return params['kind'] !== 'gradient-x-activation';
}

function caveatsOf(params: Params, found: Found): string[] {
  const caveats = [
    integrates(params)
      ? `Measured from the baseline "${text(params, 'baseline')}"; another baseline gives another map.`
      : 'Gradient × activation is a first-order estimate: its sum need not be the difference it explains.',
    'Values inside are attributed to by gradient × activation, an estimate of what setting them to zero would do.',
  ];
  return [...caveats, ...found.notes];
}

export function similarity(a: Found, b: Found): Omit<Similarity, 'stage'> {
  const [all, others] = [flat(a), flat(b)];
  const magnitude = spearman(all.map(Math.abs), others.map(Math.abs));
  return { signed: spearman(all, others), magnitude };
}

function flat({ maps }: Found): Float64Array {
  return Float64Array.from(maps.flatMap(({ attribution: numbers }) => Array.from(numbers)));
}
