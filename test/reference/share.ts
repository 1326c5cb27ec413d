/**
 * Which of thousands of cases `npm test` goes through: every one where that is quick, one in five (always the same) where
 * each takes a session or more. `npm run prove -- everyCase` goes through all of them and keeps the result.
 */
export const everyCase = process.env['PATCHCLAMP_EVERY_CASE'] === '1';

export const ONE_IN = 5;

/** The cases to go through now. */
export function share<T>(cases: readonly T[]): readonly T[] {
  return everyCase ? cases : cases.filter((_, at) => at % ONE_IN === 0);
}

/** How a test that goes through a share says so in its title. */
export const stated = everyCase ? '' : ` (one case in ${String(ONE_IN)}; all in npm run prove -- everyCase)`;
