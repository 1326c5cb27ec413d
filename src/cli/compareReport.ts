/** What `patchclamp compare` says of two models: the shape of its `--json`, and the same in lines. */
import type { Change, Counts, Difference, ModuleCounts } from '../compare/difference';
import type { Facts } from '../compare/facts';
import type { WeightDifference } from '../compare/weights';
import { formatInteger, formatMs } from '../tensor/format';

/** One object on one line. */
export interface DifferenceReport {
  readonly a: string;
  readonly b: string;
  /** Of nodes, bodies and functions counted in. `weights`: pairs of weights whose elements differ; null when not read. */
  readonly counts: Counts & { readonly weights: number | null };
  readonly changed: readonly {
    readonly a: NodeText;
    readonly b: NodeText;
    readonly changes: readonly Change[];
  }[];
  readonly added: readonly NodeText[];
  readonly removed: readonly NodeText[];
  /** Every module of either, the whole model ('') first; with all below it. */
  readonly modules: readonly ModuleCounts[];
  /** `[id in A, id in B]` of every pair. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Every pair of weights, or null when they were not read. */
  readonly weights: readonly WeightDifference[] | null;
  /** Matching alone: files read, weights not. */
  readonly ms: number;
}

export interface NodeText {
  readonly id: number;
  readonly name: string;
  readonly op: string;
  readonly module: string;
  /** Names of its outputs: their sites. */
  readonly outputs: readonly string[];
}

export function reportDifference(
  [a, b]: readonly [string, string],
  difference: Difference,
  weights: readonly WeightDifference[] | null,
  ms: number,
): DifferenceReport {
  const { pairs, added, removed, counts, modules } = difference;
  return {
    a,
    b,
    counts: { ...counts, weights: weights?.filter(({ numbers }) => numbers?.equal === false).length ?? null },
    changed: pairs
      .filter(({ changes }) => changes.length > 0)
      .map((pair) => ({
        a: nodeText(difference.a, pair.a),
        b: nodeText(difference.b, pair.b),
        changes: pair.changes,
      })),
    added: added.map((node) => nodeText(difference.b, node)),
    removed: removed.map((node) => nodeText(difference.a, node)),
    modules,
    pairs: pairs.map((pair) => [pair.a, pair.b]),
    weights,
    ms: Number(ms.toFixed(3)),
  };
}

export function nodeText(facts: Facts, id: number): NodeText {
  const node = facts.skeleton.nodes[id];
  return {
    id,
    name: node?.name ?? '',
    op: node?.op ?? '',
    module: facts.module[id] ?? '',
    outputs: node?.outputs.filter((name) => name !== '') ?? [],
  };
}

/** Lines beyond this many of one kind are told as a number. */
const MOST = 20;

export function printDifference(
  [a, b]: readonly [string, string],
  difference: Difference,
  weights: readonly WeightDifference[] | null,
  ms: number,
): string[] {
  const { counts, modules } = difference;
  const report = reportDifference([a, b], difference, weights, ms);
  const lines = [
    `${a}  ${b}`,
    `  ${formatInteger(counts.same)} the same, ${formatInteger(counts.changed)} changed, ` +
      `${formatInteger(counts.added)} added, ${formatInteger(counts.removed)} removed (${formatMs(ms)})`,
  ];
  const list = (title: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    lines.push(`${title}:`, ...entries.slice(0, MOST).map((entry) => `  ${entry}`));
    if (entries.length > MOST)
      lines.push(`  and ${formatInteger(entries.length - MOST)} more; --json has all`);
  };
  list(
    'Changed',
    report.changed.map(({ a: node, changes }) => `${naming(node)}  ${changes.map(changeText).join('; ')}`),
  );
  list('Added', report.added.map(naming));
  list('Removed', report.removed.map(naming));
  list(
    'Modules that differ',
    modules
      .filter((module) => module.path !== '' && module.changed + module.added + module.removed > 0)
      .map(
        (module) =>
          `${module.path}  ${module.same} same, ${module.changed} changed, +${module.added}, -${module.removed}`,
      ),
  );
  if (weights !== null) {
    const differing = weights.filter(({ numbers }) => numbers?.equal !== true);
    lines.push(
      `${formatInteger(weights.length - differing.length)} of ${formatInteger(weights.length)} weights are equal`,
    );
    list('Weights that differ, most first', [...differing].sort(byRelative).map(weightLine));
  }
  return lines;
}

function naming({ name, op, module, outputs }: NodeText): string {
  return `${op} ${name || (outputs[0] ?? '')}${module === '' ? '' : ` in ${module}`}`;
}

function changeText({ kind, name, a, b }: Change): string {
  const what = kind === 'operator' ? '' : `${kind} ${name}: `;
  return `${what}${a} → ${b}`;
}

function byRelative(a: WeightDifference, b: WeightDifference): number {
  return (b.numbers?.relative ?? -1) - (a.numbers?.relative ?? -1);
}

function weightLine({ a, numbers, problem }: WeightDifference): string {
  if (numbers === null) return `${a}  ${problem ?? ''}`;
  const { relative, norm, normA, max, cosine } = numbers;
  if (normA === 0)
    return `${a}  was zero; its norm is ${norm.toPrecision(3)} now, its largest ${max.toPrecision(3)}`;
  return `${a}  ‖Δ‖/‖A‖ ${relative.toPrecision(3)}  ‖Δ‖ ${norm.toPrecision(3)}  max ${max.toPrecision(3)}  cosine ${cosine.toFixed(4)}`;
}
