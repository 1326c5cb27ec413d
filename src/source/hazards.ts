/**
 * What a workspace may do behind a class's back: attributes set again from outside, hooks on modules. Found by text, in
 * files read so far; makes claims humbler, never bolder.
 */
import type { Sources } from './sources';

const OUTSIDE =
  /(?:^|[^\w.])(?!self\b|cls\b)[A-Za-z_]\w*(?:\.\w+|\[[^\]\n]*\])*\.(\w+)\s*(?::[^=\n]+)?=(?!=)/g;
const BY_NAME = /\bsetattr\(\s*[^,\n]+,\s*(['"])(\w+)\1/g;

/** Attribute names set on something other than `self`. */
export function resetAttributes(sources: Sources): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of sources.readFiles()) {
    const text = sources.text(file) ?? '';
    for (const match of text.matchAll(OUTSIDE)) if (match[1] !== undefined) names.add(match[1]);
    for (const match of text.matchAll(BY_NAME)) if (match[2] !== undefined) names.add(match[2]);
  }
  return names;
}

/** True when some file puts another function in the place of a module's `forward`. */
export function replacesForward(sources: Sources): boolean {
  for (const file of sources.readFiles()) {
    if (
      /\.(?:forward|__call__)\s*=(?!=)|MethodType|setattr\([^)]*['"]forward['"]/.test(
        sources.text(file) ?? '',
      )
    )
      return true;
  }
  return false;
}

/** True when some file registers forward hooks. */
export function mentionsHooks(sources: Sources): boolean {
  for (const file of sources.readFiles()) {
    if (/\bregister_(?:module_)?forward_(?:pre_)?hook\b/.test(sources.text(file) ?? '')) return true;
  }
  return false;
}
