/** Kept runs -> columns for the graph: magnitude, share of zeros, spread, and the difference of two runs. Pure. */
import type { StoredCapture } from '../contract/engineApi';
import type { GraphModel } from '../contract/graphModel';
import type { OverlayColumn, RunOverlayKind } from '../contract/hostApi';
import type { TensorSummary } from '../contract/tensor';
import { isFloat } from '../tensor/dtype';

export type OverlayTitles = Readonly<Record<RunOverlayKind, string>>;
export type ByValue = ReadonlyMap<string, StoredCapture>;

/** Root mean square of the finite elements. */
export function magnitude({ mean, std }: TensorSummary): number {
  return Math.hypot(mean, std);
}

/** The overlays a run offers; with a second run also their difference. Empty when nothing was recorded. */
export function overlays(
  graph: GraphModel,
  shown: ByValue,
  other: ByValue | null,
  titles: OverlayTitles,
): OverlayColumn[] {
  const column = (
    kind: RunOverlayKind,
    unit: string,
    measure: (name: string) => number,
  ): OverlayColumn | undefined => {
    const byValue = new Float32Array(graph.values.count).fill(Number.NaN);
    const finite: number[] = [];
    // Token numbers, shapes and sample rates are no activations: they have a colour, but do not stretch the scale.
    const activations: number[] = [];
    const seen = new Set<string>();
    for (let row = 0; row < graph.values.count; row++) {
      const name = graph.strings[graph.values.name[row] ?? -1] ?? '';
      // Top-level values come first: a body's value of the same name is another one, and was not recorded.
      if (seen.has(name)) continue;
      seen.add(name);
      const value = measure(name);
      byValue[row] = value;
      if (!Number.isFinite(value)) continue;
      finite.push(Math.abs(value));
      if (isFloat(shown.get(name)?.dtype ?? 'undefined')) activations.push(Math.abs(value));
    }
    if (finite.length === 0) return undefined;
    const signed = kind === 'difference';
    const end = reach(activations.length === 0 ? finite : activations);
    const beyond = finite.some((size) => size > end);
    const { to, clipped } = kind === 'zeros' ? { to: 1, clipped: false } : { to: end, clipped: beyond };
    return { kind, title: titles[kind], unit, signed, byValue, from: signed ? -to : 0, to, clipped };
  };
  const of = (measure: (summary: TensorSummary) => number) => (name: string) => {
    const summary = shown.get(name)?.summary;
    return summary === null || summary === undefined || summary.count === 0 ? Number.NaN : measure(summary);
  };
  const made = [
    column('magnitude', '', of(magnitude)),
    column(
      'zeros',
      '',
      of(({ zeros, count }) => zeros / count),
    ),
    column(
      'spread',
      '',
      of(({ std }) => std),
    ),
  ];
  if (other !== null) {
    made.push(
      column('difference', '', (name) => {
        const a = shown.get(name)?.summary;
        const b = other.get(name)?.summary;
        return a === null || a === undefined || b === null || b === undefined
          ? Number.NaN
          : magnitude(a) - magnitude(b);
      }),
    );
  }
  return made.filter((overlay) => overlay !== undefined);
}

const OUTLIER = 4;

/**
 * The scale's end: the largest value, unless it is more than `OUTLIER` times nine tenths of all values. Attention masks
 * hold -10,000 and would make everything else one colour.
 */
function reach(sizes: readonly number[]): number {
  const sorted = [...sizes].sort((a, b) => a - b);
  const most = sorted.at(-1) ?? 0;
  const usual = sorted[Math.floor(0.9 * (sorted.length - 1))] ?? most;
  if (usual > 0 && most > OUTLIER * usual) return usual;
  return most === 0 ? 1 : most;
}
