/** Arithmetic and comparison of the constants that shapes, indices and flags are made of. Pure. */
import { constant, extend, list, LONGEST, NUMBER, type Constant, type Value } from './values';

/** The value of `left op right` where both are plain, or undefined. */
export function arithmetic(op: string, left: Value, right: Value): Value | undefined {
  if (left.kind === 'list' && right.kind === 'list' && op === '+') {
    const sum = list([], left.type, left.open || right.open);
    extend(sum, left.items);
    extend(sum, right.items);
    return sum;
  }
  const repeated = left.kind === 'list' ? left : right.kind === 'list' ? right : undefined;
  const times = repeated === left ? right : left;
  if (repeated !== undefined && op === '*') {
    if (
      times.kind === 'constant' &&
      typeof times.value === 'number' &&
      times.value * repeated.items.length <= LONGEST
    ) {
      return list(
        Array.from({ length: Math.max(0, times.value) }, () => repeated.items).flat(),
        repeated.type,
        repeated.open,
      );
    }
    return list([...repeated.items], repeated.type, true);
  }
  if (left.kind === 'dict' && right.kind === 'dict' && op === '|') {
    return {
      kind: 'dict',
      entries: new Map([...left.entries, ...right.entries]),
      open: left.open || right.open,
    };
  }
  if (left.kind !== 'constant' || right.kind !== 'constant') return undefined;
  const a = plain(left.value);
  const b = plain(right.value);
  if (typeof a === 'string' || typeof b === 'string') {
    if (op === '+' && typeof a === 'string' && typeof b === 'string')
      return a.length + b.length > LONGEST ? NUMBER : constant(a + b);
    if (op === '*' && typeof a === 'string' && typeof b === 'number' && a.length * b < LONGEST)
      return constant(a.repeat(Math.max(0, b)));
    if (op === '%' && typeof a === 'string' && b !== null) return constant(a.replace(/%[dsi]/, String(b)));
    return NUMBER;
  }
  if (a === null || b === null) return NUMBER;
  const result = calculate(op, a, b);
  return result === undefined || !Number.isFinite(result) ? NUMBER : constant(result);
}

function plain(value: Constant): string | number | null {
  return typeof value === 'boolean' ? Number(value) : value;
}

function calculate(op: string, a: number, b: number): number | undefined {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return a - Math.floor(a / b) * b;
    case '**':
      return a ** b;
    default:
      return undefined;
  }
}

/** The outcome of a comparison, or undefined when nobody can tell. */
export function compareConstants(op: string, left: Value, right: Value): boolean | undefined {
  if (op === 'in' || op === 'not in') return contained(op, left, right);
  if (op === 'is' || op === 'is not') {
    const none = [left, right].filter((side) => side.kind === 'constant' && side.value === null).length;
    if (none === 2) return op === 'is';
    const other = left.kind === 'constant' && left.value === null ? right : left;
    if (
      none === 1 &&
      /^(?:tensor|number|list|dict|function|class|instance|library|constant|partial)$/.test(other.kind)
    )
      return op === 'is not';
    if (left.kind === 'class' && right.kind === 'class') return (left.node === right.node) === (op === 'is');
    if (left.kind === 'constant' && right.kind === 'constant')
      return (left.value === right.value) === (op === 'is');
    return undefined;
  }
  if (left.kind !== 'constant' || right.kind !== 'constant') return undefined;
  const a = plain(left.value);
  const b = plain(right.value);
  if (op === '==') return a === b;
  if (op === '!=') return a !== b;
  if (a === null || b === null || typeof a !== typeof b) return undefined;
  if (op === '<') return a < b;
  if (op === '<=') return a <= b;
  if (op === '>') return a > b;
  return op === '>=' ? a >= b : undefined;
}

function contained(op: string, left: Value, right: Value): boolean | undefined {
  if (left.kind !== 'constant') return undefined;
  let found: boolean | undefined;
  if (right.kind === 'list' && right.items.every((item) => item.kind === 'constant')) {
    found = right.items.some((item) => item.value === left.value) || (right.open ? undefined : false);
  } else if (right.kind === 'dict') found = right.entries.has(left.value) || (right.open ? undefined : false);
  else if (right.kind === 'constant' && typeof right.value === 'string' && typeof left.value === 'string')
    found = right.value.includes(left.value);
  return found === undefined ? undefined : found === (op === 'in');
}
