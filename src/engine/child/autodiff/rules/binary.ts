/** Functions of several inputs that broadcast. The broadcasting itself is undone by `backward.ts`. */
import type { Builder, Value } from '../builder';
import type { RuleContext } from '../rule';
import { rule, ZERO, type RuleTable } from './define';

export const binary: RuleTable = {
  Add: rule((c) => [c.g(), c.g()]),
  Sub: rule((c) => [c.g(), c.wants(1) ? c.b.neg(c.g()) : null]),
  Mul: rule((c) => [c.wants(0) ? c.b.mul(c.g(), c.x(1)) : null, c.wants(1) ? c.b.mul(c.g(), c.x(0)) : null]),
  Div: rule((c) => {
    const share = c.b.div(c.g(), c.x(1));
    return [share, c.wants(1) ? c.b.neg(c.b.mul(share, c.y())) : null];
  }),
  Pow: rule((c) => {
    const { b } = c;
    const x = c.x(0);
    const power = b.cast(c.x(1), x.dtype);
    const zero = b.scalar(0, x);
    return [
      c.wants(0) ? powerOfBase(c, x, power, zero) : null,
      c.wants(1) ? powerOfExponent(c, x, power, zero) : null,
    ];
  }),
  Mod: rule((c) => {
    const quotient = c.b.div(c.x(0), c.x(1));
    const whole = c.b.mul(c.b.unary('Sign', quotient), c.b.unary('Floor', c.b.unary('Abs', quotient)));
    return [c.g(), c.wants(1) ? c.b.neg(c.b.mul(c.g(), whole)) : null];
  }),
  Sum: rule((c) => c.node.inputs.map(() => c.g())),
  Mean: rule((c) => c.node.inputs.map(() => c.b.scale(c.g(), 1 / c.inputCount))),
  Max: rule((c) => extremum(c, (b, x, y) => b.greater(x, y))),
  Min: rule((c) => extremum(c, (b, x, y) => b.less(x, y))),
  Where: rule((c) => {
    const zero = c.b.scalar(0, c.g());
    return [null, c.b.where(c.x(0), c.g(), zero), c.b.where(c.x(0), zero, c.g())];
  }),

  Equal: ZERO,
  Greater: ZERO,
  GreaterOrEqual: ZERO,
  Less: ZERO,
  LessOrEqual: ZERO,
  And: ZERO,
  Or: ZERO,
  Xor: ZERO,
};

/** p x^(p-1), and 0 where p is 0, as PyTorch has it. */
function powerOfBase(c: RuleContext, x: Value, power: Value, zero: Value): Value {
  const { b } = c;
  const slope = b.mul(power, b.pow(x, b.plus(power, -1)));
  return b.where(b.equal(power, zero), zero, b.mul(c.g(), slope));
}

/** x^p ln x, and 0 where x is 0 and p is not negative, as PyTorch has it. */
function powerOfExponent(c: RuleContext, x: Value, power: Value, zero: Value): Value {
  const { b } = c;
  const atZero = b.and(b.equal(x, zero), b.greaterOrEqual(power, zero));
  return b.where(atZero, zero, b.mul(c.g(), b.mul(c.y(), b.log(x))));
}

/**
 * Max and Min of n inputs, as a fold of pairs: the winner so far against the next, a tie shared in halves
 * (torch.maximum).
 */
function extremum(c: RuleContext, wins: (b: Builder, x: Value, y: Value) => Value): Value[] {
  const { b } = c;
  const inputs = c.node.inputs.map((_, i) => c.x(i));
  const [first] = inputs;
  if (first === undefined) return [];
  const best: Value[] = [first];
  inputs.slice(1).forEach((next, i) => best.push(b.binary(c.node.op, best[i] ?? first, next)));
  const grads = new Array<Value>(inputs.length);
  let arriving = c.g();
  for (let i = inputs.length - 1; i > 0; i--) {
    const [left, right] = [best[i - 1] ?? first, inputs[i] ?? first];
    const half = b.scale(arriving, 0.5);
    const zero = b.scalar(0, arriving);
    const tie = b.equal(left, right);
    grads[i] = b.where(tie, half, b.where(wins(b, right, left), arriving, zero));
    arriving = b.where(tie, half, b.where(wins(b, left, right), arriving, zero));
    arriving = sumTo(b, arriving, left.dims);
  }
  grads[0] = arriving;
  return grads;
}

function sumTo(b: Builder, grad: Value, dims: readonly number[]): Value {
  const missing = grad.dims.length - dims.length;
  const axes = grad.dims.flatMap((dim, axis) =>
    axis < missing || (dims[axis - missing] === 1 && dim !== 1) ? [axis] : [],
  );
  return b.reshape(b.sum(grad, axes), dims);
}
