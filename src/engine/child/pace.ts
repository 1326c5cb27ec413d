/** How many examples the runs of a stream take: found by doubling and halving, and then left alone. Pure. */

/** A run that takes less than half of this many milliseconds may take twice the rows. */
const AIM = 150;
/** One that takes longer takes half of them next time. */
const LONGEST = 200;
const MOST_ROWS = 256;

/**
 * Rows of the next run, after one of `together` rows took `took` milliseconds where `take` were wanted. Always a power of
 * two: the runtime plans and keeps memory for every size that it meets, and one that is new costs a run half as much
 * again. What was left of a push, less than wanted, can only say that a run was too long.
 */
export function nextTake(take: number, together: number, took: number): number {
  if (took > LONGEST) return Math.max(1, Math.min(take, 2 ** (Math.ceil(Math.log2(together)) - 1)));
  return together === take && took * 2 <= AIM ? Math.min(MOST_ROWS, take * 2) : take;
}
