/** Shapes: lists of dimensions, known, named or unknown. Pure. */

/** A known size, a symbolic name ("batch"), or null where nothing is known. */
export type Dim = number | string | null;
/** null: not even the rank is known. */
export type Shape = readonly Dim[] | null;

/** Number of elements; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** `1×batch×?`, `scalar`, or `?` for an unknown rank. */
export function formatShape(shape: Shape): string {
  if (shape === null) return '?';
  if (shape.length === 0) return 'scalar';
  return shape.map((dim) => (dim === null ? '?' : String(dim))).join('×');
}

/** True when every dimension is a number. */
export function isStatic(shape: Shape): shape is readonly number[] {
  return shape !== null && shape.every((dim) => typeof dim === 'number');
}

/** Row-major strides in elements. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (dims[axis + 1] ?? 1);
  }
  return strides;
}
