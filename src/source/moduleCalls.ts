/**
 * Where modules that hold others are called: `x = self.stem(image)`. Their nodes stand in their own `forward`; this is
 * the line above it, as the `forward` around it is followed. An inference from the source, never more.
 */
import type { PlaceClaim } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Follower } from './follow';
import type { Operation } from './interpret/flow';
import type { Instance } from './interpret/values';
import { placeOf } from './places';
import type { Sources } from './sources';
import type { ModuleTree } from './tree';

export class ModuleCalls {
  readonly #byCaller = new Map<Instance, ReadonlyMap<Instance, readonly Operation[]>>();

  constructor(
    private readonly sources: Sources,
    private readonly tree: ModuleTree,
    private readonly follower: Follower,
    private readonly scopes: ScopeTree,
  ) {}

  /** The calls of the module at a path, in the nearest `forward` around it that calls it; empty where none is seen. */
  of(path: string): PlaceClaim[] {
    const callee = this.tree.find(path)?.instance;
    if (callee === undefined) return [];
    const parts = path.split('.');
    for (let length = parts.length - 1; length >= 0; length--) {
      const around = parts.slice(0, length).join('.');
      const caller = this.tree.find(around)?.instance;
      const calls = caller === undefined ? undefined : this.#callsIn(caller).get(callee);
      if (calls !== undefined) return this.#claims(calls, path, around);
    }
    return [];
  }

  #callsIn(caller: Instance): ReadonlyMap<Instance, readonly Operation[]> {
    const known = this.#byCaller.get(caller);
    if (known !== undefined) return known;
    const calls = new Map<Instance, Operation[]>();
    this.#byCaller.set(caller, calls);
    for (const operation of this.follower.activation(caller)?.flow.operations ?? []) {
      const module = operation?.kind === 'module' ? operation.module : null;
      if (operation === null || module === null) continue;
      const list = calls.get(module);
      if (list === undefined) calls.set(module, [operation]);
      else list.push(operation);
    }
    return calls;
  }

  #claims(calls: readonly Operation[], path: string, around: string): PlaceClaim[] {
    const seen = new Set<string>();
    const caller = this.scopes.scopes.find((scope) => scope.path === around)?.className ?? 'the model';
    return calls.flatMap(({ spot }): PlaceClaim[] => {
      const key = `${spot.file}:${String(spot.from)}:${String(spot.to)}`;
      const place = seen.has(key) ? null : placeOf(this.sources, spot);
      seen.add(key);
      if (place === null) return [];
      const evidence = [`The forward of ${caller} calls ${path} here.`];
      return [{ place, confidence: 'inferred', evidence, moved: false }];
    });
  }
}
