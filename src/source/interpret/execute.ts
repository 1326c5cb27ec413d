/**
 * Follows statements: binds names, walks both sides of what cannot be decided, and unrolls loops over what is known.
 */
import type { Expr, Stmt } from '../python/ast';
import { fork } from './branches';
import { elementOf } from './elements';
import { binary, decided, type Siting } from './evaluate';
import type { Completion, Machine } from './machine';
import {
  constant,
  library,
  list,
  optionsOf,
  TENSOR,
  truth,
  union,
  UNKNOWN,
  type Env,
  type FunctionValue,
  type Value,
} from './values';

/** Loops over more known elements than this are followed once. */
const MOST_ITERATIONS = 256;

export function executeStatements(
  machine: Machine,
  siting: Siting,
  statements: readonly Stmt[],
  env: Env,
): Completion {
  for (const statement of statements) {
    machine.step();
    if (executeStatement(machine, siting, statement, env) === 'stop') return 'stop';
  }
  return 'normal';
}

function executeStatement(machine: Machine, siting: Siting, statement: Stmt, env: Env): Completion {
  const { flow } = machine;
  switch (statement.kind) {
    case 'function':
      env.vars.set(
        statement.name,
        decorate(machine, siting, functionOf(statement, env), statement.decorators, env),
      );
      return 'normal';
    case 'class': {
      const value: Value = { kind: 'class', name: statement.name, node: statement, env };
      env.vars.set(statement.name, value);
      return 'normal';
    }
    case 'expression':
      machine.evaluate(statement.value, env);
      return 'normal';
    case 'assign': {
      if (statement.value === null) return 'normal';
      const value = machine.evaluate(statement.value, env);
      for (const target of statement.targets) assignTarget(machine, siting, target, value, env);
      return 'normal';
    }
    case 'update': {
      const left = machine.evaluate(statement.target, env);
      const right = machine.evaluate(statement.value, env);
      const site = siting.siteOf({ kind: 'opaque', parts: [], from: statement.from, to: statement.to }, env);
      if (left.kind === 'list' && statement.op === '+') {
        const items = machine.iterate(right, site);
        if (items === null) left.open = true;
        else left.items.push(...items);
        return 'normal';
      }
      if (left.kind === 'instance' && left.items !== null && statement.op === '+') {
        left.items.push(...(machine.iterate(right, site) ?? []));
        return 'normal';
      }
      assignTarget(machine, siting, statement.target, binary(machine, statement.op, left, right, site), env);
      return 'normal';
    }
    case 'return': {
      const value = statement.value === null ? constant(null) : machine.evaluate(statement.value, env);
      const run = machine.runs.at(-1);
      run?.returns.push(value);
      if (flow !== null) {
        run?.exits.push(flow.current);
        flow.current = -1;
      }
      return 'stop';
    }
    case 'if': {
      const value = machine.evaluate(statement.test, env);
      const test = truth(value) ?? decided(machine, statement.test, env);
      if (test !== undefined) return machine.execute(test ? statement.then : statement.otherwise, env);
      const both = [statement.then, statement.otherwise].map((block) => () => machine.execute(block, env));
      return fork(machine, env, both) ? 'normal' : 'stop';
    }
    case 'for':
      return executeFor(machine, siting, statement, env);
    case 'while': {
      const known = truth(machine.evaluate(statement.test, env));
      if (known === false) return machine.execute(statement.otherwise, env);
      followLoop(machine, env, known !== true, () => {
        machine.execute(statement.body, env);
        machine.evaluate(statement.test, env);
      });
      return machine.execute(statement.otherwise, env);
    }
    case 'with':
      for (const { value, target } of statement.items) {
        const entered = machine.evaluate(value, env);
        if (target !== null)
          assignTarget(machine, siting, target, entered.kind === 'instance' ? entered : UNKNOWN, env);
      }
      return machine.execute(statement.body, env);
    case 'try': {
      const branches = [
        () =>
          machine.execute(statement.body, env) === 'stop'
            ? 'stop'
            : machine.execute(statement.otherwise, env),
        ...statement.handlers.map((handler) => () => machine.execute(handler, env)),
      ];
      const ended = fork(machine, env, branches) ? 'normal' : 'stop';
      if (machine.execute(statement.finally, env) === 'stop') return 'stop';
      return ended;
    }
    case 'match': {
      machine.evaluate(statement.subject, env);
      const branches = [
        ...statement.cases.map((block) => () => machine.execute(block, env)),
        () => 'normal' as const,
      ];
      return fork(machine, env, branches) ? 'normal' : 'stop';
    }
    case 'import':
      for (const { module, as } of statement.modules) bindImport(machine, env, module, as);
      return 'normal';
    case 'from':
      bindFrom(machine, env, statement);
      return 'normal';
    case 'raise':
      for (const part of statement.parts) machine.evaluate(part, env);
      if (flow !== null) flow.current = -1;
      return 'stop';
    case 'assert':
      for (const part of statement.parts) machine.evaluate(part, env);
      return 'normal';
    case 'break':
    case 'continue': {
      const loop = machine.loops.at(-1);
      if (flow !== null) {
        (statement.kind === 'break' ? loop?.breaks : loop?.continues)?.push(flow.current);
        flow.current = -1;
      }
      if (flow === null && statement.kind === 'break' && machine.conditional === 0) loop?.breaks.push(0);
      return 'stop';
    }
    case 'opaque':
      return machine.execute(statement.parts, env);
    case 'delete':
    case 'scope':
    case 'pass':
      return 'normal';
  }
}

function functionOf(node: Stmt & { readonly kind: 'function' }, env: Env): FunctionValue {
  return {
    kind: 'function',
    name: node.name,
    params: node.params,
    node,
    body: { statements: node.body },
    env,
    owner: env.owner,
    self: null,
    role: 'plain',
  };
}

/** Applies decorators, innermost first: the person's own are called, those that only mark are understood. */
function decorate(
  machine: Machine,
  siting: Siting,
  fn: FunctionValue,
  decorators: readonly Expr[],
  env: Env,
): Value {
  let value: Value = fn;
  for (const decorator of [...decorators].reverse()) {
    const callee = machine.evaluate(decorator, env);
    const name = callee.kind === 'library' ? callee.path : '';
    if (value.kind === 'function' && /(?:^|\.)(?:cached_)?property$/.test(name))
      value = { ...value, role: 'property' };
    else if (value.kind === 'function' && /^onnxscript\.script(?:\(\))?$/.test(name))
      value = { ...value, role: 'script' };
    else if (value.kind === 'function' && name === 'builtins.staticmethod')
      value = { ...value, role: 'static' };
    else if (value.kind === 'function' && name === 'builtins.classmethod')
      value = { ...value, role: 'class' };
    else if (callee.kind === 'function' || callee.kind === 'class' || callee.kind === 'instance') {
      const site = siting.siteOf(decorator, env);
      const wrapped: Value = machine.call(
        callee,
        { positional: [value], named: new Map(), open: false },
        site,
      );
      if (wrapped.kind === 'function' || wrapped.kind === 'partial' || wrapped.kind === 'instance')
        value = wrapped;
    } else if (callee.kind === 'method' && callee.name === 'setter')
      return callee.object.kind === 'function' ? callee.object : value;
  }
  return value;
}

function executeFor(
  machine: Machine,
  siting: Siting,
  statement: Stmt & { readonly kind: 'for' },
  env: Env,
): Completion {
  const iterable = machine.evaluate(statement.iter, env);
  const site = siting.siteOf(statement.iter, env);
  if (iterable.kind === 'tensor') machine.emit('access', 'unbind', site, { skip: 0.3 });
  const items = machine.iterate(iterable, site);
  const open = iterable.kind === 'list' && iterable.open;
  const count = items === null || open ? machine.decide(site.spot, 'loop') : undefined;
  const known =
    count === undefined
      ? items
      : Array.from({ length: count }, (_, i) => items?.[i] ?? elementOf(iterable, i));
  if (known !== null && known.length <= MOST_ITERATIONS) {
    if (unroll(machine, siting, statement, known, env) === 'stop') return 'stop';
  } else {
    followLoop(machine, env, true, () => {
      assignTarget(machine, siting, statement.target, elementOf(iterable, undefined), env);
      machine.execute(statement.body, env);
    });
  }
  return machine.execute(statement.otherwise, env);
}

/** Once for each known element; a `break` may end it after any. */
function unroll(
  machine: Machine,
  siting: Siting,
  statement: Stmt & { readonly kind: 'for' },
  items: readonly Value[],
  env: Env,
): Completion {
  const { flow } = machine;
  const exits: number[] = [];
  let completion: Completion = 'normal';
  for (const item of items) {
    const loop = { breaks: [] as number[], continues: [] as number[] };
    machine.loops.push(loop);
    assignTarget(machine, siting, statement.target, item, env);
    const returnsBefore = machine.runs.at(-1)?.returns.length ?? 0;
    const ended = machine.execute(statement.body, env);
    machine.loops.pop();
    exits.push(...loop.breaks);
    if (flow !== null) {
      flow.current = flow.join([flow.current, ...loop.continues]);
      if (flow.current < 0) break;
    } else if (ended === 'stop') {
      if (loop.breaks.length > 0) break;
      if ((machine.runs.at(-1)?.returns.length ?? 0) > returnsBefore) {
        completion = 'stop';
        break;
      }
    }
  }
  if (flow !== null) {
    flow.current = flow.join([flow.current, ...exits]);
    return flow.current < 0 ? 'stop' : 'normal';
  }
  return completion;
}

/** A loop whose number of turns nobody knows: its body once, with a way back. */
function followLoop(machine: Machine, env: Env, maySkip: boolean, body: () => void): void {
  const { flow } = machine;
  const header = flow?.header() ?? -1;
  const loop = { breaks: [] as number[], continues: [] as number[] };
  const before = new Map(env.vars);
  machine.loops.push(loop);
  machine.conditional++;
  body();
  machine.conditional--;
  machine.loops.pop();
  for (const [name, value] of before) {
    const after = env.vars.get(name);
    if (after !== undefined && after !== value) env.vars.set(name, union([value, after]));
  }
  if (flow === null) return;
  const end = flow.join([flow.current, ...loop.continues]);
  flow.link(end, header);
  flow.current = flow.join([...(maySkip ? [header] : []), end, ...loop.breaks]);
}

/** Binds a target: a name, an attribute, an element, or several at once. */
export function assignTarget(machine: Machine, siting: Siting, target: Expr, value: Value, env: Env): void {
  switch (target.kind) {
    case 'name':
      env.vars.set(target.id, value);
      return;
    case 'attribute': {
      const object = machine.evaluate(target.object, env);
      for (const option of optionsOf(object)) machine.setAttribute(option, target.name, value);
      return;
    }
    case 'subscript': {
      const object = machine.evaluate(target.object, env);
      const index = machine.evaluate(target.index, env);
      if (object.kind === 'dict') {
        if (index.kind === 'constant') object.entries.set(index.value, value);
        else object.open = true;
      } else if (object.kind === 'list' && index.kind === 'constant' && typeof index.value === 'number') {
        object.items[index.value < 0 ? object.items.length + index.value : index.value] = value;
      } else if (object.kind === 'instance' && object.entries !== null && index.kind === 'constant')
        object.entries.set(index.value, value);
      else if (object.kind === 'instance' && object.items !== null && index.kind === 'constant')
        object.items[Number(index.value)] = value;
      else if (object.kind === 'tensor' || object.kind === 'unknown')
        machine.emit('operator', 'setitem', siting.siteOf(target, env), { skip: 0.4 });
      return;
    }
    case 'list': {
      const site = siting.siteOf(target, env);
      if (value.kind === 'tensor' || value.kind === 'unknown')
        machine.emit('access', 'unbind', site, { skip: 0.1 });
      const items = machine.iterate(value, site);
      const star = target.items.findIndex((item) => item.kind === 'star');
      target.items.forEach((item, i) => {
        if (item.kind === 'star') {
          const rest = items?.slice(i, items.length - (target.items.length - 1 - i));
          assignTarget(
            machine,
            siting,
            item.value,
            rest === undefined ? list([], 'list', true) : list([...rest]),
            env,
          );
          return;
        }
        const at = star >= 0 && i > star ? (items?.length ?? 0) - (target.items.length - i) : i;
        const missing = value.kind === 'tensor' ? TENSOR : UNKNOWN;
        assignTarget(machine, siting, item, items?.[at] ?? missing, env);
      });
      return;
    }
    case 'star':
      assignTarget(machine, siting, target.value, value, env);
      return;
    default:
      return;
  }
}

function bindImport(machine: Machine, env: Env, module: string, as: string | null): void {
  const resolve = (dotted: string): Value => machine.importModule(env.file, 0, dotted);
  if (as !== null) {
    env.vars.set(as, resolve(module));
    return;
  }
  const [first = module] = module.split('.');
  env.vars.set(first, resolve(first));
}

function bindFrom(machine: Machine, env: Env, statement: Stmt & { readonly kind: 'from' }): void {
  for (const { name, as } of statement.names) {
    if (name === '*') {
      machine.importAll(env, statement.level, statement.module);
      continue;
    }
    const inner = statement.module === '' ? name : `${statement.module}.${name}`;
    const source = machine.importModule(env.file, statement.level, statement.module);
    const submodule = machine.importModule(env.file, statement.level, inner);
    let value: Value;
    if (source.kind === 'file') {
      const found = machine.importName(source.file, name);
      value = found ?? (submodule.kind === 'file' ? submodule : UNKNOWN);
    } else if (submodule.kind === 'file') value = submodule;
    else value = library(`${'.'.repeat(statement.level)}${inner}`);
    env.vars.set(as, value);
  }
}
