/**
 * Activations summed up the way connections need them: what each unit did on average, what a dense layer reads on
 * average, and what each tap of a kernel reads on average over the places it is laid on. Pure.
 */
import { sizeOf } from '../../tensor/shape';
import type { Window } from './weighted';

/** Mean along everything but one axis, counted from the end. */
export function meanAlong(data: ArrayLike<number>, dims: readonly number[], axis: number): Float32Array {
  const at = dims.length + axis;
  const length = dims[at] ?? 0;
  const inner = sizeOf(dims.slice(at + 1));
  const outer = sizeOf(dims.slice(0, at));
  const sums = new Float64Array(length);
  for (let o = 0, from = 0; o < outer; o++) {
    for (let unit = 0; unit < length; unit++) {
      let sum = 0;
      for (let i = 0; i < inner; i++) sum += data[from++] ?? 0;
      sums[unit] = (sums[unit] ?? 0) + sum;
    }
  }
  const count = outer * inner;
  return Float32Array.from(sums, (sum) => (count === 0 ? Number.NaN : sum / count));
}

/** [channels × taps]: the mean over batch and output places of what a tap reads; beyond the border it reads zero. */
export function tapMeans(data: ArrayLike<number>, dims: readonly number[], window: Window): Float64Array {
  const [batch = 1, channels = 0, ...size] = dims;
  const { kernel } = window;
  const axes = size.map((length, axis) => placesOf(length, axis, window));
  const taps = sizeOf(kernel);
  const means = new Float64Array(channels * taps);
  const inner = sizeOf(size);
  const places = axes.reduce((all, { out }) => all * out, 1);
  const tap = new Array<number>(kernel.length).fill(0);
  for (let t = 0; t < taps; t++) {
    decode(t, kernel, tap);
    // Positions each axis reads for this tap; those beyond the border read nothing.
    const read = axes.map(({ starts }, axis) =>
      starts
        .map((start) => start + (tap[axis] ?? 0) * (window.dilations[axis] ?? 1))
        .filter((position) => position >= 0 && position < (size[axis] ?? 0)),
    );
    const offsets = positions(read, size);
    for (let n = 0; n < batch; n++) {
      for (let channel = 0; channel < channels; channel++) {
        const base = (n * channels + channel) * inner;
        let sum = 0;
        for (const offset of offsets) sum += data[base + offset] ?? 0;
        means[channel * taps + t] = (means[channel * taps + t] ?? 0) + sum;
      }
    }
  }
  const count = batch * places;
  return means.map((sum) => (count === 0 ? Number.NaN : sum / count));
}

/** How many places a kernel takes along an axis, and where each begins. */
function placesOf(length: number, axis: number, window: Window): { out: number; starts: number[] } {
  const stride = window.strides[axis] ?? 1;
  const span = ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) + 1;
  let begin: number;
  let out: number;
  if (window.pads === null) {
    out = Math.ceil(length / stride);
    const pad = Math.max(0, (out - 1) * stride + span - length);
    begin = window.auto === 'SAME_LOWER' ? Math.ceil(pad / 2) : Math.floor(pad / 2);
  } else {
    begin = window.pads[axis] ?? 0;
    out = Math.floor((length + begin + (window.pads[axis + window.kernel.length] ?? 0) - span) / stride) + 1;
  }
  return {
    out,
    starts: Array.from({ length: Math.max(0, out) }, (_unused, place) => place * stride - begin),
  };
}

/** Offsets of every combination of positions within one channel. */
function positions(read: readonly (readonly number[])[], size: readonly number[]): number[] {
  let offsets = [0];
  read.forEach((list, axis) => {
    const stride = sizeOf(size.slice(axis + 1));
    offsets = offsets.flatMap((offset) => list.map((position) => offset + position * stride));
  });
  return offsets;
}

function decode(index: number, lengths: readonly number[], into: number[]): void {
  for (let axis = lengths.length - 1, rest = index; axis >= 0; axis--) {
    const length = lengths[axis] ?? 1;
    into[axis] = rest % length;
    rest = Math.floor(rest / length);
  }
}
