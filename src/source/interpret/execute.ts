/**
 * Follows statements: binds names, walks both sides of what cannot be decided, and unrolls loops over what is known.
 */
import type { Expr, Stmt } from '../python/ast';
import { fork } from './branches';
import { elementOf } from './elements';
import { binary, decided, type Siting } from './evaluate';
import { bindFrom, bindImport } from './importing';
import type { Completion, Machine } from './machine';
import { assignTarget } from './targets';
import { constant, extend, truth, union, UNKNOWN, type Env, type FunctionValue, type Value } from './values';

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
      env.vars.set(statement.name, decorateClass(machine, siting, value, statement.decorators, env));
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
        extend(left, items ?? [], items === null);
        return 'normal';
      }
      if (left.kind === 'instance' && left.items !== null && statement.op === '+') {
        left.items.push(...(machine.iterate(right, site) ?? []));
        return 'normal';
      }
      assignTarget(
        machine,
        siting,
        statement.target,
        binary(machine, statement.op, left, right, site, true),
        env,
      );
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

/** The person's own class decorators are called, for what they register and what they give back. */
function decorateClass(
  machine: Machine,
  siting: Siting,
  cls: Value,
  decorators: readonly Expr[],
  env: Env,
): Value {
  let value = cls;
  for (const decorator of [...decorators].reverse()) {
    const callee = machine.evaluate(decorator, env);
    if (callee.kind !== 'function') continue;
    const site = siting.siteOf(decorator, env);
    const made: Value = machine.call(callee, { positional: [value], named: new Map(), open: false }, site);
    if (made.kind === 'class') value = made;
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
  const { flow } = machine;
  if (flow !== null && iterable.kind === 'list' && iterable.resume !== undefined) {
    const { resume, items: made } = iterable;
    followLoop(
      machine,
      env,
      true,
      () => {
        assignTarget(machine, siting, statement.target, made.length > 0 ? union(made) : UNKNOWN, env);
        machine.execute(statement.body, env);
      },
      resume,
    );
    return machine.execute(statement.otherwise, env);
  }
  if (iterable.kind === 'tensor') machine.emit('access', 'unbind', site, { skip: 0.3 });
  const items = machine.iterate(iterable, site);
  const open = iterable.kind === 'list' && iterable.open;
  const count = items === null || open ? machine.decide(site.spot, 'loop') : undefined;
  const endless = open && count === undefined && items?.length === 0;
  const known = endless
    ? null
    : count === undefined
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
function followLoop(machine: Machine, env: Env, maySkip: boolean, body: () => void, resume = -1): void {
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
  // A generator makes its next element between two turns.
  flow.link(end, resume);
  flow.current = flow.join([...(maySkip ? [header] : []), end, ...loop.breaks]);
}
