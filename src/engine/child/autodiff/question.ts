/** What a gradient is asked of and what comes back, as the parts of differentiation hand it to each other. Types only. */
import type { GradientRequest, Intervention } from '../../../contract/run';
import type { TensorData } from '../../../contract/tensor';
import type { Objective } from '../../../onnx/objective';
import type { Settings } from '../executor';
import type { Allowance } from '../memory';
import type { EngineModel } from '../model';
import type { EmittedObjective } from './emitObjective';
import type { BackwardModel, Observed } from './graph';

export type Feeds = Readonly<Record<string, TensorData>>;

/** Runs a model with interventions and gives values of the main graph by name. */
export type Forward = (
  model: EngineModel,
  feeds: Feeds,
  interventions: readonly Intervention[],
  values: readonly string[],
) => Promise<ReadonlyMap<string, TensorData>>;

export interface Gradients {
  readonly value: number;
  readonly values?: readonly number[];
  /** Per site, in order; float64 sums for integrated gradients, else as computed. */
  readonly gradients: readonly TensorData[];
  readonly completenessError?: number;
  readonly baselineValue?: number;
  readonly notes: readonly string[];
}

/** One question: a straight-line model, feeds, one objective or one per row, sites. */
export interface Question {
  readonly model: EngineModel;
  readonly steering: readonly string[];
  readonly feeds: Feeds;
  readonly objectives: readonly Objective[];
  /** Each objective reads a row of its own of every value. */
  readonly rows: boolean;
  readonly sites: readonly string[];
  readonly request: GradientRequest;
  readonly forward: Forward;
  readonly settings: Settings;
  /** What its runs may take of memory. */
  readonly allowance: Allowance;
  readonly signal: AbortSignal | undefined;
}

export interface Built {
  readonly backward: BackwardModel;
  readonly emitted: EmittedObjective;
  readonly bytes: Uint8Array;
  readonly observed: ReadonlyMap<string, Observed>;
  /** Of the backward graph. */
  readonly weightBytes: number;
}

/** What one forward and one backward run have given. */
export interface Once {
  /** One per objective. */
  readonly values: readonly number[];
  readonly gradients: readonly TensorData[];
  /** Forward values by name. */
  readonly at: ReadonlyMap<string, TensorData>;
  /** Empty unless a gradient is not a number. */
  readonly notes: readonly string[];
}
