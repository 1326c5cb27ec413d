/** Runs stepwise work in slices, so that typing and scrolling go on beside it. Pure but for the clock. */
import { breathe, throwIfCancelled } from '../base/cancel';

/** Milliseconds of work between turns of the event loop. */
const SLICE = 12;

/** Runs a stepwise piece of work to its end; cancel is heard between slices. */
export async function inSlices<T>(steps: Iterator<unknown, T>, signal: AbortSignal | undefined): Promise<T> {
  let start = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - start < SLICE) continue;
    await breathe();
    throwIfCancelled(signal);
    start = performance.now();
  }
}
