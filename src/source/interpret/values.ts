/**
 * Abstract values: what the follower knows of a Python value without running anything. Most are `unknown`; modules,
 * classes, functions, lists and small constants are known well enough to say which call reaches which module.
 * Types and small pure helpers.
 */
import type { ClassNode, Expr, FunctionNode, Parameter, Stmt } from '../python/ast';

/** A stretch of a source file, in offsets. */
export interface Spot {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export type Constant = string | number | boolean | null;

export type Value =
  /** Anything at all. */
  | { readonly kind: 'unknown' }
  /** Certainly a tensor of the library. */
  | { readonly kind: 'tensor' }
  /** A Python number nobody knows: a size, a length. */
  | { readonly kind: 'number' }
  | { readonly kind: 'constant'; readonly value: Constant }
  | ListValue
  | DictValue
  | FunctionValue
  | ClassValue
  /** Something of a library, by dotted path: `torch.nn.Linear`, `builtins.len`. */
  | { readonly kind: 'library'; readonly path: string }
  /** A method that is not the person's own code, on a value. */
  | { readonly kind: 'method'; readonly object: Value; readonly name: string }
  /** A Python file of the workspace, imported as a module. */
  | { readonly kind: 'file'; readonly file: string }
  | Instance
  | { readonly kind: 'super'; readonly after: ClassValue; readonly self: Value }
  | { readonly kind: 'partial'; readonly callee: Value; readonly args: CallArgs }
  | { readonly kind: 'union'; readonly options: readonly Value[] };

export interface ListValue {
  readonly kind: 'list';
  readonly type: 'list' | 'tuple' | 'set';
  readonly items: Value[];
  /** True when there may be more, or fewer, than `items`. */
  open: boolean;
  /** A generator's: the state in the flow from which its next element is made. */
  resume?: number;
}

export interface DictValue {
  readonly kind: 'dict';
  readonly entries: Map<Constant, Value>;
  open: boolean;
}

export interface FunctionValue {
  readonly kind: 'function';
  readonly name: string;
  readonly params: readonly Parameter[];
  readonly node: FunctionNode | (Expr & { readonly kind: 'lambda' });
  /** Statements, or the expression of a lambda. */
  readonly body: { readonly statements: () => readonly Stmt[] } | { readonly expression: Expr };
  readonly env: Env;
  /** The class it was defined in, for `super()`. */
  readonly owner: ClassValue | null;
  /** Bound first argument. */
  readonly self: Value | null;
  /** `script`: an ONNX Script function, which becomes a node of its own where it is called. */
  readonly role: 'plain' | 'property' | 'static' | 'class' | 'script';
}

export interface ClassValue {
  readonly kind: 'class';
  readonly name: string;
  readonly node: ClassNode;
  readonly env: Env;
}

/** Arguments of a call. `open`: there may be more than are listed. */
export interface CallArgs {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  readonly open: boolean;
}

/** What an object was made from. */
export type ClassRef =
  | { readonly kind: 'user'; readonly cls: ClassValue }
  | { readonly kind: 'library'; readonly path: string }
  /** Made by a call whose callee is not known. */
  | { readonly kind: 'unknown' };

/** An object made by a constructor call. Its attributes are filled when first asked for. */
export class Instance {
  readonly kind = 'instance';
  readonly attributes = new Map<string, Value>();
  /** Elements of a `Sequential` or `ModuleList`; null for other objects. */
  items: Value[] | null = null;
  /** Entries of a `ModuleDict`; null for other objects. */
  entries: Map<Constant, Value> | null = null;
  /** Attributes may exist that are not listed: a library's constructor made them. */
  open = false;
  constructed: 'no' | 'running' | 'yes' = 'no';
  /** Stands for something a library's object holds, of which only its name is known. */
  ghost = false;
  /** Its constructor met tests or loops whose outcome nobody knew. */
  undecided = false;
  /** Functions registered to run when it is called, with their kind. */
  readonly hooks: { readonly when: 'before' | 'after'; readonly run: Value }[] = [];
  /** Attributes set from outside once it was made: `model.fc = nn.Linear(…)` in a script. */
  readonly late: [string, Value][] = [];
  /** Dotted module paths under which the model knows it, first the one that registers it. */
  readonly paths: string[] = [];

  constructor(
    public ref: ClassRef,
    /** The constructor call; null when a library made it. */
    readonly spot: Spot | null,
    readonly args: CallArgs,
  ) {}
}

/** Names in scope. A function's environment has its file's at the end of the chain. */
export class Env {
  vars = new Map<string, Value>();

  constructor(
    readonly parent: Env | null,
    readonly file: string,
    readonly scope: 'module' | 'class' | 'function',
    readonly owner: ClassValue | null = null,
  ) {}

  /** The file's own environment. */
  get module(): Env {
    return this.scope === 'module' || this.parent === null ? this : this.parent.module;
  }
}

/** What a library's object holds under a name: unknown, but the same thing each time it is asked for. */
export function ghostOf(holder: Instance, name: string): Instance {
  const known = holder.attributes.get(name) ?? holder.attributes.get(ANY);
  if (known instanceof Instance) return known;
  const made = new Instance({ kind: 'unknown' }, null, NO_ARGS);
  made.ghost = true;
  made.open = true;
  made.constructed = 'yes';
  holder.attributes.set(name, made);
  return made;
}

/** The name under which every element of a ghost is found when none is told apart. */
export const ANY = '*';

export const UNKNOWN: Value = { kind: 'unknown' };
export const TENSOR: Value = { kind: 'tensor' };
export const NUMBER: Value = { kind: 'number' };
export const NONE: Value = { kind: 'constant', value: null };
export const NO_ARGS: CallArgs = { positional: [], named: new Map(), open: false };

export function constant(value: Constant): Value {
  return { kind: 'constant', value };
}

export function list(items: Value[], type: ListValue['type'] = 'list', open = false): ListValue {
  return { kind: 'list', type, items, open };
}

export function library(path: string): Value {
  return { kind: 'library', path };
}

/** Lists and texts longer than this are cut short, and open: nobody's modules are that many. */
export const LONGEST = 4096;

/** Adds to a list, up to what is worth knowing. */
export function extend(target: ListValue, items: readonly Value[], open = false): void {
  const room = LONGEST - target.items.length;
  for (const item of items.slice(0, Math.max(0, room))) target.items.push(item);
  if (open || items.length > room) target.open = true;
}

/** More alternatives than this are as good as unknown. */
const MOST_OPTIONS = 12;

/** Either of the given; equal ones are counted once. */
export function union(values: readonly Value[]): Value {
  const options: Value[] = [];
  for (const value of values.flatMap(optionsOf))
    if (!options.some((other) => same(other, value))) options.push(value);
  const only = options[0];
  if (only === undefined || options.length > MOST_OPTIONS) return UNKNOWN;
  return options.length === 1 ? only : { kind: 'union', options };
}

/** The alternatives of a value: itself, or a union's options. */
export function optionsOf(value: Value): readonly Value[] {
  return value.kind === 'union' ? value.options : [value];
}

export function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'constant' && b.kind === 'constant') return a.value === b.value;
  if (a.kind === 'library' && b.kind === 'library') return a.path === b.path;
  if (a.kind === 'class' && b.kind === 'class') return a.node === b.node;
  if (a.kind === 'function' && b.kind === 'function')
    return a.node === b.node && a.self === b.self && a.env === b.env;
  return a.kind === 'unknown' || a.kind === 'tensor' || a.kind === 'number';
}

/** Python's truth of a value, or undefined when nobody can tell. */
export function truth(value: Value): boolean | undefined {
  switch (value.kind) {
    case 'constant':
      return value.value !== null && value.value !== false && value.value !== 0 && value.value !== '';
    case 'list':
      return value.items.length > 0 ? true : value.open ? undefined : false;
    case 'dict':
      return value.entries.size > 0 ? true : value.open ? undefined : false;
    case 'function':
    case 'class':
    case 'library':
    case 'partial':
    case 'method':
    case 'file':
      return true;
    case 'instance':
      return value.ref.kind === 'library' && value.items === null ? true : undefined;
    case 'union': {
      const truths = new Set(value.options.map(truth));
      return truths.size === 1 ? [...truths][0] : undefined;
    }
    default:
      return undefined;
  }
}
