/**
 * Follows expressions: gives what is known of their value and records the operations they perform, in Python's order.
 */
import type { Argument, Expr } from '../python/ast';
import { arithmetic, compareConstants } from './arithmetic';
import { fork } from './branches';
import { comprehension } from './comprehensions';
import type { CallSite, Machine } from './machine';
import { subscript } from './subscripts';
import {
  constant,
  type Env,
  list,
  LONGEST,
  NUMBER,
  optionsOf,
  TENSOR,
  truth,
  union,
  UNKNOWN,
  type CallArgs,
  type DictValue,
  type Value,
} from './values';

export interface Siting {
  siteOf(expr: Expr, env: Env): CallSite;
}

const SILENT_ATTRIBUTES = new Set(
  'dtype device ndim layout requires_grad is_cuda grad training name'.split(' '),
);
const SHAPE_ATTRIBUTES = new Set(['shape']);
const TENSOR_ATTRIBUTES = new Set('T mT H mH real imag data'.split(' '));

export function evaluateExpression(machine: Machine, siting: Siting, expr: Expr, env: Env): Value {
  const ev = (child: Expr): Value => machine.evaluate(child, env);
  const site = (): CallSite => siting.siteOf(expr, env);
  switch (expr.kind) {
    case 'name':
      return machine.lookup(expr.id, env);
    case 'number':
      return constant(expr.value);
    case 'constant':
      return expr.value === '...' ? UNKNOWN : constant(expr.value);
    case 'string': {
      if (expr.value !== null) return constant(expr.value);
      const parts = expr.parts.map((part) => (typeof part === 'string' ? constant(part) : ev(part)));
      const known = parts.map((part) => (part.kind === 'constant' ? String(part.value) : null));
      return known.includes(null) ? UNKNOWN : constant(known.join(''));
    }
    case 'attribute': {
      const object = ev(expr.object);
      return accessAttribute(machine, object, expr.name, site());
    }
    case 'call':
      return evaluateCall(machine, expr, env, site());
    case 'subscript': {
      const object = ev(expr.object);
      const index = ev(expr.index);
      return subscript(machine, object, index, expr.index, site());
    }
    case 'slice':
      for (const part of expr.parts) if (part !== null) ev(part);
      return UNKNOWN;
    case 'binary': {
      const left = ev(expr.left);
      const right = ev(expr.right);
      return binary(machine, expr.op, left, right, site());
    }
    case 'unary': {
      const operand = ev(expr.operand);
      if (expr.op === 'not') {
        const known = truth(operand);
        return known === undefined ? UNKNOWN : constant(!known);
      }
      if (operand.kind === 'constant' && typeof operand.value === 'number')
        return constant(expr.op === '-' ? -operand.value : operand.value);
      if (operand.kind === 'number') return NUMBER;
      machine.emit(
        'operator',
        expr.op === '-' ? 'neg' : expr.op === '~' ? 'bitwise_not' : 'positive',
        site(),
        { skip: operand.kind === 'tensor' ? 1 : 0.4 },
      );
      return operand.kind === 'tensor' ? TENSOR : UNKNOWN;
    }
    case 'logical': {
      const left = ev(expr.left);
      const known = truth(left);
      if (known === (expr.op === 'or')) return left;
      if (known !== undefined) return ev(expr.right);
      let right: Value = UNKNOWN;
      fork(machine, env, [() => void (right = ev(expr.right)), () => undefined]);
      return union([left, right]);
    }
    case 'compare': {
      const left = ev(expr.left);
      const right = ev(expr.right);
      const known = compareConstants(expr.op, left, right);
      if (known !== undefined) return constant(known);
      if (!/^(?:is|is not|in|not in)$/.test(expr.op))
        machine.emit('operator', expr.op, site(), { skip: 0.2 });
      return UNKNOWN;
    }
    case 'conditional': {
      const test = truth(ev(expr.test)) ?? decided(machine, expr.test, env);
      if (test !== undefined) return ev(test ? expr.then : expr.otherwise);
      const values: Value[] = [];
      fork(machine, env, [() => void values.push(ev(expr.then)), () => void values.push(ev(expr.otherwise))]);
      return union(values);
    }
    case 'lambda':
      return {
        kind: 'function',
        name: '<lambda>',
        params: expr.params,
        node: expr,
        body: { expression: expr.body },
        env,
        owner: env.owner,
        self: null,
        role: 'plain',
      };
    case 'list': {
      const items: Value[] = [];
      let open = false;
      for (const item of expr.items) {
        if (item.kind !== 'star') items.push(ev(item));
        else {
          const spread = machine.iterate(ev(item.value), site());
          if (spread === null) open = true;
          else items.push(...spread.slice(0, LONGEST - items.length));
        }
      }
      return list(items, expr.type, open);
    }
    case 'dict': {
      const dict: DictValue = { kind: 'dict', entries: new Map(), open: false };
      for (const { key, value } of expr.entries) {
        const known = key === null ? undefined : ev(key);
        const held = ev(value);
        if (known?.kind === 'constant') dict.entries.set(known.value, held);
        else if (known === undefined && held.kind === 'dict') {
          for (const [name, entry] of held.entries) dict.entries.set(name, entry);
          if (held.open) dict.open = true;
        } else dict.open = true;
      }
      return dict;
    }
    case 'comprehension':
      return comprehension(machine, site(), expr, env);
    case 'star':
    case 'await':
      return ev(expr.value);
    case 'yield': {
      const value = expr.value === null ? constant(null) : ev(expr.value);
      const run = machine.runs.at(-1);
      if (run !== undefined && machine.conditional > 0) run.open = true;
      if (expr.delegate) run?.yields.push(...(machine.iterate(value, site()) ?? []));
      else run?.yields.push(value);
      return UNKNOWN;
    }
    case 'named': {
      const value = ev(expr.value);
      machine.assign(expr.target, value, env);
      return value;
    }
    case 'opaque':
      for (const part of expr.parts) ev(part);
      return UNKNOWN;
  }
}

/** An outcome chosen from outside for a test nobody can decide. */
export function decided(machine: Machine, test: Expr, env: Env): boolean | undefined {
  const choice = machine.decide({ file: env.file, from: test.from, to: test.to }, 'test');
  return choice === undefined ? undefined : choice !== 0;
}

/** `object.name`, with what reading it may compute. */
export function accessAttribute(machine: Machine, object: Value, name: string, site: CallSite): Value {
  for (const option of optionsOf(object)) {
    if (option.kind === 'tensor' || option.kind === 'unknown') {
      if (TENSOR_ATTRIBUTES.has(name)) machine.emit('access', name, site, { skip: 0.3 });
      else if (SHAPE_ATTRIBUTES.has(name)) machine.emit('access', name, site, { skip: 0 });
    }
  }
  const value = machine.attribute(object, name, site);
  if (value.kind !== 'method') return value;
  if (SHAPE_ATTRIBUTES.has(name)) return list([], 'tuple', true);
  if (TENSOR_ATTRIBUTES.has(name) && (value.object.kind === 'tensor' || value.object.kind === 'unknown')) {
    return value.object.kind === 'tensor' ? TENSOR : UNKNOWN;
  }
  return SILENT_ATTRIBUTES.has(name) && value.object.kind !== 'instance' ? UNKNOWN : value;
}

function evaluateCall(
  machine: Machine,
  expr: Expr & { readonly kind: 'call' },
  env: Env,
  site: CallSite,
): Value {
  const { callee } = expr;
  if (callee.kind === 'name' && callee.id === 'super' && env.owner !== null) {
    const self = firstArgument(machine, env);
    for (const argument of expr.args) machine.evaluate(argument.value, env);
    const named = expr.args[0] === undefined ? undefined : machine.evaluate(expr.args[0].value, env);
    return { kind: 'super', after: named?.kind === 'class' ? named : env.owner, self };
  }
  const target = machine.evaluate(callee, env);
  const args = evaluateArgs(machine, expr.args, env, site);
  return machine.call(target, args, site);
}

function firstArgument(machine: Machine, env: Env): Value {
  const run = machine.runs.findLast(
    (entry) => entry.fn.self !== null && entry.fn.owner?.node === env.owner?.node,
  );
  return run?.fn.self ?? UNKNOWN;
}

export function evaluateArgs(
  machine: Machine,
  args: readonly Argument[],
  env: Env,
  site: CallSite,
): CallArgs {
  const positional: Value[] = [];
  const named = new Map<string, Value>();
  let open = false;
  for (const argument of args) {
    const value = machine.evaluate(argument.value, env);
    if (argument.name !== null) named.set(argument.name, value);
    else if (argument.stars === 1) {
      const items = machine.iterate(value, site);
      if (items === null) open = true;
      else {
        positional.push(...items.slice(0, LONGEST));
        if (value.kind === 'list' && value.open) open = true;
      }
    } else if (argument.stars === 2) {
      if (value.kind === 'dict') {
        for (const [key, entry] of value.entries) named.set(String(key), entry);
        if (value.open) open = true;
      } else open = true;
    } else positional.push(value);
  }
  return { positional, named, open };
}

/** `left op right`, recorded unless both sides are plain numbers. */
export function binary(
  machine: Machine,
  op: string,
  left: Value,
  right: Value,
  site: CallSite,
  mutates = false,
): Value {
  const known = arithmetic(op, left, right);
  if (known !== undefined) return known;
  const user = machine.attribute(left, DUNDERS[op] ?? '', site);
  if (user.kind === 'function')
    return machine.call(user, { positional: [right], named: new Map(), open: false }, site);
  const tensor = left.kind === 'tensor' || right.kind === 'tensor';
  const plain = [left, right].every((side) => side.kind === 'number' || side.kind === 'constant');
  const numbers = plainNumbers([left, right]);
  machine.emit('operator', op, site, { skip: plain ? 0 : tensor ? 1 : 0.4, numbers, mutates });
  if (plain) return NUMBER;
  return tensor ? TENSOR : UNKNOWN;
}

/** Numbers among values, as far as they are known. */
export function plainNumbers(values: readonly Value[]): number[] {
  return values.flatMap((value) =>
    value.kind === 'constant' && typeof value.value === 'number' ? [value.value] : [],
  );
}

const DUNDERS: Readonly<Record<string, string>> = {
  '+': '__add__',
  '-': '__sub__',
  '*': '__mul__',
  '/': '__truediv__',
  '//': '__floordiv__',
  '%': '__mod__',
  '**': '__pow__',
  '@': '__matmul__',
  '|': '__or__',
  '&': '__and__',
  '^': '__xor__',
  '<<': '__lshift__',
  '>>': '__rshift__',
};
