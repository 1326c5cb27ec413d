/**
 * The feeds of one model under the names of another, in the dtypes that one takes: by name where names agree, else in
 * order. A float16 model is fed what a float32 one is, rounded; how much that changed is said.
 */
import { Failure } from '../base/errors';
import type { FeedSpec, RunRequest } from '../contract/run';
import { castTo } from '../tensor/cast';
import type { Dtype } from '../tensor/dtype';

type Feeds = RunRequest['feeds'];
type Feed = Feeds[string];

/** An input of the second model whose numbers were rounded. */
export interface Rounded {
  readonly name: string;
  readonly from: Dtype;
  readonly to: Dtype;
  /** The most that a number changed; Infinity where one no longer fits. */
  readonly most: number;
}

export interface SameFeeds {
  readonly feeds: Feeds;
  readonly rounded: readonly Rounded[];
}

/** Throws `bad-feed` for an input of the second model that nothing fitting of the first is fed to. */
export function sameFeeds(feeds: Feeds, from: readonly FeedSpec[], to: readonly FeedSpec[]): SameFeeds {
  const mapped: Record<string, Feed> = {};
  const rounded: Rounded[] = [];
  to.forEach((spec, index) => {
    const other = Object.hasOwn(feeds, spec.name) ? spec.name : (from[index]?.name ?? '');
    const data = Object.hasOwn(feeds, other) ? feeds[other] : undefined;
    if (data !== undefined) {
      const cast = spec.dtype === 'undefined' ? { tensor: data, moved: 0 } : castTo(data, spec.dtype);
      if (cast === null) throw otherKind(spec, data.dtype);
      mapped[spec.name] = cast.tensor;
      if (cast.moved > 0)
        rounded.push({ name: spec.name, from: data.dtype, to: spec.dtype, most: cast.moved });
    } else if (!spec.optional) {
      throw new Failure({
        code: 'bad-feed',
        message: `The second model's input "${spec.name}" has no counterpart among ${Object.keys(feeds).join(', ')}.`,
        remedy: 'Compare models that take the same inputs.',
      });
    }
  });
  return { feeds: mapped, rounded };
}

function otherKind({ name, dtype }: FeedSpec, fed: Dtype): Failure {
  return new Failure({
    code: 'bad-feed',
    message: `The second model's input "${name}" is ${dtype}, and what the first is fed is ${fed}: these numbers do not fit.`,
    remedy: 'Compare models that take the same kind of input.',
  });
}
