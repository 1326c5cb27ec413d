/**
 * Links every node of a model to Python. The thin road: the innermost traced line that lies in the workspace.
 */
import { breathe, throwIfCancelled } from '../base/cancel';
import type { LinkTable, NodeLink } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton } from '../contract/skeleton';
import { EvidenceReader } from './evidence';
import { PathMap } from './remap';
import { Sources, type SourceRoot } from './sources';

/** Links by node id. Reads only files that the root lists. */
export async function linkModel(
  skeleton: Skeleton,
  scopes: ScopeTree,
  root: SourceRoot,
  signal?: AbortSignal,
): Promise<LinkTable> {
  void scopes;
  const sources = new Sources(await root.list(signal));
  await breathe();
  throwIfCancelled(signal);
  return sources.settle(root, () => linkNodes(skeleton, sources), signal);
}

function linkNodes(skeleton: Skeleton, sources: Sources): LinkTable {
  const reader = new EvidenceReader();
  const evidence = skeleton.nodes.map((node) => reader.read(node));
  const paths = new PathMap(sources, evidence.flatMap((entry) => entry.frames));
  const links = skeleton.nodes.map((node, i): NodeLink => {
    const frames = evidence[i]?.frames ?? [];
    const own = frames.filter((frame) => paths.home(frame) === 'workspace').at(-1);
    const mapped = own === undefined ? null : paths.line(own);
    if (mapped === null) {
      const last = frames.filter((frame) => paths.home(frame) === 'outside').at(-1);
      const outside = last === undefined ? null : { file: last.file, line: last.line };
      const why = frames.length === 0 ? 'The export left no trace for this node.' : 'The trace names no file of this workspace.';
      return { node: node.id, call: null, definition: null, confidence: 'none', evidence: [why], outside };
    }
    const text = sources.outline(mapped.file)?.lines.textOf(mapped.line) ?? '';
    const column = text.length - text.trimStart().length;
    const place = { file: mapped.file, line: mapped.line, column, endLine: mapped.line, endColumn: text.length };
    const sentence = `The export's trace names line ${own?.line ?? 0} of ${own?.file ?? ''}.`;
    return {
      node: node.id,
      call: { place, confidence: 'inferred', evidence: [sentence], moved: mapped.moved },
      definition: null,
      confidence: 'inferred',
      evidence: [sentence],
      outside: null,
    };
  });
  const count = (confidence: string): number => links.filter((link) => link.confidence === confidence).length;
  return { links, counts: { exact: 0, inferred: count('inferred'), none: count('none') } };
}
