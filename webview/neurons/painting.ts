/** Cells and connections on a canvas. Colours are handed in; nothing here knows where they come from. */
import type { Ramps } from '../figures/ramp';
import { centreOf, cornerOf, type Cells } from './geometry';

export interface CellLook {
  readonly units: number;
  readonly activity: Float32Array | null;
  readonly chosen: number;
  readonly current: number;
  readonly lit: ReadonlyMap<number, number>;
  readonly ramps: Ramps;
  /** Of cells nothing is known of. */
  readonly plain: string;
  readonly focus: string;
  readonly line: string;
}

/** One square a unit; from 4 pixels on with a gap. 50,000 of them take a few milliseconds. */
export function paintCells(canvas: HTMLCanvasElement, cells: Cells, look: CellLook): void {
  const ratio = devicePixelRatio;
  const width = Math.max(1, Math.round(cells.width * ratio));
  const height = Math.max(1, Math.round(cells.height * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  const step = cells.size * ratio;
  const gap = cells.size >= 4 ? ratio : 0;
  const { activity, ramps } = look;
  const { table, from, span } = scaleOf(activity, ramps);
  if (activity === null) context.fillStyle = look.plain;
  let before = -1;
  for (let unit = 0; unit < look.units; unit++) {
    if (activity !== null) {
      const value = activity[unit] ?? Number.NaN;
      const place = Number.isNaN(value)
        ? 128
        : Math.round(255 * Math.min(1, Math.max(0, (value - from) / span)));
      if (place !== before) {
        const at = 3 * place;
        context.fillStyle = `rgb(${String(table[at])},${String(table[at + 1])},${String(table[at + 2])})`;
        before = place;
      }
    }
    const { x, y } = cornerOf(cells, unit);
    context.fillRect(
      Math.round(x * ratio),
      Math.round(y * ratio),
      Math.max(1, step - gap),
      Math.max(1, step - gap),
    );
  }
  for (const [unit, strength] of look.lit) {
    ring(context, cells, unit, ratio, strokeOf(strength, look.ramps, look.line), Math.max(1, 1.5 * ratio));
  }
  if (look.chosen >= 0) ring(context, cells, look.chosen, ratio, look.focus, 2 * ratio);
  if (look.current >= 0 && look.current !== look.chosen) {
    context.setLineDash([2 * ratio, 2 * ratio]);
    ring(context, cells, look.current, ratio, look.focus, ratio);
    context.setLineDash([]);
  }
}

/** Colour of a signed strength: the end of the diverging scale, or the text's where there is no number. */
export function strokeOf(strength: number, { diverging }: Ramps, line: string): string {
  if (Number.isNaN(strength)) return line;
  const at = strength < 0 ? 0 : 255 * 3;
  return `rgb(${String(diverging[at])},${String(diverging[at + 1])},${String(diverging[at + 2])})`;
}

export interface Stroke {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** Signed, -1 … 1; NaN where the connection has no number. */
  readonly strength: number;
  readonly hop: number;
}

/** Connections as curves, weak ones first; a negative one is dashed, so that colour is not all that tells. */
export function paintStrokes(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  strokes: readonly Stroke[],
  ramps: Ramps,
  line: string,
): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const weakFirst = [...strokes].sort(
    (a, b) => b.hop - a.hop || Math.abs(a.strength || 0) - Math.abs(b.strength || 0),
  );
  for (const { x1, y1, x2, y2, strength, hop } of weakFirst) {
    const size = Number.isNaN(strength) ? 0.3 : Math.abs(strength);
    context.globalAlpha = Math.max(0.25, (0.35 + 0.65 * size) / (1 + 0.35 * (hop - 1)));
    context.strokeStyle = strokeOf(strength, ramps, line);
    context.lineWidth = Math.max(0.75, (3.5 * size) / Math.sqrt(hop));
    context.setLineDash(strength < 0 ? [5, 3] : []);
    const middle = (x1 + x2) / 2;
    context.beginPath();
    context.moveTo(x1, y1);
    context.bezierCurveTo(middle, y1, middle, y2, x2, y2);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Magnitudes from 0 where nothing is negative, else both signs around it. */
function scaleOf(
  activity: Float32Array | null,
  ramps: Ramps,
): { table: Uint8ClampedArray; from: number; span: number } {
  let least = 0;
  let most = 0;
  for (const value of activity ?? []) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least >= 0) return { table: ramps.sequential, from: 0, span: most || 1 };
  const reach = Math.max(-least, most);
  return { table: ramps.diverging, from: -reach, span: 2 * reach };
}

function ring(
  context: CanvasRenderingContext2D,
  cells: Cells,
  unit: number,
  ratio: number,
  color: string,
  width: number,
): void {
  const size = Math.max(5, cells.size) * ratio;
  const centre = centreOf(cells, unit);
  const [x, y] = [centre.x * ratio - size / 2, centre.y * ratio - size / 2];
  context.strokeStyle = color;
  context.lineWidth = width;
  context.strokeRect(x + width / 2, y + width / 2, size - width, size - width);
}
