/**
 * A notebook as one Python file: its code cells one below the other, magics turned into comments of the same length, so
 * that lines and columns can be carried over and back. Pure; knows the format of `.ipynb` and no editor.
 */

export interface NotebookCell {
  /** Position among all cells of the notebook, from 0. */
  readonly index: number;
  readonly text: string;
}

export interface NotebookText {
  readonly text: string;
  /** For each code cell: its index in the notebook, and how many lines of `text` come before it. */
  readonly cells: readonly { readonly index: number; readonly before: number; readonly lines: number }[];
}

/** Cell magics whose body is still Python of the notebook. */
const PYTHON_MAGICS = /^%%(?:time|timeit|capture|prun|python|python3|debug|memit)\b/;

export function notebookText(cells: readonly NotebookCell[]): NotebookText {
  const texts: string[] = [];
  const starts: { index: number; before: number; lines: number }[] = [];
  let before = 0;
  for (const { index, text } of cells) {
    const plain = withoutMagics(text.replaceAll('\r\n', '\n'));
    const lines = plain.split('\n').length;
    starts.push({ index, before, lines });
    texts.push(plain);
    before += lines;
  }
  return { text: texts.join('\n'), cells: starts };
}

/** Code cells of an `.ipynb`; empty for a file of another form. */
export function codeCells(json: string): NotebookCell[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
  const cells = member(parsed, 'cells');
  const language = member(member(member(parsed, 'metadata'), 'kernelspec'), 'language') ?? 'python';
  if (!Array.isArray(cells) || language !== 'python') return [];
  return cells.flatMap((cell: unknown, index): NotebookCell[] => {
    const source = member(cell, 'source');
    const text = Array.isArray(source) ? source.map(String).join('') : source;
    return member(cell, 'cell_type') === 'code' && typeof text === 'string' ? [{ index, text }] : [];
  });
}

/** The cell a line of the whole lies in, with its line there. Lines from 1. */
export function cellAt(
  { cells }: NotebookText,
  line: number,
): { readonly index: number; readonly line: number } | undefined {
  const found = cells.findLast(({ before }) => before < line);
  return found === undefined ? undefined : { index: found.index, line: line - found.before };
}

function withoutMagics(text: string): string {
  const other = /^\s*%%/.test(text) && !PYTHON_MAGICS.test(text.trimStart());
  return text
    .split('\n')
    .map((line) => (other || /^\s*[%!?]/.test(line) ? commented(line) : line))
    .join('\n');
}

/** A comment of the same length where the line is not empty. */
function commented(line: string): string {
  const at = line.search(/\S/);
  return at < 0 ? line : `${line.slice(0, at)}#${line.slice(at + 1)}`;
}

function member(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null
    ? (object as Record<string, unknown>)[name]
    : undefined;
}
