/**
 * Which values are recorded together: all at once while the estimate fits into memory, else in groups, one run each. Pure.
 * An estimate counts what captured tensors take; values of unknown size count as much as the known ones do on average.
 */
import type { FeedSpec } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { dtypeBits } from '../tensor/dtype';
import type { KnownType } from './valueTypes';

/** Sizes of the dimensions that the model leaves open, by name, as these inputs set them. */
export function openSizes(
  specs: readonly FeedSpec[],
  tensors: Readonly<Record<string, TensorData>>,
): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, shape } of specs) {
    const dims = tensors[name]?.dims;
    shape?.forEach((dim, axis) => {
      const size = dims?.[axis];
      if (typeof dim === 'string' && dim !== '' && size !== undefined) sizes.set(dim, size);
    });
  }
  return sizes;
}

/** Bytes of a value of this type, or null when a dimension is unknown. */
export function bytesOf(type: KnownType | undefined, sizes: ReadonlyMap<string, number>): number | null {
  if (type === undefined || type.shape === null || type.dtype === 'string') return null;
  let count = 1;
  for (const dim of type.shape) {
    const size = typeof dim === 'number' ? dim : sizes.get(dim ?? '');
    if (size === undefined) return null;
    count *= size;
  }
  return Math.ceil((count * dtypeBits(type.dtype)) / 8);
}

/** The names in groups, in order, each within `budget` bytes unless one value alone is larger. */
export function captureGroups(
  names: readonly string[],
  bytes: (name: string) => number | null,
  budget: number,
): readonly (readonly string[])[] {
  const known = names.map(bytes).filter((size) => size !== null);
  const usual = known.length === 0 ? 0 : known.reduce((sum, size) => sum + size, 0) / known.length;
  const groups: string[][] = [];
  let left = 0;
  for (const name of names) {
    const size = bytes(name) ?? usual;
    const group = groups.at(-1);
    if (group === undefined || size > left) {
      groups.push([name]);
      left = budget - size;
    } else {
      group.push(name);
      left -= size;
    }
  }
  return groups;
}
