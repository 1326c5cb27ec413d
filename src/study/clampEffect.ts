/**
 * What standing interventions do to an output: the vector a person reads (the first row's classes, what follows the last
 * token) or, of other outputs, the numbers that moved most, without and with them, and how far the whole output moved. Pure.
 */
import type { ClampedOutput } from '../contract/clamp';
import type { TensorData } from '../contract/tensor';
import { toNumbers } from '../tensor/buffers';
import { isFloat } from '../tensor/dtype';

const SHOWN = 6;

export interface OutputNames {
  /** Names the elements of a vector as long as this, or undefined where it knows none. */
  readonly entry: (index: number, length: number) => string | undefined;
  /** Names the place of the vector that is shown: `dims` without the last, and the index on each. */
  readonly place: (dims: readonly number[], at: readonly number[]) => string;
  readonly softmax: string;
}

/** @returns null for what is no number, or differs in shape between the two */
export function clampedOutput(
  output: string,
  without: TensorData,
  withThem: TensorData,
  names: OutputNames,
): ClampedOutput | null {
  if (!ArrayBuffer.isView(without.data) || !ArrayBuffer.isView(withThem.data)) return null;
  if (without.dims.join() !== withThem.dims.join()) return null;
  const [a, b] = [toNumbers(without.dtype, without.data), toNumbers(withThem.dtype, withThem.data)];
  let [largest, scale] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    // A number that becomes NaN has moved as far as anything can.
    const moved = Object.is(x, y) ? 0 : Math.abs(y - x);
    largest = Math.max(largest, Number.isNaN(moved) ? Infinity : moved);
    if (Math.abs(x) > scale) scale = Math.abs(x);
  }
  const { place, entries, measure } = readable(without, [a, b], names);
  return { output, place, measure, entries, largest, scale };
}

type Sides = readonly [ArrayLike<number>, ArrayLike<number>];

/** The vector a person reads where the output is one of classes or of what comes next, else the numbers that moved most. */
function readable(
  { dtype, dims }: TensorData,
  [a, b]: Sides,
  names: OutputNames,
): Pick<ClampedOutput, 'place' | 'entries' | 'measure'> {
  const length = dims.at(-1) ?? 1;
  const named = names.entry(0, length) !== undefined;
  if (dims.length > 2 && !named) return { place: '', measure: '', entries: mostMoved(dims, [a, b]) };
  const outer = dims.slice(0, -1);
  // The first row of a batch; the last of positions, which is what comes next.
  const at = outer.map((size, axis) => (axis === 0 ? 0 : size - 1));
  const row = at.reduce((sum, index, axis) => sum * (outer[axis] ?? 1) + index, 0);
  const pick = (data: ArrayLike<number>): number[] =>
    Array.from({ length: Math.min(length, data.length) }, (_, i) => data[row * length + i] ?? 0);
  const asShares = isFloat(dtype) && length > 1 && !isDistribution(pick(a));
  const [x, y] = asShares ? [softmax(pick(a)), softmax(pick(b))] : [pick(a), pick(b)];
  const order = [...x.keys()]
    .sort((i, j) => Math.max(x[j] ?? 0, y[j] ?? 0) - Math.max(x[i] ?? 0, y[i] ?? 0) || i - j)
    .slice(0, SHOWN);
  return {
    place: names.place(outer, at),
    measure: asShares ? names.softmax : '',
    entries: order.map((i) => ({
      name: names.entry(i, length) ?? String(i),
      without: x[i] ?? 0,
      with: y[i] ?? 0,
    })),
  };
}

/** Of a map, a state or an embedding: what moved at all, farthest first, by its place. */
function mostMoved(dims: readonly number[], [a, b]: Sides): ClampedOutput['entries'] {
  const top: { readonly index: number; readonly by: number }[] = [];
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [a[index] ?? 0, b[index] ?? 0];
    if (Object.is(x, y) || x === y) continue;
    const by = Number.isNaN(y - x) ? Infinity : Math.abs(y - x);
    if (top.length === SHOWN && by <= (top.at(-1)?.by ?? 0)) continue;
    const place = top.findIndex((other) => other.by < by);
    top.splice(place < 0 ? top.length : place, 0, { index, by });
    top.length = Math.min(top.length, SHOWN);
  }
  return top.map(({ index }) => ({
    name: `[${placeOf(index, dims).join(',')}]`,
    without: a[index] ?? 0,
    with: b[index] ?? 0,
  }));
}

function placeOf(index: number, dims: readonly number[]): number[] {
  let rest = index;
  return dims
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .toReversed();
}

function isDistribution(values: readonly number[]): boolean {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.every((value) => value >= 0 && value <= 1) && Math.abs(sum - 1) < 1e-3;
}

function softmax(values: readonly number[]): number[] {
  const top = Math.max(...values);
  const shares = values.map((value) => Math.exp(value - top));
  const sum = shares.reduce((total, value) => total + value, 0);
  return shares.map((value) => value / sum);
}
