/**
 * Regions and kernels that read between pixels: RoiAlign and DeformConv as what they are made of. He et al., "Mask R-CNN"
 * (2017), arXiv:1703.06870; Zhu et al., "Deformable ConvNets v2" (2018), arXiv:1811.11168.
 */
import { sizeOf } from '../../../../tensor/shape';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, type RuleTable } from './define';
import { clamped, limited, masked, picked, tapsOf, weighted, type Tap } from './sampling';
import { filled, spatial } from './window';

export const regions: RuleTable = {
  RoiAlign: decompose((c) => [roiAlign(c)]),
  DeformConv: decompose((c) => [deformConv(c)]),
};

/** A convolution whose kernel's elements each read where an offset sends them, zero outside, times a mask. */
function deformConv(c: RuleContext): Value {
  const { b } = c;
  const [x, w, offset] = [c.x(0), c.x(1), c.x(2)];
  const [mask, bias] = [c.maybeX(4), c.maybeX(3)];
  if (x.dims.length !== 4) throw c.broken('is not of pictures');
  const [batch = 1, channels = 1, height = 1, width = 1] = x.dims;
  const [made = 1, perGroup = 1, ...kernel] = w.dims;
  const group = c.int('group', 1);
  const parts = c.int('offset_group', 1);
  const out = spatial(c.y());
  const [taps, places, rows] = [sizeOf(kernel), sizeOf(out), batch * parts];
  const count = taps * places;
  const shifts = b.reshape(offset, [rows, taps, 2, places]);
  const along = (axis: 0 | 1, size: number): Tap[] => {
    const shift = b.reshape(b.slice(shifts, 2, axis, axis + 1), [rows, count]);
    const place = b.add(b.constant(x.dtype, [1, count], still(c, axis, kernel, out)), shift);
    return tapsOf(b, place, 'linear').map(({ place: pixel, weight }) => ({
      place: clamped(b, pixel, size),
      weight: masked(b, weight, pixel, size),
    }));
  };
  const axes = [along(0, height), along(1, width)];
  const pixels = b.reshape(x, [rows, channels / parts, height * width]);
  const read = weighted(b, pixels, axes, [height, width], [rows, count]);
  const shown = mask === null ? read : b.mul(read, b.reshape(mask, [rows, 1, count]));
  const columns = b.reshape(shown, [batch, group, perGroup * taps, places]);
  const kernels = b.reshape(w, [1, group, made / group, perGroup * taps]);
  const sums = b.reshape(b.matmul(kernels, columns), [batch, made, ...out]);
  return bias === null ? sums : b.add(sums, b.reshape(bias, [1, made, 1, 1]));
}

/** Where each element of the kernel reads without an offset, by element and then by place: along one axis. */
function still(c: RuleContext, axis: 0 | 1, kernel: readonly number[], out: readonly number[]): number[] {
  const stride = (c.ints('strides') ?? filled(2, 1))[axis] ?? 1;
  const dilation = (c.ints('dilations') ?? filled(2, 1))[axis] ?? 1;
  const begin = (c.ints('pads') ?? filled(4, 0))[axis] ?? 0;
  const [rows = 1, columns = 1] = out;
  const [, across = 1] = kernel;
  return Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const element = axis === 0 ? Math.floor(tap / across) : tap % across;
    return Array.from({ length: rows * columns }, (__, at) => {
      const place = axis === 0 ? Math.floor(at / columns) : at % columns;
      return place * stride - begin + element * dilation;
    });
  }).flat();
}

/** Within this many samples, one after another, lie all that read one row of pixels: they are more than half a pixel apart. */
const NEAR = 6;

/**
 * Regions sampled as their size demands (sampling_ratio 0), however large they are. The mean over samples is a product of
 * what each row and each column of pixels weighs in each bin: rows [R, 1, bins, H] times pixels times columns. Of the
 * samples along an axis, those near each row of pixels are found by their index, so that no sizes depend on contents.
 */
function adaptiveRoiAlign(c: RuleContext): Value {
  const { b } = c;
  const [x, rois] = [c.x(0), c.x(1)];
  if (c.string('mode', 'avg') === 'max')
    throw c.broken('takes the largest of as many samples as each region’s size demands (sampling_ratio 0)');
  const [, , height = 1, width = 1] = x.dims;
  const ends = roiEnds(c);
  const down = binWeights(b, ends(1), ends(3), c.int('output_height', 1), height, isHalfPixel(c));
  const across = binWeights(b, ends(0), ends(2), c.int('output_width', 1), width, isHalfPixel(c));
  const regionsOf = (weights: Value): Value =>
    b.reshape(weights, [rois.dims[0] ?? 0, 1, ...weights.dims.slice(1)]);
  const pictures = b.gather(x, c.x(2), 0);
  return b.matmul(b.matmul(regionsOf(down), pictures), b.swapLast(regionsOf(across)));
}

/** What each of `size` pixels weighs in the mean of each bin: [R, bins, size]. */
function binWeights(b: Builder, low: Value, high: Value, bins: number, size: number, half: boolean): Value {
  const [regionCount = 0] = low.dims;
  const wide = (value: Value): Value => b.reshape(value, [regionCount, 1, 1, 1]);
  const extent = wide(b.sub(high, low));
  const one = b.scalar(1, extent);
  const length = half ? extent : b.one('Max', [extent, one], extent.dtype, extent.dims);
  const bin = b.scale(length, 1 / bins);
  const count = b.one('Max', [b.unary('Ceil', bin), b.scalar(0, bin)], bin.dtype, bin.dims);
  const divisor = b.one('Max', [count, one], bin.dtype, bin.dims);
  // An empty region has no samples; its step is never used.
  const step = b.where(b.greater(count, b.scalar(0, count)), b.div(bin, divisor), one);
  const each = (length: number, axis: number): Value =>
    b.constant(
      bin.dtype,
      filled(4, 1).with(axis, length),
      Array.from({ length }, (_, i) => i),
    );
  const first = b.add(b.plus(wide(low), half ? -0.5 : 0), b.mul(bin, each(bins, 1)));
  const pixel = each(size, 2);
  const before = b.unary('Floor', b.plus(b.div(b.sub(b.plus(pixel, -1), first), step), -0.5));
  const from = b.one('Max', [before, b.scalar(0, before)], before.dtype, before.dims);
  const index = b.add(from, each(NEAR, 3));
  const place = b.add(first, b.mul(b.plus(index, 0.5), step));
  const inside = b.and(
    b.less(index, count),
    b.and(b.greaterOrEqual(place, b.scalar(-1, place)), b.lessOrEqual(place, b.scalar(size, place))),
  );
  const away = b.unary('Abs', b.sub(limited(b, place, 0, size - 1), pixel));
  const near = b.unary('Relu', b.plus(b.neg(away), 1));
  const weights = b.where(inside, near, b.scalar(0, near));
  return b.reshape(b.div(b.sum(weights, [3]), divisor), [regionCount, bins, size]);
}

function isHalfPixel(c: RuleContext): boolean {
  return c.opset >= 16 && c.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel';
}

/** Left, top, right or bottom of every region, in pixels: [R, 1]. */
function roiEnds(c: RuleContext): (side: number) => Value {
  return (side) => c.b.scale(c.b.slice(c.x(1), 1, side, side + 1), c.float('spatial_scale', 1));
}

function roiAlign(c: RuleContext): Value {
  const { b } = c;
  const [x, rois] = [c.x(0), c.x(1)];
  const samples = c.int('sampling_ratio', 0);
  if (samples < 1) return adaptiveRoiAlign(c);
  const [, channels = 1, height = 1, width = 1] = x.dims;
  const regions = rois.dims[0] ?? 0;
  const out = [c.int('output_height', 1), c.int('output_width', 1)];
  const half = isHalfPixel(c);
  const corner = roiEnds(c);
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
