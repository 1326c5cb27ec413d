/**
 * Reads the traces that exporters leave: the stack trace of the torch.export-based exporter (`File "...", line N, in f`,
 * innermost last, source text below) and the doc string of the TorchScript exporter (`file(line): f`, innermost first).
 * Text in, frames out; what is not of that form is left out. Knows nothing of the workspace.
 */

export interface TraceFrame {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly func: string;
  /** The line's text, trimmed, or null where the trace has none. */
  readonly text: string | null;
  /** Start and end in `text` that Python's carets mark, or null. In characters. */
  readonly marked: readonly [number, number] | null;
}

const HEAD = /^\s*File "(.*)", line (\d+), in (.+?)\s*$/;
const DOC = /^(\S.*)\((\d+)\): (\S+)$/;
/** A trace is a few kilobytes; what is longer is not one. */
const LIMIT = 200_000;

/** Frames of a `pkg.torch.onnx.stack_trace`, outermost first. */
export function parseStackTrace(trace: string): TraceFrame[] {
  const frames: TraceFrame[] = [];
  if (trace.length > LIMIT) return frames;
  const lines = trace.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const head = HEAD.exec(lines[i] ?? '');
    const line = Number(head?.[2]);
    if (head === null || !isLine(line)) continue;
    const next = lines[i + 1];
    const text = next === undefined || HEAD.test(next) || next.trim() === '' ? null : next;
    const carets = text === null ? null : /^(\s*)([~^]+)\s*$/.exec(lines[i + 2] ?? '');
    frames.push({
      file: head[1] ?? '',
      line,
      func: head[3] ?? '',
      text: text?.trim() ?? null,
      marked:
        text === null || carets === null
          ? null
          : markedRange(text, carets[1]?.length ?? 0, carets[2]?.length ?? 0),
    });
  }
  return frames;
}

/** Frames of a verbose TorchScript doc string, outermost first. */
export function parseDocTrace(doc: string): TraceFrame[] {
  const frames: TraceFrame[] = [];
  if (doc.length > LIMIT) return frames;
  for (const text of doc.split('\n')) {
    const match = DOC.exec(text.trim());
    const line = Number(match?.[2]);
    if (match !== null && isLine(line)) {
      frames.push({ file: match[1] ?? '', line, func: match[3] ?? '', text: null, marked: null });
    }
  }
  return frames.reverse();
}

/** The strings in the `repr` of a Python list, or null when it is not one. */
export function parseList(repr: string): string[] | null {
  const text = repr.trim();
  if (text.length > LIMIT || !/^\[[\s\S]*\]$/.test(text)) return null;
  const items: string[] = [];
  const item = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|$)/y;
  const inner = text.slice(1, -1);
  while (item.lastIndex < inner.trimEnd().length) {
    const match = item.exec(inner);
    if (match === null) return null;
    items.push((match[1] ?? match[2] ?? '').replace(/\\(['"\\])/g, '$1'));
  }
  return items;
}

function isLine(line: number): boolean {
  return Number.isInteger(line) && line > 0 && line < 10_000_000;
}

function markedRange(text: string, indent: number, length: number): readonly [number, number] | null {
  const skipped = text.length - text.trimStart().length;
  const start = indent - skipped;
  return start < 0 ? null : [start, start + length];
}
