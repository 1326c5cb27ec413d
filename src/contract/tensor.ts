/** Tensor values as they cross processes, and their summaries. Types only; defined where they are computed. */
export type { TensorBuffer, TensorData } from '../tensor/buffers';
export type { Histogram, TensorSummary } from '../tensor/stats';
