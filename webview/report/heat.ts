/** Heat over a picture: attribution in the theme's diverging colours, as strong as it is, over the input in grey. */
import type { Figure } from '../../src/contract/method';
import { put, zoom } from '../figures/imageGrid';
import { ramps } from '../figures/ramp';
import { placeOn, type Scale } from '../figures/scale';

export interface Heat {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
  readonly input: Float32Array;
}

/** Rows of `[row, column, attribution, input]` as planes. */
export function heatOf(cells: Figure['rows']): Heat {
  let [rows, columns] = [0, 0];
  for (const [row, column] of cells) {
    rows = Math.max(rows, Number(row) + 1);
    columns = Math.max(columns, Number(column) + 1);
  }
  const data = new Float32Array(rows * columns);
  const input = new Float32Array(rows * columns);
  for (const [row, column, value, given] of cells) {
    const at = Number(row) * columns + Number(column);
    data[at] = Number(value);
    input[at] = Number(given ?? 0);
  }
  return { rows, columns, data, input };
}

export function paintInput(canvas: HTMLCanvasElement | null, heat: Heat, side: number): void {
  draw(canvas, heat, side, (at, gray) => [gray[at] ?? 0, gray[at] ?? 0, gray[at] ?? 0]);
}

export function paintHeat(canvas: HTMLCanvasElement | null, heat: Heat, scale: Scale, side: number): void {
  const table = ramps().diverging;
  draw(canvas, heat, side, (at, gray) => {
    const value = heat.data[at] ?? 0;
    const strength = scale.to === 0 ? 0 : Math.min(1, Math.abs(value) / scale.to);
    // Weak attribution lets the picture through, faintly; strong attribution covers it.
    const cover = 0.75 + 0.25 * strength;
    const color = 3 * Math.round(255 * placeOn(scale, Math.sign(value) * scale.to * strength ** 0.6));
    const shade = gray[at] ?? 0;
    return [0, 1, 2].map((c) => cover * (table[color + c] ?? 0) + (1 - cover) * shade);
  });
}

function draw(
  canvas: HTMLCanvasElement | null,
  { rows, columns, input }: Heat,
  side: number,
  colorOf: (at: number, gray: Uint8ClampedArray) => readonly number[],
): void {
  if (canvas === null || rows === 0 || columns === 0) return;
  let [low, high] = [Infinity, -Infinity];
  for (const value of input) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const gray = Uint8ClampedArray.from(input, (value) => (255 * (value - low)) / (high - low || 1));
  const image = new ImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    const color = colorOf(at, gray);
    for (let c = 0; c < 3; c++) image.data[4 * at + c] = color[c] ?? 0;
    image.data[4 * at + 3] = 255;
  }
  put(canvas, image, zoom(rows, columns, side));
}
