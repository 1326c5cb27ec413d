/** The feeds of one model under the names of another: by name where names agree, else in order. */
import { Failure } from '../base/errors';
import type { FeedSpec, RunRequest } from '../contract/run';
import type { TensorData } from '../contract/tensor';

type Feeds = RunRequest['feeds'];

/** Throws `bad-feed` for an input of the second model that nothing of the first is fed to. */
export function sameFeeds(feeds: Feeds, from: readonly FeedSpec[], to: readonly FeedSpec[]): Feeds {
  const mapped: Record<string, TensorData> = {};
  to.forEach((spec, index) => {
    const other = Object.hasOwn(feeds, spec.name) ? spec.name : (from[index]?.name ?? '');
    const data = Object.hasOwn(feeds, other) ? feeds[other] : undefined;
    if (data !== undefined) mapped[spec.name] = data;
    else if (!spec.optional) {
      throw new Failure({
        code: 'bad-feed',
        message: `The second model's input "${spec.name}" has no counterpart among ${Object.keys(feeds).join(', ')}.`,
        remedy: 'Compare models that take the same inputs.',
      });
    }
  });
  return mapped;
}
