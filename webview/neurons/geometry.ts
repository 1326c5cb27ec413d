/** Where layers and their cells stand: columns by distance from the layer one looks at, cells as large as fits. Pure. */
import type { ShownLayer } from '../../src/contract/hostApi';

export interface Cells {
  /** CSS pixels from one cell to the next. */
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  readonly width: number;
  readonly height: number;
  /** Units of one group, which whole rows hold, and CSS pixels between two groups; 0 where there are none. */
  readonly group: number;
  readonly gap: number;
}

const sizes = [14, 12, 10, 8, 7, 6, 5, 4, 3, 2] as const;
/** Wider than this only where cells cannot be smaller. */
const widest = 200;
/** Layers one above the other in one column, at most. */
const stacked = 3;

/** @param group units that stand together, as those of one attention head; 0 where none do */
export function placeCells(units: number, room: number, group = 0): Cells {
  const grouped = group > 1 && units > group ? placeGroups(units, room, group) : undefined;
  if (grouped !== undefined) return grouped;
  let chosen = { size: 2, columns: 1 };
  for (const size of sizes) {
    const perColumn = Math.max(1, Math.floor(room / size));
    const columns = Math.max(1, Math.ceil(units / perColumn));
    chosen = { size, columns };
    if (columns * size <= widest) break;
  }
  const { size, columns } = chosen;
  const rows = Math.ceil(units / columns);
  return { size, columns, rows, width: columns * size, height: rows * size, group: 0, gap: 0 };
}

/** One group below the other, each in whole rows; undefined where that has no room. */
function placeGroups(units: number, room: number, group: number): Cells | undefined {
  const count = Math.ceil(units / group);
  for (const size of sizes) {
    const gap = Math.max(2, Math.round(size / 2));
    for (let columns = 1; columns * size <= widest; columns++) {
      const height = (units / columns) * size + (count - 1) * gap;
      if (group % columns !== 0 || height > room) continue;
      return { size, columns, rows: units / columns, width: columns * size, height, group, gap };
    }
  }
  return undefined;
}

/** Upper left corner of a unit's cell. */
export function cornerOf(
  { size, columns, group, gap }: Cells,
  unit: number,
): { readonly x: number; readonly y: number } {
  const between = group === 0 ? 0 : Math.floor(unit / group) * gap;
  return { x: (unit % columns) * size, y: Math.floor(unit / columns) * size + between };
}

/** Middle of a unit's cell. */
export function centreOf(cells: Cells, unit: number): { readonly x: number; readonly y: number } {
  const { x, y } = cornerOf(cells, unit);
  return { x: x + cells.size / 2, y: y + cells.size / 2 };
}

/** The unit whose cell a point falls on, or -1. */
export function unitAt(cells: Cells, units: number, x: number, y: number): number {
  const { size, columns, group, gap } = cells;
  const column = Math.floor(x / size);
  if (x < 0 || y < 0 || column >= columns) return -1;
  const tall = group === 0 ? 0 : (group / columns) * size + gap;
  const above = group === 0 ? 0 : Math.floor(y / tall);
  const down = group === 0 ? y : y - above * tall;
  if (group !== 0 && down >= tall - gap) return -1;
  const unit = above * group + Math.floor(down / size) * columns + column;
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
