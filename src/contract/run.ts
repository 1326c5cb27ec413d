/** Runs: what is asked of the engine and what comes back. Types only. */
import type { Dtype } from '../tensor/dtype';
import type { Shape } from '../tensor/shape';
import type { SiteText } from './site';
import type { TensorData, TensorSummary } from './tensor';

/** An intervention with its numbers at hand. */
export type PlainIntervention =
  /** By 0 it sets to 0, so that nothing of an infinity is left. */
  | { readonly kind: 'scale'; readonly site: SiteText; readonly factor: number }
  | { readonly kind: 'set'; readonly site: SiteText; readonly value: number }
  | { readonly kind: 'add'; readonly site: SiteText; readonly value: TensorData }
  | { readonly kind: 'replace'; readonly site: SiteText; readonly value: TensorData };

/**
 * An intervention is data, applied to a copy of the graph in the order given; its numbers are graph inputs. `set`,
 * `replace`, `resample` and `mean` fix what they name: two that fix the same elements are refused.
 */
export type Intervention =
  | PlainIntervention
  /** What the site is with other feeds: patching, and resample ablation. */
  | { readonly kind: 'resample'; readonly site: SiteText; readonly feeds: RunRequest['feeds'] }
  /**
   * What the site is on average over these examples and their rows: mean ablation. With `places` also over positions
   * (or height and width), which examples of several lengths need.
   */
  | {
      readonly kind: 'mean';
      readonly site: SiteText;
      readonly examples: readonly RunRequest['feeds'][];
      readonly places?: boolean;
    };

/** The runtime's optimisation level; looking, patching and gradients run at `disabled`. */
export type Level = 'disabled' | 'basic' | 'extended' | 'all';

export interface RunRequest {
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly capture: readonly SiteText[];
  readonly interventions?: readonly Intervention[];
  readonly level?: Level;
  /** Whether captured tensors stay in the child under a handle (default true), or only summaries are kept. */
  readonly keep?: boolean;
  /** Compare with a run of the whole model at once, however long it takes (default: put off where that is slow). */
  readonly thorough?: boolean;
  /** Run although it is estimated not to fit in memory, which is otherwise refused with `would-not-fit`. */
  readonly confirmed?: boolean;
  /**
   * Execution provider, of those `hello` lists; `cpu` when left out. What another one gives is compared with the CPU's
   * before it is shown, to 1e-3 of the largest value.
   */
  readonly provider?: string;
  /** Outputs wanted; all when left out, none when empty: what nothing asked for needs is cut away. */
  readonly outputs?: readonly string[];
}

/** Names a tensor that stays in the child. Valid until released or the child is replaced. */
export type TensorHandle = string;

export interface Captured {
  /** The site's text, as asked. */
  readonly site: SiteText;
  readonly handle: TensorHandle | null;
  readonly dtype: Dtype;
  /** With an axis in front for each loop around a value; of one in a branch there, over the iterations that take it. */
  readonly dims: readonly number[];
  /** What the axes mean (`batch`, `position`, `head`, `unit`, `channel`, …), as far as the operators say; sites only. */
  readonly axes?: readonly string[];
  /** null for strings and non-tensors. */
  readonly summary: TensorSummary | null;
}

export interface RunResult {
  readonly outputs: readonly Captured[];
  readonly captures: readonly Captured[];
  /** Wall time in the child, session creation included. */
  readonly ms: number;
  /** Of which creating the session. */
  readonly sessionMs: number;
  /** Sentences a person should read: sites without effect, NaN met, … */
  readonly notes: readonly string[];
  /** What comparing this session with the plain model said; `pending` where that was put off. */
  readonly check: RunCheck;
}

/**
 * `equal`: bit by bit; `within`: to 1e-5 of the largest value (faster levels; 5e-3 where the model computes in
 * float16, 4e-2 in bfloat16), 1e-3 (providers other than the CPU); `not-comparable`: the model is random, or gives
 * no output with these feeds here.
 */
export type RunCheck = 'equal' | 'within' | 'not-comparable' | 'pending';

export interface FeedSpec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** True when the model has a default for it, or does without. */
  readonly optional: boolean;
  /** What holds the tensors, where it is not one tensor: elements are fed and given out as `name[0]`, `name[1]`, …. */
  readonly container?: 'sequence' | 'optional' | 'optional-sequence';
}

export interface NodeTime {
  /** Skeleton node id, or -1 when the runtime's node has no counterpart. */
  readonly node: number;
  readonly name: string;
  readonly op: string;
  readonly microseconds: number;
}

/**
 * A gradient of one scalar at some sites, its integral along a straight line from a baseline, or the product of its
 * Hessian with a direction. Several objectives of one form (other indices) are answered together.
 */
export interface GradientRequest {
  readonly feeds: Readonly<Record<string, TensorData>>;
  /** As `onnx/objective.ts` reads it: `logits[0,-1,42]`. */
  readonly objective: string | readonly string[];
  /** Float values of the main graph; an input's name is a site. */
  readonly wrt: readonly SiteText[];
  readonly interventions?: readonly Intervention[];
  /** Directions that the objective names, by that name; one number per element of the value's last axis. */
  readonly directions?: Readonly<Record<string, TensorData>>;
  /** By site: instead of the gradient g, the product of the second derivative with this direction (zero where left out). */
  readonly along?: Readonly<Record<SiteText, TensorData>>;
  readonly integrated?: {
    readonly steps: number;
    /** `gauss-legendre` is exact for polynomials of degree 2·steps - 1; `left-riemann` is what papers' code does. */
    readonly rule: 'gauss-legendre' | 'left-riemann';
    /** By site; zeros where left out. */
    readonly baselines?: Readonly<Record<SiteText, TensorData>>;
  };
  /** Run although it is estimated not to fit in memory, as of a run. */
  readonly confirmed?: boolean;
}

export interface GradientResult {
  /** The objective at the feeds; the first of several. */
  readonly value: number;
  /** Of several objectives: the value of each. */
  readonly values?: readonly number[];
  /**
   * Per site in the order asked: the gradient, or with `integrated` the attribution. Same dims as the site; of several
   * objectives, with a first axis that counts them.
   */
  readonly gradients: readonly Captured[];
  /** Integrated only: |sum of attributions - (value - value at the baseline)|, summed over the sites' joint path. */
  readonly completenessError?: number;
  /** Integrated only: the objective with all sites at their baselines. */
  readonly baselineValue?: number;
  readonly ms: number;
  readonly notes: readonly string[];
}

/** The same question many times over: each cell is one set of interventions, and all read the same sites. */
export interface SweepRequest {
  /** One row each. */
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly cells: readonly (readonly Intervention[])[];
  /**
   * Values of the main graph that every cell reads, after interventions; of a slice (`logits@position=-1`) only what it
   * needs is computed.
   */
  readonly read: readonly SiteText[];
  /** Default `disabled`. At faster levels runs are compared with the plain model to 1e-5 of the largest value, in float16 to a few of its roundings. */
  readonly level?: Level;
  /** Run although it is estimated not to fit in memory, as of a run. */
  readonly confirmed?: boolean;
}

export interface SweepResult {
  /**
   * Per site in `read`: without any intervention, one row per session that cells ran in, along the first axis. A cell is
   * to be compared with the row of its own session.
   */
  readonly baseline: readonly Captured[];
  /** Per cell: its row in `baseline`. */
  readonly baselineRow: readonly number[];
  /** Per site in `read`: the cells' values, one row per cell along a new first axis. */
  readonly cells: readonly Captured[];
  /** Cells that shared a run at most; 1 where the batch cannot be ridden on. */
  readonly ridden: number;
  readonly runs: number;
  readonly ms: number;
  /** Sentences a person should read: why the batch was not ridden on, what was opened for it. */
  readonly notes: readonly string[];
}
