/**
 * The modules of a model as its Python constructs them: an object for every module path the model names. Where the
 * source leaves open how often a loop turns or which branch is taken, the choice that explains the model's own names
 * and classes best is made, and the module is marked as not certain.
 */
import type { Observed } from './observed';
import { classMakes } from './opNames';
import { childNamed, childrenOf } from './interpret/modules';
import { instancesOf, type Interpreter } from './interpret/interpreter';
import type { Choices } from './interpret/machine';
import { Instance, NO_ARGS, type ClassValue, type Spot, type Value } from './interpret/values';

export interface FoundModule {
  readonly instance: Instance;
  /** False when alternatives were open and evidence chose between them. */
  readonly certain: boolean;
}

/** Undecided places tried per constructor; beyond, the source is taken as it stands. */
const MOST_PLACES = 16;
const MOST_TURNS = 130;
const DEEPEST_SEARCH = 5;
/** Wrappers put around one module. */
const DEEPEST_WRAP = 3;
const WIDEST_SEARCH = 2000;

export class ModuleTree {
  readonly #found = new Map<string, FoundModule | null>();
  readonly #tuned = new Map<Instance, boolean>();

  constructor(
    private readonly interpreter: Interpreter,
    private readonly observed: Observed,
    /** Finds a class of the workspace by the name an exporter gave it. */
    private readonly classNamed: (name: string) => ClassValue | undefined,
    /** Whether such a name is of a file of the workspace, found in it or not. */
    private readonly isOwn: (name: string) => boolean,
    /** Objects of a class that the workspace's files make. */
    private readonly constructions: (cls: ClassValue) => readonly Instance[],
    readonly root: Instance,
  ) {
    this.#found.set('', { instance: root, certain: true });
    root.paths.push('');
  }

  /** The module at a dotted path, or null when the source does not lead there. */
  find(path: string): FoundModule | null {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    this.#found.set(path, null);
    const found =
      this.#solid(path) ??
      this.#renamed(path) ??
      this.#shortened(path) ??
      this.#wrapped(path) ??
      this.#adopted(path);
    this.#found.set(path, found);
    if (found !== null && !found.instance.paths.includes(path)) found.instance.paths.push(path);
    return found;
  }

  /** How well the source explains the names the model uses: one for each module found with the right class. */
  score(): number {
    let score = 0;
    for (const module of this.observed.modules) {
      const found = this.find(module.path);
      if (found === null || found.instance.ghost) {
        if (found !== null || this.insideLibrary(module.path)) score += 0.2;
        continue;
      }
      const agrees = this.#agrees(found.instance, module.path);
      // An object nobody knows the class of explains less than one that could be it.
      const open = found.instance.ref.kind === 'unknown' ? 0.5 : 0.8;
      score += agrees === false ? -1 : agrees === true ? 1 : open;
    }
    return score;
  }

  /** Fills the object at a path, choosing what the source leaves open by what the model names below it. */
  tune(instance: Instance, path: string): boolean {
    const known = this.#tuned.get(instance);
    if (known !== undefined) return known;
    this.#tuned.set(instance, true);
    this.#identify(instance, path);
    if (instance.ref.kind !== 'user') {
      this.interpreter.fill(instance);
      return true;
    }
    const certain = this.interpreter.allow(() => this.#choose(instance, path), false);
    this.#tuned.set(instance, certain);
    return certain;
  }

  /** An object made by a call nobody could name takes the class the model names. */
  #identify(instance: Instance, path: string): void {
    const className = this.observed.get(path)?.className ?? null;
    if (instance.ref.kind !== 'unknown' || className === null) return;
    const cls = this.classNamed(className);
    // A class made while the program ran, by `type` or by a decorator: of the workspace, and nobody knows what it does.
    if (cls === undefined && this.isOwn(className)) {
      instance.open = true;
      return;
    }
    instance.ref = cls === undefined ? { kind: 'library', path: className } : { kind: 'user', cls };
    instance.constructed = cls === undefined ? 'yes' : 'no';
    if (cls === undefined) instance.open = true;
  }

  #choose(instance: Instance, path: string): boolean {
    const turns = Math.min(this.observed.largestIndex(path) + 1, MOST_TURNS);
    const chosen = new Map<string, number>();
    const places = new Map<string, { readonly spot: Spot; readonly kind: 'test' | 'loop' }>();
    const choices: Choices = {
      decide(spot, kind) {
        const key = `${kind}:${spot.file}:${String(spot.from)}`;
        places.set(key, { spot, kind });
        return chosen.get(key) ?? (kind === 'loop' && turns > 0 ? turns : undefined);
      },
    };
    const attempt = (): number => {
      reset(instance);
      this.interpreter.choices = choices;
      this.interpreter.fill(instance);
      this.interpreter.choices = null;
      for (const [name, value] of instance.late) instance.attributes.set(name, value);
      return this.#shallowScore(instance, path);
    };
    // What a script has done to the object since stays, where nothing was left open.
    this.interpreter.fill(instance);
    if (!instance.undecided) return true;
    let best = attempt();
    if (places.size === 0) return true;
    for (let round = 0; round < 2; round++) {
      const before = best;
      for (const [key, place] of [...places].slice(0, MOST_PLACES)) {
        const current = chosen.get(key);
        const options = place.kind === 'test' ? [1, 0] : Array.from({ length: turns + 1 }, (_, i) => i);
        let winner = current;
        for (const option of options) {
          chosen.set(key, option);
          const score = attempt();
          if (score > best + 1e-9) {
            best = score;
            winner = option;
          }
        }
        if (winner === undefined) chosen.delete(key);
        else chosen.set(key, winner);
      }
      if (best <= before + 1e-9) break;
    }
    attempt();
    return false;
  }

  /** Names below `path` explained, without looking into objects that are not filled yet. */
  #shallowScore(instance: Instance, path: string): number {
    let score = 0;
    const base = path === '' ? 0 : path.split('.').length;
    for (const module of this.observed.below(path)) {
      const parts = module.path.split('.').slice(base);
      if (module.path === path || parts.length === 0) continue;
      score += this.#explains(instance, parts, module.path);
    }
    return (
      score -
      0.001 * (instance.items?.length ?? 0) -
      0.0001 * instance.attributes.size -
      0.001 * size(instance)
    );
  }

  #explains(instance: Instance, parts: readonly string[], path: string): number {
    let value: Value = instance;
    for (const [i, part] of parts.entries()) {
      if (value.kind === 'union') value = instancesOf(value)[0] ?? value;
      if (value.kind !== 'instance') return 0;
      if (i > 0 && value.constructed === 'no') return 0.5;
      const next = childNamed(this.interpreter, value, part);
      if (next === undefined) return value.open ? 0.2 : 0;
      value = next;
    }
    const options = instancesOf(value);
    if (options.length === 0) return 0;
    if (options.every((option) => option.ghost)) return 0.2;
    const agreement = options.map((option) => this.#agrees(option, path));
    if (agreement.includes(true)) return options.length > 1 ? 0.9 : 1;
    return agreement.includes(undefined) ? 0.7 : -1;
  }

  /** What the source shows at a path; where it only shows a library's object, the person's own class comes first. */
  #solid(path: string): FoundModule | null {
    const found = this.#walk(path);
    if (found === null) return null;
    const other = found.instance.ghost
      ? found.instance.ref.kind === 'user'
      : this.#isOther(found.instance, path);
    return other ? (this.#adopted(path) ?? found) : found;
  }

  #walk(path: string): FoundModule | null {
    const parts = path.split('.');
    // The longest known prefix: parents are found before their children.
    for (let length = parts.length - 1; length >= 0; length--) {
      const prefix = parts.slice(0, length).join('.');
      if (length > 0 && this.observed.get(prefix) === undefined) continue;
      const parent = this.find(prefix);
      if (parent === null) continue;
      const found = this.#descend(parent, parts.slice(length), prefix);
      if (found !== null) return found;
    }
    return null;
  }

  #descend(parent: FoundModule, parts: readonly string[], prefix: string): FoundModule | null {
    let { instance, certain } = parent;
    let path = prefix;
    for (const part of parts) {
      if (!this.tune(instance, path)) certain = false;
      path = path === '' ? part : `${path}.${part}`;
      const value = childNamed(this.interpreter, instance, part);
      if (value === undefined) return null;
      const options = instancesOf(value);
      const chosen = this.#pick(options, path);
      if (chosen === undefined) return null;
      if (options.length > 1 || value.kind === 'union') certain = false;
      instance = chosen;
      if (!instance.paths.includes(path)) instance.paths.push(path);
    }
    this.tune(instance, path);
    return { instance, certain };
  }

  /** The TorchScript exporter numbers a module's second and later calls: `fc_1` is `fc` called again. */
  #renamed(path: string): FoundModule | null {
    const parts = path.split('.');
    const last = parts.at(-1) ?? '';
    const match = /^(.+)_\d+$/.exec(last);
    if (match === null || this.observed.get(path)?.className !== null) return null;
    const found = this.find([...parts.slice(0, -1), match[1] ?? last].join('.'));
    return found === null ? null : { ...found };
  }

  /** The TorchScript exporter leaves out containers that are never called: `h.0` is `transformer.h.0`. */
  #shortened(path: string): FoundModule | null {
    if (this.observed.get(path)?.className !== null) return null;
    const parts = path.split('.');
    for (let length = parts.length - 1; length >= 0; length--) {
      const prefix = parts.slice(0, length).join('.');
      if (length > 0 && this.observed.get(prefix) === undefined) continue;
      const parent = this.find(prefix);
      if (parent === null) continue;
      const candidates = this.#below(parent.instance, parts.slice(length).join('.'));
      const chosen = this.#pick(candidates, path);
      if (chosen === undefined) return null;
      this.tune(chosen, path);
      return { instance: chosen, certain: candidates.length === 1 && parent.certain };
    }
    return null;
  }

  /** Modules below `parent` whose path ends in `tail`, nearest first. */
  #below(parent: Instance, tail: string): Instance[] {
    const wanted = tail.split('.');
    let level: { readonly value: Instance; readonly path: readonly string[] }[] = [
      { value: parent, path: [] },
    ];
    for (let depth = 0; depth < DEEPEST_SEARCH && level.length > 0 && level.length < WIDEST_SEARCH; depth++) {
      const next: typeof level = [];
      const found: Instance[] = [];
      for (const { value, path } of level) {
        this.interpreter.allow(() => this.interpreter.fill(value), undefined);
        for (const [name, child] of childrenOf(value)) {
          for (const instance of instancesOf(child)) {
            const own = [...path, name];
            next.push({ value: instance, path: own });
            if (
              own.length > wanted.length &&
              wanted.every((part, i) => own[own.length - wanted.length + i] === part)
            )
              found.push(instance);
          }
        }
      }
      if (found.length > 0) return [...new Set(found)];
      level = next;
    }
    return [];
  }

  /**
   * A module of the person's own class at a path the source does not show, such as one set on a library's layers in a
   * loop: taken to be made where the workspace makes that class, when there is one such place.
   */
  #adopted(path: string): FoundModule | null {
    const className = this.observed.get(path)?.className ?? null;
    if (className === null || path === '') return null;
    const cls = this.classNamed(className);
    if (cls === undefined) return null;
    const made = this.constructions(cls).filter((instance) => instance.spot !== null);
    const spots = new Set(made.map(({ spot }) => `${spot?.file ?? ''}:${String(spot?.from)}`));
    const instance = new Instance(
      { kind: 'user', cls },
      spots.size === 1 ? (made[0]?.spot ?? null) : null,
      made[0]?.args ?? { ...NO_ARGS, open: true },
    );
    this.tune(instance, path);
    return { instance, certain: false };
  }

  /** The model names another class at the path than the source makes there: it was put in its place later. */
  #isOther(instance: Instance, path: string): boolean {
    return (
      path !== '' &&
      (this.observed.get(path)?.className ?? null) !== null &&
      this.#agrees(instance, path) === false
    );
  }

  /** What the source makes where the model now has a wrapper around it: `fc` is `fc.inner` since. */
  #wrapped(path: string): FoundModule | null {
    const parts = path.split('.');
    for (let length = parts.length - 1; length > 0 && length >= parts.length - DEEPEST_WRAP; length--) {
      const outer = parts.slice(0, length).join('.');
      const made = this.#walk(outer);
      if (made === null || !this.#isOther(made.instance, outer)) continue;
      if (this.observed.get(path)?.className !== null && this.#agrees(made.instance, path) === true)
        return { instance: made.instance, certain: false };
    }
    return null;
  }

  /** Where an object was constructed; for the root, where the workspace makes its class, when that is one place. */
  spotOf(instance: Instance): Spot | null {
    if (instance.spot !== null || instance.ref.kind !== 'user') return instance.spot;
    const spots = this.constructions(instance.ref.cls).map(({ spot }) => spot);
    const [first = null] = spots;
    return spots.every((spot) => spot?.file === first?.file && spot?.from === first?.from) ? first : null;
  }

  /** True when the nearest module the source shows above a path is one whose insides a library makes. */
  insideLibrary(path: string): boolean {
    const parts = path.split('.');
    for (let length = parts.length - 1; length >= 0; length--) {
      const found = this.find(parts.slice(0, length).join('.'));
      if (found !== null)
        return (
          found.instance.open || (found.instance.ref.kind === 'library' && found.instance.items === null)
        );
    }
    return false;
  }

  #pick(options: readonly Instance[], path: string): Instance | undefined {
    return (
      options.find((option) => this.#agrees(option, path) === true) ??
      options.find((option) => this.#agrees(option, path) === undefined) ??
      options[0]
    );
  }

  /** Whether an object can be what the model names at a path; undefined when nothing tells. */
  #agrees(instance: Instance, path: string): boolean | undefined {
    const module = this.observed.get(path);
    if (module === undefined) return undefined;
    const { ref } = instance;
    if (ref.kind === 'unknown') return undefined;
    const name = ref.kind === 'user' ? ref.cls.name : (ref.path.split('.').at(-1) ?? '');
    if (module.className !== null) return lastName(module.className) === name;
    return ref.kind === 'library' ? classMakes(name, module.ops) : undefined;
  }

  /** True when the model names this very class at the path. */
  confirmed(instance: Instance, path: string): boolean {
    return this.observed.get(path)?.className !== null && this.#agrees(instance, path) === true;
  }
}

export function lastName(dotted: string): string {
  return dotted.slice(dotted.lastIndexOf('.') + 1);
}

function reset(instance: Instance): void {
  instance.attributes.clear();
  instance.items = null;
  instance.entries = null;
  instance.open = false;
  instance.constructed = 'no';
}

function size(instance: Instance): number {
  let count = 0;
  for (const value of instance.attributes.values()) {
    for (const option of instancesOf(value))
      count += (option.items?.length ?? 0) + (option.entries?.size ?? 0);
  }
  return count;
}
