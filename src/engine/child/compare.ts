/** Whether two tensors are the same: bit by bit, or within a share of the largest reference value. Pure. */
import type { TensorData } from '../../contract/tensor';
import { toNumbers } from '../../tensor/buffers';

/** Same type, same dims, same bits. */
export function sameBits(a: TensorData, b: TensorData): boolean {
  if (a.dtype !== b.dtype || a.dims.length !== b.dims.length) return false;
  if (a.dims.some((dim, axis) => dim !== b.dims[axis])) return false;
  if (!ArrayBuffer.isView(a.data)) {
    return !ArrayBuffer.isView(b.data) && a.data.length === b.data.length && sameTexts(a.data, b.data);
  }
  return ArrayBuffer.isView(b.data) && Buffer.compare(bytes(a.data), bytes(b.data)) === 0;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.every((text, index) => text === b[index]);
}

function bytes(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

/**
 * Largest absolute difference as a share of the largest finite reference value; 0 for equal tensors, Infinity where
 * types, dims, or NaN and infinities differ in place.
 */
export function relativeDifference(actual: TensorData, reference: TensorData): number {
  if (sameBits(actual, reference)) return 0;
  const { data, dims, dtype } = actual;
  if (dtype !== reference.dtype || dims.length !== reference.dims.length) return Infinity;
  if (dims.some((dim, axis) => dim !== reference.dims[axis])) return Infinity;
  if (!ArrayBuffer.isView(data) || !ArrayBuffer.isView(reference.data)) return Infinity;
  const [a, b] = [toNumbers(dtype, data), toNumbers(dtype, reference.data)];
  let scale = 0;
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (Number.isFinite(x) && Number.isFinite(y)) {
      most = Math.max(most, Math.abs(x - y));
      scale = Math.max(scale, Math.abs(y));
    } else if (!Object.is(x, y)) {
      return Infinity;
    }
  }
  return most === 0 ? 0 : most / scale;
}
