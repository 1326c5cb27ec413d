/**
 * `patchclamp link`: for each top-level node of a model, where the Python that made it stands. One answer per node, in
 * the file's order. Reads the folder's Python as it is on disk; nothing outside the folder is read.
 */
import { resolve } from 'node:path';
import { openLocal } from '../onnx/files';
import { buildScopes } from '../onnx/scopes';
import { localDisk } from '../source/libraryDisk';
import { findLibraryFrame, libraryFolders, libraryFrames, partsInLibrary } from '../source/libraryFiles';
import { linkModel } from '../source/linkModel';
import { openSourceFolder } from './sourceFolder';
import { parseOptions, usage, type Command } from './options';
import type { NodeLink, PlaceClaim } from '../contract/link';
import type { Node } from '../contract/skeleton';

/** One line of `--json`. */
interface Linked {
  readonly index: number;
  readonly node: string;
  readonly op: string;
  readonly confidence: NodeLink['confidence'];
  readonly call: Spot | null;
  readonly definition: Spot | null;
  readonly evidence: readonly string[];
  /** Further places that had a part in the node, all inferred; left out where there are none. */
  readonly also?: readonly Spot[];
  /** Frames of its trace that lie in libraries, the innermost first; `path` where `--python` has the file. */
  readonly library?: readonly (Spot & { readonly path?: string })[];
}

interface Spot {
  /** Relative to the source folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export const command: Command = {
  name: 'link',
  usage: 'link MODEL --source DIR [--json] [--python PATH]',
  summary: 'Say which line of Python made each node, how sure that is, and by what evidence.',
  async run(args, io) {
    const { positionals, options } = parseOptions(args, { source: 'one', json: 'flag', python: 'one' });
    const [file, ...rest] = positionals;
    if (file === undefined) throw usage('No model was named.', 'Name one .onnx file.');
    if (rest.length > 0)
      throw usage(`More than one model was named: ${positionals.join(', ')}.`, 'Name one.');
    if (options.source === undefined)
      throw usage('--source is missing.', 'Name the folder that holds the Python.');
    const root = await openSourceFolder(options.source, (line) => io.err(line));
    const { skeleton, source } = await openLocal(file, io.signal);
    await source.close();
    const table = await linkModel(skeleton, buildScopes(skeleton), root, io.signal);
    const folders =
      options.python === undefined ? [] : await libraryFolders(resolve(options.python), localDisk);
    for (const node of skeleton.graph.nodes) {
      const link = table.links[node.id];
      if (link === undefined) continue;
      if (!options.json) io.out(sentence(node, link));
      else io.out(JSON.stringify({ ...linked(node, link), ...(await inLibraries(node, folders)) }));
    }
    return 0;
  },
};

function linked(node: Node, link: NodeLink): Linked {
  const { confidence, call, definition, evidence } = link;
  const also = (link.also ?? []).map((further) => spotOf(further.call));
  return {
    index: node.index,
    node: node.name,
    op: node.op,
    confidence,
    call: spot(call),
    definition: spot(definition),
    evidence,
    ...(also.length === 0 ? {} : { also }),
  };
}

async function inLibraries(node: Node, folders: readonly string[]): Promise<Pick<Linked, 'library'>> {
  const library: (Spot & { path?: string })[] = [];
  for (const frame of libraryFrames(node)) {
    const file = partsInLibrary(frame.file)?.join('/') ?? frame.file;
    const found = folders.length === 0 ? null : await findLibraryFrame(frame, folders, localDisk);
    library.push({ file, line: found?.line ?? frame.line, ...(found === null ? {} : { path: found.path }) });
  }
  return library.length === 0 ? {} : { library };
}

function spot(claim: PlaceClaim | null): Spot | null {
  return claim === null ? null : spotOf(claim);
}

function spotOf({ place: { file, line } }: PlaceClaim): Spot {
  return { file, line };
}

function sentence(node: Node, link: NodeLink): string {
  const at = (claim: PlaceClaim): string =>
    `${claim.place.file}:${String(claim.place.line)}${claim.moved ? ' (moved)' : ''}`;
  const name = node.name === '' ? `#${String(node.index)}` : node.name;
  if (link.call === null && link.definition === null)
    return `${name} (${node.op}): nothing. ${link.evidence.join(' ')}`;
  const places = [
    link.call === null ? '' : `called at ${at(link.call)}`,
    link.definition === null ? '' : `defined at ${at(link.definition)}`,
  ].filter((text) => text !== '');
  return `${name} (${node.op}): ${places.join(', ')}, ${link.confidence}.`;
}
