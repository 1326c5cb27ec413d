/**
 * Errors between values of two runs, captured in portions that fit in memory. What runs the models is handed in; this
 * file says what to capture, compares, and lets go.
 */
import { isCancelled, throwIfCancelled } from '../base/cancel';
import { describe } from '../base/errors';
import type { TensorData } from '../contract/tensor';
import { toNumbers } from '../tensor/buffers';
import { isFloat } from '../tensor/dtype';
import { sizeOf } from '../tensor/shape';
import { decoded, type Codes } from './codes';
import type { Compared } from './departures';
import { DifferenceSums, type Numbers } from './numbers';
import type { ValuePair } from './values';

/** Runs one side and gives the values asked for, each once; a value it cannot capture is left out. */
export type Capture = (
  sites: readonly string[],
  signal?: AbortSignal,
) => Promise<ReadonlyMap<string, TensorData>>;

export interface Sides {
  readonly a: Capture;
  readonly b: Capture;
  /** A computed in another way that should give the same; null: no control. */
  readonly control: Capture | null;
}

/** Values captured at once: few at first, then as many as these bytes hold of the size met so far. */
const FIRST_PORTION = 8;
const MOST_PORTION = 256;
const PORTION_BYTES = 256e6;

export interface ComparedValues {
  readonly rows: readonly Compared[];
  /** Why there is no control, or no control from some value on; null where there is one, or none was asked for. */
  readonly controlProblem: string | null;
}

/** Compares every pair. A control that fails is given up with its reason: it says nothing of the two models. */
export async function compareValues(
  pairs: readonly ValuePair[],
  sides: Sides,
  signal?: AbortSignal,
  progress: (done: number) => void = () => undefined,
): Promise<ComparedValues> {
  let { control: runControl } = sides;
  let controlProblem: string | null = null;
  const rows: Compared[] = [];
  let size = FIRST_PORTION;
  let bytes = 0;
  for (let from = 0; from < pairs.length;) {
    throwIfCancelled(signal);
    const portion = pairs.slice(from, from + size);
    from += portion.length;
    const a = await sides.a(
      portion.map((pair) => pair.a),
      signal,
    );
    let control: ReadonlyMap<string, TensorData> | null = null;
    // The runtime's optimiser folds shape arithmetic away, and rounding is a matter of floats alone.
    const floats = portion.map((pair) => pair.a).filter((site) => isFloat(a.get(site)?.dtype ?? 'undefined'));
    if (runControl !== null && floats.length > 0) {
      try {
        control = await runControl(floats, signal);
      } catch (error) {
        if (isCancelled(error)) throw error;
        runControl = null;
        controlProblem = describe(error);
      }
    }
    const b = await sides.b(
      portion.map((pair) => pair.b),
      signal,
    );
    for (const pair of portion) {
      const left = decodedBy(a.get(pair.a), pair.codesA);
      const right = decodedBy(b.get(pair.b), pair.codesB);
      if (left !== undefined && ArrayBuffer.isView(left.data)) bytes += 3 * left.data.byteLength;
      const again = decodedBy(control?.get(pair.a), pair.codesA);
      const floor = left === undefined || again === undefined ? null : differenceBetween(left, again);
      rows.push({
        site: pair.a,
        other: pair.b,
        node: pair.nodeA,
        dims: left?.dims ?? [],
        ...judged(left, right),
        floor: floor === null || typeof floor === 'string' ? null : floor.relative,
      });
    }
    progress(from);
    size = Math.max(1, Math.min(MOST_PORTION, Math.floor((PORTION_BYTES * from) / Math.max(1, bytes))));
  }
  return { rows, controlProblem };
}

function decodedBy(tensor: TensorData | undefined, codes: Codes | null): TensorData | undefined {
  return tensor === undefined ? undefined : decoded(tensor, codes);
}

function judged(
  left: TensorData | undefined,
  right: TensorData | undefined,
): { readonly numbers: Numbers | null; readonly problem: string | null } {
  if (left === undefined || right === undefined)
    return {
      numbers: null,
      problem: `It is no tensor that can be captured in ${left === undefined ? 'the first' : 'the second'} model.`,
    };
  const found = differenceBetween(left, right);
  return typeof found === 'string' ? { numbers: null, problem: found } : { numbers: found, problem: null };
}

/** How far `b` is from `a`, or the sentence that says why they cannot be compared. Axes of length 1 do not count. */
export function differenceBetween(a: TensorData, b: TensorData): Numbers | string {
  if (!ArrayBuffer.isView(a.data) || !ArrayBuffer.isView(b.data)) return 'They are strings.';
  if (squeezed(a.dims) !== squeezed(b.dims) || sizeOf(a.dims) !== sizeOf(b.dims))
    return `The shapes differ: ${a.dims.join('×')} and ${b.dims.join('×')}.`;
  if (isQuantised(a) !== isQuantised(b)) return `One holds ${a.dtype} and the other ${b.dtype}.`;
  const sums = new DifferenceSums();
  sums.add(toNumbers(a.dtype, a.data), toNumbers(b.dtype, b.data));
  return sums.finish();
}

/** Dims without those of length 1. */
export function squeezed(dims: readonly number[]): string {
  return dims.filter((dim) => dim !== 1).join('×');
}

/** Codes of a quantised value mean nothing without their scale. */
function isQuantised({ dtype }: TensorData): boolean {
  return /^u?int(2|4|8|16)$/.test(dtype);
}
