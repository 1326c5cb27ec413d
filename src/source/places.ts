/** From offsets to the places a person sees: lines from 1, columns from 0. Pure over a snapshot of the sources. */
import type { SourcePlace } from '../contract/link';
import type { Spot } from './interpret/values';
import type { Sources } from './sources';

/** The place of a spot, or null when its file is gone. */
export function placeOf(sources: Sources, spot: Spot): SourcePlace | null {
  const lines = sources.outline(spot.file)?.lines;
  if (lines === undefined) return null;
  const line = lines.lineAt(spot.from);
  const endLine = lines.lineAt(Math.max(spot.from, spot.to - 1));
  return {
    file: spot.file,
    line,
    column: lines.columnAt(spot.from),
    endLine,
    endColumn: spot.to - lines.startOf(endLine),
  };
}

/** A whole line without its indentation. */
export function linePlace(sources: Sources, file: string, line: number): SourcePlace | null {
  const outline = sources.outline(file);
  if (outline === undefined || line > outline.lines.count) return null;
  const text = outline.lines.textOf(line);
  return {
    file,
    line,
    column: text.length - text.trimStart().length,
    endLine: line,
    endColumn: text.trimEnd().length,
  };
}
