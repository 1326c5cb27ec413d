/** What an output may mean, from its type alone. Pure. */
import type { FeedSpec } from '../contract/run';
import { isFloat } from '../tensor/dtype';

/** Whether an output may hold a number per class: floats, a row of them or a batch of rows. */
export function mayBeClasses({ dtype, shape }: FeedSpec): boolean {
  if (!isFloat(dtype) || shape === null || shape.length < 1 || shape.length > 2) return false;
  const last = shape.at(-1);
  return typeof last !== 'number' || last >= 2;
}
