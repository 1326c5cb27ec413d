/** Binds the names that import statements bring in: files of the workspace, or a library's dotted paths. */
import type { Stmt } from '../python/ast';
import type { Machine } from './machine';
import { library, UNKNOWN, type Env, type Value } from './values';

/** `import a.b` binds `a`; `import a.b as c` binds the module itself. */
export function bindImport(machine: Machine, env: Env, module: string, as: string | null): void {
  const resolve = (dotted: string): Value => machine.importModule(env.file, 0, dotted);
  if (as !== null) {
    env.vars.set(as, resolve(module));
    return;
  }
  const [first = module] = module.split('.');
  env.vars.set(first, resolve(first));
}

export function bindFrom(machine: Machine, env: Env, statement: Stmt & { readonly kind: 'from' }): void {
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
