/**
 * How to make a model of a class, with the reason: by a function of its file that makes one without being told anything,
 * by its defaults, as a script of the workspace makes it, else with guessed arguments. Pure; runs nothing.
 */
import { text as quoted, type Guess } from './exportScript';
import { moduleOf } from './importing';
import type { Interpreter } from './interpret/interpreter';
import { Instance, NO_ARGS, optionsOf, type CallArgs, type ClassValue, type Value } from './interpret/values';
import type { Parameter } from './python/ast';
import type { Sources } from './sources';

export interface Construction extends Guess {
  /** Names it needs, by module. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
  /** The object as far as it is known: its layers say what the inputs are. */
  readonly instance: Instance;
  /** How many example inputs come with it, as the second of a pair; 0 for none. */
  readonly examples: number;
}

const MAKES = /^(?:build|create|make|get|load|new|init)/;
const MOST_SCRIPTS = 24;

export class Constructor {
  constructor(
    private readonly sources: Sources,
    private readonly interpreter: Interpreter,
  ) {}

  /** @param name the class's dotted name in its file */
  of(cls: ClassValue, name: string): Construction {
    const made = this.#byFunction(cls);
    if (made !== null) return made;
    const init = this.#parameters(cls);
    const required = init.filter(({ fallback, stars }) => fallback === null && stars === 0);
    if (required.length === 0) {
      const why = init.length === 0 ? null : 'every argument at its default';
      return { code: `${name}()`, why, imports: new Map(), instance: this.#make(cls, NO_ARGS), examples: 0 };
    }
    return this.#asElsewhere(cls, name) ?? this.#guessed(cls, name, required, 0);
  }

  /** What a constructor was given, or would take by default, under a name. */
  argument(instance: Instance, name: string): Value | undefined {
    if (instance.ref.kind !== 'user') return undefined;
    const params = this.#parameters(instance.ref.cls);
    const index = params.findIndex((param) => param.name === name);
    const given = instance.args.named.get(name) ?? (index < 0 ? undefined : instance.args.positional[index]);
    if (given !== undefined) return given;
    const fallback = params[index]?.fallback ?? null;
    const { env } = instance.ref.cls;
    return fallback === null ? undefined : this.interpreter.evaluate(fallback, env);
  }

  /** `build()`, in the class's own file: it may write weights, or choose sizes. */
  #byFunction(cls: ClassValue): Construction | null {
    const file = cls.env.file;
    const env = this.interpreter.moduleEnv(file);
    const functions = [...(env?.vars ?? [])]
      .flatMap(([name, value]) =>
        value.kind === 'function' && value.env.file === file ? [{ name, value }] : [],
      )
      .filter(({ name, value }) => MAKES.test(name) && value.role === 'plain')
      .filter(({ value }) => value.params.every(({ fallback, stars }) => fallback !== null || stars > 0));
    for (const { name, value } of functions) {
      const site = { spot: { file, from: value.node.from, to: value.node.to }, lines: [] };
      const made = this.interpreter.allow(() => this.interpreter.run(value, NO_ARGS, site), null);
      for (const option of made === null ? [] : optionsOf(made)) {
        const first = option.kind === 'list' ? option.items[0] : option;
        if (!(first instanceof Instance) || first.ref.kind !== 'user' || first.ref.cls.node !== cls.node)
          continue;
        const second = option.kind === 'list' && option.items.length === 2 ? option.items[1] : undefined;
        const examples = second?.kind === 'list' && !second.open ? second.items.length : 0;
        const code = option.kind === 'list' && examples === 0 ? `${name}()[0]` : `${name}()`;
        const imports = new Map([[moduleOf(this.sources, file), [name]]]);
        const base = file.slice(file.lastIndexOf('/') + 1);
        return { code, why: `${name} of ${base} makes one`, imports, instance: first, examples };
      }
    }
    return null;
  }

  /** As a script of the workspace makes it, where all it gives is written out. */
  #asElsewhere(cls: ClassValue, name: string): Construction | null {
    const made: Instance[] = [];
    const outer = this.interpreter.onConstruct;
    this.interpreter.onConstruct = (instance) => {
      if (instance.ref.kind === 'user' && instance.ref.cls.node === cls.node) made.push(instance);
    };
    let scripts = 0;
    for (const file of this.sources.mentioning(new RegExp(`(?<!\\bclass\\s+)\\b${cls.name}\\s*\\(`)))
      if (scripts++ < MOST_SCRIPTS) this.interpreter.runScript(file);
    this.interpreter.onConstruct = outer;
    for (const { args, spot } of made) {
      if (args.open) continue;
      const parts = [
        ...args.positional.map(literal),
        ...[...args.named].map(([key, value]) => {
          const code = literal(value);
          return code === null ? null : `${key}=${code}`;
        }),
      ];
      if (parts.length === 0 || parts.some((part) => part === null)) continue;
      const where = spot === null ? '' : ` ${spot.file.slice(spot.file.lastIndexOf('/') + 1)}`;
      return {
        code: `${name}(${parts.join(', ')})`,
        why: `as${where} makes it`,
        imports: new Map(),
        instance: this.#make(cls, args),
        examples: 0,
      };
    }
    return null;
  }

  #guessed(cls: ClassValue, name: string, required: readonly Parameter[], depth: number): Construction {
    const imports = new Map<string, string[]>();
    const named = new Map<string, Value>();
    const unknown: string[] = [];
    const parts = required.map((param) => {
      const own = depth > 2 ? null : this.#ofClass(cls, param, depth);
      if (own !== null) {
        for (const [module, names] of own.imports)
          imports.set(module, [...(imports.get(module) ?? []), ...names]);
        named.set(param.name, own.instance);
        return `${param.name}=${own.code}`;
      }
      const value = plausible(param.name, this.#annotation(cls, param));
      if (value === null) {
        unknown.push(param.name);
        return `${param.name}=...`;
      }
      named.set(param.name, { kind: 'constant', value });
      return `${param.name}=${literal({ kind: 'constant', value }) ?? '...'}`;
    });
    const why =
      unknown.length > 0
        ? `fill in ${unknown.join(', ')}: nothing says what to give`
        : `the arguments without a default are made up`;
    const instance = this.#make(cls, { positional: [], named, open: unknown.length > 0 });
    return { code: `${name}(${parts.join(', ')})`, why, imports, instance, examples: 0 };
  }

  /** An argument whose annotation, or whose name, is a class of the workspace: a configuration, another module. */
  #ofClass(cls: ClassValue, param: Parameter, depth: number): Construction | null {
    const { annotation } = param;
    const value =
      annotation === null ? this.#configOf(cls, param) : this.interpreter.evaluate(annotation, cls.env);
    const found = value === null ? [] : optionsOf(value);
    for (const option of found) {
      if (option.kind === 'library' && /Config$/.test(option.path)) {
        const at = option.path.lastIndexOf('.');
        const imports = new Map([[option.path.slice(0, at), [option.path.slice(at + 1)]]]);
        const instance = new Instance(option, null, NO_ARGS);
        return { code: `${option.path.slice(at + 1)}()`, why: null, imports, instance, examples: 0 };
      }
      if (option.kind !== 'class') continue;
      const needs = this.#parameters(option).filter(
        ({ fallback, stars }) => fallback === null && stars === 0,
      );
      const made =
        needs.length === 0
          ? {
              code: `${option.name}()`,
              imports: new Map<string, string[]>(),
              instance: this.#make(option, NO_ARGS),
            }
          : this.#guessed(option, option.name, needs, depth + 1);
      const module = moduleOf(this.sources, option.env.file);
      const imports = new Map(made.imports);
      imports.set(module, [...(imports.get(module) ?? []), option.name]);
      return { code: made.code, why: null, imports, instance: made.instance, examples: 0 };
    }
    return null;
  }

  /** `config` without an annotation: the one configuration its file knows. */
  #configOf(cls: ClassValue, { name }: Parameter): Value | null {
    if (!/^(?:config|cfg|args|hparams|params)$/.test(name)) return null;
    const configs = [...(this.interpreter.moduleEnv(cls.env.file)?.vars.values() ?? [])].filter(
      (value) =>
        (value.kind === 'class' && /(?:config|args|params)$/i.test(value.name)) ||
        (value.kind === 'library' && /Config$/.test(value.path)),
    );
    return configs.length === 1 ? (configs[0] ?? null) : null;
  }

  #make(cls: ClassValue, args: CallArgs): Instance {
    const instance = new Instance({ kind: 'user', cls }, null, args);
    this.interpreter.allow(() => {
      this.interpreter.fill(instance);
      return null;
    }, null);
    return instance;
  }

  /** Parameters of a class's own `__init__`, or the fields of a dataclass; empty where a library makes it. */
  #parameters(cls: ClassValue): readonly Parameter[] {
    const init = this.interpreter.classAttribute(cls, '__init__');
    if (init?.kind === 'function') return init.params.slice(1);
    return this.interpreter.classes.fields(cls).map((name) => {
      const given = this.interpreter.classAttribute(cls, name);
      const fallback = given === undefined ? null : FIELD_DEFAULT;
      return { name, fallback, annotation: null, stars: 0, keywordOnly: false };
    });
  }

  #annotation({ env }: ClassValue, { annotation }: Parameter): string {
    if (annotation === null) return '';
    return this.interpreter.outline(env.file)?.lines.text.slice(annotation.from, annotation.to) ?? '';
  }
}

const FIELD_DEFAULT = { kind: 'constant', value: '...', from: 0, to: 0 } as const;

/** A Python literal for a known value, or null. */
function literal(value: Value): string | null {
  if (value.kind === 'constant') {
    if (value.value === null) return 'None';
    if (typeof value.value === 'boolean') return value.value ? 'True' : 'False';
    return typeof value.value === 'string' ? quoted(value.value) : String(value.value);
  }
  if (value.kind !== 'list' || value.open) return null;
  const items = value.items.map(literal);
  if (items.some((item) => item === null)) return null;
  if (value.type === 'tuple') return `(${items.join(', ')}${items.length === 1 ? ',' : ''})`;
  return value.type === 'list' ? `[${items.join(', ')}]` : null;
}

/** Sizes that go by these names, in the order tried. Small, so that a made-up model is quick to export. */
const SIZES: readonly (readonly [RegExp, number])[] = [
  [/heads?$/i, 4],
  [/(?:layers?|depth|blocks|stages)$/i, 2],
  [/class(?:es)?$|labels?$|outputs?$|out_dim$|num_out/i, 10],
  [/vocab|tokens?$|embeddings$/i, 100],
  [/patch/i, 4],
  [/(?:image|img|input)_?size|resolution/i, 32],
  [/pos\w*$|length|len$|context|block_size|max_seq/i, 64],
  [/kernel/i, 3],
  [/stride|groups?$|dilation/i, 1],
  [/padding/i, 1],
  [/^(?:in_?ch\w*|channels?|in_chans|num_channels|c_in|n_channels)$/i, 3],
  [/dim|width|hidden|embed|channels|features|units|inner|size|planes|inp|ch$|^[cdhn]$/i, 32],
];

function plausible(name: string, annotation: string): string | number | boolean | null {
  if (/^bool\b/.test(annotation)) return false;
  if (/^str\b/.test(annotation)) return '';
  if (/drop|^p$|prob/i.test(name)) return 0;
  if (/^float\b/.test(annotation)) return 0.1;
  const size = SIZES.find(([pattern]) => pattern.test(name))?.[1];
  if (size !== undefined && (annotation === '' || /^(?:int\b|Optional\[int\])/.test(annotation))) return size;
  return /^int\b/.test(annotation) ? 8 : null;
}
