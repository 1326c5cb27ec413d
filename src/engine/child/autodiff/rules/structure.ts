/**
 * Operators that move elements without changing them. Most undo themselves by shape alone. The rest share one exact
 * trick: send each element's position through the same operator, then add every gradient back to the position it names.
 */
import { sizeOf } from '../../../../tensor/shape';
import type { Value } from '../builder';
import { inversePermutation, normalizeAxis } from '../dims';
import type { RuleContext } from '../rule';
import { decompose, rule, ZERO, type RuleTable } from './define';

/** Gradient of a selection: `select` is the operator itself, applied to positions (int64, of the input's shape). */
function byPosition(c: RuleContext, select: (positions: Value) => Value): Value {
  const { b } = c;
  const x = c.x();
  const count = sizeOf(x.dims);
  const chosen = select(b.reshape(b.range(count), x.dims));
  return b.reshape(b.scatterAdd(count, b.flat(chosen), b.flat(c.g())), x.dims);
}

/** The node itself over other data, with its other inputs and its attributes as they are. */
function again(c: RuleContext, data: Value, dims: readonly number[]): Value {
  const rest = c.node.inputs.slice(1).map((_, i) => c.maybeX(i + 1));
  return c.b.copyNode(c.node, [data, ...rest], data.dtype, dims);
}

const likeInput = rule((c) => [c.b.reshape(c.g(), c.x().dims), null]);

export const structure: RuleTable = {
  Reshape: likeInput,
  Flatten: likeInput,
  Squeeze: likeInput,
  Unsqueeze: likeInput,
  Transpose: rule((c) => {
    const perm = c.ints('perm') ?? c.x().dims.map((_, axis, dims) => dims.length - 1 - axis);
    return [c.b.transpose(c.g(), inversePermutation(perm))];
  }),
  Expand: rule((c) => [c.g(), null]),
  Tile: rule((c) => {
    const { b } = c;
    const { dims } = c.x();
    const repeats = dims.map((dim, axis) => (dim === 0 ? 1 : (c.y().dims[axis] ?? 0) / dim));
    const split = b.reshape(
      c.g(),
      dims.flatMap((dim, axis) => [repeats[axis] ?? 1, dim]),
    );
    return [
      b.sum(
        split,
        dims.map((_, axis) => 2 * axis),
        false,
      ),
      null,
    ];
  }),
  Concat: rule((c) => {
    const axis = c.axis('axis', 1, c.y().dims.length);
    let start = 0;
    return c.node.inputs.map((_, i) => {
      const from = start;
      start += c.x(i).dims[axis] ?? 0;
      return c.wants(i) ? c.b.slice(c.g(), axis, from, start) : null;
    });
  }),
  Split: rule((c) => {
    const axis = c.axis('axis', 0);
    return [
      c.b.concat(
        c.node.outputs.map((_, i) => c.g(i)),
        axis,
      ),
      null,
    ];
  }),
  Slice: rule((c) => {
    const known = c.opset < 10 ? undefined : knownSlice(c);
    if (known !== undefined) return [c.b.pad(c.g(), known.before, known.after)];
    if (c.opset >= 10) return [byPosition(c, (positions) => again(c, positions, c.y().dims))];
    return [c.b.pad(c.g(), ...padsOfOldSlice(c))];
  }),
  Pad: rule((c) => {
    if (c.opset < 11) {
      const pads = c.ints('pads') ?? c.ints('paddings') ?? [];
      const mode = c.string('mode', 'constant');
      if (mode !== 'constant') {
        const { dims } = c.y();
        return [
          byPosition(c, (positions) => c.b.one('Pad', [positions, c.b.ints(pads)], 'int64', dims, { mode })),
        ];
      }
      const rank = c.x().dims.length;
      return [
        c.b.pad(
          c.g(),
          pads.slice(0, rank).map((p) => -p),
          pads.slice(rank).map((p) => -p),
        ),
      ];
    }
    // Position 0 is what a constant pads with; real positions count from 1.
    const { b } = c;
    const x = c.x();
    const count = sizeOf(x.dims);
    const numbered = b.reshape(b.plus(b.range(count), 1), x.dims);
    const inputs = [numbered, c.x(1), null, c.maybeX(3)];
    const placed = b.one('Pad', c.hasInput(3) ? inputs : inputs.slice(0, 2), 'int64', c.y().dims, {
      mode: c.string('mode', 'constant'),
    });
    const sums = b.scatterAdd(count + 1, b.flat(placed), b.flat(c.g()));
    return [b.reshape(b.slice(sums, 0, 1, count + 1), x.dims), null, c.wants(2) ? padValue(c, placed) : null];
  }),
  Gather: rule((c) => {
    const { b } = c;
    const x = c.x();
    const axis = c.axis('axis', 0);
    const [before, after] = [x.dims.slice(0, axis), x.dims.slice(axis + 1)];
    const indices = c.x(1);
    const picked = sizeOf(indices.dims);
    const grad = b.reshape(c.g(), [sizeOf(before), picked, sizeOf(after)]);
    const rows = b.transpose(grad, [1, 0, 2]);
    const size = x.dims[axis] ?? 0;
    const index = b.cast(b.reshape(indices, [picked, 1]), 'int64');
    const sums = b.scatterNdAdd([size, sizeOf(before), sizeOf(after)], index, rows);
    return [b.reshape(b.transpose(sums, [1, 0, 2]), x.dims), null];
  }),
  CenterCropPad: rule((c) => {
    const change = c.x().dims.map((dim, axis) => (c.y().dims[axis] ?? dim) - dim);
    const before = change.map((more) => -Math.sign(more) * Math.floor(Math.abs(more) / 2));
    return [
      c.b.pad(
        c.g(),
        before,
        change.map((more, axis) => -more - (before[axis] ?? 0)),
      ),
      null,
    ];
  }),
  Range: rule((c) => {
    const { b } = c;
    const [count = 0] = c.y().dims;
    const total = (value: Value): Value => b.reshape(b.sum(value, [0]), []);
    return [total(c.g()), null, total(b.mul(c.g(), b.cast(b.range(count), c.g().dtype)))];
  }),
  GatherElements: rule((c) => {
    const zeros = c.b.zerosLike(c.x());
    const attributes = { axis: c.axis('axis', 0), reduction: 'add' };
    return [c.b.one('ScatterElements', [zeros, c.x(1), c.g()], zeros.dtype, zeros.dims, attributes), null];
  }),
  GatherND: rule((c) => {
    if (c.int('batch_dims', 0) === 0) return [c.b.scatterNdAdd(c.x().dims, c.x(1), c.g()), null];
    return [byPosition(c, (positions) => again(c, positions, c.y().dims)), null];
  }),
  Compress: rule((c) => [byPosition(c, (positions) => again(c, positions, c.y().dims)), null]),
  ReverseSequence: rule((c) => [again(c, c.g(), c.x().dims), null]),
  Trilu: rule((c) => [again(c, c.g(), c.x().dims), null]),
  TopK: rule((c) => {
    const zeros = c.b.zerosLike(c.x());
    const attributes = { axis: c.axis('axis', -1), reduction: 'add' };
    return [c.b.one('ScatterElements', [zeros, c.y(1), c.g()], zeros.dtype, zeros.dims, attributes), null];
  }),

  MaxUnpool: rule((c) => {
    const picked = c.b.gather(c.b.flat(c.g()), c.b.flat(c.x(1)), 0);
    return [c.b.reshape(picked, c.x().dims), null, null];
  }),
  OneHot: rule((c) => {
    if (!c.wants(2)) return [null, null, null];
    const { b } = c;
    const flags = b.constant('float32', [2], [0, 1]);
    const hot = b.cast(b.copyNode(c.node, [c.x(0), c.x(1), flags], 'float32', c.y().dims), c.g().dtype);
    const all = c.g().dims.map((_, axis) => axis);
    const on = b.reshape(b.sum(b.mul(c.g(), hot), all), [1]);
    return [null, null, b.concat([b.sub(b.reshape(b.sum(c.g(), all), [1]), on), on], 0)];
  }),

  DepthToSpace: decompose((c) => {
    const [n = 1, channels = 1, h = 1, w = 1] = c.x().dims;
    const s = c.int('blocksize', 1);
    const depth = channels / (s * s);
    const rowFirst = c.string('mode', 'DCR') === 'CRD';
    const split = c.b.reshape(c.x(), rowFirst ? [n, depth, s, s, h, w] : [n, s, s, depth, h, w]);
    const spread = c.b.transpose(split, rowFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
    return [c.b.reshape(spread, [n, depth, h * s, w * s])];
  }),
  SpaceToDepth: decompose((c) => {
    const [n = 1, depth = 1, h = 1, w = 1] = c.x().dims;
    const s = c.int('blocksize', 1);
    const split = c.b.reshape(c.x(), [n, depth, h / s, s, w / s, s]);
    return [c.b.reshape(c.b.transpose(split, [0, 3, 5, 1, 2, 4]), [n, depth * s * s, h / s, w / s])];
  }),

  Shape: ZERO,
  Size: ZERO,
  ConstantOfShape: ZERO,
  EyeLike: ZERO,
};

/** What a Slice cut off before and after, where starts and steps are known, the step is 1 and nothing is reversed. */
function knownSlice(c: RuleContext): { before: number[]; after: number[] } | undefined {
  const { dims } = c.x();
  const names = c.node.inputs;
  const get = (i: number): readonly number[] | undefined => c.b.known.get(names[i] ?? '');
  const starts = get(1);
  const steps = (names[4] ?? '') === '' ? starts?.map(() => 1) : get(4);
  const axes = (names[3] ?? '') === '' ? starts?.map((_, i) => i) : get(3);
  if (starts === undefined || axes === undefined || steps?.some((step) => step !== 1) !== false)
    return undefined;
  const before = dims.map(() => 0);
  axes.forEach((axis, i) => {
    const at = normalizeAxis(axis, dims.length);
    before[at] = clampStart(starts[i] ?? 0, dims[at] ?? 0);
  });
  const after = dims.map((dim, axis) => dim - (before[axis] ?? 0) - (c.y().dims[axis] ?? 0));
  return { before, after };
}

function padsOfOldSlice(c: RuleContext): [number[], number[]] {
  const { dims } = c.x();
  const starts = c.ints('starts') ?? [];
  const axes = c.ints('axes') ?? starts.map((_, i) => i);
  const before = dims.map(() => 0);
  axes.forEach((axis, i) => {
    const at = normalizeAxis(axis, dims.length);
    before[at] = clampStart(starts[i] ?? 0, dims[at] ?? 0);
  });
  return [before, dims.map((dim, axis) => dim - (before[axis] ?? 0) - (c.y().dims[axis] ?? 0))];
}

function clampStart(start: number, dim: number): number {
  return Math.min(Math.max(start < 0 ? start + dim : start, 0), dim);
}

function padValue(c: RuleContext, placed: Value): Value {
  const isPad = c.b.equal(placed, c.b.scalar(0, placed));
  const kept = c.b.where(isPad, c.g(), c.b.scalar(0, c.g()));
  const total = c.b.sum(
    kept,
    kept.dims.map((_, axis) => axis),
    false,
  );
  return c.b.reshape(total, c.x(2).dims);
}
