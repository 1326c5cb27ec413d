/** Sliding windows: the geometry that convolutions and poolings share. Spatial axes only. */
import { sizeOf } from '../../../../tensor/shape';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Zeros before the first element, per spatial axis. */
  readonly begin: readonly number[];
  /** Zeros after the last element, as far as windows reach. */
  readonly end: readonly number[];
}

/** Reads the window of a Conv-like or pooling node. `input` and `output` are its spatial sizes. */
export function windowOf(
  c: RuleContext,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Window {
  const rank = kernel.length;
  const strides = c.ints('strides') ?? filled(rank, 1);
  const dilations = c.ints('dilations') ?? filled(rank, 1);
  const reach = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
  const span = output.map((size, axis) => (size - 1) * (strides[axis] ?? 1) + (reach[axis] ?? 1));
  const auto = c.string('auto_pad', 'NOTSET');
  const total = span.map((length, axis) => Math.max(0, length - (input[axis] ?? 0)));
  const begin =
    auto === 'SAME_UPPER' || auto === 'SAME_LOWER'
      ? total.map((amount) => (auto === 'SAME_UPPER' ? Math.floor(amount / 2) : Math.ceil(amount / 2)))
      : auto === 'VALID'
        ? filled(rank, 0)
        : (c.ints('pads') ?? filled(2 * rank, 0)).slice(0, rank);
  const end = span.map((length, axis) => length - (input[axis] ?? 0) - (begin[axis] ?? 0));
  return { kernel, strides, dilations, begin, end };
}

export function filled(length: number, value: number): number[] {
  return new Array<number>(length).fill(value);
}

/** Spatial sizes of an N x C x … tensor. */
export function spatial(value: Value): readonly number[] {
  return value.dims.slice(2);
}

/**
 * Correlates: x [N, C, …] with w [M, C/group, …] to [N, M, …output]. `end` may be negative (the input is cropped), so
 * that exactly `output` windows fit.
 */
export function correlate(
  b: Builder,
  x: Value,
  w: Value,
  window: Window,
  group: number,
  output: readonly number[],
): Value {
  const crop = window.end.map((amount) => Math.min(0, amount));
  const cut = b.pad(x, filled(x.dims.length, 0), [0, 0, ...crop]);
  return b.one('Conv', [cut, w], x.dtype, [x.dims[0] ?? 1, w.dims[0] ?? 1, ...output], {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.begin, ...window.end.map((amount) => Math.max(0, amount))],
    group,
  });
}

/**
 * The transpose of `correlate` in its first operand: spreads g [N, M, …] through w [M, C/group, …] to an input of
 * spatial sizes `input`.
 */
export function spread(
  b: Builder,
  g: Value,
  w: Value,
  window: Window,
  group: number,
  input: readonly number[],
): Value {
  const reach = spatial(g).map(
    (size, axis) =>
      (size - 1) * (window.strides[axis] ?? 1) +
      ((window.kernel[axis] ?? 1) - 1) * (window.dilations[axis] ?? 1) +
      1,
  );
  const turned = spreadByTurning(b, g, w, window, group, input);
  if (turned !== null) return turned;
  const channels = (w.dims[1] ?? 1) * group;
  const after = reach.map((size, axis) => (input[axis] ?? 0) - size + (window.begin[axis] ?? 0));
  const through = (dims: readonly number[], how: Readonly<Record<string, readonly number[]>>): Value =>
    b.one('ConvTranspose', [g, w], g.dtype, [g.dims[0] ?? 1, channels, ...dims], {
      kernel_shape: window.kernel,
      strides: window.strides,
      dilations: window.dilations,
      group,
      ...how,
    });
  // Where windows lie apart the kernel leaves the padding out for nothing; elsewhere cutting it off costs less.
  const apart = window.strides.every((stride, axis) => stride > 1 && (after[axis] ?? 0) < stride);
  if (apart && window.begin.every((amount) => amount >= 0)) {
    const ends = after.map((amount) => Math.max(0, -amount));
    const extra = after.map((amount) => Math.max(0, amount));
    return through(input, { pads: [...window.begin, ...ends], output_padding: extra });
  }
  const full = through(reach, {});
  return b.pad(full, [0, 0, ...window.begin.map((amount) => -amount)], [0, 0, ...after]);
}

/** Places per output channel from which on turning the weights round at every run costs less than what it saves. */
const TURNED_FROM = 16;

/**
 * The same as a correlation with the weights turned round, which has the faster kernel. Null where a stride lies in
 * between, where the picture would be cropped, or where the weights would be turned at every run and are many beside the
 * places.
 */
function spreadByTurning(
  b: Builder,
  g: Value,
  w: Value,
  { kernel, strides, dilations, begin }: Window,
  group: number,
  input: readonly number[],
): Value | null {
  const [batch = 1, made = 1, ...places] = g.dims;
  if (strides.some((stride) => stride !== 1) || sizeOf(kernel) === 1) return null;
  const span = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1));
  const before = span.map((length, axis) => length - (begin[axis] ?? 0));
  const after = input.map(
    (size, axis) => size - (places[axis] ?? 1) + (span[axis] ?? 0) - (before[axis] ?? 0),
  );
  if ([...before, ...after].some((amount) => amount < 0)) return null;
  const once = b.isFixed(w);
  if (!once && (group !== 1 || made * TURNED_FROM > batch * sizeOf(places))) return null;
  const turned = turnedRound(b, w, group);
  return b.one('Conv', [g, turned], g.dtype, [batch, turned.dims[0] ?? 1, ...input], {
    kernel_shape: kernel,
    dilations,
    pads: [...before, ...after],
    group,
  });
}

/** Weights [M, C/group, …kernel] as [C, M/group, …kernel], every axis of the kernel running backwards. */
function turnedRound(b: Builder, w: Value, group: number): Value {
  const [made = 1, perGroup = 1, ...kernel] = w.dims;
  const axes = kernel.map((_, axis) => axis + 2);
  const last = b.ints(filled(axes.length, -1));
  const far = b.ints(kernel.map((size) => -size - 1));
  const turned = b.one('Slice', [w, last, far, b.ints(axes), last], w.dtype, w.dims);
  if (group === 1) return b.transpose(turned, [1, 0, ...axes]);
  const grouped = b.reshape(turned, [group, made / group, perGroup, ...kernel]);
  const swapped = b.transpose(grouped, [0, 2, 1, ...axes.map((axis) => axis + 1)]);
  return b.reshape(swapped, [group * perGroup, made / group, ...kernel]);
}

/**
 * The transpose of `correlate` in its weights: x [N, C, …] against g [N, M, …] gives [M, C/group, …kernel], summed over
 * the batch. The batch becomes the channel axis, strides and dilations change places.
 */
export function correlateForWeights(b: Builder, x: Value, g: Value, window: Window, group: number): Value {
  const [n = 1, channels = 1] = x.dims;
  const m = g.dims[1] ?? 1;
  const perGroup = channels / group;
  const rank = window.kernel.length;
  const tail = Array.from({ length: rank }, (_, axis) => axis + 3);
  const grouped = b.transpose(b.reshape(x, [n, group, perGroup, ...spatial(x)]), [2, 1, 0, ...tail]);
  const asInput = b.reshape(grouped, [perGroup, group * n, ...spatial(x)]);
  const asWeights = b.transpose(g, [1, 0, ...Array.from({ length: rank }, (_, axis) => axis + 2)]);
  const swapped = { ...window, kernel: spatial(g), strides: window.dilations, dilations: window.strides };
  const result = correlate(b, asInput, asWeights, swapped, group, window.kernel);
  return b.transpose(b.reshape(result, [perGroup, m, ...window.kernel]), [
    1,
    0,
    ...Array.from({ length: rank }, (_, axis) => axis + 2),
  ]);
}
