/** What was fed against what the model takes: every mismatch is a sentence before the runtime sees it. Pure. */
import type { FeedSpec } from '../../contract/run';
import type { TensorData } from '../../contract/tensor';
import { elementsIn } from '../../tensor/buffers';
import { isFloat } from '../../tensor/dtype';
import { sizeOf } from '../../tensor/shape';
import { isCarried } from './runtime';
import { missingElement, uncarried, unknownFeed, wrongFeed } from './failures';

export type Feeds = Readonly<Record<string, TensorData>>;

/**
 * Throws `bad-feed` for a name the model has not, and a type or shape it does not take. Named dimensions are left to the
 * runtime, which takes what exporters misname; inputs that are missing are found out when it is known what is needed.
 */
export function checkFeeds(feeds: Feeds, inputs: readonly FeedSpec[]): void {
  for (const [name, feed] of Object.entries(feeds)) {
    const spec = specFor(name, inputs);
    if (spec === undefined) throw unknownFeed(name, inputs);
    checkFeed(spec, feed);
  }
  for (const { name, container } of inputs)
    if (/sequence$/.test(container ?? '')) refuseGap(name, Object.keys(feeds));
}

/** Elements of a sequence are fed from the first on. */
function refuseGap(name: string, fed: readonly string[]): void {
  const given = fed.filter(
    (text) => text.startsWith(`${name}[`) && /^\[\d+\]$/.test(text.slice(name.length)),
  );
  const missing = given.findIndex((_, index) => !fed.includes(`${name}[${String(index)}]`));
  if (missing >= 0) throw missingElement(`${name}[${String(missing)}]`);
}

/** The input that a feed is for: its own name, or `name[0]` for an element of a sequence. */
function specFor(name: string, inputs: readonly FeedSpec[]): FeedSpec | undefined {
  const own = inputs.find((spec) => spec.name === name && /^(optional)?$/.test(spec.container ?? ''));
  if (own !== undefined) return own;
  const base = /^(.*)\[\d+\]$/s.exec(name)?.[1];
  return inputs.find((spec) => spec.name === base && /sequence$/.test(spec.container ?? ''));
}

function checkFeed(spec: FeedSpec, feed: TensorData): void {
  // Small and brain floats go in as float32, which holds all their numbers.
  if (!isFloat(feed.dtype) && !isCarried(feed.dtype))
    throw uncarried(`The feed of "${spec.name}"`, feed.dtype);
  if (spec.dtype !== 'undefined' && feed.dtype !== spec.dtype)
    throw wrongFeed(spec, feed, 'the type differs');
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
