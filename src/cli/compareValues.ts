/** What `patchclamp compare` says of values: the shape of its `--json`, and the same in lines. */
import type { Departure, Departures } from '../compare/departures';
import { formatShape } from '../tensor/shape';

/** Numbers that JSON has no word for are the texts "NaN", "Infinity" and "-Infinity". */
export interface ValuesReport {
  /** Relative L2 error beyond which a value departs. */
  readonly threshold: number;
  /** The first value in the order of computing that departs while nothing above it does, or null. */
  readonly first: ValueRow | null;
  /** Compared values, in the order of computing. */
  readonly values: readonly ValueRow[];
  /** What `floor` is; '' without a control. */
  readonly control: string;
}

export interface ValueRow {
  readonly a: string;
  readonly b: string;
  readonly node: { readonly id: number; readonly name: string; readonly op: string; readonly module: string };
  readonly shape: readonly number[];
  /** ‖B - A‖ / ‖A‖. */
  readonly relative: number | null;
  readonly max: number | null;
  readonly cosine: number | null;
  /** `relative` between two runs that should not differ. */
  readonly floor: number | null;
  /** Largest `relative` among what it is computed from. */
  readonly inherited: number;
  readonly departs: boolean;
  readonly begins: boolean;
  readonly problem: string | null;
  /** `model.py:42`, where a source folder was given and the line is known: where it is called, where it is made. */
  readonly line: string | null;
  readonly definition: string | null;
}

export type LineOf = (node: number) => { readonly call: string | null; readonly definition: string | null };

export function reportValues(
  { rows, first, threshold }: Departures,
  control: string,
  lineOf: LineOf,
): ValuesReport {
  const row = (departure: Departure): ValueRow => valueRow(departure, lineOf);
  return { threshold, first: first === null ? null : row(first), values: rows.map(row), control };
}

function valueRow(row: Departure, lineOf: LineOf): ValueRow {
  const {
    site,
    other,
    node: id,
    name,
    op,
    module,
    dims,
    numbers,
    floor,
    inherited,
    departs,
    begins,
    problem,
  } = row;
  return {
    a: site,
    b: other,
    node: { id, name, op, module },
    shape: dims,
    relative: numbers?.relative ?? null,
    max: numbers?.max ?? null,
    cosine: numbers?.cosine ?? null,
    floor,
    inherited,
    departs,
    begins,
    problem,
    line: lineOf(id).call,
    definition: lineOf(id).definition,
  };
}

/** One object as one line. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
}

export function printValues({ values, first, threshold, control }: ValuesReport): string[] {
  const lines = values.map((row) => {
    const mark = row.begins ? '»' : row.departs ? '·' : ' ';
    const where = placeText(row) === '' ? '' : `  ${placeText(row)}`;
    if (row.relative === null) return `  ${row.a}  ${row.problem ?? ''}`;
    const floor = row.floor === null ? '' : `  floor ${short(row.floor)}`;
    return `${mark} ${row.a}${row.b === row.a ? '' : ` ~ ${row.b}`}  ${row.node.op} ${formatShape(row.shape)}  relative ${short(row.relative)}  max ${short(row.max)}  cosine ${cosine(row.cosine)}${floor}${where}`;
  });
  lines.push(
    first === null
      ? noneDeparts(values, threshold)
      : `The first to depart is ${first.a === first.b ? first.a : `${first.a} ~ ${first.b}`} (${first.node.op}${first.node.module === '' ? '' : ` in ${first.node.module}`}), by ${short(first.relative)} of its size${placeText(first) === '' ? '' : `, at ${placeText(first)}`}.`,
  );
  if (control !== '') lines.push(control);
  return lines;
}

function noneDeparts(values: ValuesReport['values'], threshold: number): string {
  const within = values.filter(({ relative }) => relative !== null && relative > threshold).length;
  return within === 0
    ? `No value departs by more than ${short(threshold)} of its size.`
    : `No value departs: the ${within} that differ by more than ${short(threshold)} of their size stay within ten times their floor.`;
}

/** `model.py:19 (made at model.py:13)`, or ''. */
export function placeText({ line, definition }: Pick<ValueRow, 'line' | 'definition'>): string {
  if (line === null) return definition === null ? '' : `made at ${definition}`;
  return definition === null || definition === line ? line : `${line} (made at ${definition})`;
}

function short(value: number | null): string {
  return value === null ? 'none' : value === 0 ? '0' : value.toPrecision(3);
}

function cosine(value: number | null): string {
  return value === null || Number.isNaN(value) ? 'none' : value.toFixed(6);
}
