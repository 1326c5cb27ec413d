/** Reductions along axes. Ties of a maximum share evenly, as torch.amax has it. */
import type { Builder, Value } from '../builder';
import { normalizeAxis } from '../dims';
import type { RuleContext, RuleEntry } from '../rule';
import { rule, ZERO, type RuleTable } from './define';

/** What a reduction's rule works with: everything with the reduced axes kept at length 1. */
interface Reduced {
  readonly b: Builder;
  readonly x: Value;
  readonly y: Value;
  readonly g: Value;
  readonly axes: readonly number[];
  /** Elements per reduced group. */
  readonly count: number;
}

function reduction(vjp: (r: Reduced) => Value): RuleEntry {
  return rule((c) => {
    const x = c.x();
    const axes = c.reduceAxes(1);
    const dims = x.dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const count = axes.reduce((product, axis) => product * (x.dims[axis] ?? 1), 1);
    const [y, g] = [c.b.reshape(c.y(), dims), c.b.reshape(c.g(), dims)];
    return [c.b.expand(vjp({ b: c.b, x, y, g, axes, count }), x.dims), null];
  });
}

/** Shared evenly among the elements that equal the extremum. */
const shareOfExtremum = ({ b, x, y, g, axes }: Reduced): Value => {
  const mask = b.cast(b.equal(x, y), x.dtype);
  return b.mul(mask, b.div(g, b.sum(mask, axes)));
};

/** The product of the others, exact with zeros in the group. */
const productOfOthers = ({ b, x, g, axes }: Reduced): Value => {
  const zero = b.scalar(0, x);
  const one = b.scalar(1, x);
  const isZero = b.equal(x, zero);
  const zeros = b.sum(b.cast(isZero, x.dtype), axes);
  const safe = b.where(isZero, one, x);
  const product = b.reduce('ReduceProd', safe, axes);
  const none = b.div(product, safe);
  const single = b.where(isZero, product, zero);
  const others = b.where(b.equal(zeros, zero), none, b.where(b.equal(zeros, one), single, zero));
  return b.mul(g, others);
};

export const reduce: RuleTable = {
  ReduceSum: reduction(({ g }) => g),
  ReduceMean: reduction(({ b, g, count }) => b.scale(g, 1 / count)),
  ReduceMax: reduction(shareOfExtremum),
  ReduceMin: reduction(shareOfExtremum),
  ReduceProd: reduction(productOfOthers),
  ReduceL1: reduction(({ b, x, g }) => b.mul(g, b.unary('Sign', x))),
  ReduceL2: reduction(({ b, x, y, g }) => {
    const slope = b.div(x, y);
    return b.mul(g, b.where(b.equal(y, b.scalar(0, y)), b.scalar(0, y), slope));
  }),
  ReduceLogSum: reduction(({ b, x, g, axes }) => b.div(g, b.sum(x, axes))),
  ReduceLogSumExp: reduction(({ b, x, y, g }) => b.mul(g, b.exp(b.sub(x, y)))),
  ReduceSumSquare: reduction(({ b, x, g }) => b.mul(g, b.scale(x, 2))),
  CumSum: rule((c) => {
    const reverse = c.int('reverse', 0) === 1 ? 0 : 1;
    const attributes = { reverse, exclusive: c.int('exclusive', 0) };
    return [c.b.one('CumSum', [c.g(), c.x(1)], c.g().dtype, c.g().dims, attributes), null];
  }),
  ArgMax: ZERO,
  ArgMin: ZERO,
  NonZero: ZERO,
  Hardmax: ZERO,
  Softmax: rule((c) => alongAxis(c, (b, y, g, axes) => b.mul(y, b.sub(g, b.sum(b.mul(g, y), axes))))),
  LogSoftmax: rule((c) => alongAxis(c, (b, y, g, axes) => b.sub(g, b.mul(b.exp(y), b.sum(g, axes))))),
};

/** Softmax-like operators: along one axis since opset 13; before, over everything from the axis on. */
function alongAxis(
  c: RuleContext,
  vjp: (b: Builder, y: Value, g: Value, axes: readonly number[]) => Value,
): Value[] {
  const y = c.y();
  const rank = y.dims.length;
  if (c.opset >= 13) return [vjp(c.b, y, c.g(), [normalizeAxis(c.int('axis', -1), rank)])];
  const axis = normalizeAxis(c.int('axis', 1), rank);
  return [
    vjp(
      c.b,
      y,
      c.g(),
      y.dims.map((_, i) => i).filter((i) => i >= axis),
    ),
  ];
}
