/**
 * What a person was looking at in each model, kept in the workspace's state across reloads: the run that is shown, the
 * one it is compared with, and the selection.
 */
import type { Memento } from 'vscode';
import type { Selection } from '../contract/hostApi';
import type { Content, OpenModel } from './openModel';
import { toSelection } from './target';

export interface Looking {
  readonly shown: string | null;
  readonly other: string | null;
  readonly selection: Selection;
}

interface Kept extends Looking {
  /** The operator of a selected node, so that another version's node of the same number is not taken for it. */
  readonly op: string | null;
}

export class RunMemory {
  constructor(private readonly memory: Memento) {}

  /** What was looked at last, or undefined. A selection that is no longer there is none. */
  recall(model: OpenModel): Looking | undefined {
    const kept = this.memory.get<unknown>(keyOf(model));
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { shown, other, selection, op } = kept as Partial<Record<keyof Kept, unknown>>;
    const text = (id: unknown): string | null => (typeof id === 'string' ? id : null);
    const found = toSelection(selection);
    const there = found !== undefined && model.content !== undefined && isThere(model.content, found, op);
    return { shown: text(shown), other: text(other), selection: there ? found : { kind: 'none' } };
  }

  async keep(model: OpenModel, looking: Looking): Promise<void> {
    const { selection } = looking;
    const op = selection.kind === 'node' ? opOf(model.content, selection.id) : null;
    const before = this.memory.get<unknown>(keyOf(model));
    const next: Kept = { ...looking, op };
    if (JSON.stringify(before) !== JSON.stringify(next)) await this.memory.update(keyOf(model), next);
  }
}

function isThere(content: Content, selection: Selection, op: unknown): boolean {
  const { skeleton, scopes, names } = content;
  switch (selection.kind) {
    case 'node':
      return opOf(content, selection.id) === op;
    case 'scope':
      return scopes.scopes.some(({ path }) => path === selection.path);
    case 'value':
      return (
        names.producer(selection.name) !== undefined ||
        skeleton.graph.inputs.some(({ name }) => name === selection.name)
      );
    case 'none':
      return true;
  }
}

/** Graph inputs and outputs have rows too, and no operator. */
function opOf(content: Content | undefined, id: number): string | null {
  return content?.skeleton.nodes[id]?.op ?? null;
}

function keyOf(model: OpenModel): string {
  return `looking:${model.uri.toString()}`;
}
