/**
 * Modules that are called more than once. PyTorch's newer exporter writes the second call of `attn` as `attn@1`, with
 * what it calls in turn inside; the older one writes every second call by itself, `attn_1` for what `attn` does and
 * `attn/norm_1` for what its `norm` does, so that the calls of `attn` have to be put together again. Pure.
 */
import type { Modules } from './modules';

/** How often each module was recorded, by its path in the model. */
export function callsIn(paths: readonly string[]): Map<string, number> {
  const calls = new Map<string, number>();
  for (const path of paths) {
    const [, module = path, call = '0'] = /^(.*)@(\d+)$/.exec(path) ?? [];
    calls.set(module, Math.max(calls.get(module) ?? 0, Number(call) + 1));
  }
  return calls;
}

/**
 * The tree with the older exporter's later calls as modules of their own, `attn@1` and in it `attn.norm@1`; the same tree
 * where there are none. `calls` as recorded tells a later call, `conv_1`, from another module of that name.
 */
export function byCall(tree: Modules, calls: ReadonlyMap<string, number>): Modules {
  const idOf = new Map(tree.scopes.map(({ path, id }) => [path, id]));
  const scopes = tree.scopes.map(({ id, parent, path }) => ({ id, parent, path }));
  const moved = new Map<number, number>();
  const scopeFor = (path: string, call: number): number => {
    const first = idOf.get(path) ?? 0;
    if (call === 0 || first === 0) return first;
    const known = idOf.get(`${path}@${String(call)}`);
    if (known !== undefined) return known;
    const around = tree.scopes[tree.scopes[first]?.parent ?? 0]?.path ?? '';
    // A module around it that was called half as often was at its own first call for the first two.
    const often = (calls.get(path) ?? 1) / (calls.get(around) ?? 1);
    const parent = scopeFor(around, Number.isInteger(often) ? Math.floor(call / often) : 0);
    const id = scopes.length;
    scopes.push({ id, parent, path: `${path}@${String(call)}` });
    idOf.set(`${path}@${String(call)}`, id);
    return id;
  };
  for (const { id, path } of tree.scopes) {
    const [, first = '', call = ''] = /^(.*)_(\d+)$/.exec(path) ?? [];
    if (!idOf.has(first) || calls.has(path) || Number(call) >= (calls.get(first) ?? 0)) continue;
    moved.set(id, scopeFor(first, Number(call)));
  }
  if (moved.size === 0) return tree;
  return { scopes, scopeOf: tree.scopeOf.map((scope) => moved.get(scope) ?? scope) };
}

/**
 * What a recorded call, `attn.norm@1`, gives in the model: what the module of that path gives, or where the model has as
 * many calls of it as were recorded, the one in its place, `attn@1.norm`. Where the model holds all calls as one, they are
 * told apart if each gives as much; if not, what leaves it is what the last call gave. `outputs`: by module path, in the
 * order of computing.
 */
export function outputsOfCalls<T>(
  outputs: ReadonlyMap<string, readonly T[]>,
  calls: ReadonlyMap<string, number>,
): (recorded: string) => readonly T[] {
  const known = new Map<string, string[]>();
  for (const path of outputs.keys()) {
    const module = path.replaceAll(/@\d+/g, '');
    known.set(module, [...(known.get(module) ?? []), path]);
  }
  return (recorded) => {
    const [, module = recorded, text = '0'] = /^(.*)@(\d+)$/.exec(recorded) ?? [];
    const call = Number(text);
    const often = calls.get(module) ?? 1;
    const all = known.get(module) ?? [];
    if (all.length === often) return outputs.get(all[call] ?? '') ?? [];
    if (all.length > 1 || all[0] !== module) return outputs.get(recorded) ?? [];
    const merged = outputs.get(module) ?? [];
    if (merged.length % often === 0) {
      const each = merged.length / often;
      return merged.slice(call * each, (call + 1) * each);
    }
    return call === often - 1 ? merged : [];
  };
}
