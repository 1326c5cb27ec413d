/**
 * Methods that somebody else wrote. They come as a CommonJS module that exports `methods`, an array of the same interface
 * (`contract/method.ts`): the window reads it for palette and form, the engine's process to run it beside the tensors, the
 * command line for both. A module is code: whoever names one trusts it as an extension is trusted.
 */
import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import type { Disposable } from '../base/disposable';
import { describe, Failure } from '../base/errors';
import type { Method } from '../contract/method';
import { METHOD_IDS } from './ids';
import { methodProblem } from './wellFormed';

/** The methods of a module. Throws `usage` with what is wrong with it. */
export function loadMethods(module: string): readonly Method[] {
  if (!isAbsolute(module)) throw wrong(module, 'is not named by its whole path', 'Give an absolute path.');
  let exported: unknown;
  try {
    exported = createRequire(__filename)(module);
  } catch (error) {
    throw wrong(module, `cannot be loaded: ${describe(error).split('\n')[0] ?? ''}`, HOW);
  }
  const list: unknown =
    typeof exported === 'object' && exported !== null ? Reflect.get(exported, 'methods') : undefined;
  if (!Array.isArray(list) || list.length === 0)
    throw wrong(module, 'exports no array `methods` with a method in it', HOW);
  const methods = list as readonly unknown[];
  methods.forEach((method, at) => {
    const problem = methodProblem(method);
    if (problem !== undefined) throw wrong(module, `has a method (number ${String(at + 1)}) ${problem}`, HOW);
  });
  return methods as readonly Method[];
}

interface Entry {
  readonly method: Method;
  readonly module: string;
}

/** The methods that modules brought, without those that there are anyway: nothing of how these work is loaded here. */
export class Contributed {
  #entries: readonly Entry[] = [];

  /** @param taken ids that no module may bring */
  constructor(private readonly taken: readonly string[] = METHOD_IDS) {}

  get methods(): readonly Method[] {
    return this.#entries.map(({ method }) => method);
  }

  /** The module a method came from; undefined for one that none brought. */
  moduleOf(method: Method): string | undefined {
    return this.#entries.find((each) => each.method === method)?.module;
  }

  /** Adds a module's methods until the result is disposed. Throws `usage`; then none of them is added. */
  add(module: string): Disposable {
    const added = loadMethods(module).map((method) => ({ method, module }));
    const ids = new Set([...this.taken, ...this.methods.map(({ id }) => id)]);
    for (const { method } of added) {
      if (ids.has(method.id))
        throw wrong(
          module,
          `brings the method "${method.id}", which there is already`,
          'Give it another id.',
        );
      ids.add(method.id);
    }
    this.#entries = [...this.#entries, ...added];
    return {
      dispose: () => {
        this.#entries = this.#entries.filter((each) => !added.includes(each));
      },
    };
  }
}

const HOW =
  'Export `methods`, an array of objects with id, title, summary, paper, params, appliesTo and run, from a CommonJS file.';

function wrong(module: string, what: string, remedy: string): Failure {
  return new Failure({ code: 'usage', message: `The module of methods ${module} ${what}.`, remedy });
}
