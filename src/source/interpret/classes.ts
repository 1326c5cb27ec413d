/**
 * Classes: their bases, the order in which attributes are looked up, and what an attribute of an object is.
 * Follows inheritance through files and into libraries, where only names are known.
 */
import type { Stmt } from '../python/ast';
import { blocksOf } from '../python/outline';
import type { CallSite, Machine } from './machine';
import { isModuleMethod } from './modules';
import {
  Env,
  UNKNOWN,
  constant,
  ghostOf,
  library,
  union,
  type ClassValue,
  type FunctionValue,
  type Instance,
  type Value,
} from './values';

/** Nothing that a library's `forward` calls. */
const UNCALLED =
  /^(?:forward|__(?:init|new|post_init|repr|str|init_subclass|setstate|getstate|deepcopy|doc|module|slots)__|extra_repr|reset_parameters|_?init_weights|_reset_parameters|from_\w+|_get_name|(?:load_|_load_from_|_save_to_)?state_dict|train|eval)$/;
const PASSIVE: ReadonlySet<Value['kind']> = new Set(['constant', 'list', 'dict', 'class', 'tensor']);

export class ClassTable {
  readonly #attributes = new Map<object, Env>();
  readonly #orders = new Map<object, readonly (ClassValue | string)[]>();

  constructor(private readonly machine: Machine) {}

  /** C3 linearisation where it exists, depth first otherwise. Library classes are paths. */
  mro(cls: ClassValue): readonly (ClassValue | string)[] {
    const known = this.#orders.get(cls.node);
    if (known !== undefined) return known;
    this.#orders.set(cls.node, [cls]);
    const bases: (ClassValue | string)[] = [];
    for (const base of cls.node.bases.filter((argument) => argument.name === null)) {
      const value = this.machine.evaluate(base.value, cls.env);
      if (value.kind === 'class') bases.push(value);
      else bases.push(value.kind === 'library' ? value.path : '?');
    }
    const lists = [
      ...bases.map((base) => (typeof base === 'string' ? [base] : [...this.mro(base)])),
      [...bases],
    ];
    const order = [cls, ...merge(lists)];
    this.#orders.set(cls.node, order);
    return order;
  }

  /** An attribute as the class itself, or a base in the workspace, defines it. */
  classAttribute(cls: ClassValue, name: string): Value | undefined {
    for (const base of this.mro(cls)) {
      if (typeof base === 'string') continue;
      const value = this.own(base).vars.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The class body's names. */
  own(cls: ClassValue): Env {
    const known = this.#attributes.get(cls.node);
    if (known !== undefined) return known;
    const env = new Env(cls.env, cls.env.file, 'class', cls);
    this.#attributes.set(cls.node, env);
    const { flow } = this.machine;
    this.machine.flow = null;
    this.machine.execute(cls.node.body(), env);
    this.machine.flow = flow;
    return env;
  }

  /** Ordinary methods the class and its bases in the workspace define, the most derived of each name. */
  methodsOf(cls: ClassValue): FunctionValue[] {
    const methods = new Map<string, FunctionValue>();
    for (const base of this.mro(cls)) {
      if (typeof base === 'string') continue;
      for (const [name, value] of this.own(base).vars) {
        if (
          value.kind === 'function' &&
          value.role === 'plain' &&
          !name.startsWith('__') &&
          !methods.has(name)
        )
          methods.set(name, value);
      }
    }
    return [...methods.values()];
  }

  /** Where `super()` goes on: the first class after `after` in the object's order that has the name. */
  superAttribute(after: ClassValue, self: Value, name: string): Value {
    const cls =
      self.kind === 'instance' && self.ref.kind === 'user'
        ? self.ref.cls
        : self.kind === 'class'
          ? self
          : after;
    const order = this.mro(cls);
    const at = order.findIndex((base) => typeof base !== 'string' && base.node === after.node);
    for (const base of order.slice(at + 1)) {
      if (typeof base === 'string') return { kind: 'method', object: { kind: 'super', after, self }, name };
      const value = this.own(base).vars.get(name);
      if (value !== undefined) return bind(value, self);
    }
    return { kind: 'method', object: { kind: 'super', after, self }, name };
  }

  /** The first library base, or null for a class that has none but `object`. */
  libraryBase(cls: ClassValue): string | null {
    return (
      (this.mro(cls).find((base) => typeof base === 'string' && base !== 'builtins.object') as
        string | null) ?? null
    );
  }

  /**
   * Whether a library's code may call a class's own: what is derived from a library's layer and defines more than its
   * `forward` and its construction. Such calls leave no frame in most exports.
   */
  interferes(cls: ClassValue): boolean {
    const base = this.libraryBase(cls);
    if (base === null || /^torch\.nn\.(?:modules\.module\.)?Module$/.test(base)) return false;
    return this.mro(cls).some((each) => {
      if (typeof each === 'string') return false;
      const outline = this.machine.outline(each.env.file);
      const text = outline?.lines.text.slice(each.node.from, each.node.to) ?? '';
      return [...this.own(each).vars].some(([name, value]) => {
        if (UNCALLED.test(name) || PASSIVE.has(value.kind)) return false;
        const plain = value.kind === 'function' && value.role === 'plain' && !name.startsWith('_');
        // What the class itself calls, and never hands up, is a helper under a name of its own.
        return !plain || text.includes(`super().${name}(`) || !text.includes(`self.${name}(`);
      });
    });
  }

  /** Names annotated in the class body, in order: a dataclass's or named tuple's fields. */
  fields(cls: ClassValue): string[] {
    const names: string[] = [];
    for (const base of [...this.mro(cls)].reverse()) {
      if (typeof base === 'string') continue;
      for (const statement of base.node.body()) {
        if (statement.kind !== 'assign' || statement.annotation === null) continue;
        const target = statement.targets[0];
        if (target?.kind === 'name' && !names.includes(target.id)) names.push(target.id);
      }
    }
    return names;
  }

  attribute(object: Value, name: string, site: CallSite): Value {
    switch (object.kind) {
      case 'instance':
        return this.#ofInstance(object, name, site);
      case 'class': {
        if (name === '__name__') return constant(object.name);
        const value = this.classAttribute(object, name);
        if (value === undefined) return { kind: 'method', object, name };
        return value.kind === 'function' && value.role === 'class' ? { ...value, self: object } : value;
      }
      case 'super':
        return this.superAttribute(object.after, object.self, name);
      case 'library':
        return library(`${object.path}.${name}`);
      case 'file':
        return this.#ofFile(object.file, name);
      case 'union':
        return union(object.options.map((option) => this.attribute(option, name, site)));
      case 'function':
      case 'partial':
        return name === 'func' && object.kind === 'partial' ? object.callee : UNKNOWN;
      default:
        return { kind: 'method', object, name };
    }
  }

  #ofInstance(object: Instance, name: string, site: CallSite): Value {
    this.machine.fill(object);
    if (name === '__class__') return object.ref.kind === 'user' ? object.ref.cls : UNKNOWN;
    const own = object.attributes.get(name) ?? object.entries?.get(name);
    if (own !== undefined) return own;
    if (object.ref.kind === 'user') {
      const { cls } = object.ref;
      const value = this.classAttribute(cls, name);
      if (value?.kind === 'function' && value.role === 'property') {
        return this.machine.run(
          { ...value, self: object },
          { positional: [], named: new Map(), open: false },
          site,
        );
      }
      if (value !== undefined) return bind(value, object);
      if (name === 'training') return UNKNOWN;
      if (this.libraryBase(cls) === null && this.classAttribute(cls, '__getattr__') !== undefined)
        return UNKNOWN;
    }
    if (object.open && object.ref.kind !== 'library' && !isModuleMethod(name)) return ghostOf(object, name);
    return { kind: 'method', object, name };
  }

  #ofFile(file: string, name: string): Value {
    const env = this.machine.moduleEnv(file);
    return env?.vars.get(name) ?? this.machine.lookup(name, new Env(env ?? null, file, 'class'));
  }
}

/** A function found on a class becomes a method of the object. */
export function bind(value: Value, self: Value): Value {
  if (value.kind === 'union') return union(value.options.map((option) => bind(option, self)));
  if (value.kind !== 'function' || value.role === 'static' || value.self !== null) return value;
  if (value.role === 'class')
    return { ...value, self: self.kind === 'instance' && self.ref.kind === 'user' ? self.ref.cls : self };
  return { ...value, self } satisfies FunctionValue;
}

function merge(lists: readonly (readonly (ClassValue | string)[])[]): (ClassValue | string)[] {
  const key = (entry: ClassValue | string): unknown => (typeof entry === 'string' ? entry : entry.node);
  const rest = lists.map((entries) => [...entries]).filter((entries) => entries.length > 0);
  const order: (ClassValue | string)[] = [];
  while (rest.length > 0) {
    const head =
      rest
        .map((entries) => entries[0])
        .find(
          (entry) =>
            entry !== undefined &&
            !rest.some((entries) => entries.slice(1).some((other) => key(other) === key(entry))),
        ) ?? rest[0]?.[0];
    if (head === undefined) break;
    order.push(head);
    for (const entries of rest)
      if (entries[0] !== undefined && key(entries[0]) === key(head)) entries.shift();
    for (let i = rest.length - 1; i >= 0; i--) if (rest[i]?.length === 0) rest.splice(i, 1);
  }
  return order;
}

/** Attributes that every module has from the library and that hold no module of the person's own. */
export function isQuietAttribute(name: string): boolean {
  return /^(?:training|device|dtype|__\w+__)$/.test(name);
}

/** True when any statement, however deep, is of one of these kinds. */
export function contains(body: readonly Stmt[], test: (statement: Stmt) => boolean): boolean {
  return body.some(
    (statement) => test(statement) || blocksOf(statement).some((block) => contains(block, test)),
  );
}
