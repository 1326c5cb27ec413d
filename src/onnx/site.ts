/**
 * Sites as text: `blocks.0.mlp.act#123`, `stage1/pool1#7@(3,4)`, `n12.then_branch/h@position=-1!raw`.
 * A text that equals a value's name is that value, whatever characters it holds. Only then are suffixes read, the
 * longest name first: `#3,5..8` units, `@(3,4)` places, `@head=2` an axis by name or number, `!raw` before
 * interventions; `\` escapes. Values of bodies are named by graph path, `/` and value, or alone where that is unambiguous.
 */
import { Failure } from '../base/errors';
import type { AxisSlice, Site, SiteText } from '../contract/site';
import type { GraphPath, Skeleton } from '../contract/skeleton';
import { axisCalled, axisNames, layoutOf } from './axes';
import { definedNames } from './rewrite/names';
import { nearestNames } from './nearest';

/** What a name that is no value stands for, if anything: the value a module gives out, say. */
export type ResolveName = (name: string) => { readonly path: GraphPath; readonly value: string } | undefined;

/** Reads a site. Throws `bad-site` when it names nothing, with the nearest names there are. */
export function parseSite(
  skeleton: Skeleton,
  text: SiteText,
  resolveName: ResolveName = () => undefined,
): Site {
  const names = namesOf(skeleton);
  const find = (base: string): Site | undefined => {
    const found = names.find(base) ?? names.find(unescape(base)) ?? resolveName(base);
    return found && { graph: found.path, value: found.value, slices: [], stage: 'after' };
  };
  const whole = names.find(text);
  if (whole !== undefined) return { graph: whole.path, value: whole.value, slices: [], stage: 'after' };
  let problem: Failure | undefined;
  for (let at = text.length - 1; at > 0; at--) {
    if (!isMark(text, at)) continue;
    const base = find(text.slice(0, at));
    if (base === undefined) continue;
    const suffix = parseSuffix(text.slice(at));
    if (typeof suffix !== 'string') return { ...base, ...suffix };
    problem ??= badSuffix(text, suffix);
  }
  const plain = find(text);
  if (plain !== undefined) return plain;
  // Spaces around a site are part of it only where a value is called so.
  if (problem === undefined && text.trim() !== text) return parseSite(skeleton, text.trim(), resolveName);
  throw problem ?? noSuchSite(text, names);
}

/** The text of a site: `parseSite` reads it back. */
export function printSite(skeleton: Skeleton, site: Site): SiteText {
  const names = namesOf(skeleton);
  let name = site.graph === '' ? site.value : `${site.graph}/${site.value}`;
  if (site.graph !== '' && names.find(site.value)?.path === site.graph) name = site.value;
  const base = name.replace(/[#@!\\]/g, '\\$&');
  if (site.slices.length === 0 && site.stage === 'after') return name;
  // Another value may be called just that: then spaces tell the two apart.
  for (let space = ''; ; space += ' ') {
    const stage = site.stage === 'raw' ? `!${space}raw` : '';
    const text = base + site.slices.map((slice) => printSlice(slice, space)).join('') + stage;
    if (names.find(text) === undefined) return text;
  }
}

/** What a site of one index of an axis begins with; the index ends it. `rank` is the value's, where it is known. */
export function sitePrefix(
  skeleton: Skeleton,
  value: string,
  axis: number,
  rank: number | undefined,
): string {
  const at = rank !== undefined && axis < 0 ? rank + axis : axis;
  const names = rank === undefined ? [] : axisNames(layoutOf(skeleton.graph, value, rank), rank);
  const name = names[at];
  const isUnit = rank !== undefined && axisCalled('unit', names, rank) === at;
  const axisText = name !== undefined && names.indexOf(name) === names.lastIndexOf(name) ? name : at;
  const prefix = value.replace(/[#@!\\]/g, '\\$&') + (isUnit ? '#' : `@${String(axisText)}=`);
  const taken = namesOf(skeleton)
    .all()
    .some((other) => other.startsWith(prefix) && /^\d+$/.test(other.slice(prefix.length)));
  return taken ? `${prefix} ` : prefix;
}

function printSlice({ axis, indices }: AxisSlice, space: string): string {
  const list = space + indices.join(',');
  if (axis === 'unit') return `#${list}`;
  return `@${String(axis)}=${list}`;
}

/** Values by name over all graphs of a skeleton. */
export interface SiteNames {
  /** Every text that names a value: main graph first. */
  readonly all: () => string[];
  find(text: string): { readonly path: GraphPath; readonly value: string } | undefined;
}

const known = new WeakMap<Skeleton, SiteNames>();

/** The names a site can start with. */
export function namesOf(skeleton: Skeleton): SiteNames {
  const made = known.get(skeleton);
  if (made !== undefined) return made;
  const byPath = new Map([...skeleton.graphs].map(([path, graph]) => [path, definedNames(graph)]));
  const alone = new Map<string, GraphPath | null>();
  for (const [path, values] of byPath) {
    if (path === '') continue;
    for (const value of values) alone.set(value, alone.has(value) ? null : path);
  }
  const main = byPath.get('') ?? new Set<string>();
  const names: SiteNames = {
    all: () => [
      ...main,
      ...[...byPath].flatMap(([path, values]) =>
        path === '' ? [] : [...values].map((value) => `${path}/${value}`),
      ),
    ],
    find: (text) => {
      if (text === '') return undefined;
      if (main.has(text)) return { path: '', value: text };
      const path = alone.get(text);
      if (typeof path === 'string') return { path, value: text };
      for (let at = text.lastIndexOf('/'); at > 0; at = text.lastIndexOf('/', at - 1)) {
        const value = text.slice(at + 1);
        if (byPath.get(text.slice(0, at))?.has(value) === true) return { path: text.slice(0, at), value };
      }
      return undefined;
    },
  };
  known.set(skeleton, names);
  return names;
}

/** `#`, `@` and `!` with no `\` before them; an escaped backslash escapes nothing. */
function isMark(text: string, at: number): boolean {
  if (!'#@!'.includes(text.charAt(at))) return false;
  let slashes = 0;
  while (text[at - 1 - slashes] === '\\') slashes++;
  return slashes % 2 === 0;
}

function unescape(text: string): string {
  return text.replace(/\\([#@!\\])/g, '$1');
}

const PLACES = [[], ['position'], ['height', 'width'], ['depth', 'height', 'width']] as const;

/** Slices and stage, or what is wrong with the suffix. */
function parseSuffix(text: string): Pick<Site, 'slices' | 'stage'> | string {
  const slices: AxisSlice[] = [];
  let rest = text;
  let stage: Site['stage'] = 'after';
  const raw = /! *raw$/.exec(rest);
  if (raw !== null) {
    stage = 'raw';
    rest = rest.slice(0, raw.index);
  }
  while (rest !== '') {
    const part = /^(?:#(?<units>[^#@!]+)|@\((?<places>[^)]*)\)|@(?:(?<axis>[\w-]+)=)?(?<list>[^#@!]+))/.exec(
      rest,
    );
    if (part?.groups === undefined)
      return `"${rest}" is no unit (#3), place (@(3,4)), axis (@head=2) or stage (!raw)`;
    const { units, places, axis, list } = part.groups;
    rest = rest.slice(part[0].length);
    if (places !== undefined) {
      const each = places.split(',').map(parseIndices);
      const axes = PLACES[each.length];
      if (axes === undefined)
        return `"${part[0]}" names ${String(each.length)} places, and at most 3 have a meaning`;
      for (const [index, indices] of each.entries()) {
        if (typeof indices === 'string') return indices;
        slices.push({ axis: axes[index] ?? 'position', indices });
      }
      continue;
    }
    const indices = parseIndices(units ?? list ?? '');
    if (typeof indices === 'string') return indices;
    slices.push({ axis: units !== undefined ? 'unit' : axisName(axis), indices });
  }
  const twice = slices.find(({ axis }, index) => slices.findIndex((other) => other.axis === axis) < index);
  if (twice !== undefined) return `the axis ${String(twice.axis)} is named twice`;
  return { slices, stage };
}

function axisName(text: string | undefined): string | number {
  if (text === undefined) return 'position';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** `3`, `3,5..8`, `-1`; ranges include both ends. */
function parseIndices(text: string): number[] | string {
  const indices: number[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(-?\d{1,9})(?:\.\.(-?\d{1,9}))?\s*$/.exec(part);
    if (match === null) return `"${part}" is no index and no range (3..8)`;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    if (to < from || to - from > 1_000_000) return `the range ${part} has no indices, or too many`;
    for (let index = from; index <= to; index++) indices.push(index);
  }
  return indices;
}

function badSuffix(text: string, what: string): Failure {
  return new Failure({
    code: 'bad-site',
    message: `The site "${text}" cannot be read: ${what}.`,
    remedy: 'Write a value, then #unit, @(place) or @axis=index, then !raw.',
  });
}

function noSuchSite(text: string, names: SiteNames): Failure {
  const near = nearestNames(text, names.all());
  return new Failure({
    code: 'bad-site',
    message: `The model has no value "${text}".`,
    remedy:
      near.length > 0
        ? `The nearest names are ${near.map((name) => `"${name}"`).join(', ')}.`
        : 'Choose a value in the graph, or from the list that `patchclamp inspect --values` prints.',
  });
}
