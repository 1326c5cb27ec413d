/**
 * What a workspace may do behind a class's back: attributes set again from outside, hooks on modules, functions put in
 * the place of `forward`. Found by text, in files read so far; makes claims humbler, never bolder.
 */
import type { Sources } from './sources';

const OUTSIDE =
  /(?:^|[^\w.])(?!self\b|cls\b)[A-Za-z_]\w*(?:\.\w+|\[[^\]\n]*\])*\.(\w+)\s*(?::[^=\n]+)?=(?!=)/g;
const BY_NAME = /\bsetattr\(\s*[^,\n]+,\s*(['"])(\w+)\1/g;
const HOOKS = /\bregister_(?:module_)?forward_(?:pre_)?hook\b/;
const REPLACED = /\.(?:forward|__call__)\s*=(?!=)|MethodType|setattr\([^)\n]*['"]forward['"]/;

export interface Hazards {
  /** Attribute names set on something other than `self`. */
  readonly resetNames: ReadonlySet<string>;
  /** Some file registers forward hooks. */
  readonly hooks: boolean;
  /** Some file puts another function in the place of a module's `forward`. */
  readonly replaced: boolean;
}

interface FileHazards {
  readonly text: string;
  readonly names: readonly string[];
  readonly hooks: boolean;
  readonly replaced: boolean;
}

const known = new WeakMap<Sources, Map<string, FileHazards>>();

/** Hazards of all files at hand; each file is searched once for each text it has. */
export function hazardsOf(sources: Sources): Hazards {
  const files = known.get(sources) ?? new Map<string, FileHazards>();
  known.set(sources, files);
  const resetNames = new Set<string>();
  let hooks = false;
  let replaced = false;
  for (const file of sources.readFiles()) {
    const text = sources.peek(file) ?? '';
    let found = files.get(file);
    if (found?.text !== text) {
      found = search(text);
      files.set(file, found);
    }
    for (const name of found.names) resetNames.add(name);
    hooks ||= found.hooks;
    replaced ||= found.replaced;
  }
  return { resetNames, hooks, replaced };
}

/** One text that changes when any hazard does. */
export function summaryOf({ resetNames, hooks, replaced }: Hazards): string {
  return [[...resetNames].sort().join(','), hooks, replaced].join('|');
}

function search(text: string): FileHazards {
  const names = new Set<string>();
  for (const match of text.matchAll(OUTSIDE)) if (match[1] !== undefined) names.add(match[1]);
  for (const match of text.matchAll(BY_NAME)) if (match[2] !== undefined) names.add(match[2]);
  return { text, names: [...names], hooks: HOOKS.test(text), replaced: REPLACED.test(text) };
}
