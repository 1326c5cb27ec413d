/**
 * How many rows share a run. Their number decides which of the runtime's kernels compute them, and with that the last bits
 * of what comes out: it follows from the arithmetic that a row takes, the same on every machine and at any time, and not
 * from the clock. Only where runs last far longer than that arithmetic should is it halved. Pure.
 */

/**
 * Multiply-adds that one run may take: some 100 ms on two cores of today, so that a cancel is heard between runs. A tenth of
 * it makes a sweep over a model of GPT-2's size take twice the time, since so few rows keep no core busy.
 */
export const RUN_WORK = 2e10;
/** Milliseconds after which a run takes half the rows next time; after less than two fifths of them they are let back. */
const TOO_LONG = 200;
const MOST_ROWS = 256;

/**
 * Rows of a run where one takes `work` multiply-adds; null: nobody knows. Always a power of two: the runtime plans and
 * keeps memory for every size that it meets, and one that is new costs a run half as much again.
 */
export function rowsFor(work: number | null): number {
  if (work === null) return 4;
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(MOST_ROWS, RUN_WORK / Math.max(1, work)))));
}

/**
 * Rows of the next run, after one of `together` rows took `took` milliseconds where `take` were due; `most`: as many as
 * there would be on a machine that is quick enough.
 */
export function nextTake(take: number, together: number, took: number, most: number): number {
  if (took > TOO_LONG) return Math.max(1, Math.min(take, 2 ** (Math.ceil(Math.log2(together)) - 1)));
  // What was held up by other programs, and not by its size.
  return together === take && took * 2.5 < TOO_LONG ? Math.min(most, take * 2) : take;
}
