/**
 * From a line of Python to the nodes it made or, where a rewrite joined several calls, had a part in. Built from a link
 * table, or from entries kept on disk; pure. Lines count from 1, as links do.
 */
import type { Confidence, LinkTable, PlaceClaim } from '../contract/link';
import type { Scope, ScopeTree } from '../contract/scopes';

/** One place in source with all nodes it made. */
export interface LineEntry {
  readonly claim: PlaceClaim;
  readonly kind: 'call' | 'definition';
  /** Skeleton node ids, in file order. */
  readonly nodes: readonly number[];
  readonly confidence: Exclude<Confidence, 'none'>;
  /** Paths of the modules constructed or called here, where they hold others; their nodes are all those within. */
  readonly modules: readonly string[];
}

interface Draft {
  claim: PlaceClaim;
  readonly kind: LineEntry['kind'];
  readonly nodes: number[];
  readonly modules: string[];
}

export class LineIndex {
  static readonly empty = new LineIndex(new Map());

  private constructor(private readonly byFile: ReadonlyMap<string, readonly LineEntry[]>) {}

  /** @param within ids of all nodes in the module of a path and below */
  static of(table: LinkTable, within: (path: string) => readonly number[] = () => []): LineIndex {
    const places = new Map<string, Draft>();
    for (const link of table.links) addNode(places, link.node, link);
    // A module's own call is one that its nodes name as theirs: a further place of another node is not.
    const known = new Set(places.keys());
    for (const link of table.links)
      for (const further of link.also ?? []) addNode(places, link.node, further);
    for (const { path, definition, calls } of table.modules) {
      const nodes = within(path);
      if (nodes.length === 0) continue;
      addModule(places, known, 'definition', definition, path, nodes);
      for (const call of calls) addModule(places, known, 'call', call, path, nodes);
    }
    return LineIndex.from(
      [...places.values()].map((draft) => ({
        ...draft,
        nodes: [...new Set(draft.nodes)].sort((a, b) => a - b),
        confidence: draft.claim.confidence,
      })),
    );
  }

  /** The same from what `entries` gave. */
  static from(entries: Iterable<LineEntry>): LineIndex {
    const byFile = new Map<string, LineEntry[]>();
    for (const entry of entries) {
      const { file } = entry.claim.place;
      const list = byFile.get(file);
      if (list === undefined) byFile.set(file, [entry]);
      else list.push(entry);
    }
    for (const list of byFile.values()) {
      list.sort(
        (a, b) => a.claim.place.line - b.claim.place.line || a.claim.place.column - b.claim.place.column,
      );
    }
    return new LineIndex(byFile);
  }

  /** All places, by file. */
  get entries(): readonly LineEntry[] {
    return [...this.byFile.values()].flat();
  }

  get files(): Iterable<string> {
    return this.byFile.keys();
  }

  /** Every place in a file, from the top. */
  inFile(file: string): readonly LineEntry[] {
    return this.byFile.get(file) ?? [];
  }

  /**
   * Places that cover a position, innermost first; with no column, those that start on the line. A place that starts on
   * the line but lies elsewhere on it is not meant by a column.
   */
  at(file: string, line: number, column?: number): readonly LineEntry[] {
    const covering = this.inFile(file).filter(({ claim: { place } }) =>
      column === undefined ? place.line === line : covers(place, line, column),
    );
    return covering.sort((a, b) => area(a) - area(b));
  }

  /** Places between two lines, both included. */
  between(file: string, from: number, to: number): readonly LineEntry[] {
    return this.inFile(file).filter(({ claim: { place } }) => place.line >= from && place.line <= to);
  }
}

/** A node at the places it comes from; the weakest claim stands for a place. */
function addNode(
  places: Map<string, Draft>,
  node: number,
  claims: Readonly<Record<LineEntry['kind'], PlaceClaim | null>>,
): void {
  for (const kind of ['call', 'definition'] as const) {
    const claim = claims[kind];
    if (claim === null) continue;
    const key = keyOf(kind, claim);
    const entry = places.get(key);
    if (entry === undefined) places.set(key, { claim, kind, nodes: [node], modules: [] });
    else {
      entry.nodes.push(node);
      if (claim.confidence === 'inferred') entry.claim = claim;
    }
  }
}

/** A module that holds others, at a place that no node of its own names. */
function addModule(
  places: Map<string, Draft>,
  known: ReadonlySet<string>,
  kind: LineEntry['kind'],
  claim: PlaceClaim,
  path: string,
  nodes: readonly number[],
): void {
  const key = keyOf(kind, claim);
  if (known.has(key)) return;
  const entry = places.get(key);
  if (entry === undefined) places.set(key, { claim, kind, nodes: [...nodes], modules: [path] });
  else {
    entry.nodes.push(...nodes);
    entry.modules.push(path);
  }
}

function keyOf(kind: LineEntry['kind'], { place }: PlaceClaim): string {
  const { file, line, column, endLine, endColumn } = place;
  return [kind, file, line, column, endLine, endColumn].join(':');
}

function covers(
  place: { line: number; column: number; endLine: number; endColumn: number },
  line: number,
  column: number,
): boolean {
  if (line < place.line || line > place.endLine) return false;
  if (line === place.line && column < place.column) return false;
  return !(line === place.endLine && column > place.endColumn);
}

function area({ claim: { place } }: LineEntry): number {
  return (place.endLine - place.line) * 10_000 + (place.endColumn - place.column);
}

/** Ids of the nodes of a module and of all it holds, in file order. */
export function nodesWithin({ scopes }: ScopeTree, path: string): number[] {
  const from = scopes.find((scope) => scope.path === path);
  const collect = (scope: Scope | undefined): number[] =>
    scope === undefined ? [] : [...scope.nodes, ...scope.children.flatMap((id) => collect(scopes[id]))];
  return collect(from).sort((a, b) => a - b);
}
