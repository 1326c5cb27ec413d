/** Between selections (what the host and the inspector speak of) and rows and boxes (what is drawn). Pure. */
import type { GraphModel } from '../../src/contract/graphModel';
import type { Selection } from '../../src/contract/hostApi';
import type { Scene } from './scene';

/** Row of the node with this id, or -1. */
export function rowOfNode(model: GraphModel, id: number): number {
  return model.nodes.id.indexOf(id);
}

export function scopeByPath(model: GraphModel, path: string): number {
  for (let scope = 0; scope < model.scopes.count; scope++) {
    if (model.strings[model.scopes.path[scope] ?? 0] === path) return scope;
  }
  return -1;
}

/** Row of the node that makes the value of this name, or -1. */
export function producerOf(model: GraphModel, name: string): number {
  for (let value = 0; value < model.values.count; value++) {
    if (model.strings[model.values.name[value] ?? 0] === name) return model.values.producer[value] ?? -1;
  }
  return -1;
}

/** What is selected as a node row, or -1 - scope row; null for nothing. */
export function refOf(model: GraphModel, selection: Selection): number | null {
  switch (selection.kind) {
    case 'node': {
      const row = rowOfNode(model, selection.id);
      return row < 0 ? null : row;
    }
    case 'scope': {
      const scope = scopeByPath(model, selection.path);
      return scope <= 0 ? null : -1 - scope;
    }
    case 'value': {
      const row = producerOf(model, selection.name);
      return row < 0 ? null : row;
    }
    case 'none':
      return null;
  }
}

export function selectionOfRef(model: GraphModel, ref: number): Selection {
  if (ref >= 0) return { kind: 'node', id: model.nodes.id[ref] ?? 0 };
  return { kind: 'scope', path: model.strings[model.scopes.path[-1 - ref] ?? 0] ?? '' };
}

/** The box that shows a ref: its own, or the closed module around it; -1 when it is folded away. */
export function boxOfRef(scene: Scene, ref: number | null): number {
  if (ref === null) return -1;
  return ref >= 0 ? scene.boxOfNode(ref) : scene.boxOfScope(-1 - ref);
}

/** The scope a ref lies in (its parent for a scope). */
export function scopeAround(model: GraphModel, ref: number): number {
  return ref >= 0 ? (model.nodes.scope[ref] ?? 0) : (model.scopes.parent[-1 - ref] ?? 0);
}

/** A site's address as one types it: a scope's path, or the name of what a node makes (its own name without). */
export function addressOf(model: GraphModel, ref: number): string {
  if (ref < 0) return model.strings[model.scopes.path[-1 - ref] ?? 0] ?? '';
  const value = model.values.producer.indexOf(ref);
  return model.strings[value < 0 ? (model.nodes.name[ref] ?? 0) : (model.values.name[value] ?? 0)] ?? '';
}

/** The folded run of equal blocks that a ref lies in, innermost first; undefined when it lies in none. */
export function runAround(scene: Scene, ref: number | null): readonly number[] | undefined {
  if (ref === null) return undefined;
  const { scopes, nodes } = scene.model;
  for (
    let scope = ref < 0 ? -1 - ref : (nodes.scope[ref] ?? 0);
    scope > 0;
    scope = scopes.parent[scope] ?? 0
  ) {
    const run = scene.drawing.runs.find((members) => members.includes(scope));
    if (run !== undefined) return run;
  }
  return undefined;
}
