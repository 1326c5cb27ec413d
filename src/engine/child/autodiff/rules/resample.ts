/**
 * Resize and Upsample are linear along each axis, whatever their mode: their matrix is what they make of the identity.
 * So the gradient along an axis is the gradient times that matrix, which the backward graph computes with the operator
 * itself. Exact for nearest, linear and cubic, antialiased or not, every coordinate convention.
 */
import type { Value } from '../builder';
import type { RuleContext } from '../rule';
import { rule, type RuleTable } from './define';

export const resample: RuleTable = {
  Resize: rule((c) => [alongAxes(c, resizeMatrix), null, null, null]),
  Upsample: rule((c) => [alongAxes(c, upsampleMatrix), null]),
};

type Matrix = (c: RuleContext, axis: number, from: number, to: number) => Value;

function alongAxes(c: RuleContext, matrix: Matrix): Value {
  const { b } = c;
  const x = c.x();
  let g = c.g();
  x.dims.forEach((from, axis) => {
    const to = c.y().dims[axis] ?? from;
    const named = c.ints('axes')?.map((named) => (named < 0 ? named + x.dims.length : named));
    if (from === to && !(isCropped(c) && named?.includes(axis) !== false)) return;
    const last = x.dims.length - 1;
    const perm = x.dims
      .map((_, i) => i)
      .with(axis, last)
      .with(last, axis);
    const moved = b.transpose(g, perm);
    g = b.transpose(
      b.matmul(
        moved.dims.length === 1 ? b.reshape(moved, [1, to]) : moved,
        b.swapLast(matrix(c, axis, from, to)),
      ),
      perm,
    );
  });
  return b.reshape(g, x.dims);
}

function isCropped(c: RuleContext): boolean {
  return c.string('coordinate_transformation_mode', '') === 'tf_crop_and_resize';
}

/** [from, to]: row i is what the operator makes of a 1 at position i. */
function resizeMatrix(c: RuleContext, axis: number, from: number, to: number): Value {
  const { b } = c;
  const dtype = c.x().dtype;
  const eye = identity(c, from);
  const rank = c.x().dims.length;
  const scales = c.opset < 11 ? c.maybeX(1) : c.maybeX(2);
  const useScales = scales !== null && scales.dims[0] !== 0;
  const keep = [
    'coordinate_transformation_mode',
    'cubic_coeff_a',
    'exclude_outside',
    'mode',
    'nearest_mode',
    'antialias',
  ];
  const attributes = c.node.attributes.filter((attribute) => keep.includes(attribute.name));
  const legacy = c.opset < 11 ? { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' } : {};
  // Four axes, only the last resized: the layout every kernel of the runtime takes.
  const image = b.reshape(eye, [1, 1, from, from]);
  const axes = c.ints('axes');
  const place = axes === undefined ? axis : axes.map((a) => (a < 0 ? a + rank : a)).indexOf(axis);
  const crop = isCropped(c) ? rowCrop(c, place) : null;
  const extra = useScales ? [crop, rowScale(c, scales, place)] : [crop, null, b.ints([1, 1, from, to])];
  const value = b.one('Resize', [image, ...extra], dtype, [1, 1, from, to], legacy);
  b.addAttributes(attributes);
  return b.reshape(value, [from, to]);
}

/** The operator's own scale along one axis, the others 1: a scale may differ from the ratio of the sizes. */
function rowScale(c: RuleContext, scales: Value, place: number): Value {
  const { b } = c;
  const ones = b.constant('float32', [3], [1, 1, 1]);
  return b.concat([ones, b.slice(scales, 0, place, place + 1)], 0);
}

/** The operator's own crop along one axis, the others whole: `[starts, ends]`. What lies outside has no slope. */
function rowCrop(c: RuleContext, place: number): Value | null {
  const roi = c.maybeX(1);
  if (roi === null) return null;
  const { b } = c;
  const half = (roi.dims[0] ?? 0) / 2;
  const whole = (end: number): Value => b.constant(roi.dtype, [3], [end, end, end]);
  const at = (i: number): Value => b.slice(roi, 0, i, i + 1);
  return b.concat([whole(0), at(place), whole(1), at(half + place)], 0);
}

function upsampleMatrix(c: RuleContext, _: number, from: number, to: number): Value {
  const { b } = c;
  const image = b.reshape(identity(c, from), [1, 1, from, from]);
  const mode = c.string('mode', 'nearest');
  const scales = b.constant('float32', [4], [1, 1, 1, to / from]);
  const attributes = {
    mode,
    coordinate_transformation_mode: 'asymmetric',
    ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}),
  };
  return b.reshape(b.one('Resize', [image, null, scales], c.x().dtype, [1, 1, from, to], attributes), [
    from,
    to,
  ]);
}

function identity(c: RuleContext, size: number): Value {
  const { b } = c;
  const positions = b.range(size);
  const same = b.equal(b.reshape(positions, [size, 1]), b.reshape(positions, [1, size]));
  return b.cast(same, c.x().dtype);
}
