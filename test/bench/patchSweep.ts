/** The patch sweep that is measured: the input of each of 12 blocks at each of 15 positions, taken from a run on other tokens. */
import type { Intervention } from '../../src/contract/run';
import type { TensorData } from '../../src/contract/tensor';
import { SMALL } from './gpt2';

export const LENGTH = 15;

export interface PatchSweep {
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly cells: readonly (readonly Intervention[])[];
  /** One cell: this block's input at this position. */
  readonly patch: (site: string, place: number) => Intervention;
}

export function patchSweep(residuals: readonly string[]): PatchSweep {
  const [feeds, other] = [tokens(37), tokens(91)];
  const patch = (site: string, place: number): Intervention => ({
    kind: 'resample',
    site: `${site}@position=${String(place)}`,
    feeds: other,
  });
  const places = Array.from({ length: LENGTH }, (_, place) => place);
  const cells = residuals.flatMap((site) => places.map((place) => [patch(site, place)]));
  return { feeds, cells, patch };
}

function tokens(step: number): Readonly<Record<string, TensorData>> {
  const data = BigInt64Array.from({ length: LENGTH }, (_, i) => BigInt((i * step + 11) % SMALL.vocabulary));
  return { ids: { dtype: 'int64', dims: [1, LENGTH], data } };
}
