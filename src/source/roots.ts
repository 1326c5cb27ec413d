/**
 * Which class of the workspace a model is, and with which arguments it was made: by the class an exporter names, by the
 * outermost traced `forward`, else by the names of its modules. Several ways to make it are tried and the one that
 * explains the model's names best is kept.
 */
import type { NodeEvidence } from './evidence';
import type { Observed } from './observed';
import { definitionAt } from './python/outline';
import type { ClassNode } from './python/ast';
import type { PathMap } from './remap';
import type { Sources } from './sources';
import { lastName, ModuleTree } from './tree';
import type { Interpreter } from './interpret/interpreter';
import { Instance, type CallArgs, type ClassValue } from './interpret/values';

const DEFAULTS: CallArgs = { positional: [], named: new Map(), open: false };
const ANYTHING: CallArgs = { positional: [], named: new Map(), open: true };
/** Constructions tried for one class. */
const MOST_WAYS = 24;
const MOST_CLASSES = 400;
/** Classes that explain a model's names equally well, of which the order of its nodes chooses one. */
const MOST_ROOTS = 6;

export class RootFinder {
  readonly #classes = new Map<string, ClassValue[]>();
  readonly #constructed = new Map<object, readonly Instance[]>();

  constructor(
    private readonly sources: Sources,
    private readonly interpreter: Interpreter,
    private readonly observed: Observed,
    private readonly paths: PathMap,
  ) {}

  /** Module trees the model can have, the likeliest first; empty when no class of the workspace fits. */
  *find(evidence: readonly NodeEvidence[]): Generator<undefined, ModuleTree[]> {
    const named = this.#namedRoot(evidence);
    if (named.length > 0) return [yield* this.#best(this.#waysOf(named))].filter((tree) => tree !== null);
    return this.observed.modules.some((module) => module.path !== '') ? yield* this.#fitting() : [];
  }

  /** A class by the qualified name an exporter gave it: `package.net.Block`. */
  classNamed(name: string): ClassValue | undefined {
    const module = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    const tail = `/${module.replaceAll('.', '/')}`;
    const classes = this.#withName(lastName(name));
    const inModule = classes.filter(
      ({ env }) => `/${env.file}`.endsWith(`${tail}.py`) || `/${env.file}`.endsWith(`${tail}/__init__.py`),
    );
    if (inModule.length > 0) return this.#lastOf(inModule);
    return module === '__main__' || module === '' ? this.#lastOf(classes) : undefined;
  }

  /** The first file's; a class that is defined again is the one its name stands for in the end. */
  #lastOf(classes: readonly ClassValue[]): ClassValue | undefined {
    const [first] = classes;
    const bound = first?.env.vars.get(first.name);
    return classes.find((cls) => bound?.kind === 'class' && cls.node === bound.node) ?? first;
  }

  #isOwn(name: string): boolean {
    const module = name.replace(/\.<locals>.*|\.[^.]*$/, '').split('.');
    if (module.join('.') === '__main__') return true;
    const tail = `/${module.join('/')}`;
    return [`${module.at(-1) ?? ''}.py`, '__init__.py'].some((base) =>
      this.sources.named(base).some((file) => `/${file}`.replace(/(?:\/__init__)?\.py$/, '').endsWith(tail)),
    );
  }

  #namedRoot(evidence: readonly NodeEvidence[]): ClassValue[] {
    const found: ClassValue[] = [];
    const add = (cls: ClassValue | undefined): void => {
      if (cls !== undefined && !found.some((other) => other.node === cls.node)) found.push(cls);
    };
    const rootClass = this.observed.get('')?.className ?? null;
    const traced = this.#tracedRoot(evidence);
    if (rootClass !== null) {
      const name = lastName(rootClass);
      if (traced !== undefined && (traced.name === name || this.#inherits(name, traced))) {
        add(
          traced.name === name
            ? traced
            : this.#withName(name).find((cls) =>
                this.interpreter
                  .mro(cls)
                  .some((base) => typeof base !== 'string' && base.node === traced.node),
              ),
        );
      }
      if (found.length === 0) add(this.classNamed(rootClass));
      // A module's path differs between machines; a class of that name, alone in the workspace, is it.
      const all = this.#withName(name);
      if (found.length === 0 && all.length === 1) add(all[0]);
    } else {
      add(traced);
      for (const cls of traced === undefined ? [] : this.#heirs(traced)) add(cls);
    }
    return found;
  }

  #inherits(name: string, base: ClassValue): boolean {
    return this.#withName(name).some((cls) =>
      this.interpreter.mro(cls).some((entry) => typeof entry !== 'string' && entry.node === base.node),
    );
  }

  #heirs(base: ClassValue): ClassValue[] {
    return this.#all().filter((cls) =>
      this.interpreter.mro(cls).some((entry) => typeof entry !== 'string' && entry.node === base.node),
    );
  }

  /** The class whose method is the outermost traced frame of the person's own. */
  #tracedRoot(evidence: readonly NodeEvidence[]): ClassValue | undefined {
    for (const { frames } of evidence) {
      const own = frames.find((frame) => frame.func === 'forward' && this.paths.home(frame) === 'workspace');
      const mapped = own === undefined ? null : this.paths.line(own);
      const outline = mapped === null ? undefined : this.sources.outline(mapped.file);
      if (mapped === null || outline === undefined) continue;
      const start = outline.lines.startOf(mapped.line);
      const text = outline.lines.textOf(mapped.line);
      const offset = start + (text.length - text.trimStart().length);
      let definition = definitionAt(outline, offset) ?? null;
      while (definition !== null && definition.node.kind !== 'class') definition = definition.parent;
      if (definition === null) continue;
      return this.#classOf(mapped.file, definition.node as ClassNode);
    }
    return undefined;
  }

  #classOf(file: string, node: ClassNode): ClassValue | undefined {
    const env = this.interpreter.moduleEnv(file);
    if (env === undefined) return undefined;
    const known = env.vars.get(node.name);
    return known?.kind === 'class' && known.node === node
      ? known
      : { kind: 'class', name: node.name, node, env };
  }

  /** Ways to make an object of the class: as the workspace makes it, with its defaults, with anything. */
  *#ways(cls: ClassValue): IterableIterator<Instance> {
    const ref = { kind: 'user', cls } as const;
    yield* this.constructions(cls);
    yield new Instance(ref, null, DEFAULTS);
    yield new Instance(ref, null, ANYTHING);
  }

  /** Objects of the class that the workspace's scripts make. Reads files that mention it, and only when asked. */
  constructions(cls: ClassValue): readonly Instance[] {
    const known = this.#constructed.get(cls.node);
    if (known !== undefined) return known;
    const made: Instance[] = [];
    this.#constructed.set(cls.node, made);
    const outer = this.interpreter.onConstruct;
    this.interpreter.onConstruct = (instance) => {
      if (instance.ref.kind === 'user' && instance.ref.cls.node === cls.node && made.length < MOST_WAYS)
        made.push(instance);
    };
    const mention = new RegExp(`(?<!\\bclass\\s+)\\b${escapeName(cls.name)}\\s*\\(`);
    for (const file of this.sources.mentioning(mention)) this.interpreter.runScript(file);
    this.interpreter.onConstruct = outer;
    return made;
  }

  *#waysOf(classes: readonly ClassValue[]): IterableIterator<Instance> {
    for (const cls of classes) yield* this.#ways(cls);
  }

  *#best(ways: Iterable<Instance>): Generator<undefined, ModuleTree | null> {
    let best: ModuleTree | null = null;
    let most = -Infinity;
    const enough = this.observed.modules.length;
    for (const instance of ways) {
      yield;
      const tree = this.#tree(instance);
      tree.tune(instance, '');
      const score = tree.score();
      if (score > most + 1e-9) {
        most = score;
        best = tree;
      }
      if (most >= enough) break;
    }
    return best;
  }

  /** The same class made with arguments nobody knows: what is the same in both owes nothing to them. */
  withAnyArguments({ root }: ModuleTree): ModuleTree {
    const tree = this.#tree(new Instance(root.ref, null, ANYTHING));
    tree.tune(tree.root, '');
    return tree;
  }

  #tree(root: Instance): ModuleTree {
    return new ModuleTree(
      this.interpreter,
      this.observed,
      (name) => this.classNamed(name),
      (name) => this.#isOwn(name),
      (cls) => this.constructions(cls),
      root,
    );
  }

  /** Without a name to go by: every class whose attributes the model's first names could be. */
  *#fitting(): Generator<undefined, ModuleTree[]> {
    const firsts = [
      ...new Set(
        this.observed.modules.filter(({ path }) => path !== '').map(({ path }) => path.split('.')[0] ?? path),
      ),
    ];
    const fits: { readonly cls: ClassValue; readonly score: number }[] = [];
    for (const cls of this.#all(firsts).slice(0, MOST_CLASSES)) {
      yield;
      const instance = new Instance({ kind: 'user', cls }, null, DEFAULTS);
      const tree = this.#tree(instance);
      tree.tune(instance, '');
      const score = tree.score();
      if (score > 1.5) fits.push({ cls, score });
    }
    const best = Math.max(...fits.map(({ score }) => score));
    const likely = fits.filter(({ score }) => score >= best - 0.5).sort((a, b) => b.score - a.score);
    const trees: ModuleTree[] = [];
    for (const { cls } of likely.slice(0, MOST_ROOTS)) {
      const tree = yield* this.#best(this.#ways(cls));
      if (tree !== null) trees.push(tree);
    }
    return trees;
  }

  #withName(name: string): readonly ClassValue[] {
    const known = this.#classes.get(name);
    if (known !== undefined) return known;
    const found: ClassValue[] = [];
    const mention = new RegExp(`\\bclass\\s+${escapeName(name)}\\b`);
    for (const file of this.sources.mentioning(mention)) {
      for (const { node } of this.sources.outline(file)?.definitions() ?? []) {
        if (node.kind !== 'class' || node.name !== name) continue;
        const cls = this.#classOf(file, node);
        if (cls !== undefined) found.push(cls);
      }
    }
    this.#classes.set(name, found);
    return found;
  }

  /** Classes of all files that mention one of the names, or all. */
  #all(names: readonly string[] = []): ClassValue[] {
    const found: ClassValue[] = [];
    const mention =
      names.length === 0 ? /\bclass\s/ : new RegExp(`\\b(?:${names.map(escapeName).join('|')})`);
    for (const file of this.sources.mentioning(mention)) {
      for (const { node } of this.sources.outline(file)?.definitions() ?? []) {
        if (node.kind !== 'class') continue;
        const cls = this.#classOf(file, node);
        if (cls !== undefined) found.push(cls);
      }
    }
    return found;
  }
}

/** A name as a pattern: whatever a model calls itself, nothing in it is more than a letter. */
function escapeName(name: string): string {
  return name.replace(/[^\w]/g, '\\$&');
}
