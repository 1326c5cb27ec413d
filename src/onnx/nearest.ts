/** The names nearest to one that does not exist, for messages. Pure. */

/** Edit distance is computed for at most this many names; beyond, only those that contain the text are offered. */
const MOST_COMPARED = 20_000;

/** Up to `count` names, nearest first; none that share nothing with it. */
export function nearestNames(text: string, names: readonly string[], count = 3): string[] {
  const wanted = text.toLowerCase();
  const scored: { name: string; score: number }[] = [];
  for (const name of names) {
    const candidate = name.toLowerCase();
    if (candidate.includes(wanted) || wanted.includes(candidate)) {
      scored.push({ name, score: Math.abs(candidate.length - wanted.length) / 100 });
    } else if (names.length <= MOST_COMPARED && wanted.length <= 200 && candidate.length <= 200) {
      const limit = Math.ceil(Math.max(wanted.length, candidate.length) * 0.4);
      const distance = editDistance(wanted, candidate, limit);
      if (distance <= limit) scored.push({ name, score: distance });
    }
  }
  scored.sort((a, b) => a.score - b.score);
  return scored.slice(0, count).map(({ name }) => name);
}

/** Levenshtein distance, or a number beyond `limit` as soon as it must be. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const value = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next.push(value);
      best = Math.min(best, value);
    }
    if (best > limit) return limit + 1;
    row = next;
  }
  return row[b.length] ?? limit + 1;
}
