/**
 * Where the colours of one figure start and end. Values of both signs get the diverging scale, symmetric about zero;
 * others the sequential one. NaN and infinities are not part of the scale: they are drawn hatched and counted.
 */
import { ramps } from './ramp';

export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly signed: boolean;
}

/** The scale that fits the finite values; 0 … 1 when there are none. */
export function scaleOf(data: ArrayLike<number>): Scale {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return { from: 0, to: 1, signed: false };
  if (min < 0 && max > 0) {
    const reach = Math.max(-min, max);
    return { from: -reach, to: reach, signed: true };
  }
  if (min === max)
    return min === 0
      ? { from: 0, to: 1, signed: false }
      : { from: Math.min(0, min), to: Math.max(0, max), signed: false };
  return { from: min, to: max, signed: false };
}

/** Place of a value on its scale, 0 … 1. */
export function placeOn(scale: Scale, value: number): number {
  const span = scale.to - scale.from;
  return span === 0 ? 0.5 : Math.min(1, Math.max(0, (value - scale.from) / span));
}

/** Paints rows × columns values, one pixel each, into an image. Not-a-number and infinite values are left clear. */
export function paint(
  data: ArrayLike<number>,
  offset: number,
  rows: number,
  columns: number,
  scale: Scale,
): ImageData {
  const image = new ImageData(Math.max(1, columns), Math.max(1, rows));
  const table = scale.signed ? ramps().diverging : ramps().sequential;
  for (let i = 0; i < rows * columns; i++) {
    const value = data[offset + i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const at = 3 * Math.round(255 * placeOn(scale, value));
    image.data[4 * i] = table[at] ?? 0;
    image.data[4 * i + 1] = table[at + 1] ?? 0;
    image.data[4 * i + 2] = table[at + 2] ?? 0;
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Paints three planes of 0 … 1 as one picture in colour. */
export function paintColor(data: ArrayLike<number>, rows: number, columns: number): ImageData {
  const image = new ImageData(Math.max(1, columns), Math.max(1, rows));
  const plane = rows * columns;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * (data[c * plane + i] ?? 0);
    image.data[4 * i + 3] = 255;
  }
  return image;
}
