/** Cutting slices out of a captured tensor: indices along axes, in the order they are named. Pure. */
import type { TensorBuffer, TensorData } from '../../contract/tensor';
import type { PlacedSlice } from '../../onnx/axes';
import { sizeOf } from '../../tensor/shape';

export function takeSlices(tensor: TensorData, slices: readonly PlacedSlice[]): TensorData {
  return slices.reduce(take, tensor);
}

function take({ dtype, dims, data }: TensorData, { axis, indices }: PlacedSlice): TensorData {
  const outer = sizeOf(dims.slice(0, axis));
  const inner = sizeOf(dims.slice(axis + 1));
  const length = dims[axis] ?? 1;
  const taken = dims.with(axis, indices.length);
  if (!ArrayBuffer.isView(data)) {
    const strings: string[] = [];
    for (let block = 0; block < outer; block++) {
      for (const index of indices) {
        const from = (block * length + index) * inner;
        strings.push(...data.slice(from, from + inner));
      }
    }
    return { dtype, dims: taken, data: strings };
  }
  const make = data.constructor as new (length: number) => TensorBuffer;
  const result = new make(sizeOf(taken));
  const width = data.BYTES_PER_ELEMENT;
  const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const target = new Uint8Array(result.buffer);
  let at = 0;
  for (let block = 0; block < outer; block++) {
    for (const index of indices) {
      const from = (block * length + index) * inner * width;
      target.set(source.subarray(from, from + inner * width), at);
      at += inner * width;
    }
  }
  return { dtype, dims: taken, data: result };
}
