/** Methods of the person's own classes by name, in files read so far: what a call on an unknown object may reach. */
import type { Outline } from '../python/outline';
import type { ClassValue, Env, FunctionValue } from './values';

export class MethodIndex {
  readonly #methods = new Map<string, FunctionValue[]>();

  named(name: string): readonly FunctionValue[] {
    return this.#methods.get(name) ?? [];
  }

  /** Adds the methods of a file whose names are in `env`. */
  add(outline: Outline, env: Env): void {
    for (const { node } of outline.definitions()) {
      if (node.kind !== 'class') continue;
      const known = env.vars.get(node.name);
      const cls: ClassValue =
        known?.kind === 'class' && known.node === node
          ? known
          : { kind: 'class', name: node.name, node, env };
      for (const statement of node.body()) {
        if (statement.kind !== 'function' || statement.name.startsWith('__') || statement.name === 'forward')
          continue;
        const fn: FunctionValue = {
          kind: 'function',
          name: statement.name,
          params: statement.params,
          node: statement,
          body: { statements: statement.body },
          env,
          owner: cls,
          self: null,
          role: 'plain',
        };
        const list = this.#methods.get(statement.name) ?? [];
        list.push(fn);
        this.#methods.set(statement.name, list);
      }
    }
  }
}
