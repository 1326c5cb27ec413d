/**
 * Names that Keras and TensorFlow give their layers: `model/dense_1/MatMul` leads to the call that says
 * `name="dense_1"`, when one call of the workspace does. By name alone, so never more than inferred.
 */
import type { Node } from '../contract/skeleton';
import type { Interpreter } from './interpret/interpreter';
import type { NodeClaims } from './nodeLinks';
import { placeOf } from './places';
import type { Argument, Expr } from './python/ast';
import { visitCalls } from './python/visit';
import type { Sources } from './sources';

const MENTION = /\bname\s*=\s*['"]/;

/** Adds definitions for nodes whose names hold the name of one layer of the workspace. */
export function linkLayerNames(
  nodes: readonly Node[],
  sources: Sources,
  interpreter: Interpreter,
  claims: Map<number, NodeClaims>,
): void {
  const waiting = nodes.filter((node) => !claims.has(node.id) && /^[^/]+\/.*/.test(node.name));
  if (waiting.length === 0) return;
  const named = new Map<string, { readonly file: string; readonly call: Expr } | null>();
  for (const file of sources.mentioning(MENTION)) {
    const outline = interpreter.outline(file);
    if (outline === undefined) continue;
    visitCalls(outline.body, (call) => {
      const name = literalName(call.args);
      if (name !== null) named.set(name, named.has(name) ? null : { file, call });
    });
  }
  for (const node of waiting) {
    const layer = node.name
      .split('/')
      .slice(0, -1)
      .reverse()
      .find((part) => (named.get(part) ?? null) !== null);
    const found = layer === undefined ? null : (named.get(layer) ?? null);
    const place =
      found === null
        ? null
        : placeOf(sources, { file: found.file, from: found.call.from, to: found.call.to });
    if (place === null) continue;
    const evidence = [`One layer of the workspace is named "${layer ?? ''}", as in the node's name.`];
    const definition = { place, confidence: 'inferred', evidence, moved: false } as const;
    claims.set(node.id, { call: null, definition, undefinedModule: false, outside: null });
  }
}

function literalName(args: readonly Argument[]): string | null {
  const value = args.find((argument) => argument.name === 'name')?.value;
  return value?.kind === 'string' ? value.value : null;
}
