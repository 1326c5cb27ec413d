/** Comparisons -> numbers on the graph and on the lines of source: one finding's overlay. Pure but for its words. */
import { l10n } from 'vscode';
import type { Departures } from '../compare/departures';
import type { Difference } from '../compare/difference';
import type { NonFiniteReport } from '../compare/nonFinite';
import type { Finding, Overlay } from '../contract/method';

type Values = Overlay['values'];

/** Relative error per value; a scale that ends at the threshold at least, so that rounding stays pale. */
export function errorOverlay({ rows, threshold }: Departures): Overlay {
  const values: Values = rows.flatMap(({ site, numbers }) =>
    numbers === null ? [] : [{ site, value: Math.min(numbers.relative, 1) }],
  );
  const title = l10n.t('Relative error, at most 1');
  return { title, unit: '', signed: false, values, least: threshold };
}

/** 1 for changed nodes and 2 for those that one side alone has, of the model of that side. */
export function structureOverlay(difference: Difference, side: 'a' | 'b'): Overlay {
  const { skeleton } = difference[side];
  const only = side === 'a' ? difference.removed : difference.added;
  const status = new Map<number, number>(only.map((id) => [id, 2]));
  for (const pair of difference.pairs) status.set(pair[side], pair.changes.length > 0 ? 1 : 0);
  const values: Values = skeleton.nodes.flatMap(({ id, outputs }) =>
    outputs.slice(0, 1).map((site) => ({ site, value: status.get(id) ?? 0 })),
  );
  const title = side === 'a' ? l10n.t('1 changed, 2 removed') : l10n.t('1 changed, 2 added');
  return { title, unit: '', signed: false, values, least: 1 };
}

/** Share of elements that are NaN or infinite. */
export function nonFiniteOverlay({ rows }: NonFiniteReport): Overlay {
  const values: Values = rows.map(({ site, nan, inf, count }) => ({ site, value: (nan + inf) / count }));
  return { title: l10n.t('Share of NaN and infinities'), unit: '', signed: false, values };
}

/** A finding that carries nothing but its overlay: the panel shows the rest. */
export function overlayFinding(title: string, model: string, overlay: Overlay): Finding {
  const provenance = { model, modelHash: '', params: {}, seed: 0, versions: {}, feeds: {} };
  return { method: 'compare', title, figures: [], overlay, controls: [], caveats: [], provenance };
}
