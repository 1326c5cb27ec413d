/**
 * Where NaN and infinities come from: of all values of a run those that hold any, and the first that hold some while
 * nothing that they are computed from does. A mask of minus infinity is a source like any other, and is said to be one.
 */
import type { TensorSummary } from '../contract/tensor';
import type { Facts } from './facts';

export interface NonFinite {
  readonly site: string;
  readonly node: number;
  readonly op: string;
  readonly name: string;
  readonly module: string;
  readonly nan: number;
  readonly inf: number;
  readonly count: number;
  /** It holds NaN, and nothing it is computed from does. */
  readonly beginsNan: boolean;
  /** It holds infinities, and nothing it is computed from holds any, or NaN. */
  readonly beginsInf: boolean;
}

export interface NonFiniteReport {
  /** In the order of computing. */
  readonly rows: readonly NonFinite[];
  readonly firstNan: NonFinite | null;
  readonly firstInf: NonFinite | null;
  /** Values that were looked at. */
  readonly checked: number;
}

/** Every value of the main graph that can be captured: what a run for this captures. */
export function allSites({ skeleton, constant }: Facts): string[] {
  return skeleton.graph.nodes
    .filter(({ id }) => constant[id] === 0)
    .flatMap(({ outputs }) => outputs.filter((name) => name !== ''));
}

/** `summaries` by value; feeds under the names of the inputs, weights under theirs where they were read. */
export function nonFiniteOf(facts: Facts, summaries: ReadonlyMap<string, TensorSummary>): NonFiniteReport {
  const { skeleton, module } = facts;
  const holds = (name: string, what: 'nan' | 'inf'): boolean => (summaries.get(name)?.[what] ?? 0) > 0;
  const rows: NonFinite[] = [];
  for (const { id, op, name, inputs, outputs } of skeleton.graph.nodes) {
    const nanBefore = inputs.some((input) => holds(input, 'nan'));
    const infBefore = inputs.some((input) => holds(input, 'inf'));
    for (const site of outputs) {
      const summary = summaries.get(site);
      if (summary === undefined || summary.nan + summary.inf === 0) continue;
      const { nan, inf, count } = summary;
      rows.push({
        site,
        node: id,
        op,
        name,
        module: module[id] ?? '',
        nan,
        inf,
        count,
        beginsNan: nan > 0 && !nanBefore,
        beginsInf: inf > 0 && !infBefore && !nanBefore,
      });
    }
  }
  return {
    rows,
    firstNan: rows.find(({ beginsNan }) => beginsNan) ?? null,
    firstInf: rows.find(({ beginsInf }) => beginsInf) ?? null,
    checked: summaries.size,
  };
}

/** What is worth a word after any run. */
export interface HoldsNonFinite {
  readonly site: string;
  readonly summary: TensorSummary;
  /** Values besides this one that hold some. */
  readonly others: number;
}

/** The first of some values that holds NaN or an infinity, those with NaN before the rest; null where none does. */
export function firstNonFinite(
  values: readonly { readonly site: string; readonly summary: TensorSummary | null }[],
): HoldsNonFinite | null {
  const found = new Map<string, TensorSummary>();
  for (const { site, summary } of values)
    if (summary !== null && summary.nan + summary.inf > 0 && !found.has(site)) found.set(site, summary);
  const all = [...found];
  const [site, summary] = all.find(([, { nan }]) => nan > 0) ?? all[0] ?? [];
  return site === undefined || summary === undefined ? null : { site, summary, others: all.length - 1 };
}
