/** What the colours mean, in a drawing that leaves the editor: a title, the scale, its two ends. Pure. */
import { formatNumber } from '../../src/tensor/format';
import { endsOf, type FixedScale, type GraphOverlay } from './overlay';
import { Font, type Measure } from './textRuns';
import type { GraphTheme, Rgba } from './theme';

export interface Legend {
  readonly overlay: GraphOverlay;
  readonly fixed: FixedScale | null;
}

/** A stretch of the scale, or with `text`, words of that height. */
export interface LegendPiece {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly fill: Rgba;
  readonly text: string;
}

/** Room the legend takes below the drawing, in pixels. */
export const legendHeight = 32;

const stretches = 64;
const stretchWidth = 2;
const gap = 8;

/** From left to right, its upper left corner at `left`, `top`. */
export function legendPieces(
  { overlay, fixed }: Legend,
  theme: GraphTheme,
  left: number,
  top: number,
  measure: Measure,
): LegendPiece[] {
  const { from, to } = endsOf(overlay, fixed);
  const pieces: LegendPiece[] = [];
  let x = left;
  const write = (text: string): void => {
    const w = measure(text, Font.Regular) * 12;
    pieces.push({ x, y: top, w, h: 12, fill: theme.text, text });
    x += w + gap;
  };
  write(overlay.title);
  write(formatNumber(from));
  const table = overlay.signed ? theme.diverging : theme.sequential;
  for (let k = 0; k < stretches; k++) {
    const at = 3 * Math.round((255 * k) / (stretches - 1));
    const fill: Rgba = [(table[at] ?? 0) / 255, (table[at + 1] ?? 0) / 255, (table[at + 2] ?? 0) / 255, 1];
    pieces.push({ x: x + k * stretchWidth, y: top + 2, w: stretchWidth + 0.5, h: 10, fill, text: '' });
  }
  x += stretches * stretchWidth + gap;
  write(`${overlay.clipped && fixed === null ? '≥ ' : ''}${formatNumber(to)}`);
  if (overlay.unit !== '') write(overlay.unit);
  return pieces;
}
