/** Makes something when it is first asked for, once; a making that failed fails for everybody who asks. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
