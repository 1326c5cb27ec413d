/**
 * A report: one question to a model by a method, and what it found, as a person keeps it. Knows how it is written and
 * read back; where it lies is the caller's business.
 */
import type { Cell, Figure, Finding, Params } from '../contract/method';

export interface KeptReport {
  readonly version: 1;
  readonly id: string;
  /** The model's address. */
  readonly model: string;
  readonly name: string;
  readonly method: string;
  readonly title: string;
  readonly params: Params;
  readonly seed: number;
  /** What went in, a line to read. */
  readonly inputs: string;
  /** The experiment file's address, or null. */
  readonly experiment: string | null;
  readonly when: number;
  readonly findings: readonly Finding[];
}

/** Reads a kept report, or undefined when the text is none (of this version). */
export function maybeReport(text: string): KeptReport | undefined {
  try {
    const value = JSON.parse(text) as Partial<KeptReport>;
    const whole = value.version === 1 && typeof value.id === 'string' && Array.isArray(value.findings);
    return whole ? (value as KeptReport) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A figure as comma-separated lines, its control's columns beside its own. */
export function figureCsv({ columns, rows, control }: Figure): string {
  const header = [
    ...columns,
    ...(control === null ? [] : columns.map((name) => `${name} (${control.title})`)),
  ];
  const lines = rows.map((row, i) => [...row, ...(control?.rows[i] ?? [])]);
  return `${[header, ...lines].map((line) => line.map(field).join(',')).join('\n')}\n`;
}

function field(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
