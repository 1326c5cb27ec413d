/** Which rows a comparison's table shows and in what order, and how long its bars are. Pure. */
import type { CompareRow, CompareTable } from '../../src/contract/compareApi';

export interface Sorting {
  /** -1: the order of computing, as the host gave it. */
  readonly column: number;
  readonly descending: boolean;
}

/** Rows that hold the text in any cell, sorted; what is missing comes last either way. */
export function arranged(
  { rows }: CompareTable,
  filter: string,
  { column, descending }: Sorting,
): CompareRow[] {
  const wanted = filter.trim().toLowerCase();
  const kept = rows.filter(
    ({ cells, hint }) =>
      wanted === '' ||
      [...cells, hint].some((cell) =>
        String(cell ?? '')
          .toLowerCase()
          .includes(wanted),
      ),
  );
  if (column < 0) return kept;
  const sign = descending ? -1 : 1;
  return kept.sort((x, y) => compareCells(x.cells[column] ?? null, y.cells[column] ?? null, sign));
}

function compareCells(a: CompareRow['cells'][number], b: CompareRow['cells'][number], sign: number): number {
  const [noA, noB] = [isMissing(a), isMissing(b)];
  if (noA || noB) return Number(noA) - Number(noB);
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -sign : a > b ? sign : 0;
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
}

function isMissing(cell: CompareRow['cells'][number]): boolean {
  return cell === null || cell === '' || Number.isNaN(cell);
}

/** Errors from this on are drawn; below it lies float32's rounding of one operation. */
const LEAST_POWER = -8;

/** Where a relative error stands on a logarithmic scale from 1e-8 to 1, as a share of it. */
export function shareOf(error: number): number {
  if (!(error > 0)) return 0;
  return Math.min(1, Math.max(0, (Math.log10(error) - LEAST_POWER) / -LEAST_POWER));
}
