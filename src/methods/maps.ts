/**
 * An attribution per element as a figure a person can read: heat over a picture, a number per token, a bar per column.
 * Sums only what the figure has no axis for (the batch, colour channels, an embedding's width), so that totals stay.
 */
import type { Cell, Figure, Labels } from '../contract/method';
import type { Entry } from './asking';

export interface SiteMap extends Entry {
  readonly dims: readonly number[];
  /** Per element, row-major. */
  readonly attribution: Float64Array;
  /** The site's own values. */
  readonly values: Float64Array;
}

type Rows = readonly (readonly Cell[])[];

/** Heat maps are summed in blocks until they have at most this many cells. */
const MOST_CELLS = 16_384;
/** Bars shown; the rest is left out and said. */
const MOST_BARS = 60;

/** The map with its control beside it. `control` has the same dims. */
export function mapFigure(map: SiteMap, control: SiteMap, controlTitle: string, labels: Labels): Figure {
  const drawn = draw(map, labels);
  const { rows } = drawn.again(control);
  return {
    kind: drawn.kind,
    title: drawn.title,
    columns: drawn.columns,
    rows: drawn.rows,
    control: { title: controlTitle, rows },
  };
}

interface Drawn {
  readonly kind: Figure['kind'];
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: Rows;
  /** The same cells of another map. */
  again(other: SiteMap): { readonly rows: Rows };
}

function draw(map: SiteMap, labels: Labels): Drawn {
  const picture = map.site === map.input ? pictureOf(map.dims) : null;
  if (picture !== null) return heat(map, picture);
  const { dims } = map;
  const positions = positionsOf(map);
  if (positions !== null) return strip(map, positions, labels[map.input]);
  return bars(map, labels[map.input], dims.length <= 2);
}

interface PictureAxes {
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/** Where a picture's rows and columns are, or null. */
function pictureOf(dims: readonly number[]): PictureAxes | null {
  const large = (axis: number): boolean => (dims[axis] ?? 1) > 1;
  if (dims.length === 4 && (dims[3] ?? 0) <= 4 && (dims[1] ?? 0) > 4 && large(2))
    return { row: 1, column: 2, channel: 3 };
  if (dims.length === 4 && large(2) && large(3)) return { channel: 1, row: 2, column: 3 };
  if (dims.length === 3 && (dims[0] ?? 0) <= 4 && (dims[1] ?? 0) >= 8 && (dims[2] ?? 0) >= 8)
    return { channel: 0, row: 1, column: 2 };
  return null;
}

/** The axis of a sequence that is not the last, or null. */
function positionsOf({ dims, site, input }: SiteMap): number | null {
  if (dims.length === 3) return 1;
  return dims.length === 2 && site !== input ? 0 : null;
}

/** Sums over every axis but these, in their order; row-major. */
export function sumTo(numbers: Float64Array, dims: readonly number[], axes: readonly number[]): Float64Array {
  const sizes = axes.map((axis) => dims[axis] ?? 1);
  const steps = new Array<number>(dims.length).fill(0);
  let step = 1;
  for (let k = axes.length - 1; k >= 0; k--) {
    steps[axes[k] ?? 0] = step;
    step *= sizes[k] ?? 1;
  }
  const sums = new Float64Array(step);
  const index = new Array<number>(dims.length).fill(0);
  let at = 0;
  for (const number of numbers) {
    sums[at] = (sums[at] ?? 0) + number;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      at += steps[axis] ?? 0;
      if ((index[axis] ?? 0) < (dims[axis] ?? 1)) break;
      at -= (steps[axis] ?? 0) * (dims[axis] ?? 1);
      index[axis] = 0;
    }
  }
  return sums;
}

function heat(map: SiteMap, { row, column, channel }: PictureAxes): Drawn {
  const [height, width] = [map.dims[row] ?? 1, map.dims[column] ?? 1];
  const block = Math.max(1, Math.ceil(Math.sqrt((height * width) / MOST_CELLS)));
  const layers = map.attribution.length / (height * width);
  const down = Math.ceil(height / block);
  const across = Math.ceil(width / block);
  const gather = (numbers: Float64Array): Float64Array => {
    const plain = sumTo(numbers, map.dims, [row, column]);
    if (block === 1) return plain;
    const sums = new Float64Array(down * across);
    plain.forEach((number, i) => {
      const cell = Math.floor(Math.floor(i / width) / block) * across + Math.floor((i % width) / block);
      sums[cell] = (sums[cell] ?? 0) + number;
    });
    return sums;
  };
  const input = gather(map.values).map((sum) => sum / (layers * block * block));
  const rowsOf = (of: SiteMap): Rows =>
    Array.from(gather(of.attribution), (sum, i) => [
      Math.floor(i / across),
      i % across,
      short(sum),
      short(input[i] ?? 0),
    ]);
  const channels = map.dims[channel] ?? 1;
  const notes = [
    ...(channels > 1 ? [`summed over ${String(channels)} channels`] : []),
    ...(block > 1 ? [`summed in blocks of ${String(block)} × ${String(block)}`] : []),
  ];
  return {
    kind: 'heatmap',
    title: `Attribution over ${map.input}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`,
    columns: ['row', 'column', 'attribution', 'input'],
    rows: rowsOf(map),
    again: (other) => ({ rows: rowsOf(other) }),
  };
}

function strip(map: SiteMap, axis: number, words: readonly string[] | undefined): Drawn {
  const rowsOf = (of: SiteMap): Rows =>
    Array.from(sumTo(of.attribution, of.dims, [axis]), (sum, i) => [
      i,
      words?.[i] ?? `#${String(i)}`,
      short(sum),
    ]);
  return {
    kind: 'tokens',
    title: `Attribution over ${map.input}${map.site === map.input ? '' : `, summed over the width of ${map.site}`}`,
    columns: ['position', 'token', 'attribution'],
    rows: rowsOf(map),
    again: (other) => ({ rows: rowsOf(other) }),
  };
}

function bars(map: SiteMap, words: readonly string[] | undefined, named: boolean): Drawn {
  const last = map.dims.length - 1;
  const sum = (numbers: Float64Array): Float64Array =>
    named && last >= 0 ? sumTo(numbers, map.dims, [last]) : numbers;
  const [attribution, values] = [sum(map.attribution), sum(map.values)];
  const order = Array.from({ length: attribution.length }, (_, i) => i);
  if (order.length > MOST_BARS) {
    order.sort((i, j) => Math.abs(attribution[j] ?? 0) - Math.abs(attribution[i] ?? 0) || i - j);
    order.length = MOST_BARS;
  }
  const rowsOf = (of: SiteMap): Rows => {
    const sums = sum(of.attribution);
    return order.map((i) => [words?.[i] ?? String(i), short(sums[i] ?? 0), short(values[i] ?? 0)]);
  };
  const cut =
    attribution.length > MOST_BARS
      ? ` (the ${String(MOST_BARS)} largest of ${String(attribution.length)})`
      : '';
  return {
    kind: 'bars',
    title: `Attribution over ${map.input}${cut}`,
    columns: [named ? 'column' : 'element', 'attribution', 'input'],
    rows: rowsOf(map),
    again: (other) => ({ rows: rowsOf(other) }),
  };
}

/** Six digits: a figure is read, and its bytes are kept. */
export function short(number: number): number {
  return Number(number.toPrecision(6));
}
