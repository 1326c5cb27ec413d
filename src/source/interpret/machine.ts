/**
 * What the parts of the follower share: the machine's state and the operations each part needs of the others.
 * Types only; `interpreter.ts` puts the parts together.
 */
import type { Expr, Stmt } from '../python/ast';
import type { Outline } from '../python/outline';
import type { Flow, Operation } from './flow';
import type { CallArgs, ClassValue, Env, FunctionValue, Instance, Spot, Value } from './values';

/** A function being followed: where its returns go. */
export interface Run {
  readonly fn: FunctionValue;
  readonly returns: Value[];
  readonly exits: number[];
  readonly yields: Value[];
  /** It yields in a loop whose turns nobody knows. */
  open: boolean;
}

/** A loop being followed. */
export interface Loop {
  readonly breaks: number[];
  readonly continues: number[];
}

/** How a statement list ended: `normal` when what follows it can be reached. */
export type Completion = 'normal' | 'stop';

/** Decisions about tests and loops whose outcome nobody knows, by where they stand in the source. */
export interface Choices {
  /** Iterations of an unknown loop, or 1/0 for a test; undefined: follow both, or the default count. */
  decide(spot: Spot, kind: 'test' | 'loop'): number | undefined;
}

/** A Python frame on the stack. */
export interface Frame {
  readonly func: string;
  readonly file: string;
  /** Lines a traceback may show for it while a deeper frame runs. */
  at: readonly number[];
  /** A generator: it runs while whoever asks it for elements runs, on whatever line that is. */
  readonly lazy: boolean;
}

export interface Machine {
  /** Operations are recorded here; null while constructing. */
  flow: Flow | null;
  readonly frames: Frame[];
  readonly runs: Run[];
  readonly loops: Loop[];
  choices: Choices | null;
  /** Counts tests and loops whose outcome nobody knew. */
  undecided: number;
  /** Above 0 inside a branch that may not be taken: attributes keep their earlier values too. */
  conditional: number;
  /** The module whose hook is being followed: what it does happens in that module's scope. */
  within: Instance | null;
  /** Told of every object that is constructed. */
  onConstruct: ((made: Instance) => void) | null;

  /** Counts work; throws when there was too much. */
  step(): void;
  /** A choice made from outside for a test or a loop nobody can decide, or undefined. */
  decide(spot: Spot, kind: 'test' | 'loop'): number | undefined;
  outline(file: string): Outline | undefined;
  lineOf(spot: { readonly file: string; readonly from: number }): number;

  evaluate(expr: Expr, env: Env): Value;
  execute(statements: readonly Stmt[], env: Env): Completion;
  assign(target: Expr, value: Value, env: Env): void;
  call(callee: Value, args: CallArgs, site: CallSite): Value;
  run(fn: FunctionValue, args: CallArgs, site: CallSite): Value;
  construct(callee: Value, args: CallArgs, site: CallSite): Instance;
  /** Fills an instance's attributes by following its constructor. */
  fill(instance: Instance): void;
  attribute(object: Value, name: string, site: CallSite): Value;
  setAttribute(object: Value, name: string, value: Value): void;
  iterate(value: Value, site: CallSite): readonly Value[] | null;
  lookup(name: string, env: Env): Value;
  /** Classes to search, the object's own first; library bases by path. */
  mro(cls: ClassValue): readonly (ClassValue | string)[];
  classAttribute(cls: ClassValue, name: string): Value | undefined;
  moduleEnv(file: string): Env | undefined;
  /** A module as an import names it: a workspace file or a library. */
  importModule(from: string, level: number, dotted: string): Value;
  /** A name of a workspace file, or undefined. */
  importName(file: string, name: string): Value | undefined;
  importAll(env: Env, level: number, module: string): void;

  /** Runs `work` in a frame of its own, called from `site`. */
  inFrame<T>(func: string, file: string, site: CallSite, lazy: boolean, work: () => T): T;
  /** Methods of that name in the person's own classes, for receivers nobody knows. */
  methodsNamed(name: string): readonly FunctionValue[];
  /** A hook was registered: calls of this module may run code that is not seen. */
  noteHook(instance: Instance): void;
  emit(kind: Operation['kind'], name: string, site: CallSite, extra?: Partial<Operation>): void;
}

/** Where a call stands: its whole expression, and the lines a traceback may show for it. */
export interface CallSite {
  readonly spot: Spot;
  readonly lines: readonly number[];
}
