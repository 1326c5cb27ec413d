/**
 * A node's trace as the workspace sees it: its frames that lie in the person's own files, on the lines they have now,
 * and whether they could be the frames in which a followed operation happens.
 */
import type { NodeEvidence } from './evidence';
import type { FrameLine } from './interpret/flow';
import type { PathMap } from './remap';
import type { TraceFrame } from './trace';

export interface OwnFrame {
  readonly func: string;
  readonly file: string;
  /** null where the line could not be found again. */
  readonly line: number | null;
  readonly moved: boolean;
  /** The file reads today as the trace says. */
  readonly checked: boolean;
  readonly frame: TraceFrame;
}

export interface Traced {
  /** Outermost first. */
  readonly own: readonly OwnFrame[];
  /** Every Python frame is there; otherwise only those named `forward`. */
  readonly complete: boolean;
  /** Innermost frame that is neither a library's nor the workspace's. */
  readonly outside: TraceFrame | null;
  /** Innermost frame of all. */
  readonly innermost: TraceFrame | null;
}

/** A trace that shows how modules are called, or that the compiler wrote, left no frame out. */
export function isComplete(frames: readonly TraceFrame[], kind: NodeEvidence['traceKind']): boolean {
  if (kind === 'doc') return true;
  return frames.some(
    ({ file, func, marked }) =>
      marked !== null ||
      func === '_call_impl' ||
      func === '_wrapped_call_impl' ||
      /[\\/]torch[\\/]_dynamo[\\/]/.test(file),
  );
}

export function readTrace(evidence: NodeEvidence, paths: PathMap): Traced {
  const own: OwnFrame[] = [];
  let outside: TraceFrame | null = null;
  for (const frame of evidence.frames) {
    const home = paths.home(frame);
    if (home === 'outside') outside = frame;
    const file = home === 'workspace' ? paths.fileOf(frame.file) : null;
    if (file === null) continue;
    const mapped = paths.line(frame);
    own.push({
      func: frame.func,
      file,
      line: mapped?.line ?? null,
      moved: mapped?.moved ?? true,
      checked: mapped?.checked ?? false,
      frame,
    });
  }
  return {
    own,
    complete: isComplete(evidence.frames, evidence.traceKind),
    outside,
    innermost: evidence.frames.at(-1) ?? null,
  };
}

/** Whether an operation in these frames can have left this trace. A line that was not found again rules nothing out. */
export function fitsTrace(frames: readonly FrameLine[], { own, complete }: Traced): boolean {
  if (own.length === 0) return true;
  const comprehensions = own.some(({ func }) => func.startsWith('<') && func.endsWith('comp>'));
  const expected = frames.filter(({ func }) =>
    complete ? comprehensions || !/^<(?:list|set|dict)comp>$/.test(func) : func === 'forward',
  );
  const shown = complete ? own : own.filter(({ func }) => func === 'forward');
  if (expected.length > shown.length) return false;
  return expected.every((frame, i) => {
    const seen = shown[shown.length - expected.length + i];
    if (seen === undefined || seen.file !== frame.file) return false;
    if (complete && seen.func !== frame.func) return false;
    return seen.line === null || frame.loose || frame.lines.includes(seen.line);
  });
}

/** True when a generator would have to be asked for elements on another line than the one that makes it. */
export function isFarFetched(frames: readonly FrameLine[], { own, complete }: Traced): boolean {
  return frames.some(
    (frame) =>
      frame.loose &&
      (complete || frame.func === 'forward') &&
      !own.some((seen) => seen.file === frame.file && seen.line !== null && frame.lines.includes(seen.line)),
  );
}
