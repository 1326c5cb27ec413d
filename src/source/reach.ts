/**
 * Which files can be loaded into one process, as far as a workspace's own imports say. Code that changes modules of any
 * name can only change what it meets there. Errs towards "perhaps": an import means every file it could mean, a file
 * that imports by a name it computes may load any, and one that unpickles may hold an object of any class.
 */
import type { Statement } from './statements';

/** What one file may load. */
export interface Loads {
  /** `from ..a.b import c` -> level 2, `a.b`, names [`c`]. */
  readonly imports: readonly {
    readonly level: number;
    readonly module: string;
    readonly names: readonly string[];
  }[];
  /** Files that only running it would name. */
  readonly anything: boolean;
  /** It may hold objects of classes it never imports. */
  readonly unpickles: boolean;
}

const COMPUTED =
  /\b(?:import_module|__import__)\s*\((?!\s*['"][\w.]+['"]\s*[),])|\b(?:spec_from_file_location|SourceFileLoader|exec_module|load_module|run_path|run_module|walk_packages|iter_modules|LightningCLI|import_string|locate|instantiate|entry_points)\s*\(|(?<![.\w])exec\s*\(|\b(?:import|from)\s+(?:mmengine|mmcv|detectron2|hydra)\b/;
const NAMED = /\b(?:import_module|__import__)\s*\(\s*['"]([\w.]+)['"]/g;
const UNPICKLES =
  /(?<!load_state_dict\(\s*)\b(?:torch|pickle|joblib|dill|cloudpickle)\.load\s*\((?![^()]*weights_only=True)/;
/** `%run other.py`, a comment by now. */
const RUN = /^\s*#run\b/m;
/** Loaded without an import, by the test runner and by Python itself. */
const UNASKED = /(?:^|\/)(?:conftest|sitecustomize|usercustomize)\.py$/;

/** What a file may load: its statements and their cleaned text, and the text as it stands. */
export function loadsOf(statements: readonly Statement[], cleaned: string, source: string): Loads {
  const imports: { level: number; module: string; names: string[] }[] = [];
  for (const { text } of statements) {
    if (!text.includes('import')) continue;
    const from = /(?:^|:\s*)from\s+(\.*)\s*([\w.]*)\s+import\s+(.*)$/.exec(text);
    if (from !== null) {
      const names = (from[3] ?? '').replace(/[()]/g, '').split(',');
      imports.push({
        level: from[1]?.length ?? 0,
        module: from[2] ?? '',
        names: names.map((name) => name.trim().split(/\s/)[0] ?? '').filter((name) => /^\w+$/.test(name)),
      });
      continue;
    }
    for (const part of (/(?:^|:\s*)import\s+(.*)$/.exec(text)?.[1] ?? '').split(',')) {
      const module = part.trim().split(/\s/)[0] ?? '';
      if (/^[\w.]+$/.test(module)) imports.push({ level: 0, module, names: [] });
    }
  }
  for (const [, module = ''] of cleaned.matchAll(NAMED)) imports.push({ level: 0, module, names: [] });
  return {
    imports,
    anything: COMPUTED.test(cleaned) || RUN.test(source),
    unpickles: UNPICKLES.test(cleaned),
  };
}

/** The imports of a workspace as a graph. */
export class Reach {
  /** By path without its ending: `a/b/c`; a package by its folder. */
  readonly #byPath = new Map<string, string[]>();
  /** Paths by their last part. */
  readonly #byLast = new Map<string, Set<string>>();
  readonly #next = new Map<string, ReadonlySet<string>>();
  readonly #before = new Map<string, Set<string>>();

  constructor(private readonly loads: ReadonlyMap<string, Loads>) {
    for (const file of loads.keys()) {
      if (!file.endsWith('.py')) continue;
      const path = modulePath(file);
      const last = path.slice(path.lastIndexOf('/') + 1);
      this.#byPath.set(path, [...(this.#byPath.get(path) ?? []), file]);
      this.#byLast.set(last, (this.#byLast.get(last) ?? new Set()).add(path));
    }
    for (const [file, { anything, imports }] of loads) {
      const next = new Set(anything ? loads.keys() : this.#packages(file));
      for (const entry of anything ? [] : imports)
        for (const found of this.#meant(file, entry)) next.add(found);
      this.#next.set(file, next);
    }
    for (const file of loads.keys()) if (UNASKED.test(file)) this.#loadUnasked(file);
    for (const [file, next] of this.#next)
      for (const other of next) this.#before.set(other, (this.#before.get(other) ?? new Set()).add(file));
  }

  /** Every file that may be loaded in a process that has an object of a class of one of `files`. */
  around(files: Iterable<string>): ReadonlySet<string> {
    const holders = [...this.loads].filter(([, { unpickles }]) => unpickles).map(([file]) => file);
    const starts = spread([...files, ...holders], (file) => this.#before.get(file));
    return spread(starts, (file) => this.#next.get(file));
  }

  #meant(from: string, { level, module, names }: Loads['imports'][number]): string[] {
    const parts = module === '' ? [] : module.split('.');
    const targets = [parts, ...names.map((name) => [...parts, name])];
    if (level > 0) {
      const folder = from.split('/').slice(0, -1);
      const base = folder.slice(0, Math.max(0, folder.length - level + 1));
      return targets.flatMap((target) => this.#byPath.get([...base, ...target].join('/')) ?? []);
    }
    return targets.flatMap((target) => {
      const tail = target.join('/');
      return [...(this.#byLast.get(target.at(-1) ?? '') ?? [])]
        .filter((path) => path === tail || path.endsWith(`/${tail}`))
        .flatMap((path) => this.#byPath.get(path) ?? []);
    });
  }

  /** The `__init__.py` of every package around a file: they run before it. */
  *#packages(file: string): IterableIterator<string> {
    const folder = file.split('/').slice(0, -1);
    for (let depth = folder.length; depth > 0; depth--) {
      for (const init of this.#byPath.get(folder.slice(0, depth).join('/')) ?? [])
        if (init.endsWith('/__init__.py') && init !== file) yield init;
    }
  }

  #loadUnasked(file: string): void {
    const folder = file.endsWith('conftest.py') ? file.slice(0, -'conftest.py'.length) : '';
    for (const [other, next] of this.#next)
      if (other.startsWith(folder)) this.#next.set(other, new Set([...next, file]));
  }
}

function modulePath(file: string): string {
  return file.replace(/(?:\/__init__)?\.py$/, '');
}

function spread(
  from: Iterable<string>,
  next: (file: string) => ReadonlySet<string> | undefined,
): ReadonlySet<string> {
  const seen = new Set(from);
  for (const file of seen) for (const other of next(file) ?? []) seen.add(other);
  return seen;
}
