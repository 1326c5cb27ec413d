/** Numbers into the typed array that the runtime takes for a dtype. */
import { sizeOf } from '../tensor/shape';
import type { TensorBuffer } from '../contract/tensor';
import type { Dtype } from '../tensor/dtype';
import { fromRaw, toRaw } from '../tensor/buffers';
import { floatToBfloat, floatToHalf } from '../tensor/half';
import { badFeed } from './errors';

/** @param values at least `count` numbers; integers are rounded, float16 and bfloat16 become their bits */
export function toRawTyped(dtype: Dtype, values: ArrayLike<number>, count: number): TensorBuffer {
  const at = (_: unknown, i: number): number => values[i] ?? 0;
  const whole = (_: unknown, i: number): number => Math.round(values[i] ?? 0);
  const big = (_: unknown, i: number): bigint => BigInt(Math.round(values[i] ?? 0));
  const from = { length: count };
  switch (dtype) {
    case 'float32':
      return Float32Array.from(from, at);
    case 'float64':
      return Float64Array.from(from, at);
    case 'float16':
      return Uint16Array.from(from, (_, i) => floatToHalf(values[i] ?? 0));
    case 'bfloat16':
      return Uint16Array.from(from, (_, i) => floatToBfloat(values[i] ?? 0));
    case 'int64':
      return BigInt64Array.from(from, big);
    case 'uint64':
      return BigUint64Array.from(from, big);
    case 'int32':
      return Int32Array.from(from, whole);
    case 'uint32':
      return Uint32Array.from(from, whole);
    case 'int16':
      return Int16Array.from(from, whole);
    case 'uint16':
      return Uint16Array.from(from, whole);
    case 'int8':
      return Int8Array.from(from, whole);
    case 'uint8':
      return Uint8Array.from(from, whole);
    case 'bool':
      return Uint8Array.from(from, (_, i) => ((values[i] ?? 0) === 0 ? 0 : 1));
    default:
      throw badFeed(
        `An input of type ${dtype} cannot be made from numbers here.`,
        'Feed it from a .npy file.',
      );
  }
}

/** More elements than this are not made here: they would hold up whoever asks. Arrays from files may be larger. */
const MOST = 2 ** 26;

/** The number of elements of a shape to be made here. Throws `bad-feed` for one too large. */
export function madeSize(dims: readonly number[]): number {
  const count = sizeOf(dims);
  if (count <= MOST) return count;
  throw badFeed(
    `The shape [${dims.join(', ')}] has ${count.toLocaleString('en')} elements, more than the ${MOST.toLocaleString('en')} that are made here.`,
    'Choose smaller sizes, or feed it from a .npy file.',
  );
}

/** One number in every element. Throws `bad-feed` for too many. */
export function filledTyped(dtype: Dtype, value: number, dims: readonly number[]): TensorBuffer {
  const one = toRaw(dtype, toRawTyped(dtype, [value], 1));
  const count = madeSize(dims);
  const bytes = new Uint8Array(count * one.length);
  bytes.set(one.subarray(0, bytes.length));
  for (let done = one.length; done < bytes.length; done *= 2) bytes.copyWithin(done, 0, done);
  return fromRaw(dtype, bytes, count);
}
