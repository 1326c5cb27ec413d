/** A skeleton's inputs and outputs as the specs that feeds and runs are about. Pure. */
import type { FeedSpec } from '../contract/run';
import type { Skeleton, ValueInfo } from '../contract/skeleton';

/** Inputs that need a feed, then those with a default. */
export function feedSpecs({ graph }: Skeleton): readonly FeedSpec[] {
  const defaults = graph.overridable.flatMap((name): readonly FeedSpec[] => {
    const weight = graph.initializers.get(name);
    return weight === undefined ? [] : [{ name, dtype: weight.dtype, shape: weight.dims, optional: true }];
  });
  return [...graph.inputs.map((info) => specOf(info, false)), ...defaults];
}

export function outputSpecs({ graph }: Skeleton): readonly FeedSpec[] {
  return graph.outputs.map((info) => specOf(info, false));
}

function specOf({ name, type }: ValueInfo, optional: boolean): FeedSpec {
  return type.kind === 'tensor' || type.kind === 'sparse'
    ? { name, dtype: type.dtype, shape: type.shape, optional }
    : { name, dtype: 'undefined', shape: null, optional };
}
