/**
 * Functions of one input, element by element. Where a function has a kink, its slope there is PyTorch's: 0 for ReLU at
 * 0, 0 for |x| at 0, 1 for Clip at both of its ends. So is it at NaN, where ReLU lets the gradient through and Clip does
 * not; but |x| has the slope NaN there and not 0.
 */
import { isFloat } from '../../../../tensor/dtype';
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { unpooled } from './convolution';
import { decompose, derivative, EVAL, passWhere, rule, ZERO, type RuleTable } from './define';

const one = (b: Builder, x: Value): Value => b.scalar(1, x);
const sigmoid = (b: Builder, x: Value): Value => b.unary('Sigmoid', x);
const oneMinusSquare = (b: Builder, x: Value): Value => b.sub(one(b, x), b.square(x));
const positive = (b: Builder, x: Value): Value => b.greater(x, b.scalar(0, x));

/** Slope `right(x)` for x > 0 and `left(x)` elsewhere. */
function hinge(
  right: (b: Builder, x: Value, c: RuleContext) => Value,
  left: (b: Builder, x: Value, c: RuleContext) => Value,
): ReturnType<typeof derivative> {
  return derivative((b, x, c) => b.where(positive(b, x), right(b, x, c), left(b, x, c)));
}

const castBack = rule((c) => [isFloat(c.x().dtype) ? c.b.cast(c.g(), c.x().dtype) : null, null]);

export const elementwise: RuleTable = {
  Identity: rule((c) => [c.g()]),
  Neg: rule((c) => [c.b.neg(c.g())]),
  Abs: derivative((b, x) => b.unary('Sign', x)),
  Exp: derivative((_, __, c) => c.y()),
  Log: derivative((b, x) => b.reciprocal(x)),
  Sqrt: derivative((b, _, c) => b.scale(b.reciprocal(c.y()), 0.5)),
  Reciprocal: derivative((b, _, c) => b.neg(b.square(c.y()))),

  Sin: derivative((b, x) => b.unary('Cos', x)),
  Cos: derivative((b, x) => b.neg(b.unary('Sin', x))),
  Tan: derivative((b, _, c) => b.plus(b.square(c.y()), 1)),
  Asin: derivative((b, x) => b.reciprocal(b.sqrt(oneMinusSquare(b, x)))),
  Acos: derivative((b, x) => b.neg(b.reciprocal(b.sqrt(oneMinusSquare(b, x))))),
  Atan: derivative((b, x) => b.reciprocal(b.plus(b.square(x), 1))),
  Sinh: derivative((b, x) => b.scale(b.add(b.exp(x), b.exp(b.neg(x))), 0.5)),
  Cosh: derivative((b, x) => b.scale(b.sub(b.exp(x), b.exp(b.neg(x))), 0.5)),
  Asinh: derivative((b, x) => b.reciprocal(b.sqrt(b.plus(b.square(x), 1)))),
  Acosh: derivative((b, x) => b.reciprocal(b.sqrt(b.plus(b.square(x), -1)))),
  Atanh: derivative((b, x) => b.reciprocal(oneMinusSquare(b, x))),
  Tanh: derivative((b, _, c) => oneMinusSquare(b, c.y())),
  Erf: derivative((b, x) => b.scale(b.exp(b.neg(b.square(x))), 2 / Math.sqrt(Math.PI))),

  // What it gives is often kept for another rule already, a pool's or a product's, and says the same as what it got.
  Relu: rule((c) => {
    const { b } = c;
    const zero = b.scalar(0, c.y());
    const stopped = (y: Value, g: Value): Value => b.where(b.lessOrEqual(y, zero), zero, g);
    // What only a pool reads is stopped where it won, which is in fewer places.
    const pool = unpooled.get(c.g());
    if (pool?.of.name === c.y().name) return [pool.spread(stopped(pool.best, pool.grad))];
    return [stopped(c.y(), c.g())];
  }),
  LeakyRelu: hinge(one, (b, x, c) => b.scalar(c.float('alpha', 0.01), x)),
  Elu: hinge(one, (b, x, c) => b.scale(b.exp(x), c.float('alpha', 1))),
  Celu: hinge(one, (b, x, c) => b.exp(b.scale(x, 1 / c.float('alpha', 1)))),
  Selu: hinge(
    (b, x, c) => b.scalar(gamma(c), x),
    (b, x, c) => b.scale(b.exp(x), gamma(c) * c.float('alpha', 1.6732632423543772)),
  ),
  ThresholdedRelu: passWhere((b, x, c) => b.greater(x, b.scalar(c.float('alpha', 1), x))),
  PRelu: rule((c) => {
    const [x, slope] = [c.x(0), c.x(1)];
    const right = positive(c.b, x);
    const zero = c.b.scalar(0, x);
    return [
      c.b.where(right, c.g(), c.b.mul(c.g(), slope)),
      c.wants(1) ? c.b.where(right, zero, c.b.mul(c.g(), x)) : null,
    ];
  }),
  Shrink: passWhere((b, x, c) => b.greater(b.unary('Abs', x), b.scalar(c.float('lambd', 0.5), x))),
  Sigmoid: derivative((b, _, c) => b.mul(c.y(), b.sub(one(b, c.y()), c.y()))),
  HardSigmoid: derivative((b, x, c) => {
    const alpha = c.float('alpha', 0.2);
    const line = b.plus(b.scale(x, alpha), c.float('beta', 0.5));
    const inside = b.and(b.greater(line, b.scalar(0, x)), b.less(line, one(b, x)));
    return b.where(inside, b.scalar(alpha, x), b.scalar(0, x));
  }),
  HardSwish: derivative((b, x) => {
    const middle = b.plus(b.scale(x, 1 / 3), 0.5);
    const low = b.lessOrEqual(x, b.scalar(-3, x));
    return b.where(low, b.scalar(0, x), b.where(b.greaterOrEqual(x, b.scalar(3, x)), one(b, x), middle));
  }),
  Softplus: derivative((b, x) => sigmoid(b, x)),
  Softsign: derivative((b, x) => b.reciprocal(b.square(b.plus(b.unary('Abs', x), 1)))),
  Mish: decompose((c) => [c.b.mul(c.x(), c.b.unary('Tanh', c.b.unary('Softplus', c.x())))]),
  Swish: decompose((c) => [swish(c, c.float('alpha', 1))]),
  Gelu: decompose((c) => [gelu(c.b, c.x(), c.string('approximate', 'none'))]),
  'com.microsoft::Gelu': decompose((c) => [gelu(c.b, c.x(), 'none')]),
  'com.microsoft::QuickGelu': decompose((c) => [swish(c, c.float('alpha', 1.702))]),
  'com.microsoft::FastGelu': decompose((c) => [gelu(c.b, biased(c), 'tanh')]),
  'com.microsoft::BiasGelu': decompose((c) => [gelu(c.b, biased(c), 'none')]),

  Clip: rule((c) => {
    const { b } = c;
    const x = c.x();
    const low = bound(c, 'min', 1);
    const high = bound(c, 'max', 2);
    const zero = b.scalar(0, x);
    const inside = [
      ...(low === null ? [] : [b.greaterOrEqual(x, low)]),
      ...(high === null ? [] : [b.lessOrEqual(x, high)]),
    ];
    const [first] = inside;
    const all = first === undefined ? null : inside.slice(1).reduce((mask, next) => b.and(mask, next), first);
    return [
      all === null ? c.g() : b.where(all, c.g(), zero),
      low !== null && c.wants(1) ? b.where(b.less(x, low), c.g(), zero) : null,
      high !== null && c.wants(2) ? b.where(b.greater(x, high), c.g(), zero) : null,
    ];
  }),

  Cast: castBack,
  CastLike: castBack,
  Dropout: rule((c) => {
    if (c.opset >= 12 && c.maybeInputInts(2)?.[0] === 1)
      throw c.broken('drops at random (training mode)', EVAL);
    return [c.g()];
  }),

  Floor: ZERO,
  Ceil: ZERO,
  Round: ZERO,
  Sign: ZERO,
  Not: ZERO,
  IsNaN: ZERO,
  IsInf: ZERO,
};

/** x Φ(x), exactly or by the tanh approximation. Hendrycks & Gimpel (2016). */
export function gelu(b: Builder, x: Value, approximate: string): Value {
  if (approximate === 'tanh') {
    const cubic = b.mul(x, b.plus(b.scale(b.square(x), 0.044715), 1));
    const inner = b.unary('Tanh', b.scale(cubic, Math.sqrt(2 / Math.PI)));
    return b.mul(b.scale(x, 0.5), b.plus(inner, 1));
  }
  return b.mul(b.scale(x, 0.5), b.plus(b.unary('Erf', b.scale(x, Math.SQRT1_2)), 1));
}

function swish(c: RuleContext, alpha: number): Value {
  return c.b.mul(c.x(), sigmoid(c.b, c.b.scale(c.x(), alpha)));
}

function biased(c: RuleContext): Value {
  const bias = c.maybeX(1);
  return bias === null ? c.x() : c.b.add(c.x(), bias);
}

function gamma(c: RuleContext): number {
  return c.float('gamma', 1.0507009873554805);
}

/** An end of Clip: an input since opset 11, an attribute before. */
function bound(c: RuleContext, name: 'min' | 'max', input: number): Value | null {
  if (c.opset >= 11) return c.maybeX(input);
  const value = c.float(name, name === 'min' ? -Infinity : Infinity);
  return Number.isFinite(value) ? c.b.scalar(value, c.x()) : null;
}
