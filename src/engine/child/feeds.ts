/** What was fed against what the model takes: every mismatch is a sentence before the runtime sees it. Pure. */
import type { FeedSpec } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { elementsIn } from '../../tensor/buffers';
import { sizeOf } from '../../tensor/shape';
import { isCarried } from './runtime';
import { missingFeed, uncarried, unknownFeed, wrongFeed } from './failures';

export type Feeds = Readonly<Record<string, TensorData>>;

/**
 * Throws `bad-feed` for a name the model has not, a type or shape it does not take, and (when `needed` names it) an
 * input that was not given. Named dimensions are left to the runtime, which takes what exporters misname.
 */
export function checkFeeds(feeds: Feeds, inputs: readonly FeedSpec[], needed: (name: string) => boolean): void {
  const specs = new Map(inputs.map((spec) => [spec.name, spec]));
  for (const name of Object.keys(feeds)) if (!specs.has(name)) throw unknownFeed(name, inputs);
  for (const spec of inputs) {
    const feed = Object.hasOwn(feeds, spec.name) ? feeds[spec.name] : undefined;
    if (feed === undefined) {
      if (!spec.optional && needed(spec.name)) throw missingFeed(spec);
      continue;
    }
    checkFeed(spec, feed);
  }
}

function checkFeed(spec: FeedSpec, feed: TensorData): void {
  if (!isCarried(feed.dtype)) throw uncarried(`The feed of "${spec.name}"`, feed.dtype);
  if (spec.dtype !== 'undefined' && feed.dtype !== spec.dtype) throw wrongFeed(spec, feed, 'the type differs');
  if (elementsIn(feed.dtype, feed.data) !== sizeOf(feed.dims)) {
    throw wrongFeed(spec, feed, `it holds ${String(feed.data.length)} elements`);
  }
  if (spec.shape === null) return;
  if (feed.dims.length !== spec.shape.length) throw wrongFeed(spec, feed, 'the number of axes differs');
  spec.shape.forEach((dim, axis) => {
    const size = feed.dims[axis] ?? 0;
    if (typeof dim === 'number' && dim !== size) {
      throw wrongFeed(spec, feed, `axis ${String(axis)} must be ${String(dim)}`);
    }
  });
}
