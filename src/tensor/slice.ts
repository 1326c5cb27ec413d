/** Boxes of a tensor: which contiguous runs of elements they are, and copying them out of an array. Pure. */
import type { TensorBuffer, TensorData } from './buffers';
import { sizeOf, stridesOf } from './shape';

/** A box: per axis the first index and how many; axes left out are whole. */
export interface Box {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

export interface Run {
  /** Element offset in the whole tensor. */
  readonly from: number;
  readonly length: number;
}

/** Cuts a box to the tensor: starts and sizes for every axis, all within bounds. */
export function clampBox(
  dims: readonly number[],
  box: Box,
): { readonly start: number[]; readonly size: number[] } {
  const start = dims.map((dim, axis) => Math.min(Math.max(0, Math.trunc(box.start[axis] ?? 0)), dim));
  const size = dims.map((dim, axis) => {
    const most = dim - (start[axis] ?? 0);
    return Math.min(Math.max(0, Math.trunc(box.size[axis] ?? most)), most);
  });
  return { start, size };
}

/** The box's elements in row-major order as runs of neighbours, as long as they can be. */
export function* runsOf(dims: readonly number[], box: Box): Iterable<Run> {
  const { start, size } = clampBox(dims, box);
  if (sizeOf(size) === 0) return;
  const strides = stridesOf(dims);
  let inner = dims.length;
  while (inner > 0 && size[inner - 1] === dims[inner - 1]) inner--;
  // Axis inner - 1 is the innermost that is cut: it and all whole axes after it make one run.
  const axis = Math.max(0, inner - 1);
  const length = inner === 0 ? sizeOf(dims) : (size[axis] ?? 1) * (strides[axis] ?? 1);
  const index = new Array<number>(axis).fill(0);
  for (;;) {
    let from = inner === 0 ? 0 : (start[axis] ?? 0) * (strides[axis] ?? 1);
    for (let i = 0; i < axis; i++) from += ((start[i] ?? 0) + (index[i] ?? 0)) * (strides[i] ?? 1);
    yield { from, length };
    let carry = axis - 1;
    for (; carry >= 0; carry--) {
      index[carry] = (index[carry] ?? 0) + 1;
      if ((index[carry] ?? 0) < (size[carry] ?? 0)) break;
      index[carry] = 0;
    }
    if (carry < 0) return;
  }
}

/** The box of a tensor in memory, copied. */
export function sliceTensor(tensor: TensorData, box: Box): TensorData {
  const { dtype, dims, data } = tensor;
  const { size } = clampBox(dims, box);
  if (!ArrayBuffer.isView(data)) {
    const strings: string[] = [];
    for (const { from, length } of runsOf(dims, box)) strings.push(...data.slice(from, from + length));
    return { dtype, dims: size, data: strings };
  }
  const unit = dtype.startsWith('complex') ? 2 : 1;
  const out = emptyLike(data, sizeOf(size) * unit);
  const [to, source] = [asBytes(out), asBytes(data)];
  const width = data.BYTES_PER_ELEMENT * unit;
  let at = 0;
  for (const { from, length } of runsOf(dims, box)) {
    to.set(source.subarray(from * width, (from + length) * width), at);
    at += length * width;
  }
  return { dtype, dims: size, data: out };
}

function emptyLike(data: TensorBuffer, length: number): TensorBuffer {
  const type = data.constructor as new (length: number) => TensorBuffer;
  return new type(length);
}

function asBytes(data: TensorBuffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
