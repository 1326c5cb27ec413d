/**
 * A few numbers of every large weight, read by position: enough to tell apart weights of one shape whatever their names.
 * Equal fingerprints are likely equal weights; whether they are is `weights.ts`'s to say.
 */
import { throwIfCancelled } from '../base/cancel';
import type { Skeleton, WeightRef } from '../contract/skeleton';
import { weightsOf } from '../onnx/walk';
import type { WeightReader } from '../onnx/weights';

/** Smaller weights (shapes, scales) repeat too often to tell anything. */
const LEAST = 16;
/** Numbers read in each of two places. */
const SAMPLE = 12;

/** What weights hold, by `WeightRef` of either model: equal texts mean equal numbers at the places that were read. */
export type Fingerprints = ReadonlyMap<object, string>;

/** Fingerprints by `WeightRef`; weights that cannot be read have none. */
export async function fingerprintsOf(
  skeleton: Skeleton,
  reader: WeightReader,
  signal?: AbortSignal,
): Promise<Map<WeightRef, string>> {
  const found = new Map<WeightRef, string>();
  for (const graph of skeleton.graphs.values()) {
    for (const ref of weightsOf(graph)) {
      throwIfCancelled(signal);
      if (ref.count < LEAST || (ref.where.kind !== 'file' && ref.where.kind !== 'inline')) continue;
      const text = await fingerprint(ref, reader, signal);
      if (text !== null) found.set(ref, text);
    }
  }
  return found;
}

async function fingerprint(
  ref: WeightRef,
  reader: WeightReader,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const parts: string[] = [];
  const distinct = new Set<string>();
  for (const share of [0, 0.5]) {
    const start = ref.dims.map((dim) => Math.floor(dim * share));
    const size = ref.dims.map((dim, axis) =>
      axis === ref.dims.length - 1 ? Math.min(SAMPLE, dim - (start[axis] ?? 0)) : 1,
    );
    const { data } = await reader.readBox(ref, { start, size }, signal);
    for (const value of data) distinct.add(String(value));
    parts.push([...data].join(','));
  }
  // All zeros or all ones is how many weights begin.
  return distinct.size < 3 ? null : `${ref.dtype} ${ref.dims.join('×')} ${parts.join(';')}`;
}
