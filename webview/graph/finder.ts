/**
 * Search over a model: a pattern against names, operators, facts, modules and shapes, and against attributes and
 * source lines once they are there. Every distinct text is tried once, so that a keystroke costs the same however often
 * `MatMul` occurs; and where a plain text is typed on, only what matched before is looked at again.
 */
import type { GraphModel } from '../../src/contract/graphModel';
import type { SearchTexts } from '../../src/contract/hostApi';
import { groupBy, type Groups } from '../../src/layout/arrays';

export interface Found {
  /** Node rows in file order. */
  readonly nodes: readonly number[];
  /** Scope rows whose own name or class matches. */
  readonly scopes: readonly number[];
}

/** More of a text is not searched. */
const longest = 400;

export const nothingFound: Found = { nodes: [], scopes: [] };

/** Text without signs that mean something in a pattern is searched as it is; case matters only when it is mixed. */
export function readPattern(text: string): RegExp | undefined {
  const flags = text === text.toLowerCase() ? 'i' : '';
  try {
    return new RegExp(text, flags);
  } catch {
    // Half-typed patterns are not valid yet: the caller says so.
    return undefined;
  }
}

/** What is written, where every match of it is a match of all that it begins with: no sign of it means something. */
function plainText(pattern: RegExp): string | undefined {
  const source = pattern.source.replaceAll('\\/', '/');
  return /^[\w \-/,:;%&=<>#@!~"']+$/.test(source) ? source : undefined;
}

/** Which texts of a table match: 0 not tried, 1 no, 2 yes. */
type Tried = Uint8Array;

interface Last {
  readonly text: string;
  readonly found: Found;
  readonly own: Tried;
  readonly more: Tried;
}

export class Finder {
  readonly #model: GraphModel;
  readonly #types: Groups;
  readonly #texts: SearchTexts | null;
  /** What the last plain text found. */
  #last: Last | undefined;

  /** `texts`: attributes and source lines, once the page has them. */
  constructor(model: GraphModel, texts: SearchTexts | null = null) {
    this.#model = model;
    this.#texts = texts?.attributes.length === model.nodes.count ? texts : null;
    this.#types = groupBy(model.values.producer, model.values.count, model.nodes.count);
  }

  find(pattern: RegExp): Found {
    const { nodes, scopes, strings } = this.#model;
    const text = plainText(pattern);
    const last =
      text !== undefined && this.#last !== undefined && isTypedOn(this.#last.text, text)
        ? this.#last
        : undefined;
    const own = new Uint8Array(strings.length);
    const more = new Uint8Array(this.#texts?.strings.length ?? 0);
    const matches = once(strings, pattern, own, last?.own);
    const matchesMore = once(this.#texts?.strings ?? [], pattern, more, last?.more);
    const found = {
      nodes: filtered(last?.found.nodes, 0, nodes.count, (node) => this.#isFound(node, matches, matchesMore)),
      scopes: filtered(
        last?.found.scopes,
        1,
        scopes.count,
        (scope) =>
          matches(scopes.name[scope] ?? -1) ||
          matches(scopes.className[scope] ?? -1) ||
          matches(scopes.path[scope] ?? -1),
      ),
    };
    this.#last = text === undefined ? undefined : { text, found, own, more };
    return found;
  }

  #isFound(node: number, matches: (text: number) => boolean, more: (text: number) => boolean): boolean {
    const { nodes, values } = this.#model;
    if (matches(nodes.op[node] ?? -1) || matches(nodes.name[node] ?? -1) || matches(nodes.detail[node] ?? -1))
      return true;
    const texts = this.#texts;
    if (texts !== null && (more(texts.attributes[node] ?? -1) || more(texts.source[node] ?? -1))) return true;
    const end = this.#types.start[node + 1] ?? 0;
    for (let k = this.#types.start[node] ?? 0; k < end; k++) {
      const value = this.#types.rows[k] ?? 0;
      if (matches(values.type[value] ?? -1) || matches(values.name[value] ?? -1)) return true;
    }
    return false;
  }
}

/** Whether whatever holds `text` holds `before` too, in small letters or as it is written. */
function isTypedOn(before: string, text: string): boolean {
  // What is written in small letters is found in capitals as well, but not the other way round.
  return before === before.toLowerCase() ? text.toLowerCase().includes(before) : text.includes(before);
}

/** The rows of a list, or all from `from` on, for which `keep` holds. */
function filtered(
  rows: readonly number[] | undefined,
  from: number,
  count: number,
  keep: (row: number) => boolean,
): readonly number[] {
  if (rows !== undefined) return rows.filter(keep);
  const kept: number[] = [];
  for (let row = from; row < count; row++) if (keep(row)) kept.push(row);
  return kept;
}

/** Tries each string at most once, however many nodes share it, and none that has failed `before`. */
function once(
  strings: readonly string[],
  pattern: RegExp,
  tried: Tried,
  before: Tried | undefined,
): (index: number) => boolean {
  return (index) => {
    if (index < 0) return false;
    const known = tried[index];
    if (known !== 0) return known === 2;
    const text = strings[index] ?? '';
    const hit = before?.[index] !== 1 && pattern.test(text.length > longest ? text.slice(0, longest) : text);
    tried[index] = hit ? 2 : 1;
    return hit;
  };
}
