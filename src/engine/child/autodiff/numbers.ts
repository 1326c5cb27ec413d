/** Float tensors as plain numbers and back, in the type they had. */
import type { TensorBuffer, TensorData } from '../../../contract/tensor';
import { toNumbers } from '../../../tensor/buffers';
import { isFloat, type Dtype } from '../../../tensor/dtype';
import { encode } from './encode';

export function numbersOf({ dtype, data }: TensorData): Float64Array {
  if (!ArrayBuffer.isView(data) || !isFloat(dtype))
    throw new Error(`Gradients are of float tensors, not ${dtype}.`);
  return new Float64Array(toNumbers(dtype, data));
}

/** The type that gradients of values of this type are computed in: half precision would lose the small ones. */
export function workingType(dtype: Dtype): Dtype {
  return dtype === 'float16' ? 'float32' : dtype;
}

/** The same numbers in the type that gradients are computed in. */
export function widened(tensor: TensorData): TensorData {
  const dtype = workingType(tensor.dtype);
  return dtype === tensor.dtype ? tensor : { ...tensor, dtype, data: typed(dtype, numbersOf(tensor)) };
}

export function typed(dtype: TensorData['dtype'], numbers: ArrayLike<number>): TensorBuffer {
  if (dtype === 'float32') return new Float32Array(numbers);
  if (dtype === 'float64') return new Float64Array(numbers);
  const bytes = encode(dtype, Array.from(numbers));
  return new Uint16Array(bytes.buffer as ArrayBuffer);
}

export function zerosLike(dtype: TensorData['dtype'], dims: readonly number[], count: number): TensorData {
  return { dtype, dims, data: typed(dtype, new Float64Array(count)) };
}

export function isFinite({ dtype, data }: TensorData): boolean {
  if (!ArrayBuffer.isView(data)) return true;
  const numbers = toNumbers(dtype, data);
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i] ?? 0;
    // NaN and infinities alone are not 0 less themselves.
    if (x - x !== 0) return false;
  }
  return true;
}
