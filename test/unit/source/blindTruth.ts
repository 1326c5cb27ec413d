/**
 * Compares links with the blind truth of test/fixtures/links/blind (see its README): made from run time by someone who
 * had not read the linker. Lines and columns there count from 1; `accept` lists everything that is right.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSourceFolder } from '../../../src/cli/sourceFolder';
import type { NodeLink, PlaceClaim } from '../../../src/contract/link';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { linkModel } from '../../../src/source/linkModel';
import type { Tally } from './truth';

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Pair {
  readonly call: Place | null;
  readonly definition: Place | null;
}

interface Row extends Pair {
  readonly index: number;
  readonly node: string;
  readonly op: string;
  readonly accept?: readonly Pair[];
  readonly unscored?: unknown;
}

export const BLIND = 'test/fixtures/links/blind';

export async function blindCases(): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const entry of (await readdir(BLIND, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const folder = join(BLIND, entry.name);
    if (!entry.isDirectory() || !existsSync(join(folder, 'workspace'))) continue;
    for (const file of (await readdir(folder)).sort()) {
      if (file.endsWith('.truth.json')) found.push([folder, file.replace('.truth.json', '')]);
    }
  }
  return found;
}

/** Links one model and holds it against its truth. */
export async function tallyBlind(folder: string, name: string): Promise<Tally> {
  const parsed = JSON.parse(await readFile(join(folder, `${name}.truth.json`), 'utf8')) as
    Row[] | { readonly rows: Row[] };
  const rows = Array.isArray(parsed) ? parsed : parsed.rows;
  const { skeleton, source } = await openLocal(join(folder, `${name}.onnx`));
  await source.close();
  const table = await linkModel(
    skeleton,
    buildScopes(skeleton),
    await openSourceFolder(join(folder, 'workspace')),
  );
  const made: Tally = {
    name: `${folder.split('/').at(-1) ?? ''}/${name}`,
    kind: name.startsWith('torchscript') ? 'torchscript' : 'export',
    nodes: rows.length,
    calls: 0,
    rightCalls: 0,
    definitions: 0,
    rightDefinitions: 0,
    either: 0,
    eitherGiven: 0,
    eitherWrong: 0,
    spurious: 0,
    exact: 0,
    unchecked: 0,
    wrongExact: 0,
    columns: 0,
    rightColumns: 0,
    wrong: [],
  };
  for (const row of rows) {
    const node = skeleton.graph.nodes[row.index];
    const link = node === undefined ? undefined : table.links[node.id];
    if (link === undefined) continue;
    if (row.call !== null) count(made, row, link);
    else if (link.confidence === 'exact') {
      made.exact++;
      made.unchecked++;
    }
  }
  return made;
}

function count(made: Tally, row: Row, link: NodeLink): void {
  const accepted = row.accept ?? [row];
  const rightCall = accepted.some(({ call }) => call !== null && isAt(link.call, call));
  const rightDefinition = accepted.some(({ definition }) =>
    definition === null ? link.definition === null : isAt(link.definition, definition),
  );
  const who = `#${String(row.index)} ${row.node} (${row.op})`;
  const truth = (pick: 'call' | 'definition'): string =>
    accepted
      .map((pair) => (pair[pick] === null ? 'none' : `${pair[pick].file}:${String(pair[pick].line)}`))
      .join(' or ');
  made.calls++;
  if (rightCall) made.rightCalls++;
  else made.wrong.push(`call ${who}: ${at(link.call)}, truth ${truth('call')}`);
  if (rightCall) {
    made.columns++;
    if (accepted.some(({ call }) => link.call?.place.column === (call?.column ?? 0) - 1)) made.rightColumns++;
  }
  if (row.definition !== null && accepted.some(({ definition }) => definition === null)) {
    made.either++;
    if (!rightDefinition) made.eitherWrong++;
    else if (link.definition !== null) made.eitherGiven++;
  } else if (row.definition !== null) {
    made.definitions++;
    if (rightDefinition) made.rightDefinitions++;
  } else if (!rightDefinition) made.spurious++;
  if (!rightDefinition)
    made.wrong.push(`definition ${who}: ${at(link.definition)}, truth ${truth('definition')}`);
  const { confidence, call, definition } = link;
  if ([confidence, call?.confidence, definition?.confidence].includes('exact')) made.exact++;
  const wrong =
    (confidence === 'exact' && (!rightCall || !rightDefinition)) ||
    (call?.confidence === 'exact' && !rightCall) ||
    (definition?.confidence === 'exact' && !rightDefinition);
  if (!wrong) return;
  made.wrongExact++;
  made.wrong.push(
    `WRONG EXACT ${who}: ${at(call)} / ${at(definition)}, truth ${truth('call')} / ${truth('definition')}`,
  );
}

function at(claim: PlaceClaim | null): string {
  return claim === null ? 'nothing' : `${claim.place.file}:${String(claim.place.line)} ${claim.confidence}`;
}

function isAt(claim: PlaceClaim | null, place: Place): boolean {
  return claim !== null && claim.place.file === place.file && claim.place.line === place.line;
}
