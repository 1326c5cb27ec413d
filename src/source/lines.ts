/**
 * From a line of Python to the nodes it made: a link table turned round. Pure; answers in microseconds, so that a hover
 * can ask on every move of the mouse.
 */
import type { Confidence, LinkTable, PlaceClaim, SourcePlace } from '../contract/link';

/** One place in source with all nodes it made. */
export interface LinkedPlace {
  readonly kind: 'call' | 'definition';
  readonly claim: PlaceClaim;
  /** The weakest of the claims that lead here. */
  readonly confidence: Exclude<Confidence, 'none'>;
  /** Skeleton node ids, in file order. */
  readonly nodes: readonly number[];
}

export class LineTable {
  readonly #files = new Map<
    string,
    { readonly places: readonly LinkedPlace[]; readonly byLine: ReadonlyMap<number, readonly LinkedPlace[]> }
  >();

  constructor(table: LinkTable) {
    const places = new Map<
      string,
      { kind: LinkedPlace['kind']; claim: PlaceClaim; confidence: LinkedPlace['confidence']; nodes: number[] }
    >();
    for (const link of table.links) {
      const claims = [link, ...(link.also ?? [])].flatMap(({ call, definition }) => [
        ['call', call] as const,
        ['definition', definition] as const,
      ]);
      for (const [kind, claim] of claims) {
        if (claim === null) continue;
        const { file, line, column, endLine, endColumn } = claim.place;
        const key = [kind, file, line, column, endLine, endColumn].join(':');
        const known = places.get(key);
        if (known === undefined)
          places.set(key, { kind, claim, confidence: claim.confidence, nodes: [link.node] });
        else {
          if (known.nodes.at(-1) !== link.node) known.nodes.push(link.node);
          if (claim.confidence === 'inferred') known.confidence = 'inferred';
        }
      }
    }
    const byFile = new Map<string, LinkedPlace[]>();
    for (const place of places.values()) {
      const list = byFile.get(place.claim.place.file) ?? [];
      byFile.set(place.claim.place.file, list);
      list.push(place);
    }
    for (const [file, list] of byFile) {
      list.sort(
        (a, b) => a.claim.place.line - b.claim.place.line || a.claim.place.column - b.claim.place.column,
      );
      const byLine = new Map<number, LinkedPlace[]>();
      for (const place of list) {
        for (let line = place.claim.place.line; line <= place.claim.place.endLine; line++) {
          const known = byLine.get(line) ?? [];
          byLine.set(line, known);
          known.push(place);
        }
      }
      this.#files.set(file, { places: list, byLine });
    }
  }

  get files(): Iterable<string> {
    return this.#files.keys();
  }

  /** Every place of a file, from the top. */
  inFile(file: string): readonly LinkedPlace[] {
    return this.#files.get(file)?.places ?? [];
  }

  /**
   * Places at a position, the innermost first. Without a column: those that begin on the line, else those that run over
   * it.
   */
  at(file: string, line: number, column?: number): readonly LinkedPlace[] {
    const here = this.#files.get(file)?.byLine.get(line) ?? [];
    if (column === undefined) {
      const starting = here.filter(({ claim }) => claim.place.line === line);
      return starting.length > 0 ? starting : here;
    }
    return here
      .filter(({ claim }) => covers(claim.place, line, column))
      .sort((a, b) => extent(a.claim.place) - extent(b.claim.place));
  }
}

function covers(
  { line: from, column: start, endLine, endColumn }: SourcePlace,
  line: number,
  column: number,
): boolean {
  if (line < from || line > endLine) return false;
  return !(line === from && column < start) && !(line === endLine && column > endColumn);
}

function extent({ line, column, endLine, endColumn }: SourcePlace): number {
  return (endLine - line) * 10_000 + endColumn - column;
}

/** Ids of the nodes a line made, in file order: calls and definitions alike. */
export function nodesAtLine(table: LinkTable, file: string, line: number): number[] {
  const found = new Set<number>();
  for (const link of table.links) {
    for (const claim of [link, ...(link.also ?? [])].flatMap(({ call, definition }) => [call, definition])) {
      if (claim?.place.file === file && claim.place.line === line) found.add(link.node);
    }
  }
  return [...found].sort((a, b) => a - b);
}
