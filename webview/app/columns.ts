/**
 * Every number the model has per node, as columns: what the shown run recorded, the time of each node, the bytes of its
 * weights. One list for the colours of the graph and for the table, so that both say the same. Pure.
 */
import type { GraphModel } from '../../src/contract/graphModel';
import type { NodeTimes, OverlayKind, RunSnapshot } from '../../src/contract/hostApi';
import { byProducer, type GraphOverlay } from '../graph/overlay';

export interface NumberColumn {
  readonly kind: OverlayKind;
  readonly overlay: GraphOverlay;
}

export interface ColumnTitles {
  readonly weights: string;
  readonly time: string;
}

/** Keeps what it made while run, times and graph stay the same objects, so that nothing is drawn anew without need. */
export class Columns {
  #made: readonly NumberColumn[] = [];
  #from: readonly unknown[] = [];

  of(
    graph: GraphModel,
    run: RunSnapshot | null,
    times: NodeTimes | null,
    titles: ColumnTitles,
  ): readonly NumberColumn[] {
    const from = [graph, run, times, titles.weights, titles.time];
    if (from.every((part, index) => part === this.#from[index])) return this.#made;
    this.#from = from;
    this.#made = [
      ...ofRun(graph, run),
      ...(times === null || times.byNode.length !== graph.nodes.count
        ? []
        : [scaled('time', titles.time, times.byNode, ['µs', 'ms', 's'])]),
      ...(graph.nodes.weightBytes.some((bytes) => bytes > 0)
        ? [
            scaled(
              'weights',
              titles.weights,
              graph.nodes.weightBytes.map((bytes) => (bytes > 0 ? bytes : Number.NaN)),
              ['B', 'kB', 'MB', 'GB'],
            ),
          ]
        : []),
    ];
    return this.#made;
  }
}

/** Which column colours the graph: what was chosen while it is there, a finding or a run's difference before magnitude. */
export function chosenKind(wanted: OverlayKind | null, columns: readonly NumberColumn[]): OverlayKind | null {
  if (wanted === null) return null;
  const kinds = columns.map(({ kind }) => kind);
  if (kinds.includes('finding') && (wanted === 'magnitude' || !kinds.includes(wanted))) return 'finding';
  if (kinds.includes('difference') && (wanted === 'magnitude' || !kinds.includes(wanted)))
    return 'difference';
  if (kinds.includes(wanted)) return wanted;
  return kinds.includes('magnitude') && wanted === 'difference' ? 'magnitude' : null;
}

function ofRun(graph: GraphModel, run: RunSnapshot | null): NumberColumn[] {
  return (run?.overlays ?? []).map(({ kind, title, unit, signed, from, to, clipped, byValue }) => ({
    kind,
    overlay: {
      title,
      unit,
      signed,
      from,
      to,
      clipped,
      byNode: byProducer(graph, byValue),
      combine: signed ? 'largest' : 'mean',
    },
  }));
}

/** Numbers in a unit that suits the largest; modules add up what is in them. */
function scaled(
  kind: OverlayKind,
  title: string,
  numbers: Float32Array | Float64Array,
  units: readonly string[],
): NumberColumn {
  let most = 0;
  for (const number of numbers) if (number > most) most = number;
  let unit = 0;
  let by = 1;
  for (; most / by >= 1000 && unit < units.length - 1; unit++) by *= 1000;
  const overlay: GraphOverlay = {
    title,
    unit: units[unit] ?? '',
    signed: false,
    byNode: Float32Array.from(numbers, (number) => number / by),
    from: 0,
    to: most / by || 1,
    clipped: false,
    combine: 'sum',
  };
  return { kind, overlay };
}
