/** How many of the unchanged nodes a matching finds, against what the editor knows. */
import { factsOf } from '../../../src/compare/facts';
import type { Fingerprints } from '../../../src/compare/fingerprints';
import { matchNodes } from '../../../src/compare/match';
import type { Skeleton } from '../../../src/contract/skeleton';
import { buildScopes } from '../../../src/onnx/scopes';
import type { Edited } from './editing';

export interface Score {
  readonly unchanged: number;
  readonly right: number;
  readonly wrong: number;
  readonly missed: number;
  readonly share: number;
  readonly ms: number;
}

/** Scopes are built beforehand: every command that compares has them at hand. */
export function score(
  original: Skeleton,
  { skeleton, origin, unchanged }: Edited,
  fingerprints?: Fingerprints,
): Score {
  const scopes = [buildScopes(original), buildScopes(skeleton)] as const;
  const start = performance.now();
  const { ofB } = matchNodes(factsOf(original, scopes[0]), factsOf(skeleton, scopes[1]), fingerprints);
  const ms = performance.now() - start;
  let [right, wrong, missed] = [0, 0, 0];
  origin.forEach((truth, node) => {
    if (!unchanged.has(truth)) return;
    if (ofB[node] === truth) right++;
    else if (ofB[node] === -1) missed++;
    else wrong++;
  });
  return { unchanged: unchanged.size, right, wrong, missed, share: right / unchanged.size, ms };
}
