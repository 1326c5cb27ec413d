/** Where layers and their cells stand: columns by distance from the layer one looks at, cells as large as fits. Pure. */
import type { ShownLayer } from '../../src/contract/hostApi';

export interface Cells {
  /** CSS pixels from one cell to the next. */
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
}

const sizes = [14, 12, 10, 8, 7, 6, 5, 4, 3, 2] as const;
/** Wider than this only where cells cannot be smaller. */
const widest = 200;
/** Layers one above the other in one column, at most. */
const stacked = 3;

export function placeCells(units: number, room: number): Cells {
  let chosen = { size: 2, columns: 1 };
  for (const size of sizes) {
    const perColumn = Math.max(1, Math.floor(room / size));
    const columns = Math.max(1, Math.ceil(units / perColumn));
    chosen = { size, columns };
    if (columns * size <= widest) break;
  }
  const { size, columns } = chosen;
  const rows = Math.ceil(units / columns);
  return { size, columns, rows, width: columns * size, height: rows * size };
}

/** Middle of a unit's cell. */
export function centreOf({ size, columns }: Cells, unit: number): { readonly x: number; readonly y: number } {
  return { x: ((unit % columns) + 0.5) * size, y: (Math.floor(unit / columns) + 0.5) * size };
}

/** The unit whose cell a point falls on, or -1. */
export function unitAt(cells: Cells, units: number, x: number, y: number): number {
  const column = Math.floor(x / cells.size);
  if (x < 0 || y < 0 || column >= cells.columns) return -1;
  const unit = Math.floor(y / cells.size) * cells.columns + column;
  return unit < units ? unit : -1;
}

/** Layer ids by column, from what is read to what reads; every layer stands once, nearest to the middle. */
export function columnsAround(
  layers: readonly ShownLayer[],
  middle: number,
  hops: number,
): readonly (readonly number[])[] {
  const placed = new Set([middle]);
  const side = (next: (layer: ShownLayer) => readonly number[]): number[][] => {
    const columns: number[][] = [];
    let from: readonly number[] = [middle];
    for (let hop = 0; hop < hops; hop++) {
      const column = [...new Set(from.flatMap((id) => (layers[id] === undefined ? [] : next(layers[id]))))]
        .filter((id) => !placed.has(id))
        .slice(0, stacked);
      if (column.length === 0) break;
      for (const id of column) placed.add(id);
      columns.push(column);
      from = column;
    }
    return columns;
  };
  const before = side(({ sources }) => sources).reverse();
  return [...before, [middle], ...side(({ targets }) => targets)];
}
