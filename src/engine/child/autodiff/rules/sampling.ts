/**
 * Reading between pixels: GridSample and RoiAlign as what they are made of, weights times picked pixels, as the runtime
 * computes them. Weights depend on the places, so gradients go to the places too; which pixels are picked does not.
 */
import { sizeOf } from '../../../../tensor/shape';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, type RuleTable } from './define';

export const sampling: RuleTable = {
  GridSample: decompose((c) => [gridSample(c)]),
  RoiAlign: decompose((c) => [roiAlign(c)]),
  AffineGrid: decompose((c) => [affineGrid(c)]),
};

/** One pixel's place along an axis and its weight; both of the places' shape. */
interface Tap {
  readonly place: Value;
  readonly weight: Value | null;
}

function gridSample(c: RuleContext): Value {
  const { b } = c;
  const [x, grid] = [c.x(0), c.x(1)];
  const [batch = 1, channels = 1, ...sizes] = x.dims;
  const out = grid.dims.slice(1, -1);
  const count = sizeOf(out);
  const corners = c.int('align_corners', 0) === 1;
  const padding = c.string('padding_mode', 'zeros');
  const mode = c.string('mode', 'linear').replace(/^bi/, '');
  const flat = b.reshape(grid, [batch, count, sizes.length]);
  const axes = sizes.map((size, axis) => {
    // The grid names the last axis first.
    const at = sizes.length - 1 - axis;
    const given = b.reshape(b.slice(flat, 2, at, at + 1), [batch, count]);
    const ends: readonly [number, number] = corners ? [0, size - 1] : [-0.5, size - 0.5];
    const place = padded(b, denormalised(b, given, size, corners), size, ends, padding);
    const taps = tapsOf(b, place, mode);
    return taps.map(({ place: pixel, weight }): Tap => {
      const inside = padded(b, pixel, size, ends, padding);
      if (padding !== 'zeros') return { place: clamped(b, inside, size), weight };
      return { place: clamped(b, pixel, size), weight: masked(b, weight, pixel, size) };
    });
  });
  const pixels = b.reshape(x, [batch, channels, sizeOf(sizes)]);
  return b.reshape(weighted(b, pixels, axes, sizes, [batch, count]), [batch, channels, ...out]);
}

function denormalised(b: Builder, x: Value, size: number, corners: boolean): Value {
  const shifted = b.plus(x, 1);
  return corners ? b.scale(shifted, (size - 1) / 2) : b.plus(b.scale(shifted, size / 2), -0.5);
}

/** A place brought back into the picture, as its padding has it; where it lies inside it stays. */
function padded(
  b: Builder,
  x: Value,
  size: number,
  [low, high]: readonly [number, number],
  mode: string,
): Value {
  if (mode === 'border') return limited(b, x, 0, size - 1);
  if (mode !== 'reflection') return x;
  const span = high - low;
  if (span === 0) return b.scale(x, 0);
  const away = b.unary('Abs', b.plus(x, -low));
  const rest = b.one('Mod', [away, b.scalar(2 * span, x)], x.dtype, x.dims, { fmod: 1 });
  const back = b.plus(b.neg(rest), 2 * span);
  const folded = b.where(b.greater(rest, b.scalar(span, x)), back, rest);
  const outside = b.or(b.less(x, b.scalar(low, x)), b.greater(x, b.scalar(high, x)));
  return b.where(outside, b.plus(folded, low), x);
}

function limited(b: Builder, x: Value, low: number, high: number): Value {
  return b.one('Clip', [x, b.scalar(low, x), b.scalar(high, x)], x.dtype, x.dims);
}

function clamped(b: Builder, x: Value, size: number): Value {
  return limited(b, x, 0, size - 1);
}

/** The weight where the pixel lies in the picture, else 0. */
function masked(b: Builder, weight: Value | null, pixel: Value, size: number): Value {
  const inside = b.and(
    b.greaterOrEqual(pixel, b.scalar(0, pixel)),
    b.lessOrEqual(pixel, b.scalar(size - 1, pixel)),
  );
  const zero = b.full(pixel.dims, 0, pixel.dtype);
  return b.where(inside, weight ?? b.full(pixel.dims, 1, pixel.dtype), zero);
}

/** The pixels that a place reads along one axis. Cubic weights: Keys (1981), with a = -0.75. */
function tapsOf(b: Builder, x: Value, mode: string): Tap[] {
  if (mode === 'nearest') return [{ place: b.unary('Round', x), weight: null }];
  const floor = b.unary('Floor', x);
  const t = b.sub(x, floor);
  const from1 = b.plus(b.neg(t), 1);
  if (mode !== 'cubic') {
    return [
      { place: floor, weight: from1 },
      { place: b.plus(floor, 1), weight: t },
    ];
  }
  const a = -0.75;
  const near = (s: Value): Value => b.plus(b.mul(b.square(s), b.plus(b.scale(s, a + 2), -(a + 3))), 1);
  const far = (s: Value): Value =>
    b.plus(b.mul(s, b.plus(b.mul(s, b.plus(b.scale(s, a), -5 * a)), 8 * a)), -4 * a);
  return [
    { place: b.plus(floor, -1), weight: far(b.plus(t, 1)) },
    { place: floor, weight: near(t) },
    { place: b.plus(floor, 1), weight: near(from1) },
    { place: b.plus(floor, 2), weight: far(b.plus(from1, 1)) },
  ];
}

/** Sum over one tap per axis of the product of weights times the pixel there. `dims` are those of places: [rows, count]. */
function weighted(
  b: Builder,
  pixels: Value,
  axes: readonly (readonly Tap[])[],
  sizes: readonly number[],
  dims: readonly number[],
): Value {
  const terms = picked(b, pixels, axes, sizes, dims);
  const [first, ...rest] = terms;
  if (first === undefined) throw new Error('A picture has at least one axis.');
  return rest.reduce((sum, term) => b.add(sum, term), first);
}

/** Weight times pixel for every combination of taps: [rows, channels, count] each. */
function picked(
  b: Builder,
  pixels: Value,
  axes: readonly (readonly Tap[])[],
  sizes: readonly number[],
  dims: readonly number[],
): Value[] {
  const [rows = 1, count = 1] = dims;
  const channels = pixels.dims[1] ?? 1;
  const wide = [rows, channels, count];
  const combine = (axis: number, place: Value | null, weight: Value | null): Value[] => {
    if (axis === axes.length) {
      const index = b.cast(b.reshape(place ?? b.full(dims, 0, pixels.dtype), [rows, 1, count]), 'int64');
      const found = b.one('GatherElements', [pixels, b.expand(index, wide)], pixels.dtype, wide, { axis: 2 });
      return [weight === null ? found : b.mul(found, b.reshape(weight, [rows, 1, count]))];
    }
    return (axes[axis] ?? []).flatMap((tap) => {
      const at = place === null ? tap.place : b.add(b.scale(place, sizes[axis] ?? 1), tap.place);
      const by = weight === null ? tap.weight : tap.weight === null ? weight : b.mul(weight, tap.weight);
      return combine(axis + 1, at, by);
    });
  };
  return combine(0, null, null);
}

/** The places [x, y, (z,) 1] of every pixel, in the picture's coordinates from -1 to 1, times the given matrices. */
function affineGrid(c: RuleContext): Value {
  const { b } = c;
  const theta = c.x();
  const { dims } = c.y();
  const sizes = dims.slice(1, -1);
  const corners = c.int('align_corners', 0) === 1;
  const place = (i: number, size: number): number =>
    corners ? (size < 2 ? 0 : (2 * i) / (size - 1) - 1) : (2 * i + 1) / size - 1;
  const columns = sizes.map((size, axis) => {
    const along = Array.from({ length: size }, (_, i) => place(i, size));
    const shape = sizes.map((_, other) => (other === axis ? size : 1));
    return b.reshape(b.expand(b.constant(theta.dtype, shape, along), sizes), [sizeOf(sizes), 1]);
  });
  const places = b.concat([...columns.reverse(), b.full([sizeOf(sizes), 1], 1, theta.dtype)], 1);
  return b.reshape(b.matmul(places, b.swapLast(theta)), dims);
}

function roiAlign(c: RuleContext): Value {
  const { b } = c;
  const [x, rois] = [c.x(0), c.x(1)];
  const samples = c.int('sampling_ratio', 0);
  if (samples < 1)
    throw c.broken('samples each region as its size demands (sampling_ratio 0), which no fixed graph can');
  const [, channels = 1, height = 1, width = 1] = x.dims;
  const regions = rois.dims[0] ?? 0;
  const out = [c.int('output_height', 1), c.int('output_width', 1)];
  const scale = c.float('spatial_scale', 1);
  const half = c.opset >= 16 && c.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel';
  const corner = (i: number): Value => b.scale(b.slice(rois, 1, i, i + 1), scale);
  const along = (axis: 0 | 1, size: number): { readonly taps: Tap[]; readonly count: number } => {
    const bins = out[axis] ?? 1;
    const count = bins * samples;
    const [low, high] = axis === 0 ? [corner(1), corner(3)] : [corner(0), corner(2)];
    const extent = b.sub(high, low);
    const length = half ? extent : b.one('Max', [extent, b.scalar(1, extent)], extent.dtype, extent.dims);
    const steps = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
    const places = b.add(b.plus(low, half ? -0.5 : 0), b.mul(length, b.constant(x.dtype, [1, count], steps)));
    const inside = b.and(
      b.greaterOrEqual(places, b.scalar(-1, places)),
      b.lessOrEqual(places, b.scalar(size, places)),
    );
    const zero = b.full(places.dims, 0, places.dtype);
    const taps = tapsOf(b, limited(b, places, 0, size - 1), 'linear').map(({ place, weight }): Tap => ({
      place: clamped(b, place, size),
      weight: b.where(inside, weight ?? zero, zero),
    }));
    return { taps, count };
  };
  const [down, across] = [along(0, height), along(1, width)];
  const total = down.count * across.count;
  const spread = ({ place, weight }: Tap, rows: boolean): Tap => {
    const shape = rows ? [regions, down.count, 1] : [regions, 1, across.count];
    const wide = (value: Value): Value =>
      b.reshape(b.expand(b.reshape(value, shape), [regions, down.count, across.count]), [regions, total]);
    return { place: wide(place), weight: weight === null ? null : wide(weight) };
  };
  const pictures = b.reshape(b.gather(x, c.x(2), 0), [regions, channels, height * width]);
  const axes = [down.taps.map((tap) => spread(tap, true)), across.taps.map((tap) => spread(tap, false))];
  const terms = picked(b, pictures, axes, [height, width], [regions, total]);
  const [rows = 1, columns = 1] = out;
  const shape = [regions, channels, rows, samples, columns, samples];
  const [first, ...rest] = terms;
  if (first === undefined) throw new Error('A region reads four pixels.');
  const most = c.string('mode', 'avg') === 'max';
  const one = most
    ? b.one('Max', terms, first.dtype, first.dims)
    : rest.reduce((sum, term) => b.add(sum, term), first);
  const grouped = b.reshape(one, shape);
  const taken = most ? b.reduce('ReduceMax', grouped, [3, 5]) : b.mean(grouped, [3, 5]);
  return b.reshape(taken, [regions, channels, rows, columns]);
}
