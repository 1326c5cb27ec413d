/**
 * Site: an address, never a tensor. Types only; parsed and printed by `onnx/site.ts`.
 * A text that equals a value's name is that value, whatever characters it holds; only then are `#` (unit), `@`
 * (slice) and `!` (stage) read, and `\` escapes.
 */
import type { GraphPath } from './skeleton';

export type SiteText = string;

export interface AxisSlice {
  /** A named axis (`unit`, `channel`, `head`, `position`, `batch`, …) or a number counted from 0, negative from the end. */
  readonly axis: string | number;
  /** Indices on that axis; negative ones count from the end. */
  readonly indices: readonly number[];
}

export interface Site {
  readonly graph: GraphPath;
  readonly value: string;
  readonly slices: readonly AxisSlice[];
  /** `raw`: before interventions. */
  readonly stage: 'after' | 'raw';
}
