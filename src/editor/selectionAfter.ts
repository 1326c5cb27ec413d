/** What was selected, after the model's file changed: the same thing by its name, wherever it stands now, or nothing. Pure. */
import type { Selection } from '../contract/hostApi';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton } from '../contract/skeleton';
import type { ValueIndex } from './valueIndex';

interface Version {
  readonly skeleton: Skeleton;
  readonly scopes: ScopeTree;
  readonly names: ValueIndex;
}

const NOTHING: Selection = { kind: 'none' };
const FIRST_OUTPUT = -1_000_001;

export function selectionAfter(selection: Selection, before: Version, now: Version): Selection {
  switch (selection.kind) {
    case 'none':
      return selection;
    case 'scope':
      return now.scopes.scopes.some(({ path }) => path === selection.path) ? selection : NOTHING;
    case 'value':
      return before.names.isTop(selection.name) && !now.names.isTop(selection.name) ? NOTHING : selection;
    case 'node':
      return selection.id < 0 ? portAfter(selection.id, before, now) : nodeAfter(selection.id, before, now);
  }
}

function portAfter(id: number, before: Version, now: Version): Selection {
  const side = id <= FIRST_OUTPUT ? 'outputs' : 'inputs';
  const first = side === 'outputs' ? FIRST_OUTPUT : -1;
  const name = before.skeleton.graph[side][first - id]?.name;
  const at = now.skeleton.graph[side].findIndex((port) => port.name === name);
  return at < 0 ? NOTHING : { kind: 'node', id: first - at };
}

/** Numbers of nodes change with every export; what a node makes keeps its name. */
function nodeAfter(id: number, before: Version, now: Version): Selection {
  const node = before.skeleton.nodes[id];
  const output = node?.outputs.find((name) => name !== '');
  if (node === undefined || output === undefined) return NOTHING;
  const found = now.names.producer(output, node.graph);
  const same = found?.op === node.op && found.graph === node.graph;
  return same ? { kind: 'node', id: found.id } : NOTHING;
}
