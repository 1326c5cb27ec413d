/**
 * Which line a Python traceback shows for a call or operator that spans several lines. CPython 3.11 and later name the
 * line of the method's own name in a chain; older ones and calls with `*args` name where the expression begins. Pure.
 */
import type { Expr } from '../python/ast';
import type { Lines } from '../python/lines';

/** The likeliest line first. */
export function tracedLines(expr: Expr, lines: Lines): number[] {
  const start = lines.lineAt(expr.from);
  if (expr.kind !== 'call' || expr.callee.kind !== 'attribute') return [start];
  const method = lines.lineAt(expr.callee.nameFrom);
  return method === start ? [start] : [method, start];
}

/** Where a call or operator begins for a reader: the method's name when a chain runs over lines, else its start. */
export function beginningOf(expr: Expr, lines: Lines): number {
  if (expr.kind !== 'call' || expr.callee.kind !== 'attribute') return expr.from;
  const { nameFrom } = expr.callee;
  return lines.lineAt(nameFrom) === lines.lineAt(expr.from) ? expr.from : nameFrom;
}
