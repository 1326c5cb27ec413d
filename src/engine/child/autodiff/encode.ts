/** Numbers to the little-endian bytes of a small constant. */
import type { Dtype } from '../../../tensor/dtype';
import { floatToHalf } from '../../../tensor/half';

export function encode(dtype: Dtype, numbers: readonly number[]): Uint8Array {
  return new Uint8Array(toTyped(dtype, numbers).buffer);
}

function toTyped(dtype: Dtype, numbers: readonly number[]): { readonly buffer: ArrayBuffer } {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(numbers);
    case 'float64':
      return Float64Array.from(numbers);
    case 'float16':
      return Uint16Array.from(numbers, floatToHalf);
    case 'int64':
      return BigInt64Array.from(numbers, (number) => BigInt(number));
    case 'int32':
      return Int32Array.from(numbers);
    case 'bool':
    case 'uint8':
      return Uint8Array.from(numbers);
    default:
      throw new Error(`A backward graph has no constants of type ${dtype}.`);
  }
}
