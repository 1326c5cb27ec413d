/**
 * Objectives as text: what a gradient is taken of. A scalar, always.
 *
 *     logits[0,-1,42]                       one element; negative indices count from the end
 *     logprob(logits)[0,-1,42]              after log-softmax over the last axis; prob(…) likewise
 *     logits[0,-1,42] - logits[0,-1,7]      sums, differences, multiples
 *     mean(a[0], b[0]), sum(hidden)         of scalars, or over a whole value
 *     dot(hidden, direction)[0,-1]          projection of the last axis on a given direction, or on one from a file:
 *     dot(hidden, truth.npy)[0,-1]
 *
 * A name that equals a value's name is that value, whatever characters it holds; `\` escapes elsewhere.
 */
import { Failure } from '../base/errors';

export type Objective =
  | { readonly kind: 'sum' | 'mean'; readonly terms: readonly Objective[] }
  | { readonly kind: 'scale'; readonly factor: number; readonly of: Objective }
  | {
      readonly kind: 'element';
      readonly site: string;
      readonly through: 'none' | 'logprob' | 'prob';
      readonly indices: readonly number[];
    }
  | { readonly kind: 'whole'; readonly site: string; readonly over: 'sum' | 'mean' }
  | {
      readonly kind: 'projection';
      readonly site: string;
      readonly direction: string;
      readonly indices: readonly number[];
    };

/** @param isValue whether a string is the name of a value of the model */
export function parseObjective(text: string, isValue: (name: string) => boolean): Objective {
  return new Parser(text, isValue).whole();
}

class Parser {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly isValue: (name: string) => boolean,
  ) {}

  whole(): Objective {
    const objective = this.#sum();
    this.#space();
    if (this.#at < this.text.length)
      throw this.#wrong(`stops making sense at "${this.text.slice(this.#at)}"`);
    return objective;
  }

  #sum(): Objective {
    const terms = [this.#signed()];
    for (;;) {
      if (this.#take('+')) terms.push(this.#signed());
      else if (this.#take('-')) terms.push({ kind: 'scale', factor: -1, of: this.#signed() });
      else break;
    }
    const [first] = terms;
    return terms.length === 1 && first !== undefined ? first : { kind: 'sum', terms };
  }

  #signed(): Objective {
    if (this.#take('-')) return { kind: 'scale', factor: -1, of: this.#signed() };
    if (this.#knownName() === undefined) {
      const factor = this.#number();
      if (factor !== undefined) {
        this.#expect('*');
        return { kind: 'scale', factor, of: this.#signed() };
      }
    }
    const atom = this.#atom();
    if (!this.#take('*')) return atom;
    const factor = this.#number();
    if (factor === undefined) throw this.#wrong('has no number after "*"');
    return { kind: 'scale', factor, of: atom };
  }

  #atom(): Objective {
    if (this.#calls() || this.#knownName() === undefined) {
      for (const over of ['sum', 'mean'] as const) if (this.#call(over)) return this.#reduced(over);
      for (const through of ['logprob', 'prob'] as const) {
        if (!this.#call(through)) continue;
        const site = this.#site();
        this.#expect(')');
        return { kind: 'element', site, through, indices: this.#indices() };
      }
      if (this.#call('dot')) {
        const site = this.#site();
        this.#expect(',');
        const direction = this.#site();
        this.#expect(')');
        return { kind: 'projection', site, direction, indices: this.#indices() };
      }
      if (this.#take('(')) {
        const inner = this.#sum();
        this.#expect(')');
        return inner;
      }
    }
    return { kind: 'element', site: this.#site(), through: 'none', indices: this.#indices() };
  }

  /** sum(hidden) is over a whole value; sum(a[0], b[0]) over scalars. */
  #reduced(over: 'sum' | 'mean'): Objective {
    const start = this.#at;
    const name = this.#knownName();
    if (name !== undefined) {
      this.#site();
      if (this.#take(')')) return { kind: 'whole', site: name, over };
      this.#at = start;
    }
    const terms = [this.#sum()];
    while (this.#take(',')) terms.push(this.#sum());
    this.#expect(')');
    return { kind: over, terms };
  }

  /** Whether a function is called here: also where a value bears its name, since no bracket follows a value. */
  #calls(): boolean {
    this.#space();
    const call = /^(?:sum|mean|logprob|prob|dot)\(/.exec(this.text.slice(this.#at));
    return call !== null && (this.#knownName()?.length ?? 0) < call[0].length;
  }

  /** The longest name of a value that begins here. */
  #knownName(): string | undefined {
    this.#space();
    for (let end = this.text.length; end > this.#at; end--) {
      const name = this.text.slice(this.#at, end);
      // A value `s` does not begin in the middle of the word `sum`.
      if (/^\w\w$/.test(this.text.slice(end - 1, end + 1))) continue;
      if (this.isValue(name)) return name;
    }
    return undefined;
  }

  #site(): string {
    const known = this.#knownName();
    if (known !== undefined) {
      this.#at += known.length;
      return known;
    }
    const match = /^(?:\\.|[^\s()[\],+*\\])+/.exec(this.text.slice(this.#at));
    if (match === null) throw this.#wrong('names no value where one is needed');
    this.#at += match[0].length;
    return match[0].replaceAll(/\\(.)/g, '$1');
  }

  #indices(): number[] {
    if (!this.#take('[')) return [];
    const indices: number[] = [];
    do {
      this.#space();
      const match = /^-?\d+/.exec(this.text.slice(this.#at));
      if (match === null) throw this.#wrong('has an index that is not an integer');
      this.#at += match[0].length;
      indices.push(Number(match[0]));
    } while (this.#take(','));
    this.#expect(']');
    return indices;
  }

  #number(): number | undefined {
    this.#space();
    const match = /^\d+(?:\.\d+)?(?:e[-+]?\d+)?/i.exec(this.text.slice(this.#at));
    if (match === null) return undefined;
    this.#at += match[0].length;
    return Number(match[0]);
  }

  #call(name: string): boolean {
    this.#space();
    if (!this.text.startsWith(`${name}(`, this.#at)) return false;
    this.#at += name.length + 1;
    return true;
  }

  #take(token: string): boolean {
    this.#space();
    if (!this.text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#wrong(`lacks "${token}" at "${this.text.slice(this.#at)}"`);
  }

  #space(): void {
    while (this.text[this.#at] === ' ') this.#at++;
  }

  #wrong(what: string): Failure {
    return new Failure({
      code: 'bad-objective',
      message: `The objective "${this.text}" ${what}.`,
      remedy: 'Write it like logits[0,-1,42] or logprob(logits)[0,3] - logprob(logits)[0,5].',
    });
  }
}

/** The indices of every element and projection, in the order in which they are emitted; scalars have none. */
export function elementsOf(objective: Objective): readonly (readonly number[])[] {
  switch (objective.kind) {
    case 'sum':
    case 'mean':
      return objective.terms.flatMap(elementsOf);
    case 'scale':
      return elementsOf(objective.of);
    case 'element':
    case 'projection':
      return objective.indices.length === 0 ? [] : [objective.indices];
    case 'whole':
      return [];
  }
}

/** What of an objective its backward graph depends on: everything but the indices. */
export function structureOf(objective: Objective): string {
  return JSON.stringify(objective, (key, value: unknown) =>
    key === 'indices' && Array.isArray(value) ? value.length : value,
  );
}

/** Names of the directions that an objective projects on, each once. */
export function directionsOf(objective: Objective): readonly string[] {
  switch (objective.kind) {
    case 'sum':
    case 'mean':
      return [...new Set(objective.terms.flatMap(directionsOf))];
    case 'scale':
      return directionsOf(objective.of);
    case 'projection':
      return [objective.direction];
    default:
      return [];
  }
}

/** Values that an objective reads, each once. */
export function sitesOf(objective: Objective): readonly string[] {
  switch (objective.kind) {
    case 'sum':
    case 'mean':
      return [...new Set(objective.terms.flatMap(sitesOf))];
    case 'scale':
      return sitesOf(objective.of);
    default:
      return [objective.site];
  }
}
