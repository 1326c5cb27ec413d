/** The few strongest of many connections, in one pass. Pure. */

export interface Strongest {
  /** Largest magnitude first. */
  readonly indices: readonly number[];
  /** How many are not zero and not NaN. */
  readonly of: number;
  /** Their sum of magnitudes, and the listed ones' part of it (0 where there are none). */
  readonly share: number;
}

export function strongest(values: Float64Array, most: number): Strongest {
  const indices: number[] = [];
  let least = 0;
  let all = 0;
  let of = 0;
  for (let index = 0; index < values.length; index++) {
    const size = Math.abs(values[index] ?? 0);
    if (!(size > 0)) continue;
    of++;
    all += size;
    if (indices.length >= most && size <= least) continue;
    let at = indices.length;
    while (at > 0 && Math.abs(values[indices[at - 1] ?? 0] ?? 0) < size) at--;
    indices.splice(at, 0, index);
    if (indices.length > most) indices.pop();
    if (indices.length === most) least = Math.abs(values[indices[most - 1] ?? 0] ?? 0);
  }
  const listed = indices.reduce((sum, index) => sum + Math.abs(values[index] ?? 0), 0);
  return { indices, of, share: all > 0 ? listed / all : 0 };
}
