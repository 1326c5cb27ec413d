/**
 * A module that is called more than once leaves one path for all its calls. Drawn as one box it would feed itself, so
 * each call becomes a scope of its own: `relu`, `relu@1`, … . One call runs as a whole, so whatever depends on it and
 * comes back into the module is a later call: that is how calls are told apart. A module of one operator (an activation,
 * a shared convolution) is called once for each of its nodes, beside each other or not.
 */
import type { Graph, Node } from '../../contract/skeleton';
import type { Wiring } from '../wiring';
import type { ScopeBuilder } from './builder';

/** Parts that do not hold this share of the same operators are no calls of one module. */
const LIKENESS = 0.6;
/** More nodes of one operator than this are left in one box. */
const MOST_SINGLES = 64;
/** Steps of work per node of the graph before the rest is left as it is. */
const WORK_PER_NODE = 40;

/** Splits the module scopes below `base` by call. Nodes of `graph` must all have their scope. */
export function splitCalls(builder: ScopeBuilder, wiring: Wiring, graph: Graph, base: number): void {
  const splitter = new Splitter(builder, wiring, graph);
  splitter.children(base, graph.nodes);
}

class Splitter {
  readonly #builder: ScopeBuilder;
  readonly #wiring: Wiring;
  readonly #graph: Graph;
  /** Per node of the graph: 1 while it lies in the scope looked at. */
  readonly #inside: Uint8Array;
  /** Inside: which call. Outside: the first call that may come after it. */
  readonly #call: Int32Array;
  #work: number;

  constructor(builder: ScopeBuilder, wiring: Wiring, graph: Graph) {
    this.#builder = builder;
    this.#wiring = wiring;
    this.#graph = graph;
    this.#inside = new Uint8Array(graph.nodes.length);
    this.#call = new Int32Array(graph.nodes.length);
    this.#work = graph.nodes.length * WORK_PER_NODE + 10_000;
  }

  /** Looks at each scope directly in `parent`; `nodes` are those in it and below, in file order. */
  children(parent: number, nodes: readonly Node[]): void {
    const groups = new Map<number, Node[]>();
    for (const node of nodes) {
      const child = this.#childOf(parent, this.#builder.scopeOf[node.id] ?? 0);
      if (child < 0) continue;
      const group = groups.get(child);
      if (group === undefined) groups.set(child, [node]);
      else group.push(node);
    }
    for (const [scope, group] of groups) {
      const calls = this.#callsOf(group);
      calls.forEach((call, number) =>
        this.children(number === 0 ? scope : this.#move(scope, number, call), call),
      );
    }
  }

  /** The scope directly in `parent` that holds `scope`, or -1. */
  #childOf(parent: number, scope: number): number {
    let at = scope;
    while (at > 0) {
      const outer = this.#builder.parent(at);
      if (outer === parent) return at;
      at = outer;
    }
    return -1;
  }

  /** The nodes of each call, in file order; one call where they cannot be told apart. */
  #callsOf(nodes: readonly Node[]): readonly (readonly Node[])[] {
    if (this.#areSingles(nodes)) return nodes.map((node) => [node]);
    const first = nodes[0]?.index ?? 0;
    const last = nodes.at(-1)?.index ?? 0;
    const span = last - first + 1;
    if (span === nodes.length || this.#work < span) return [nodes];
    this.#work -= span;
    for (const node of nodes) this.#inside[node.index] = 1;
    const most = this.#number(first, last);
    for (const node of nodes) this.#inside[node.index] = 0;
    if (most === 0) return [nodes];
    const calls: Node[][] = Array.from({ length: most + 1 }, () => []);
    for (const node of nodes) calls[this.#call[node.index] ?? 0]?.push(node);
    const [one = [], ...others] = calls;
    return others.every((other) => likeness(one, other) >= LIKENESS) ? calls : [nodes];
  }

  /** Nodes of one operator in one scope, none of which reads another. */
  #areSingles(nodes: readonly Node[]): boolean {
    const [first] = nodes;
    if (first === undefined || nodes.length < 2 || nodes.length > MOST_SINGLES) return false;
    const { scopeOf } = this.#builder;
    const alike = nodes.every(
      ({ id, op, domain }) => op === first.op && domain === first.domain && scopeOf[id] === scopeOf[first.id],
    );
    if (!alike) return false;
    const made = new Set(nodes.flatMap(({ outputs }) => outputs));
    return !nodes.some(({ inputs }) => inputs.some((input) => input !== '' && made.has(input)));
  }

  /** Numbers the calls among nodes first … last; gives the highest number. */
  #number(first: number, last: number): number {
    const { inputStart, inputs, values } = this.#wiring;
    let most = 0;
    for (let index = first; index <= last; index++) {
      const node = this.#graph.nodes[index];
      if (node === undefined) break;
      const inside = this.#inside[index] === 1;
      let call = 0;
      const end = inputStart[node.id + 1] ?? 0;
      for (let at = inputStart[node.id] ?? 0; at < end; at++) {
        const producer = values[inputs[at] ?? -1]?.producer ?? -1;
        const maker = producer < 0 ? undefined : this.#graph.nodes[producer - node.id + index];
        if (maker?.id !== producer || maker.index < first || maker.index >= index) continue;
        const before = this.#call[maker.index] ?? 0;
        // Leaving the module: whatever of it comes next is the call after.
        const after = !inside && this.#inside[maker.index] === 1 ? before + 1 : before;
        if (after > call) call = after;
      }
      this.#call[index] = call;
      if (inside && call > most) most = call;
    }
    return most;
  }

  /** Moves the nodes of a later call into a scope of its own beside the first; gives that scope. */
  #move(scope: number, number: number, nodes: readonly Node[]): number {
    const builder = this.#builder;
    const { name, kind, evidence, className } = builder.draft(scope);
    const twin = builder.fresh(builder.parent(scope), `${name}@${number}`, kind, evidence, className);
    const twins = new Map([[scope, twin]]);
    const twinOf = (of: number): number => {
      const known = twins.get(of);
      if (known !== undefined) return known;
      const draft = builder.draft(of);
      const made = builder.child(
        twinOf(draft.parent),
        draft.name,
        draft.kind,
        draft.evidence,
        draft.className,
      );
      twins.set(of, made);
      return made;
    };
    for (const node of nodes) builder.scopeOf[node.id] = twinOf(builder.scopeOf[node.id] ?? 0);
    return twin;
  }
}

/** The share of operators two lists of nodes have in common. */
function likeness(a: readonly Node[], b: readonly Node[]): number {
  const counts = new Map<string, number>();
  for (const { op } of a) counts.set(op, (counts.get(op) ?? 0) + 1);
  let common = 0;
  for (const { op } of b) {
    const left = counts.get(op) ?? 0;
    if (left > 0) common++;
    counts.set(op, left - 1);
  }
  return common / Math.max(a.length, b.length, 1);
}
