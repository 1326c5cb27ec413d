/**
 * Compares links with ground truth that PyTorch itself gave at run time (see test/reference/links/make_truth.py).
 * Counts, and lists what is wrong. Reads fixtures from disk; used by the truth test and by hand.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { openSourceFolder } from '../../../src/cli/sourceFolder';
import { linkModel } from '../../../src/source/linkModel';
import type { NodeLink, PlaceClaim } from '../../../src/contract/link';

interface TruthPlace {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

interface TruthRow {
  readonly index: number;
  readonly node: string;
  readonly op: string;
  readonly known: boolean;
  readonly call?: TruthPlace | null;
  readonly definition?: TruthPlace | null;
  readonly functional?: boolean;
  readonly rule?: string;
  /** The definition is not known. */
  readonly unsure?: boolean;
  /** Other places that are right too, where a node was made from several. */
  readonly also?: readonly TruthPlace[];
}

export interface Tally {
  readonly name: string;
  readonly kind: 'export' | 'torchscript';
  nodes: number;
  calls: number;
  rightCalls: number;
  definitions: number;
  rightDefinitions: number;
  /** Nodes of which a definition is right and none is too: what a library made inside of what the person made. */
  either: number;
  eitherGiven: number;
  eitherWrong: number;
  /** Definitions claimed where the truth has none. */
  spurious: number;
  /** Nodes with an exact claim, those without truth among them. */
  exact: number;
  /** Nodes with an exact claim that no truth can check. */
  unchecked: number;
  wrongExact: number;
  columns: number;
  rightColumns: number;
  readonly wrong: string[];
}

/** Links one model and holds it against its truth. */
export async function tally(folder: string, name: string): Promise<Tally> {
  const rows = JSON.parse(await readFile(join(folder, `${name}.truth.json`), 'utf8')) as TruthRow[];
  const { skeleton, source } = await openLocal(join(folder, `${name}.onnx`));
  await source.close();
  const table = await linkModel(skeleton, buildScopes(skeleton), await openSourceFolder(folder));
  const made: Tally = {
    name: `${folder.split('/').slice(-1).join('/')}/${name}`,
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
    if (link !== undefined && row.known) count(made, row, link);
    else if (link?.confidence === 'exact') {
      made.exact++;
      made.unchecked++;
    }
  }
  return made;
}

function count(made: Tally, row: TruthRow, link: NodeLink): void {
  const call = row.call ?? null;
  const definition = row.definition ?? null;
  const places = [call, ...(row.also ?? [])].filter((place) => place !== null);
  const rightCall = places.some((place) => isAt(link.call, place));
  const rightDefinition =
    row.unsure === true ||
    (definition === null ? link.definition === null : isAt(link.definition, definition));
  if (call !== null) {
    made.calls++;
    if (rightCall) made.rightCalls++;
    else
      made.wrong.push(
        `call ${say(row)}: ${at(link.call)}, truth ${call.file}:${String(call.line)} [${link.confidence}]`,
      );
    if (rightCall && call.column !== undefined && link.call !== null) {
      made.columns++;
      if (link.call.place.column === call.column) made.rightColumns++;
    }
  }
  if (definition !== null) {
    made.definitions++;
    if (rightDefinition) made.rightDefinitions++;
    else
      made.wrong.push(
        `definition ${say(row)}: ${at(link.definition)}, truth ${definition.file}:${String(definition.line)} [${link.confidence}]`,
      );
  } else if (link.definition !== null && row.unsure !== true) {
    made.spurious++;
    made.wrong.push(`definition ${say(row)}: ${at(link.definition)}, truth none [${link.confidence}]`);
  }
  const exact = [
    link.confidence === 'exact',
    link.call?.confidence === 'exact',
    link.definition?.confidence === 'exact',
  ];
  if (exact.includes(true)) made.exact++;
  const wrong =
    (exact[0] === true && (!rightCall || !rightDefinition)) ||
    (exact[1] === true && !rightCall) ||
    (exact[2] === true && !rightDefinition);
  if (wrong) {
    made.wrongExact++;
    made.wrong.push(`WRONG EXACT ${say(row)}: ${at(link.call)} / ${at(link.definition)}`);
  }
}

function say(row: TruthRow): string {
  return `#${String(row.index)} ${row.node} (${row.op})`;
}

function at(claim: PlaceClaim | null): string {
  return claim === null ? 'nothing' : `${claim.place.file}:${String(claim.place.line)} ${claim.confidence}`;
}

function isAt(claim: PlaceClaim | null, place: TruthPlace): boolean {
  return claim !== null && claim.place.file === place.file && claim.place.line === place.line;
}

/** Every model with a truth below a folder, as [folder, name]. */
export async function casesIn(root: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const entry of (await readdir(root, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (!entry.isDirectory()) continue;
    const folder = join(root, entry.name);
    for (const file of (await readdir(folder)).sort()) {
      if (file.endsWith('.truth.json')) found.push([folder, file.replace('.truth.json', '')]);
    }
  }
  return found;
}

/** One line of the confusion table. */
export function lineOf(made: Tally): string {
  const share = (right: number, all: number): string =>
    all === 0 ? '   -  ' : `${((100 * right) / all).toFixed(1).padStart(5)}%`;
  return [
    made.name.padEnd(28),
    String(made.nodes).padStart(5),
    `${share(made.rightCalls, made.calls)} of ${String(made.calls).padStart(4)}`,
    `${share(made.rightDefinitions, made.definitions)} of ${String(made.definitions).padStart(4)}`,
    made.either === 0
      ? ''
      : `either ${String(made.eitherGiven)}+${String(made.either - made.eitherGiven - made.eitherWrong)} of ${String(made.either)}`,
    `spurious ${String(made.spurious).padStart(3)}`,
    `exact ${String(made.exact).padStart(4)}`,
    `unchecked ${String(made.unchecked).padStart(3)}`,
    `wrong exact ${String(made.wrongExact)}`,
    `columns ${share(made.rightColumns, made.columns)}`,
  ].join('  ');
}
