/**
 * How much the weights of two models differ, parameter by parameter: paired through the nodes that read them, else by
 * name; streamed piece by piece in double precision, so that no weight is ever held whole.
 */
import { throwIfCancelled } from '../base/cancel';
import { describe } from '../base/errors';
import type { Skeleton, WeightRef } from '../contract/skeleton';
import { weightsOf } from '../onnx/walk';
import type { WeightReader } from '../onnx/weights';
import { dequantised, quantisationOf, type Quantisation } from './dequantise';
import type { Difference } from './difference';
import { DifferenceSums, type Numbers } from './numbers';

export interface WeightPair {
  readonly a: WeightRef;
  readonly b: WeightRef;
  /** Path of the module that reads it. */
  readonly module: string;
  /** How a side that is quantised becomes floats again, else null. */
  readonly quantisedA: Quantisation | null;
  readonly quantisedB: Quantisation | null;
}

export interface WeightDifference {
  /** As A names it, and as B does. */
  readonly a: string;
  readonly b: string;
  readonly module: string;
  readonly dtypeA: string;
  readonly dtypeB: string;
  readonly dims: readonly number[];
  /** Elements. */
  readonly count: number;
  /** null where it was not compared; `problem` says why. */
  readonly numbers: Numbers | null;
  readonly problem: string | null;
}

/** Weights that matched nodes read at the same position, then equal names and shapes among the rest; each once. */
export function pairWeights(difference: Difference): WeightPair[] {
  const { a, b } = difference;
  const pairs = new Map<WeightRef, WeightPair>();
  const taken = new Set<WeightRef>();
  const put = (pair: WeightPair): void => {
    if (pairs.has(pair.a) || taken.has(pair.b)) return;
    pairs.set(pair.a, pair);
    taken.add(pair.b);
  };
  for (const { a: x, b: y } of difference.pairs) {
    if (a.through[x] === 1) continue;
    const [fromA, fromB] = [a.operandStart[x] ?? 0, b.operandStart[y] ?? 0];
    const count = Math.min((a.operandStart[x + 1] ?? 0) - fromA, (b.operandStart[y + 1] ?? 0) - fromB);
    for (let i = 0; i < count; i++) {
      const [left, right] = [a.operandWeight[fromA + i], b.operandWeight[fromB + i]];
      if (!left || !right || left.count < 2) continue;
      const port = a.operandInput[fromA + i] ?? -1;
      const other = b.operandInput[fromB + i] ?? -1;
      put({
        a: left,
        b: right,
        module: a.module[x] ?? '',
        quantisedA: quantisationOf(a, x, port),
        quantisedB: quantisationOf(b, y, other),
      });
    }
  }
  const named = new Map(allWeights(b.skeleton).map((ref) => [ref.name, ref]));
  for (const ref of allWeights(a.skeleton)) {
    const other = named.get(ref.name);
    if (other !== undefined && ref.count > 1 && String(other.dims) === String(ref.dims))
      put({ a: ref, b: other, module: '', quantisedA: null, quantisedB: null });
  }
  return [...pairs.values()];
}

function allWeights({ graphs }: Skeleton): WeightRef[] {
  return [...graphs.values()].flatMap((graph) => [...weightsOf(graph)]);
}

/** Compares every pair; `progress` is told after each. What cannot be read or compared says so and stops nothing. */
export async function compareWeights(
  pairs: readonly WeightPair[],
  readers: readonly [WeightReader, WeightReader],
  signal?: AbortSignal,
  progress: (done: number) => void = () => undefined,
): Promise<WeightDifference[]> {
  const found: WeightDifference[] = [];
  for (const pair of pairs) {
    const { a, b, module } = pair;
    throwIfCancelled(signal);
    const base = {
      a: a.name,
      b: b.name,
      module,
      dtypeA: a.dtype,
      dtypeB: b.dtype,
      dims: a.dims,
      count: a.count,
    };
    found.push({ ...base, ...(await compareOne(pair, readers, signal)) });
    progress(found.length);
  }
  return found;
}

async function compareOne(
  { a, b, quantisedA, quantisedB }: WeightPair,
  [left, right]: readonly [WeightReader, WeightReader],
  signal: AbortSignal | undefined,
): Promise<Pick<WeightDifference, 'numbers' | 'problem'>> {
  const problem =
    String(a.dims) !== String(b.dims)
      ? `The shapes differ: ${a.dims.join('×')} and ${b.dims.join('×')}.`
      : kindOf(a, quantisedA) !== kindOf(b, quantisedB)
        ? `${a.dtype} and ${b.dtype} are not the same kind of number, and no scale for one is known.`
        : null;
  if (problem !== null) return { numbers: null, problem };
  const sums = new DifferenceSums();
  try {
    await inStep(
      quantisedA === null ? left.numbers(a, signal) : dequantised(left, a, quantisedA, signal),
      quantisedB === null ? right.numbers(b, signal) : dequantised(right, b, quantisedB, signal),
      (x, y) => {
        sums.add(x, y);
      },
    );
  } catch (error) {
    throwIfCancelled(signal);
    return { numbers: null, problem: describe(error) };
  }
  return { numbers: sums.finish(), problem: null };
}

function kindOf({ dtype }: WeightRef, quantised: Quantisation | null): string {
  if (quantised !== null) return 'float';
  if (/complex|string/.test(dtype)) return dtype;
  return dtype.includes('float') ? 'float' : dtype === 'bool' ? 'bool' : 'int';
}

/** Elements two by two, in order, in as many pieces as both sides make. */
async function inStep(
  left: AsyncIterable<ArrayLike<number>>,
  right: AsyncIterable<ArrayLike<number>>,
  take: (x: ArrayLike<number>, y: ArrayLike<number>) => void,
): Promise<void> {
  const [as, bs] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  let x: readonly number[] | ArrayLike<number> = [];
  let y: readonly number[] | ArrayLike<number> = [];
  let [i, j] = [0, 0];
  for (;;) {
    while (i >= x.length) {
      const next = await as.next();
      if (next.done === true) return;
      [x, i] = [next.value, 0];
    }
    while (j >= y.length) {
      const next = await bs.next();
      if (next.done === true) return;
      [y, j] = [next.value, 0];
    }
    const count = Math.min(x.length - i, y.length - j);
    take(part(x, i, i + count), part(y, j, j + count));
    i += count;
    j += count;
  }
}

function part(list: ArrayLike<number>, from: number, to: number): ArrayLike<number> {
  if (from === 0 && to === list.length) return list;
  return list instanceof Float32Array || list instanceof Float64Array
    ? list.subarray(from, to)
    : Array.prototype.slice.call(list, from, to);
}
