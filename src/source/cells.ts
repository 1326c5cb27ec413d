/**
 * Traces of code that ran in a notebook's cell name a file of the kernel's own making. The cell is found by the text of
 * the traced lines, among the notebooks of the workspace: an inference, since the file named is not there to check.
 */
import { followLines } from './moved';
import type { Sources } from './sources';

/** Files that kernels make up for cells, and notebooks themselves. */
const CELL = /[\\/]ipykernel_\d+[\\/]|^<ipython-input-|^Cell In\[|\.ipynb(?:[#>\]:]|$)/;

export function isCellPath(path: string): boolean {
  return CELL.test(path);
}

export function isNotebookFile(file: string): boolean {
  return file.endsWith('.ipynb');
}

export interface FoundCell {
  readonly file: string;
  /** Lines of the notebook's text by traced line. */
  readonly lines: ReadonlyMap<number, number>;
}

/** The notebook that holds most of the traced lines; null where none does, or two do equally well. */
export function findCell(sources: Sources, traced: ReadonlyMap<number, string | null>): FoundCell | null {
  let best: FoundCell | null = null;
  let rivals = 0;
  for (const file of sources.files) {
    if (!isNotebookFile(file)) continue;
    const text = sources.lines(file);
    if (text === undefined) continue;
    const lines = followLines(text, traced);
    if (lines.size === 0) continue;
    if (best === null || lines.size > best.lines.size) {
      best = { file, lines };
      rivals = 0;
    } else if (lines.size === best.lines.size) rivals++;
  }
  return rivals > 0 ? null : best;
}
