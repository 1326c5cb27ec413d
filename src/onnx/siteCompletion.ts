/**
 * What a site could go on as while it is typed: names that begin with the text, then names that hold it, and behind a whole
 * name the suffixes that its axes allow. Every completion parses. Pure.
 */
import type { Skeleton } from '../contract/skeleton';
import { namesOf } from './site';

/** At most `most` completions, best first. `axesOf` names the axes of a value, where they are known. */
export function completeSite(
  skeleton: Skeleton,
  text: string,
  most: number,
  axesOf: (name: string) => readonly string[] = () => [],
): readonly string[] {
  const names = namesOf(skeleton);
  const all = names.all();
  const lower = text.toLowerCase();
  const begin = all.filter((name) => name.startsWith(text) && name !== text);
  const hold = all.filter((name) => !name.startsWith(text) && name.toLowerCase().includes(lower));
  const suffixes = names.find(text) === undefined ? [] : suffixesOf(text, axesOf(text));
  return [...new Set([...suffixes, ...begin, ...hold])].slice(0, most);
}

/** A name may hold marks itself: behind one they are escaped, so that the suffix is read as one. */
function suffixesOf(name: string, axes: readonly string[]): string[] {
  const base = name.replace(/[#@!\\]/g, '\\$&');
  const unit = axes.some((axis) => axis === 'unit' || axis === 'channel') ? [`${base}#0`] : [];
  const named = axes.filter((axis) => axis !== 'unit').map((axis) => `${base}@${axis}=0`);
  return [...unit, ...named, `${base}!raw`];
}
