/** Compile-time exhaustiveness and run-time invariants. */

/** Unreachable when every case of a union has been handled. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected value ${JSON.stringify(value)}.`);
}

/** Narrows away `undefined` where an invariant of our own guarantees a value; names the invariant when it breaks. */
export function must<T>(value: T | null | undefined, invariant: string): T {
  if (value === undefined || value === null) throw new Error(`Broken invariant: ${invariant}.`);
  return value;
}
