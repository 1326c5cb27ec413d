/** A finding's overlay on the rows of a graph and on the lines of a file. Pure. */
import type { GraphModel } from '../contract/graphModel';
import type { OverlayColumn } from '../contract/hostApi';
import type { Overlay } from '../contract/method';
import type { Skeleton } from '../contract/skeleton';
import type { LineEntry } from './lineIndex';

/** Numbers by row of the graph's values; undefined when no value of the graph has one. */
export function overlayColumn(graph: GraphModel, overlay: Overlay): OverlayColumn | undefined {
  const numbers = new Map(overlay.values.map(({ site, value }) => [site, value]));
  const byValue = new Float32Array(graph.values.count).fill(Number.NaN);
  let most = 0;
  for (let row = 0; row < graph.values.count; row++) {
    const value = numbers.get(graph.strings[graph.values.name[row] ?? -1] ?? '');
    if (value === undefined) continue;
    byValue[row] = value;
    most = Math.max(most, Math.abs(value));
  }
  if (byValue.every(Number.isNaN)) return undefined;
  const to = Math.max(most, overlay.least ?? 0) || 1;
  const { title, unit, signed } = overlay;
  return { kind: 'finding', title, unit, signed, byValue, from: signed ? -to : 0, to, clipped: false };
}

export interface LineHeat {
  /** From 1. */
  readonly line: number;
  readonly value: number;
  /** The value it is of. */
  readonly site: string;
  /** -1 to 1: as a share of the largest in the model. */
  readonly share: number;
}

/** Per line of calls the number that is largest in size among the values its nodes made. */
export function lineHeat(entries: readonly LineEntry[], skeleton: Skeleton, overlay: Overlay): LineHeat[] {
  const numbers = new Map(overlay.values.map(({ site, value }) => [site, value]));
  const most = overlay.values.reduce(
    (top, { value }) => Math.max(top, Math.abs(value)),
    Math.max(Number.MIN_VALUE, overlay.least ?? 0),
  );
  const lines = new Map<number, LineHeat>();
  for (const { kind, claim, nodes } of entries) {
    if (kind !== 'call') continue;
    const { line } = claim.place;
    for (const site of nodes.flatMap((id) => skeleton.nodes[id]?.outputs ?? [])) {
      const value = numbers.get(site);
      if (value === undefined || Math.abs(value) <= Math.abs(lines.get(line)?.value ?? 0)) continue;
      if (Math.abs(value) < (overlay.least ?? 0)) continue;
      lines.set(line, { line, value, site, share: value / most });
    }
  }
  return [...lines.values()];
}
