/**
 * Finds traced lines again in a file that has changed: the longest run of equal texts in the same order, then texts
 * that occur once. Pure; says nothing about whether the line still does the same.
 */
import type { Lines } from './python/lines';

/**
 * Maps old line numbers to new ones. `traced` holds the text each old line had; lines without a text are left out, and
 * so are lines that cannot be found.
 */
export function followLines(lines: Lines, traced: ReadonlyMap<number, string | null>): Map<number, number> {
  const positions = new Map<string, number[]>();
  for (let line = 1; line <= lines.count; line++) {
    const text = lines.textOf(line).trim();
    if (text === '') continue;
    const known = positions.get(text);
    if (known === undefined) positions.set(text, [line]);
    else known.push(line);
  }
  const old = [...traced]
    .filter((entry): entry is [number, string] => entry[1] !== null)
    .sort((a, b) => a[0] - b[0]);
  const mapped = inOrder(old, positions);
  for (const [line, text] of old) {
    const places = positions.get(text);
    const only = places?.[0];
    if (!mapped.has(line) && places?.length === 1 && only !== undefined) mapped.set(line, only);
  }
  return mapped;
}

interface Step {
  readonly old: number;
  readonly line: number;
  readonly score: number;
  readonly previous: Step | null;
}

/** Longest common order; among equals, the one whose shifts change least. */
function inOrder(
  old: readonly (readonly [number, string])[],
  positions: ReadonlyMap<string, readonly number[]>,
): Map<number, number> {
  const steps: Step[] = [];
  let best: Step | null = null;
  for (const [line, text] of old) {
    const fresh: Step[] = [];
    for (const place of (positions.get(text) ?? []).slice(0, 50)) {
      let previous: Step | null = null;
      let score = 1 - Math.min(Math.abs(place - line), 1000) * 1e-6;
      for (const step of steps) {
        if (step.line >= place) continue;
        const shift = Math.abs(place - line - (step.line - step.old));
        const total = step.score + 1 - Math.min(shift, 1000) * 1e-4;
        if (total > score) {
          score = total;
          previous = step;
        }
      }
      fresh.push({ old: line, line: place, score, previous });
    }
    steps.push(...fresh);
    for (const step of fresh) if (best === null || step.score > best.score) best = step;
  }
  const mapped = new Map<number, number>();
  for (let step = best; step !== null; step = step.previous) mapped.set(step.old, step.line);
  return mapped;
}
