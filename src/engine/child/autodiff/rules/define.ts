/** The words in which the rule tables are written. */
import type { Builder, Value } from '../builder';
import type { Decomposition, Rule, RuleContext, RuleEntry } from '../rule';

/** Rules by operator; an operator of another domain is written `domain::Op`. */
export type RuleTable = Readonly<Record<string, RuleEntry>>;

/** What to do about an operator that was exported as it is trained. */
export const EVAL = 'Export the model again, after model.eval().';

export const ZERO: RuleEntry = { kind: 'zero' };

export function rule(vjp: Rule): RuleEntry {
  return { kind: 'rule', rule: vjp };
}

export function decompose(decomposition: Decomposition): RuleEntry {
  return { kind: 'decompose', decompose: decomposition };
}

export function refuse(why: string, instead: string): RuleEntry {
  return { kind: 'refuse', refusal: { why, instead } };
}

/** An elementwise function of one input, by its derivative. */
export function derivative(of: (b: Builder, x: Value, c: RuleContext) => Value): RuleEntry {
  return rule((c) => [c.b.mul(c.g(), of(c.b, c.x(), c))]);
}

/** An elementwise function whose slope is 1 where the condition holds and 0 elsewhere; safe against Inf and NaN. */
export function passWhere(condition: (b: Builder, x: Value, c: RuleContext) => Value): RuleEntry {
  return rule((c) => [c.b.where(condition(c.b, c.x(), c), c.g(), c.b.scalar(0, c.g()))]);
}
