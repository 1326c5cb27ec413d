/**
 * The follower put together: it walks Python without running it. It knows which class, which attribute, which function a
 * name stands for as far as the source says, and records what a `forward` does in the order it does it. It never
 * executes anything, reads only outlines it is given, and stops when there is too much.
 */
import type { Expr } from '../python/ast';
import type { Outline } from '../python/outline';
import type { Sources } from '../sources';
import { BUILTINS } from './builtinNames';
import { callValue, construct, runFunction } from './call';
import { ClassTable } from './classes';
import { evaluateExpression } from './evaluate';
import { executeStatements } from './execute';
import { ModuleFinder } from './finder';
import type { Flow, Operation } from './flow';
import { beginningOf, tracedLines } from './lineRules';
import type { CallSite, Choices, Completion, Frame, Loop, Machine, Run } from './machine';
import { MethodIndex } from './methodIndex';
import { initLibrary } from './modules';
import { assignTarget } from './targets';
import {
  constant,
  Env,
  library,
  optionsOf,
  UNKNOWN,
  union,
  type CallArgs,
  type ClassValue,
  type FunctionValue,
  type Instance,
  type Spot,
  type Value,
} from './values';

/** Work one question may cost. */
const MOST_STEPS = 400_000;
/** Work a file's own statements may cost: tables of numbers need not be read to their end. */
const FILE_STEPS = 100_000;

/** Thrown when following takes more work than it is worth; the caller keeps what it has. */
export class TooMuch extends Error {}

export class Interpreter implements Machine {
  flow: Flow | null = null;
  readonly frames: Frame[] = [];
  readonly runs: Run[] = [];
  readonly loops: Loop[] = [];
  choices: Choices | null = null;
  conditional = 0;
  undecided = 0;
  within: Instance | null = null;
  steps = 0;
  onConstruct: ((made: Instance) => void) | null = null;
  readonly hooked = new Set<Instance>();

  readonly classes: ClassTable;
  readonly #finder: ModuleFinder;
  readonly #modules = new Map<string, Env>();
  readonly #stars = new Map<Env, string[]>();
  readonly #methods = new MethodIndex();

  constructor(private readonly sources: Sources) {
    this.classes = new ClassTable(this);
    this.#finder = new ModuleFinder(sources);
  }

  step(): void {
    if (++this.steps > MOST_STEPS) throw new TooMuch();
  }

  decide(spot: Spot, kind: 'test' | 'loop'): number | undefined {
    this.undecided++;
    return this.choices?.decide(spot, kind);
  }

  /** Gives `work` a fresh allowance and a clean stack; what is too much gives `otherwise`. */
  allow<T>(work: () => T, otherwise: T, most = MOST_STEPS): T {
    const saved = {
      steps: this.steps,
      flow: this.flow,
      choices: this.choices,
      conditional: this.conditional,
    };
    const stacks = [this.frames.splice(0), this.runs.splice(0), this.loops.splice(0)] as const;
    this.steps = MOST_STEPS - most;
    this.conditional = 0;
    try {
      return work();
    } catch (error) {
      // Deep recursion in hostile source ends here too.
      if (error instanceof TooMuch || error instanceof RangeError) return otherwise;
      throw error;
    } finally {
      Object.assign(this, saved);
      this.frames.splice(0, this.frames.length, ...stacks[0]);
      this.runs.splice(0, this.runs.length, ...stacks[1]);
      this.loops.splice(0, this.loops.length, ...stacks[2]);
    }
  }

  outline(file: string): Outline | undefined {
    return this.sources.outline(file);
  }

  lineOf({ file, from }: { readonly file: string; readonly from: number }): number {
    return this.outline(file)?.lines.lineAt(from) ?? 1;
  }

  siteOf(expr: Expr, env: Env): CallSite {
    const lines = this.outline(env.file)?.lines;
    if (lines === undefined) return { spot: { file: env.file, from: expr.from, to: expr.to }, lines: [1] };
    return {
      spot: { file: env.file, from: beginningOf(expr, lines), to: expr.to },
      lines: tracedLines(expr, lines),
    };
  }

  evaluate(expr: Expr, env: Env): Value {
    this.step();
    return evaluateExpression(this, this, expr, env);
  }

  execute(statements: Parameters<Machine['execute']>[0], env: Env): Completion {
    return executeStatements(this, this, statements, env);
  }

  assign(target: Expr, value: Value, env: Env): void {
    assignTarget(this, this, target, value, env);
  }

  call(callee: Value, args: CallArgs, site: CallSite): Value {
    return callValue(this, callee, args, site);
  }

  run(fn: FunctionValue, args: CallArgs, site: CallSite): Value {
    return runFunction(this, fn, args, site);
  }

  construct(callee: Value, args: CallArgs, site: CallSite): Instance {
    return construct(this, callee, args, site);
  }

  /** The names a file binds when run as a script, and whatever its functions bind when called with anything. */
  runScript(file: string): void {
    const outline = this.outline(file);
    if (outline === undefined) return;
    const env = new Env(null, file, 'module');
    env.vars.set('__name__', constant('__main__'));
    this.allow(() => this.execute(outline.body, env), 'stop', FILE_STEPS);
    for (const value of [...env.vars.values()]) {
      if (value.kind !== 'function' || value.env.file !== file) continue;
      const site = { spot: { file, from: value.node.from, to: value.node.to }, lines: [1] };
      this.allow(() => this.run(value, { positional: [], named: new Map(), open: true }, site), UNKNOWN);
    }
  }

  fill(instance: Instance): void {
    if (instance.constructed !== 'no') return;
    instance.constructed = 'running';
    const before = this.undecided;
    if (instance.ref.kind === 'user') this.#initialise(instance, instance.ref.cls);
    instance.undecided = this.undecided > before;
    instance.constructed = 'yes';
  }

  #initialise(instance: Instance, cls: ClassValue): void {
    const site = {
      spot: instance.spot ?? { file: cls.env.file, from: cls.node.from, to: cls.node.to },
      lines: [1],
    };
    const { flow, conditional } = this;
    this.flow = null;
    this.conditional = 0;
    try {
      const init = this.classes.classAttribute(cls, '__init__');
      const order = this.mro(cls);
      if (init?.kind === 'function') runFunction(this, { ...init, self: instance }, instance.args, site);
      else {
        const base = order.find((entry) => typeof entry === 'string');
        const fields = this.classes.fields(cls);
        if (fields.length > 0 && (base === undefined || /NamedTuple|object/.test(base)))
          this.#setFields(instance, cls, fields);
        else if (base !== undefined) initLibrary(this, instance, base, instance.args, site);
      }
      const post = this.classes.classAttribute(cls, '__post_init__');
      if (post?.kind === 'function')
        runFunction(
          this,
          { ...post, self: instance },
          { positional: [], named: new Map(), open: false },
          site,
        );
    } finally {
      this.flow = flow;
      this.conditional = conditional;
    }
  }

  #setFields(instance: Instance, cls: ClassValue, fields: readonly string[]): void {
    fields.forEach((field, i) => {
      const given = instance.args.named.get(field) ?? instance.args.positional[i];
      const fallback = instance.args.open ? UNKNOWN : (this.classes.classAttribute(cls, field) ?? UNKNOWN);
      instance.attributes.set(field, given ?? fallback);
    });
  }

  attribute(object: Value, name: string, site: CallSite): Value {
    return this.classes.attribute(object, name, site);
  }

  setAttribute(object: Value, name: string, value: Value): void {
    if (object.kind === 'class') {
      this.classes.own(object).vars.set(name, value);
      return;
    }
    if (object.kind !== 'instance') return;
    this.fill(object);
    if (object.constructed === 'yes' && this.flow === null) object.late.push([name, value]);
    const earlier = object.attributes.get(name);
    if (earlier !== undefined && (this.conditional > 0 || this.flow !== null))
      object.attributes.set(name, union([earlier, value]));
    else object.attributes.set(name, value);
  }

  iterate(value: Value, site: CallSite): readonly Value[] | null {
    switch (value.kind) {
      case 'list':
        return value.items;
      case 'dict':
        return [...value.entries.keys()].map(constant);
      case 'constant':
        return typeof value.value === 'string' ? Array.from(value.value, constant) : null;
      case 'instance': {
        this.fill(value);
        if (value.items !== null) return value.items;
        if (value.entries !== null) return [...value.entries.keys()].map(constant);
        if (value.ref.kind !== 'user') return null;
        const own = this.classes.classAttribute(value.ref.cls, '__iter__');
        if (own?.kind !== 'function') return null;
        const made = runFunction(
          this,
          { ...own, self: value },
          { positional: [], named: new Map(), open: false },
          site,
        );
        return made.kind === 'list' ? made.items : null;
      }
      case 'union': {
        const lists = value.options.map((option) => this.iterate(option, site));
        const [first] = lists;
        if (first === null || first === undefined || !lists.every((items) => items?.length === first.length))
          return null;
        return first.map((_, i) => union(lists.map((items) => items?.[i] ?? UNKNOWN)));
      }
      default:
        return null;
    }
  }

  lookup(name: string, env: Env): Value {
    for (let scope: Env | null = env; scope !== null; scope = scope.parent) {
      // A class body's names are not seen from the functions in it.
      if (scope.scope === 'class' && scope !== env) continue;
      const value = scope.vars.get(name);
      if (value !== undefined) return value;
    }
    const starred = this.#fromStars(name, env.module);
    if (starred !== undefined) return starred;
    if (BUILTINS.has(name)) return library(`builtins.${name}`);
    return UNKNOWN;
  }

  mro(cls: ClassValue): readonly (ClassValue | string)[] {
    return this.classes.mro(cls);
  }

  classAttribute(cls: ClassValue, name: string): Value | undefined {
    return this.classes.classAttribute(cls, name);
  }

  /** A file's names: its definitions first, so that circular imports find them, then its statements in order. */
  moduleEnv(file: string): Env | undefined {
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    const outline = this.outline(file);
    if (outline === undefined) return undefined;
    // Importing runs a module's packages first: registries fill that way, and circles close as in Python.
    for (const part of this.#finder.packagesOf(file)) this.moduleEnv(part);
    const early = this.#modules.get(file);
    if (early !== undefined) return early;
    const env = new Env(null, file, 'module');
    this.#modules.set(file, env);
    env.vars.set('__name__', constant(file.replace(/\.py$/, '').split('/').at(-1) ?? file));
    this.allow(() => {
      this.flow = null;
      this.choices = null;
      this.execute(
        outline.body.filter((statement) => statement.kind === 'class' || statement.kind === 'function'),
        env,
      );
      this.allow(() => this.execute(outline.body, env), 'stop', FILE_STEPS);
      return undefined;
    }, undefined);
    this.#methods.add(outline, env);
    return env;
  }

  importModule(from: string, level: number, dotted: string): Value {
    const file = this.#finder.find(from, level, dotted);
    if (file !== null) this.moduleEnv(file);
    return file === null ? library(`${'.'.repeat(level)}${dotted}`) : { kind: 'file', file };
  }

  importName(file: string, name: string): Value | undefined {
    const env = this.moduleEnv(file);
    if (env === undefined) return undefined;
    return env.vars.get(name) ?? this.#fromStars(name, env);
  }

  importAll(env: Env, level: number, module: string): void {
    const source = this.importModule(env.file, level, module);
    if (source.kind === 'file') {
      for (const [name, value] of this.moduleEnv(source.file)?.vars ?? [])
        if (!name.startsWith('_')) env.vars.set(name, value);
      const inherited = this.#stars.get(this.moduleEnv(source.file) ?? env) ?? [];
      if (inherited.length > 0) this.#stars.set(env, [...(this.#stars.get(env) ?? []), ...inherited]);
    } else if (source.kind === 'library')
      this.#stars.set(env, [...(this.#stars.get(env) ?? []), source.path]);
  }

  #fromStars(name: string, env: Env): Value | undefined {
    const paths = this.#stars.get(env) ?? [];
    const path =
      paths.find((entry) => /^torch\.nn$/.test(entry) && /^[A-Z]/.test(name)) ??
      paths.find((entry) => entry === 'torch');
    return path === undefined || BUILTINS.has(name) ? undefined : library(`${path}.${name}`);
  }

  methodsNamed(name: string): readonly FunctionValue[] {
    return this.#methods.named(name);
  }

  /** Whether a module's own code may run inside of what a library does when it is called. */
  interferes({ ref }: Instance): boolean {
    return ref.kind === 'user' && this.classes.interferes(ref.cls);
  }

  noteHook(instance: Instance): void {
    this.hooked.add(instance);
  }

  inFrame<T>(func: string, file: string, site: CallSite, lazy: boolean, work: () => T): T {
    const outer = this.frames.at(-1);
    const before = outer?.at ?? [];
    if (outer !== undefined) outer.at = site.lines;
    this.frames.push({ func, file, at: [], lazy });
    try {
      return work();
    } finally {
      this.frames.pop();
      if (outer !== undefined) outer.at = before;
    }
  }

  emit(kind: Operation['kind'], name: string, site: CallSite, extra: Partial<Operation> = {}): void {
    if (this.flow === null || this.flow.current < 0) return;
    const last = this.frames.length - 1;
    const frames = this.frames.map((frame, i) => {
      const lines = i === last ? site.lines : frame.at;
      const inner = this.frames[i + 1];
      // From Python 3.12 on a comprehension has no frame of its own.
      const inlined = inner !== undefined && /^<(?:list|set|dict)comp>$/.test(inner.func);
      const deeper = i + 1 === last ? site.lines : (inner?.at ?? []);
      const loose = inner?.lazy === true;
      return { func: frame.func, file: frame.file, lines: inlined ? [...lines, ...deeper] : lines, loose };
    });
    this.flow.add({
      kind,
      name,
      spot: site.spot,
      line: site.lines[0] ?? 1,
      frames,
      module: null,
      reaches: false,
      inherited: false,
      within: this.within,
      blind: false,
      skip: 1,
      ...extra,
    });
  }
}

/** Every option of a value that is an object. */
export function instancesOf(value: Value): Instance[] {
  return optionsOf(value).filter((option) => option.kind === 'instance');
}
