/** Rank correlation (Spearman, 1904), with ties at their mean rank. Pure. */

/** Of two lists of equal length, -1 to 1; NaN where either has no spread. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranks(a), ranks(b));
}

/** Places in ascending order, from 0; equal numbers share the mean of theirs. */
export function ranks(numbers: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: numbers.length }, (_, i) => i);
  order.sort((i, j) => (numbers[i] ?? 0) - (numbers[j] ?? 0));
  const placed = new Float64Array(numbers.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && numbers[order[end] ?? 0] === numbers[order[start] ?? 0]) end++;
    for (let k = start; k < end; k++) placed[order[k] ?? 0] = (start + end - 1) / 2;
    start = end;
  }
  return placed;
}

function pearson(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? Number.NaN : ab / Math.sqrt(aa * bb);
}

function mean(numbers: Float64Array): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** A copy in random order (Fisher & Yates; Durstenfeld, 1964). `random` is uniform in [0, 1). */
export function shuffledCopy(numbers: ArrayLike<number>, random: () => number): Float64Array {
  const copy = Float64Array.from(numbers);
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j] ?? 0, copy[i] ?? 0];
  }
  return copy;
}
