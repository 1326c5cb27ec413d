/**
 * Reading between pixels: GridSample as what it is made of, weights times picked pixels, as the runtime computes it.
 * Weights depend on the places, so gradients go to the places too; which pixels are picked does not. What regions and
 * shifted kernels read is in `regions.ts`.
 */
import { sizeOf } from '../../../../tensor/shape';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, type RuleTable } from './define';

export const sampling: RuleTable = {
  GridSample: decompose((c) => [gridSample(c)]),
  AffineGrid: decompose((c) => [affineGrid(c)]),
};

/** One pixel's place along an axis and its weight; both of the places' shape. */
export interface Tap {
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

export function limited(b: Builder, x: Value, low: number, high: number): Value {
  return b.one('Clip', [x, b.scalar(low, x), b.scalar(high, x)], x.dtype, x.dims);
}

export function clamped(b: Builder, x: Value, size: number): Value {
  return limited(b, x, 0, size - 1);
}

/** The weight where the pixel lies in the picture, else 0. */
export function masked(b: Builder, weight: Value | null, pixel: Value, size: number): Value {
  const inside = b.and(
    b.greaterOrEqual(pixel, b.scalar(0, pixel)),
    b.lessOrEqual(pixel, b.scalar(size - 1, pixel)),
  );
  const zero = b.full(pixel.dims, 0, pixel.dtype);
  return b.where(inside, weight ?? b.full(pixel.dims, 1, pixel.dtype), zero);
}

/** The pixels that a place reads along one axis. Cubic weights: Keys (1981), with a = -0.75. */
export function tapsOf(b: Builder, x: Value, mode: string): Tap[] {
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
export function weighted(
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
export function picked(
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
