/** Shape arithmetic on exact shapes. Pure. */
import { Failure } from '../../../base/errors';

/** Axis counted from 0; a negative one counts from the end. */
export function normalizeAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The shape two operands broadcast to. */
export function broadcastDims(op: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Failure({
        code: 'bad-model',
        message: `${op}: shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`,
        remedy: 'Check the shapes fed to the model.',
      });
    }
    return left === 1 ? right : left;
  });
}

/** Axes of `dims` along which a tensor of shape `from` was repeated to reach it, counted in `dims`. */
export function broadcastAxes(dims: readonly number[], from: readonly number[]): number[] {
  const missing = dims.length - from.length;
  return dims.flatMap((dim, axis) =>
    axis < missing || (from[axis - missing] === 1 && dim !== 1) ? [axis] : [],
  );
}

export function permuteDims(dims: readonly number[], perm: readonly number[]): number[] {
  return perm.map((axis) => dims[axis] ?? 1);
}

export function inversePermutation(perm: readonly number[]): number[] {
  const inverse = new Array<number>(perm.length).fill(0);
  perm.forEach((axis, position) => (inverse[axis] = position));
  return inverse;
}
