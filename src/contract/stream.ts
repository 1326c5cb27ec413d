/**
 * Streams: sites of many examples, reduced in the child as they pass, so that only the answers leave it. Types only.
 * Examples are counted from 0 in the order they are pushed, over their rows where they have several.
 */
import type { Captured, Intervention, RunRequest } from './run';
import type { SiteText } from './site';
import type { TensorData, TensorSummary } from './tensor';

export interface ReductionBase {
  /** A value of the main graph, sliced or whole. */
  readonly site: SiteText;
  /** An axis whose indices are each reduced on their own (`unit`, `channel`, …); all elements together when left out. */
  readonly per?: string | number;
  /** One number per element of the axis `along` (default: the unit axis): the value's dot product with it is reduced. */
  readonly direction?: TensorData;
  readonly along?: string | number;
}

export type Reduction =
  | (ReductionBase & { readonly kind: 'moments' })
  /** The `k` largest elements with the examples they come from; `least` for the smallest. */
  | (ReductionBase & { readonly kind: 'top'; readonly k: number; readonly least?: boolean })
  /** Counts in `bins` equal bins of [from, to), the last closed. */
  | (ReductionBase & {
      readonly kind: 'histogram';
      readonly from: number;
      readonly to: number;
      readonly bins: number;
    })
  /** Quantiles at these shares, 0 to 1. */
  | (ReductionBase & { readonly kind: 'quantile'; readonly at: readonly number[] })
  /** Between the indices of the axis `per`. */
  | (ReductionBase & { readonly kind: 'covariance'; readonly per: string | number })
  /** Everything at once without an axis: what a run shows of a value. */
  | (Omit<ReductionBase, 'per'> & { readonly kind: 'summary' })
  /** The values themselves, one row per example: raw numbers, kept in the child under a handle. */
  | (Omit<ReductionBase, 'per'> & { readonly kind: 'each' });

export interface StreamRequest {
  readonly reductions: readonly Reduction[];
  readonly interventions?: readonly Intervention[];
  readonly level?: RunRequest['level'];
  /** Run although it is estimated not to fit in memory, as of a run. */
  readonly confirmed?: boolean;
}

/** Names a stream in the child. Gone when the child is replaced. */
export type StreamId = string;

export interface StreamProgress {
  readonly examples: number;
  readonly runs: number;
  /** Most examples that shared a run; 1 where they cannot. */
  readonly ridden: number;
}

/** Arrays hold one entry per index of `per`, or one in all. Moments are over finite elements. */
export type Reduced =
  | {
      readonly kind: 'moments';
      readonly count: Float64Array;
      readonly mean: Float64Array;
      /** Population standard deviation. */
      readonly std: Float64Array;
      readonly min: Float64Array;
      readonly max: Float64Array;
      readonly zeros: Float64Array;
      readonly nonFinite: Float64Array;
    }
  | {
      readonly kind: 'top';
      readonly k: number;
      /** `k` entries per index, best first; NaN where there were fewer. */
      readonly values: Float64Array;
      readonly examples: Int32Array;
      /** Row-major place among the example's elements of that index: `position`, or height · width + … */
      readonly places: Int32Array;
    }
  | {
      readonly kind: 'histogram';
      readonly from: number;
      readonly to: number;
      /** `bins` entries per index. */
      readonly counts: Float64Array;
      readonly below: Float64Array;
      readonly above: Float64Array;
    }
  | {
      readonly kind: 'quantile';
      readonly at: readonly number[];
      /** One entry per share and index. */
      readonly values: Float64Array;
      /** Most that a value's rank can be off, as a share of the elements; 0 where all were kept. */
      readonly rankError: number;
    }
  | {
      readonly kind: 'covariance';
      readonly count: number;
      readonly mean: Float64Array;
      /** n × n, population. */
      readonly covariance: Float64Array;
    }
  | { readonly kind: 'summary'; readonly summary: TensorSummary }
  | { readonly kind: 'each'; readonly captured: Captured };

export interface StreamResult extends StreamProgress {
  /** In the order of the request. */
  readonly reduced: readonly Reduced[];
  readonly notes: readonly string[];
}
