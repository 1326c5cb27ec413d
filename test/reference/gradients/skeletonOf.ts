/** A sample's skeleton, read and closed. */
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';

export async function readSkeletonOf(file: string): Promise<Skeleton> {
  const { skeleton, source } = await openLocal(file);
  await source.close();
  return skeleton;
}
