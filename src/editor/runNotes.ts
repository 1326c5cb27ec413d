/** What the editor says beside a run, on top of the engine's own notes. */
import * as vscode from 'vscode';
import { firstNonFinite } from '../compare/nonFinite';
import type { RunResult } from '../contract/run';
import type { TensorSummary } from '../contract/tensor';
import { printClamp } from '../study/clamps';
import type { KeptRun } from '../study/runs';
import { formatBytes } from '../tensor/format';
import type { OverlayTitles } from './overlays';

interface Summarized {
  readonly site: string;
  readonly summary: TensorSummary | null;
}

/** That it took several runs of the engine to record everything. */
export function inGroups(runs: number, budget: number): string {
  return vscode.l10n.t(
    'Values were recorded in {0} runs, so that those of one run stay within {1} of memory.',
    runs,
    formatBytes(budget),
  );
}

/**
 * Which value is not all numbers, how many of it are not, and where to look for the cause. Infinities inside are left
 * alone, since masks are made of them; an input or an output that holds one is told of.
 */
export function notFinite(
  inputs: readonly Summarized[],
  { outputs, captures }: Pick<RunResult, 'outputs' | 'captures'>,
): string[] {
  const inside = captures.filter(({ summary }) => (summary?.nan ?? 0) > 0);
  const first = firstNonFinite([...inputs, ...inside, ...outputs]);
  if (first === null) return [];
  const { site, summary } = first;
  return [
    vscode.l10n.t(
      '"{0}" holds {1} NaN and {2} infinite of {3} numbers; figures are over the finite ones. “Find the First NaN or Infinity…” says where they come from.',
      site,
      String(summary.nan),
      String(summary.inf),
      String(summary.count),
    ),
  ];
}

/** What a person should know who looks at a kept run. */
export function notesOf({ clamps = [], notes }: KeptRun, stale: boolean): readonly string[] {
  return [
    ...(clamps.length === 0 ? [] : [vscode.l10n.t('Made with {0}.', clamps.map(printClamp).join(', '))]),
    ...notes,
    ...(stale
      ? [vscode.l10n.t('The model file has changed since this run: its values are not drawn. Run it again.')]
      : []),
  ];
}

/** Names of the numbers that a run puts on the graph. */
export function overlayTitles(): OverlayTitles {
  return {
    magnitude: vscode.l10n.t('Magnitude (RMS)'),
    zeros: vscode.l10n.t('Share of zeros'),
    spread: vscode.l10n.t('Spread (std)'),
    difference: vscode.l10n.t('Difference of RMS'),
  };
}
