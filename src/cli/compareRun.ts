/** Running a model to compare its values: captured by the engine, handed over, let go. */
import type { Capture } from '../compare/activations';
import type { Level, RunRequest } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import type { EngineClient } from '../engine/client';

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
