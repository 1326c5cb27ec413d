/**
 * Which slice of a tensor a screen can show, and how: channels as images, tokens as strips, matrices as heat maps,
 * vectors as bars. Pure: `plan` says which box to fetch, `toPicture` makes the picture of it.
 */
import type { TensorSlice } from '../contract/engineApi';
import type { Picture } from '../contract/hostApi';
import { formatNumber } from '../tensor/format';

/** Words that go into pictures, in the person's language. */
export interface PictureWords {
  readonly channel: string;
  readonly head: string;
  readonly filter: string;
  readonly token: string;
  readonly unit: string;
  readonly row: string;
  readonly column: string;
  /** `First {0} of {1} {2}s.` */
  readonly firstOf: (shown: number, total: number, item: string) => string;
}

export interface PictureHints {
  readonly of: 'weight' | 'activation';
  readonly title: string;
  /** Made by a softmax: square maps are attention heads. */
  readonly attention?: boolean;
  /** Texts of the tokens, where an axis counts tokens. */
  readonly tokens?: readonly string[];
  /** An image that was fed in: three channels are colours. */
  readonly image?: boolean;
  /** What the site of one item begins with. */
  readonly pick?: string;
}

export interface PicturePlan {
  readonly slice: TensorSlice;
  readonly fixed: Picture['fixed'];
  readonly form: 'grid' | 'matrix' | 'bars' | 'number';
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly items: readonly [string, string, string];
  /** Axes of the images (or bars) and of the rows, in the tensor; undefined where there are none. */
  readonly itemAxis: number | undefined;
  readonly rowAxis: number | undefined;
  readonly note: string;
}

const GRID = 64;
const SIDE = 512;
const BARS = 4096;

/** The box of a tensor to fetch, and how it will be drawn. */
export function plan(
  dims: readonly number[],
  fixed: Readonly<Record<number, number>>,
  hints: PictureHints,
  words: PictureWords,
): PicturePlan {
  const drawn = drawnAxes(dims, hints);
  const [itemAxis, rowAxis, columnAxis] = [drawn.at(-3), drawn.at(-2), drawn.at(-1)];
  const item = itemWord(dims, hints, words);
  const rowItem =
    rowAxis !== undefined && isTokenAxis(dims, rowAxis, hints)
      ? words.token
      : hints.of === 'weight'
        ? words.row
        : words.row;
  const start = dims.map((size, axis) => (drawn.includes(axis) ? 0 : clamp(fixed[axis] ?? 0, size)));
  const limits = new Map<number, number>();
  if (itemAxis !== undefined) limits.set(itemAxis, GRID);
  if (rowAxis !== undefined) limits.set(rowAxis, SIDE);
  if (columnAxis !== undefined) limits.set(columnAxis, drawn.length === 1 ? BARS : SIDE);
  const size = dims.map((full, axis) =>
    drawn.includes(axis) ? Math.min(full, limits.get(axis) ?? full) : 1,
  );
  const lengthOf = (axis: number | undefined): number => (axis === undefined ? 1 : (size[axis] ?? 1));
  const names = [item, rowItem, drawn.length === 1 ? words.unit : words.column] as const;
  const note = [itemAxis, rowAxis, columnAxis]
    .map((axis, i) => {
      const full = axis === undefined ? 0 : (dims[axis] ?? 0);
      return axis !== undefined && lengthOf(axis) < full
        ? words.firstOf(lengthOf(axis), full, names[i] ?? '')
        : '';
    })
    .filter((text) => text !== '')
    .join(' ');
  return {
    slice: { start, size },
    fixed: dims
      .map((full, axis) => ({ axis, size: full, index: start[axis] ?? 0 }))
      .filter(({ axis, size: full }) => !drawn.includes(axis) && full > 1),
    form:
      drawn.length === 0 ? 'number' : drawn.length === 1 ? 'bars' : drawn.length === 2 ? 'matrix' : 'grid',
    count: lengthOf(itemAxis),
    rows: lengthOf(rowAxis),
    columns: lengthOf(columnAxis),
    items: names,
    itemAxis: drawn.length === 1 ? columnAxis : itemAxis,
    rowAxis,
    note,
  };
}

/** The picture of a fetched box. */
export function toPicture(
  dims: readonly number[],
  { form, fixed, count, rows, columns, items, note }: PicturePlan,
  data: Float32Array,
  hints: PictureHints,
): Picture {
  const pick = hints.pick === undefined ? {} : { pick: hints.pick };
  const shared = { title: hints.title, note, dims, fixed };
  switch (form) {
    case 'number':
      return { ...shared, kind: 'text', text: formatNumber(data[0] ?? Number.NaN) };
    case 'bars':
      return { ...shared, ...pick, kind: 'bars', item: items[2], names: null, data };
    case 'matrix':
      return {
        ...shared,
        kind: 'matrix',
        rows,
        columns,
        rowItem: items[1],
        columnItem: items[2],
        rowNames: hints.tokens?.length === rows ? hints.tokens : null,
        data,
      };
    case 'grid': {
      const color = hints.image === true && count === 3;
      return {
        ...shared,
        ...(color ? {} : pick),
        kind: 'grid',
        count,
        rows,
        columns,
        item: items[0],
        color,
        data: color ? stretch(data) : data,
      };
    }
  }
}

/** One number per row: the length of its vector. */
export function rowNorms(data: Float32Array, rows: number, columns: number): Float32Array {
  const norms = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const value = data[row * columns + column] ?? 0;
      sum += value * value;
    }
    norms[row] = Math.sqrt(sum);
  }
  return norms;
}

/** Axes that are drawn, in order: at most three, outermost first. Axes of length one are never drawn. */
function drawnAxes(dims: readonly number[], { of }: PictureHints): readonly number[] {
  const wide = dims.map((size, axis) => ({ size, axis })).filter(({ size }) => size > 1);
  const axes = wide.map(({ axis }) => axis);
  if (axes.length <= 2) {
    // Images of one channel are images, not a matrix of rows.
    const [a, b] = axes;
    const lonely = axes.length === 2 && dims.length === 4 && a === 2 && b === 3;
    return lonely ? [1, 2, 3] : axes;
  }
  const square = dims.length >= 3 && (dims.at(-1) ?? 0) > 1 && (dims.at(-2) ?? 0) > 1;
  if (of === 'weight') {
    // Convolution kernels: one image per filter at a fixed input channel.
    if (dims.length === 4) return [0, 2, 3].filter((axis) => (dims[axis] ?? 0) > 1 || axis > 0);
    return dims.length === 3 ? [1, 2] : axes.slice(-3);
  }
  if (dims.length === 3) return [1, 2];
  return square ? [dims.length - 3, dims.length - 2, dims.length - 1] : axes.slice(-2);
}

function itemWord(dims: readonly number[], hints: PictureHints, words: PictureWords): string {
  if (hints.of === 'weight') return words.filter;
  const square = dims.at(-1) === dims.at(-2);
  return hints.attention === true && square ? words.head : words.channel;
}

function isTokenAxis(dims: readonly number[], axis: number, { tokens }: PictureHints): boolean {
  return tokens !== undefined && dims[axis] === tokens.length;
}

function clamp(index: number, size: number): number {
  return Math.min(Math.max(0, index), Math.max(0, size - 1));
}

/** Rescales to 0 … 1, so that a normalised image can be seen. */
function stretch(data: Float32Array): Float32Array {
  let min = Infinity;
  let max = -Infinity;
  for (const value of data) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const span = max - min || 1;
  return data.map((value) => (value - min) / span);
}
