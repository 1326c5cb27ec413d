/** Types and weights in words: `float32 1×64×56×56`, `sequence of map int64 to float32`. */
import type { ValueType, WeightRef } from '../contract/skeleton';
import { formatShape } from '../tensor/shape';

/** `float32 1×batch×?`; `unknown` where nothing is known. */
export function formatType(type: ValueType): string {
  switch (type.kind) {
    case 'tensor':
      return `${type.dtype} ${formatShape(type.shape)}`;
    case 'sparse':
      return `sparse ${type.dtype} ${formatShape(type.shape)}`;
    case 'sequence':
    case 'optional':
      return `${type.kind} of ${formatType(type.of)}`;
    case 'map':
      return `map ${type.key} to ${formatType(type.value)}`;
    case 'unknown':
      return 'unknown';
  }
}

export function weightType({ dtype, dims }: WeightRef): ValueType {
  return { kind: 'tensor', dtype, shape: dims };
}
