/** Weights between two layers added up unit by unit, and the strongest of them picked. Pure. */
import type { NeuronLink, NeuronQuestion } from '../../contract/neurons';
import type { Box } from '../../tensor/slice';
import type { FoundLayer } from './found';
import { strongest } from './strongest';
import type { Weighted } from './weighted';

/** Strengths of every connection of one unit to the units of one other layer. */
export interface Strengths {
  readonly layer: number;
  readonly weight: Float64Array;
  readonly contribution: Float64Array;
}

/** Adds up the weights between pairs of units. */
export class Sums {
  readonly #weight: Float64Array;
  readonly #squares: Float64Array;
  readonly #contribution: Float64Array;

  constructor(
    private readonly layer: number,
    units: number,
  ) {
    this.#weight = new Float64Array(units);
    this.#squares = new Float64Array(units);
    this.#contribution = new Float64Array(units);
  }

  add(unit: number, weight: number, mean: number): void {
    this.#weight[unit] = (this.#weight[unit] ?? 0) + weight;
    this.#squares[unit] = (this.#squares[unit] ?? 0) + weight * weight;
    this.#contribution[unit] = (this.#contribution[unit] ?? 0) + weight * mean;
  }

  /** @param several whether two units share more than one weight */
  done(several: boolean): Strengths {
    const weight = several
      ? this.#weight.map((sum, unit) => Math.sqrt(this.#squares[unit] ?? 0) * (sum < 0 ? -1 : 1))
      : this.#weight;
    return { layer: this.layer, weight, contribution: this.#contribution };
  }
}

/** All weights of one unit. */
export function rowBox({ weight, rowsAreUnits }: Weighted, unit: number): Box {
  const whole = weight.dims.slice(1);
  return rowsAreUnits
    ? { start: [unit], size: [1, ...whole] }
    : { start: [0, unit], size: [weight.dims[0] ?? 0, 1] };
}

/** Runs of neighbouring features that are one unit of the source. */
export function featuresOf({ input }: FoundLayer, unit: number): { start: number; count: number }[] {
  if (input === null) return [];
  const { map, length } = input;
  if (map.form === 'same') return [{ start: unit, count: 1 }];
  const each = length / map.units;
  if (map.form === 'block') return [{ start: unit * each, count: each }];
  return Array.from({ length: each }, (_unused, k) => ({ start: unit + k * map.units, count: 1 }));
}

export function pick(
  all: readonly Strengths[],
  by: NeuronQuestion['by'],
  most: number,
): { links: NeuronLink[]; of: number; share: number } {
  const total = all.reduce((sum, { weight }) => sum + weight.length, 0);
  const values = new Float64Array(total);
  const starts: number[] = [];
  let at = 0;
  for (const { weight, contribution } of all) {
    starts.push(at);
    // Connections that are not linear have no number; they are listed after those that have.
    values.set(
      weight.map((is) => (Number.isNaN(is) ? Number.MIN_VALUE : is)),
      at,
    );
    if (by === 'contribution' && contribution.some((is) => is !== 0 && !Number.isNaN(is)))
      values.set(contribution, at);
    at += weight.length;
  }
  const found = strongest(values, most);
  const links = found.indices.map((index) => {
    const which = starts.findLastIndex((start) => start <= index);
    const from = all[which];
    const unit = index - (starts[which] ?? 0);
    return {
      layer: from?.layer ?? 0,
      unit,
      weight: from?.weight[unit] ?? Number.NaN,
      contribution: from?.contribution[unit] ?? Number.NaN,
    };
  });
  return { links, of: found.of, share: found.share };
}
