/** Layers as they are found, with what their connections are computed from. Types, and the list that grows. Pure. */
import type { Heads, NeuronKind, NeuronLayer } from '../../contract/neurons';
import type { WeightRef } from '../../contract/skeleton';
import type { ValueCodes } from './codes';
import type { UnitMap } from './unitMap';
import type { Weighted } from './weighted';

/** A layer with what the connections are computed from. */
export interface FoundLayer extends NeuronLayer {
  /** Dense and convolution: the weight and how it is read. */
  readonly weighted: Weighted | null;
  /** Scales of single units that follow, before anything that is not linear. */
  readonly scales: readonly Scale[];
  /** What the node reads, where it has weights. */
  readonly input: Read | null;
  /** One-to-one connections: unit i of this layer from unit i + `shift` of the source. */
  readonly lines: readonly Line[];
  /** How the value's codes become numbers, where it is quantised. */
  readonly codes: ValueCodes | null;
}

export interface Read {
  readonly value: string;
  readonly map: UnitMap;
  readonly length: number;
  readonly codes: ValueCodes | null;
}

export interface Line {
  readonly source: number;
  /** The value that is read, whose units are the source's. */
  readonly value: string;
  /** Axis of the units in that value, from the end. */
  readonly axis: number;
  readonly codes: ValueCodes | null;
  /** The source has one unit, which is read by all here. */
  readonly spread: boolean;
  /** Unit of the source less unit here. */
  readonly shift: number;
  /** Units here that have this connection: first, and one behind the last. */
  readonly from: number;
  readonly to: number;
  /** NaN where the connection is not linear. */
  readonly weight: number;
  /** False where the mean of what is read says nothing of what arrives: a state of one iteration out of many. */
  readonly always: boolean;
}

/** A factor per unit, from a normalisation in inference or a product with a constant. */
export type Scale =
  | {
      readonly kind: 'batch-norm';
      readonly gamma: WeightRef;
      readonly variance: WeightRef;
      readonly epsilon: number;
    }
  | { readonly kind: 'factor'; readonly by: WeightRef; readonly divides: boolean };

export interface Draft {
  id: number;
  kind: NeuronKind;
  node: number;
  value: string;
  axis: number;
  units: number;
  heads: Heads | null;
  measure: NeuronLayer['measure'];
  weighted: Weighted | null;
  scales: Scale[];
  input: Read | null;
  lines: Line[];
  codes: ValueCodes | null;
  sources: Set<number>;
  targets: Set<number>;
  /** The value up to which all is linear; '' once it is not. */
  linear: string;
  /** The value it began with. */
  first: string;
}

/** The layers found so far. */
export class Drafts {
  readonly #all: Draft[] = [];

  at(id: number): Draft | undefined {
    return this.#all[id];
  }

  add(kind: NeuronKind, node: number, value: string, axis: number, units: number): Draft {
    const draft: Draft = {
      id: this.#all.length,
      kind,
      node,
      value,
      axis,
      units,
      heads: null,
      measure: 'plain',
      weighted: null,
      scales: [],
      input: null,
      lines: [],
      codes: null,
      sources: new Set(),
      targets: new Set(),
      linear: '',
      first: value,
    };
    this.#all.push(draft);
    return draft;
  }

  /** Says that one layer reads another. */
  wire(source: number, target: number): void {
    this.#all[source]?.targets.add(target);
    this.#all[target]?.sources.add(source);
  }

  /** A layer of connections one to one. */
  addLines(layer: Draft, lines: readonly Line[]): void {
    layer.lines.push(...lines);
    for (const { source } of lines) this.wire(source, layer.id);
  }

  done(): readonly FoundLayer[] {
    return this.#all.map(({ linear: _linear, first: _first, sources, targets, ...layer }) => ({
      ...layer,
      sources: [...sources],
      targets: [...targets],
    }));
  }
}

/** A line that ties unit i of a layer to unit i of what it reads. */
export function lineFrom(map: UnitMap, value: string, more: Partial<Line> = {}): Line {
  return {
    source: map.layer,
    value,
    axis: map.axis,
    codes: null,
    spread: false,
    shift: 0,
    from: 0,
    to: map.units,
    weight: 1,
    always: true,
    ...more,
  };
}
