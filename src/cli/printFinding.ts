/** A finding as lines to read in a terminal: every figure as a table with its control's columns beside it. */
import type { Cell, Figure, Finding } from '../contract/method';

const MOST_ROWS = 40;

export function printFinding({ title, figures, controls, caveats }: Finding): string[] {
  return [
    title,
    ...figures.flatMap((figure) => ['', ...printFigure(figure)]),
    '',
    ...controls,
    ...caveats.map((caveat) => `Note: ${caveat}`),
  ];
}

function printFigure({ title, columns, rows, control }: Figure): string[] {
  const differs = columns.map(
    (_, i) => control !== null && rows.some((row, r) => row[i] !== control.rows[r]?.[i]),
  );
  const header = [...columns, ...columns.filter((_, i) => differs[i]).map((name) => `${name} (control)`)];
  const lines = rows
    .slice(0, MOST_ROWS)
    .map((row, r) => [
      ...row,
      ...columns.flatMap((_, i) => (differs[i] === true ? [control?.rows[r]?.[i] ?? null] : [])),
    ]);
  const table = [header, ...lines.map((line) => line.map(text))];
  const widths = header.map((_, i) => Math.max(...table.map((line) => (line[i] ?? '').length)));
  return [
    `${title}${control === null ? ' (no control)' : ` | control: ${control.title}`}`,
    ...table.map(
      (line) =>
        `  ${line
          .map((part, i) => part.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}`,
    ),
    ...(rows.length > MOST_ROWS
      ? [`  … ${String(rows.length - MOST_ROWS)} rows more; --json gives all`]
      : []),
  ];
}

function text(cell: Cell): string {
  return cell === null ? '' : String(cell);
}
