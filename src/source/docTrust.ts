/**
 * Whether a TorchScript trace can be believed, which names lines but not what stood in them: every line it names must
 * still hold a call that can have made its nodes. One that does not casts doubt on the whole file.
 */
import type { Node } from '../contract/skeleton';
import type { CallFound } from './calls';
import type { NodeEvidence } from './evidence';
import type { NodeClaims } from './nodeLinks';
import type { Item, Work } from './nodeWork';
import { classMakes, fitOperator, isShapeWork } from './opNames';
import type { Traced } from './traced';

/** Files in which some line does not fit its nodes, among those that traces name without a text. */
export function doubtfulFiles(
  works: readonly { readonly work: Work; readonly calls: readonly (CallFound | null)[] }[],
  traceOf: (item: Item) => Traced,
): ReadonlySet<string> {
  const doubtful = new Set<string>();
  for (const { work, calls } of works) {
    work.items.forEach((item, i) => {
      const innermost = traceOf(item).own.at(-1);
      if (item.evidence.traceKind !== 'doc' || innermost === undefined || doubtful.has(innermost.file))
        return;
      if (!fits(item, calls[i] ?? null, innermost.line)) doubtful.add(innermost.file);
    });
  }
  return doubtful;
}

/** A call without the proof that a doubtful file's trace would have been. */
export function doubted(
  found: CallFound | null,
  { evidence }: Item,
  { own }: Traced,
  files: ReadonlySet<string>,
): CallFound | null {
  if (found === null || evidence.traceKind !== 'doc' || !own.some(({ file }) => files.has(file)))
    return found;
  return { ...found, proved: false };
}

function fits({ nodes }: Item, found: CallFound | null, line: number | null): boolean {
  const op = nodes[0]?.op ?? '';
  if (found === null || line === null) return false;
  const { kind, name, module, frames } = found.operation;
  if (frames.at(-1)?.lines.includes(line) !== true) return false;
  if (isShapeWork(op)) return true;
  if (kind !== 'module') return fitOperator(name, op) !== 'unlike';
  const { ref } = module ?? { ref: { kind: 'unknown' } as const };
  return ref.kind !== 'library' || classMakes(ref.path.split('.').at(-1) ?? '', new Set([op])) !== false;
}

/** Constants were made by the call that made what stands in the same scope with the very same Python stack. */
export function shareTraces(
  nodes: readonly Node[],
  evidence: readonly NodeEvidence[],
  claims: Map<number, NodeClaims>,
): void {
  const keyOf = (node: Node, i: number): string | null =>
    evidence[i]?.traceKind === 'doc'
      ? `${node.name.slice(0, node.name.lastIndexOf('/'))}\n${node.doc}`
      : null;
  const told = new Map<string, NodeClaims>();
  nodes.forEach((node, i) => {
    const key = keyOf(node, i);
    const known = claims.get(node.id);
    if (key !== null && known !== undefined) told.set(key, known);
  });
  nodes.forEach((node, i) => {
    const key = keyOf(node, i);
    const shared = key === null || claims.has(node.id) ? undefined : told.get(key);
    if (shared !== undefined) claims.set(node.id, shared);
  });
}
