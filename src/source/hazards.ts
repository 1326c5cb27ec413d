/**
 * What a workspace may do behind a class's back: attributes and layers set again from outside, hooks on modules,
 * functions put in the place of `forward`. Found by text, in every file; makes claims humbler, never bolder.
 */
import type { Sources } from './sources';
import { surgeryIn, type Surgery } from './surgery';

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
}

const known = new WeakMap<Sources, Map<string, FileHazards>>();

/** Hazards of all files at hand; each file is searched once for each text it has. */
export function hazardsOf(sources: Sources): Hazards {
  const files = known.get(sources) ?? new Map<string, FileHazards>();
  known.set(sources, files);
  const names = new Set<string>();
  let items = false;
  let modules = false;
  let members = false;
  let hooks = false;
  let replaced = false;
  for (const file of sources.readFiles()) {
    const text = sources.peek(file) ?? '';
    let found = files.get(file);
    if (found?.text !== text) {
      found = { text, ...surgeryIn(text), hooks: HOOKS.test(text), replaced: REPLACED.test(text) };
      files.set(file, found);
    }
    for (const name of found.names) names.add(name);
    items ||= found.items;
    modules ||= found.modules;
    members ||= found.members;
    hooks ||= found.hooks;
    replaced ||= found.replaced;
  }
  replaced ||= members;
  return {
    modules: {
      has: (name) => modules || members || names.has(name) || (items && /^\d+$/.test(name)),
    },
    members: { has: (name) => members || names.has(name) },
    hooks,
    replaced,
    summary: [[...names].sort().join(','), items, modules, members, hooks, replaced].join('|'),
  };
}
