/**
 * Search over a model: a pattern against names, operators, facts, modules and shapes, and against attributes and
 * source lines once they are there. Every distinct text is tried once,
 * so that a keystroke costs the same however often `MatMul` occurs.
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

export class Finder {
  readonly #model: GraphModel;
  readonly #types: Groups;
  readonly #texts: SearchTexts | null;

  /** `texts`: attributes and source lines, once the page has them. */
  constructor(model: GraphModel, texts: SearchTexts | null = null) {
    this.#model = model;
    this.#texts = texts?.attributes.length === model.nodes.count ? texts : null;
    this.#types = groupBy(model.values.producer, model.values.count, model.nodes.count);
  }

  find(pattern: RegExp): Found {
    const { nodes, scopes, values, strings } = this.#model;
    const matches = once(strings, pattern);
    const texts = this.#texts;
    const more = once(texts?.strings ?? [], pattern);
    const found: number[] = [];
    for (let node = 0; node < nodes.count; node++) {
      if (
        matches(nodes.op[node] ?? -1) ||
        matches(nodes.name[node] ?? -1) ||
        matches(nodes.detail[node] ?? -1) ||
        (texts !== null && (more(texts.attributes[node] ?? -1) || more(texts.source[node] ?? -1)))
      ) {
        found.push(node);
        continue;
      }
      for (let k = this.#types.start[node] ?? 0; k < (this.#types.start[node + 1] ?? 0); k++) {
        const value = this.#types.rows[k] ?? 0;
        if (!matches(values.type[value] ?? -1) && !matches(values.name[value] ?? -1)) continue;
        found.push(node);
        break;
      }
    }
    const modules: number[] = [];
    for (let scope = 1; scope < scopes.count; scope++) {
      if (
        matches(scopes.name[scope] ?? -1) ||
        matches(scopes.className[scope] ?? -1) ||
        matches(scopes.path[scope] ?? -1)
      ) {
        modules.push(scope);
      }
    }
    return { nodes: found, scopes: modules };
  }
}

/** Tries each string at most once, however many nodes share it. */
function once(strings: readonly string[], pattern: RegExp): (index: number) => boolean {
  // 0 not tried, 1 no, 2 yes.
  const hit = new Uint8Array(strings.length);
  return (index) => {
    if (index < 0) return false;
    if (hit[index] === 0) hit[index] = pattern.test((strings[index] ?? '').slice(0, longest)) ? 2 : 1;
    return hit[index] === 2;
  };
}
