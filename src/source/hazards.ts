/**
 * What a workspace may do behind a class's back: attributes and layers set again from outside, hooks on modules,
 * functions put in the place of `forward`. Found by text, in every file; makes claims humbler, never bolder.
 */
import { patchesIn, type Patches } from './patches';
import { loadsOf, Reach, type Loads } from './reach';
import type { Sources } from './sources';
import { clean, statementsOf } from './statements';
import { surgeryOf, type Surgery } from './surgery';

const HOOKS = /\bregister_(?:module_)?forward_(?:pre_)?hook\b/;
const REPLACED = /\.(?:forward|__call__)\s*=(?!=)|MethodType|setattr\([^)\n]*['"]forward['"]/;

/** Names that are not sure to stand for what their class says. */
export interface Unsure {
  has(name: string): boolean;
}

export interface Hazards {
  /** Parts of module paths at which another module may stand. */
  readonly modules: Unsure;
  /** Attributes, methods among them, that may be something else. */
  readonly members: Unsure;
  /** Functions of PyTorch itself that may be something else. */
  readonly patched: Unsure;
  /** Some file registers forward hooks. */
  readonly hooks: boolean;
  /** Some file puts another function in the place of a module's `forward`, or may. */
  readonly replaced: boolean;
  /** One text that changes when any hazard does. */
  readonly summary: string;
}

interface FileHazards extends Surgery {
  readonly text: string;
  readonly hooks: boolean;
  readonly replaced: boolean;
  readonly loads: Loads;
  readonly patches: Patches;
}

/** What was found in every file. */
export interface Known {
  readonly files: Map<string, FileHazards>;
  /** Made when it is first asked for after some file changed. */
  reach: Reach | null;
}

const known = new WeakMap<Sources, Known>();

/**
 * Hazards for a model whose classes stand in `homes` (without: for any), over all files at hand. What a file does under
 * names that it does not tell concerns only what can be loaded together with it. Each file is searched once for each text
 * it has.
 */
export function hazardsOf(sources: Sources, homes: readonly string[] | null = null): Hazards {
  const found = searched(sources);
  const names = new Set<string>();
  const patched = new Set<string>();
  let [hooks, replaced, nameless, anyPatched] = [false, false, false, false];
  for (const file of found.files.values()) {
    for (const name of file.names) names.add(name);
    for (const name of file.patches.names) patched.add(name);
    anyPatched ||= file.patches.any;
    hooks ||= file.hooks;
    replaced ||= file.replaced;
    nameless ||= file.items || file.modules || file.members;
  }
  const near = nameless ? [...nearby(found, homes)] : [];
  const [items, modules, members] = (['items', 'modules', 'members'] as const).map((kind) =>
    near.some((file) => file[kind]),
  ) as [boolean, boolean, boolean];
  replaced ||= members;
  return {
    modules: {
      has: (name) => modules || members || names.has(name) || (items && /^\d+$/.test(name)),
    },
    members: { has: (name) => members || names.has(name) },
    patched: { has: (name) => anyPatched || patched.has(name) },
    hooks,
    replaced,
    summary: [
      [...names].sort().join(','),
      [...patched].sort().join(','),
      anyPatched,
      items,
      modules,
      members,
      hooks,
      replaced,
    ].join('|'),
  };
}

function searched(sources: Sources): Known {
  const steps = searchSteps(sources);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Searches the files that were not searched yet with the text they have, and yields after each. */
export function* searchSteps(sources: Sources): Generator<undefined, Known> {
  const found = known.get(sources) ?? { files: new Map<string, FileHazards>(), reach: null };
  known.set(sources, found);
  const left = new Set(found.files.keys());
  for (const file of sources.readFiles()) {
    left.delete(file);
    const text = sources.peek(file) ?? '';
    if (found.files.get(file)?.text === text) continue;
    found.files.set(file, search(text));
    found.reach = null;
    yield;
  }
  for (const file of left) {
    found.files.delete(file);
    found.reach = null;
  }
  return found;
}

function search(text: string): FileHazards {
  const cleaned = clean(text);
  const statements = statementsOf(cleaned);
  const surgery = surgeryOf(cleaned, statements);
  return {
    text,
    ...surgery,
    hooks: HOOKS.test(text),
    replaced: REPLACED.test(text) || surgery.names.has('forward') || surgery.names.has('__call__'),
    patches: patchesIn(cleaned),
    loads: loadsOf(statements, cleaned, text),
  };
}

function* nearby(found: Known, homes: readonly string[] | null): IterableIterator<FileHazards> {
  if (homes === null) yield* found.files.values();
  else {
    found.reach ??= new Reach(new Map([...found.files].map(([file, { loads }]) => [file, loads])));
    for (const file of found.reach.around(homes)) {
      const near = found.files.get(file);
      if (near !== undefined) yield near;
    }
  }
}
