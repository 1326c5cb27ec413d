/**
 * The neuron graph: layers of units and the connections between them. Types only; found by `onnx/neurons/`.
 * A unit is an index along one axis of a value: a feature of a dense layer, a channel of a convolution.
 */

/**
 * `dense` and `convolution` have weights; in all others each unit stands for one unit of each source. `choice` is what
 * one of several branches gives out, `state` what an iteration takes from the one before.
 */
export type NeuronKind =
  | 'dense'
  | 'convolution'
  | 'sum'
  | 'product'
  | 'join'
  | 'part'
  | 'norm'
  | 'value'
  | 'attention'
  | 'choice'
  | 'state';

/** Attention heads: each has `size` neighbouring units; after `count` of them the next part begins with head 0. */
export interface Heads {
  readonly count: number;
  readonly size: number;
}

export interface NeuronLayer {
  /** Position in the list of layers. */
  readonly id: number;
  readonly kind: NeuronKind;
  /** Skeleton node that makes the units, or -1 for an input of the model. */
  readonly node: number;
  /** The value whose elements along `axis` the units are: after the norms and activations that follow the node. */
  readonly value: string;
  /** Counted from the end: -1 is the last. */
  readonly axis: number;
  readonly units: number;
  /** Where its units are those of attention heads. */
  readonly heads: Heads | null;
  /**
   * What its connections are measured in. `rounded`: the operator works on codes, and rounds what it reads or what it
   * gives; connections add up to what is before the rounding. `codes`: integers whose scale is not known.
   */
  readonly measure: 'plain' | 'rounded' | 'codes';
  /** Layers it reads, and layers that read it, by id. */
  readonly sources: readonly number[];
  readonly targets: readonly number[];
}

/** What a layer's units did in the shown run: mean over batch and positions. null where nothing was recorded. */
export type UnitActivity = Float32Array | null;

export interface NeuronLink {
  readonly layer: number;
  readonly unit: number;
  /**
   * What the reader's unit gets per unit of the source, norms that follow folded in. Several weights between two units
   * (the taps of a kernel, the places of a channel) are their root of squares, with the sign of their sum. NaN where
   * the operator between is not linear in single units.
   */
  readonly weight: number;
  /**
   * Weight times activation in the shown run, exact: mean over the reader's positions, and over iterations in a body.
   * NaN without a run, and where the mean of what is read is not what arrives (a state between iterations).
   */
  readonly contribution: number;
}

export interface NeuronLinks {
  /** Strongest first. */
  readonly incoming: readonly NeuronLink[];
  readonly outgoing: readonly NeuronLink[];
  /** How many connections there are in all, and which part of their absolute sum is listed. */
  readonly incomingOf: number;
  readonly outgoingOf: number;
  readonly incomingShare: number;
  readonly outgoingShare: number;
}

export interface NeuronQuestion {
  readonly layer: number;
  readonly unit: number;
  readonly by: 'weight' | 'contribution';
  /** How many each way. */
  readonly most: number;
}
