/** Which files a model's weights lie in, besides its own. No file is touched. */
import type { Skeleton, WeightRef } from '../contract/skeleton';
import { tensorsOf } from './walk';

/** Every tensor of a model that has bytes: initializers, sparse ones, and those in attributes, bodies and functions included. */
export function* allTensors({ graphs }: Skeleton): Iterable<WeightRef> {
  for (const graph of graphs.values()) {
    yield* graph.initializers.values();
    for (const { values, indices } of graph.sparseInitializers.values()) yield* [values, indices];
    for (const node of graph.nodes) yield* tensorsOf(node);
  }
}

/** Locations of external data, relative to the model's folder, as the model names them. */
export function dataFilesOf(skeleton: Skeleton): ReadonlySet<string> {
  const files = new Set<string>();
  for (const { where } of allTensors(skeleton))
    if (where.kind === 'file' && where.file !== null) files.add(where.file);
  return files;
}

/** True when some tensor's bytes are not where the model says: a file that appears may bring them. */
export function lacksData(skeleton: Skeleton): boolean {
  for (const { where } of allTensors(skeleton)) if (where.kind === 'missing') return true;
  return false;
}
