/** Running models to compare their values: the same feeds for both, captured by the engine. */
import type { Capture } from '../compare/activations';
import type { FeedSpec, Level, RunRequest } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import type { EngineClient } from '../engine/client';
import { usage } from './options';

type Feeds = RunRequest['feeds'];

/** Captures values of an opened model at these feeds. */
export function captureBy(
  engine: EngineClient,
  model: string,
  feeds: Feeds,
  level: Level = 'disabled',
): Capture {
  return async (sites, signal) => {
    const { captures } = await engine.run(
      model,
      { feeds, capture: sites, outputs: [], level, keep: true },
      signal,
    );
    const found = new Map<string, TensorData>();
    for (const { site, handle } of captures) {
      if (handle === null) continue;
      found.set(site, await engine.tensor(handle, undefined, signal));
      engine.release([handle]);
    }
    return found;
  };
}

/** The feeds of one model under the names of another: by name, else by position. Throws `usage` where shapes rule it out. */
export function feedsFor(feeds: Feeds, from: readonly FeedSpec[], to: readonly FeedSpec[]): Feeds {
  const mapped: Record<string, TensorData> = {};
  to.forEach((spec, index) => {
    const other = Object.hasOwn(feeds, spec.name) ? spec.name : (from[index]?.name ?? '');
    const data = Object.hasOwn(feeds, other) ? feeds[other] : undefined;
    if (data === undefined) {
      if (spec.optional) return;
      throw usage(
        `The second model's input "${spec.name}" has no counterpart among ${Object.keys(feeds).join(', ')}.`,
        'Compare models that take the same inputs.',
      );
    }
    mapped[spec.name] = data;
  });
  return mapped;
}
