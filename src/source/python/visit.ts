/** Walks every call of a file, however deep, in order of text. Pure. */
import type { Expr, Stmt } from './ast';
import { blocksOf } from './outline';

type Call = Expr & { readonly kind: 'call' };

export function visitCalls(body: readonly Stmt[], visit: (call: Call) => void): void {
  for (const statement of body) {
    for (const expr of expressionsOf(statement)) visitExpression(expr, visit);
    if (statement.kind === 'function' || statement.kind === 'class') visitCalls(statement.body(), visit);
    for (const block of blocksOf(statement)) visitCalls(block, visit);
  }
}

function visitExpression(expr: Expr, visit: (call: Call) => void): void {
  if (expr.kind === 'call') visit(expr);
  for (const child of childrenOf(expr)) visitExpression(child, visit);
}

/** Expressions of a statement that are evaluated where it stands. */
export function expressionsOf(statement: Stmt): readonly Expr[] {
  switch (statement.kind) {
    case 'expression':
      return [statement.value];
    case 'assign':
      return statement.value === null ? [] : [statement.value];
    case 'update':
      return [statement.value];
    case 'return':
      return statement.value === null ? [] : [statement.value];
    case 'if':
    case 'while':
      return [statement.test];
    case 'for':
      return [statement.iter];
    case 'with':
      return statement.items.map(({ value }) => value);
    default:
      return [];
  }
}

/** Expressions directly inside one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'attribute':
      return [expr.object];
    case 'call':
      return [expr.callee, ...expr.args.map(({ value }) => value)];
    case 'subscript':
      return [expr.object, expr.index];
    case 'binary':
    case 'logical':
    case 'compare':
      return [expr.left, expr.right];
    case 'unary':
      return [expr.operand];
    case 'conditional':
      return [expr.then, expr.test, expr.otherwise];
    case 'lambda':
      return [expr.body];
    case 'list':
      return expr.items;
    case 'dict':
      return expr.entries.map(({ value }) => value);
    case 'comprehension':
      return [expr.element, ...expr.clauses.map(({ iter }) => iter)];
    case 'star':
    case 'await':
    case 'named':
      return [expr.value];
    case 'opaque':
      return expr.parts;
    default:
      return [];
  }
}

/** True when a function with this body is a generator. */
export function yields(body: readonly Stmt[]): boolean {
  return body.some(
    (statement) =>
      expressionsOf(statement).some(hasYield) ||
      (statement.kind !== 'function' && statement.kind !== 'class' && blocksOf(statement).some(yields)),
  );
}

function hasYield(expr: Expr): boolean {
  return expr.kind === 'yield' || (expr.kind !== 'lambda' && childrenOf(expr).some(hasYield));
}
