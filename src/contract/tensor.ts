/** Tensor values as they cross processes, and their summaries. Types only. */
import type { Dtype } from '../tensor/dtype';

/** Numbers as the runtime keeps them: float16 and bfloat16 as their bits in Uint16Array, bool as Uint8Array. */
export type TensorBuffer =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface TensorData {
  readonly dtype: Dtype;
  readonly dims: readonly number[];
  /** Row-major; strings for dtype `string`. */
  readonly data: TensorBuffer | readonly string[];
}

export interface Histogram {
  /** Left edge of the first bin and right edge of the last. */
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

/** Everything a hover or an overlay shows of a tensor without holding it. Moments are over finite elements. */
export interface TensorSummary {
  readonly count: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** Exact zeros. */
  readonly zeros: number;
  readonly nan: number;
  readonly inf: number;
  readonly histogram: Histogram;
}
