/** `object[index]` on what is known: lists, tuples, dictionaries, containers of modules; a tensor's is recorded. */
import type { Expr } from '../python/ast';
import type { CallSite, Machine } from './machine';
import {
  ANY,
  ghostOf,
  list,
  NUMBER,
  optionsOf,
  TENSOR,
  union,
  UNKNOWN,
  type Constant,
  type Value,
} from './values';

export function subscript(
  machine: Machine,
  object: Value,
  index: Value,
  indexExpr: Expr,
  site: CallSite,
): Value {
  const key = index.kind === 'constant' ? index.value : undefined;
  const values = optionsOf(object).map((option): Value => {
    if (option.kind === 'list') return fromList(option.items, option.open, key, indexExpr, option.type);
    if (option.kind === 'dict') {
      if (key !== undefined) return option.entries.get(key) ?? (option.open ? UNKNOWN : UNKNOWN);
      return option.entries.size === 0 || option.open ? UNKNOWN : union([...option.entries.values()]);
    }
    if (option.kind === 'instance') {
      machine.fill(option);
      if (option.items !== null) return fromList(option.items, option.open, key, indexExpr, 'list');
      if (option.entries !== null)
        return (key === undefined ? union([...option.entries.values()]) : option.entries.get(key)) ?? UNKNOWN;
      if (option.ghost) return ghostOf(option, key === undefined ? ANY : String(key));
      const getter = machine.attribute(option, '__getitem__', site);
      if (getter.kind === 'function')
        return machine.call(getter, { positional: [index], named: new Map(), open: false }, site);
      return UNKNOWN;
    }
    if (option.kind === 'library' || option.kind === 'class') return option;
    if (option.kind === 'constant' || option.kind === 'number') return UNKNOWN;
    machine.emit('operator', 'getitem', site, { skip: 0.2 });
    return option.kind === 'tensor' ? TENSOR : UNKNOWN;
  });
  return union(values);
}

function fromList(
  items: readonly Value[],
  open: boolean,
  key: Constant | undefined,
  expr: Expr,
  type: 'list' | 'tuple' | 'set',
): Value {
  if (typeof key === 'number' && Number.isInteger(key)) {
    const found = items.at(key);
    if (found !== undefined && !(open && key < 0)) return found;
    return open && items.length > 0 ? union(items) : open ? NUMBER : UNKNOWN;
  }
  if (expr.kind === 'slice') {
    const bounds = expr.parts.map((part) => numberOf(part));
    if (!bounds.includes(undefined) && !open) {
      const [from, to, step] = bounds;
      const picked = items.slice(from ?? 0, to ?? undefined);
      return list(
        step === -1
          ? [...items].reverse()
          : step === null || step === undefined
            ? picked
            : picked.filter((_, i) => i % step === 0),
        type,
      );
    }
    return list([...items], type, true);
  }
  return items.length === 0 ? (open ? NUMBER : UNKNOWN) : union(items);
}

/** The plain number an expression is; null for nothing, undefined when it is not plain. */
function numberOf(expr: Expr | null): number | null | undefined {
  if (expr === null) return null;
  if (expr.kind === 'number') return expr.value;
  if (expr.kind === 'unary' && expr.op === '-' && expr.operand.kind === 'number') return -expr.operand.value;
  return expr.kind === 'constant' && expr.value === null ? null : undefined;
}
