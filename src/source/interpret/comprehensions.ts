/**
 * Comprehensions and generator expressions: unrolled over what is known, once and back over what is not. They run in a
 * Python frame of their own, except from 3.12 on.
 */
import type { Expr } from '../python/ast';
import { elementOf, isOpen } from './elements';
import type { CallSite, Machine } from './machine';
import { Env, list, truth, UNKNOWN, type Constant, type Value } from './values';

export function comprehension(
  machine: Machine,
  site: CallSite,
  expr: Expr & { readonly kind: 'comprehension' },
  env: Env,
): Value {
  const inner = new Env(env, env.file, 'function', env.owner);
  const results: Value[] = [];
  const entries = new Map<Constant, Value>();
  let open = false;
  const first = expr.clauses[0];
  const outer = first === undefined ? UNKNOWN : machine.evaluate(first.iter, env);
  const name = expr.type === 'generator' ? '<genexpr>' : `<${expr.type}comp>`;
  const enter = (at: number): void => {
    const clause = expr.clauses[at];
    if (clause === undefined) {
      if (expr.type === 'dict') {
        const key = expr.key === null ? UNKNOWN : machine.evaluate(expr.key, inner);
        const value = machine.evaluate(expr.element, inner);
        if (key.kind === 'constant') entries.set(key.value, value);
        else open = true;
      } else results.push(machine.evaluate(expr.element, inner));
      return;
    }
    const iterable = at === 0 ? outer : machine.evaluate(clause.iter, inner);
    const items = machine.iterate(iterable, site);
    const each = (value: Value): void => {
      machine.assign(clause.target, value, inner);
      for (const condition of clause.conditions)
        if (truth(machine.evaluate(condition, inner)) === false) return;
      enter(at + 1);
    };
    if (items !== null) {
      items.forEach(each);
      if (isOpen(iterable)) open = true;
      return;
    }
    const count = machine.decide(site.spot, 'loop');
    if (count !== undefined) {
      for (let i = 0; i < count; i++) each(elementOf(iterable, i));
      return;
    }
    open = true;
    const { flow } = machine;
    const header = flow?.header() ?? -1;
    each(elementOf(iterable, undefined));
    if (flow !== null) {
      flow.link(flow.current, header);
      flow.current = flow.join([header, flow.current]);
    }
  };
  const resume = machine.flow?.header() ?? -1;
  machine.inFrame(name, env.file, site, expr.type === 'generator', () => enter(0));
  if (expr.type === 'dict') return { kind: 'dict', entries, open };
  if (expr.type === 'generator') return Object.assign(list(results, 'tuple', open), { resume });
  return list(results, expr.type === 'set' ? 'set' : 'list', open);
}
