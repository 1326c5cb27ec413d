/** Binds assignment targets: a name, an attribute, an element, or several at once. */
import type { Expr } from '../python/ast';
import type { Siting } from './evaluate';
import type { Machine } from './machine';
import { list, NUMBER, optionsOf, TENSOR, UNKNOWN, type Env, type Value } from './values';

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
      else if (object.kind === 'instance' && object.ghost && index.kind === 'constant')
        machine.setAttribute(object, String(index.value), value);
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
        const missing = value.kind === 'tensor' ? TENSOR : isSizes(value) ? NUMBER : UNKNOWN;
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

/** A shape: a list of which nothing is known but that it holds numbers. */
function isSizes(value: Value): boolean {
  return value.kind === 'list' && value.type === 'tuple' && value.open && value.items.length === 0;
}
