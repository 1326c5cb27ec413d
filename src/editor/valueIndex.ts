/**
 * Who makes and who uses a value, over all graphs of a model. A body sees its own values and those of the graphs around
 * it, so names are looked up from the inside out: two branches may each have a `W` of their own. A function sees nothing
 * of the graph that calls it.
 */
import type { Scope, ScopeTree } from '../contract/scopes';
import type { Graph, GraphPath, Node, Skeleton, WeightRef } from '../contract/skeleton';

/** A value: its name and the graph that defines it. */
export interface PlacedValue {
  readonly name: string;
  readonly graph: GraphPath;
}

/** The address of a value that is called `name` inside a graph: values of bodies say which one. */
export function siteText({ name, graph }: PlacedValue): string {
  return graph === '' ? name : `${graph}/${name}`;
}

/** One graph's own names. */
interface Names {
  readonly graph: Graph;
  readonly inputs: ReadonlySet<string>;
  readonly producers: Map<string, Node>;
  readonly consumers: Map<string, Node[]>;
  readonly constants: Map<string, WeightRef>;
}

const SEPARATOR = '\0';

export class ValueIndex {
  readonly #graphs = new Map<GraphPath, Names>();
  readonly #functions: ReadonlySet<GraphPath>;
  readonly #homes = new Map<WeightRef, GraphPath>();

  constructor(private readonly skeleton: Skeleton) {
    this.#functions = new Set(skeleton.functions.map(({ graph }) => graph.path));
    for (const [path, graph] of skeleton.graphs) {
      const inputs = new Set([...graph.inputs.map(({ name }) => name), ...graph.overridable]);
      this.#graphs.set(path, {
        graph,
        inputs,
        producers: new Map(),
        consumers: new Map(),
        constants: new Map(),
      });
      for (const ref of graph.initializers.values()) this.#homes.set(ref, path);
    }
    for (const node of skeleton.nodes) this.#define(node);
    for (const node of skeleton.nodes) {
      for (const name of node.inputs) {
        if (name === '') continue;
        const consumers = this.#graphs.get(this.home(name, node.graph))?.consumers;
        const list = consumers?.get(name);
        if (list === undefined) consumers?.set(name, [node]);
        else list.push(node);
      }
    }
  }

  /** The graph that defines what `name` means inside `graph`; `graph` itself when nothing does. */
  home(name: string, graph: GraphPath = ''): GraphPath {
    for (const { graph: around, inputs, producers } of this.#around(graph)) {
      if (producers.has(name) || inputs.has(name)) return around.path;
      if (around.initializers.has(name) || around.sparseInitializers.has(name)) return around.path;
    }
    return graph;
  }

  /** Whether the main graph has a value of this name. */
  isTop(name: string): boolean {
    const main = this.#graphs.get('');
    if (main === undefined) return false;
    return main.inputs.has(name) || main.producers.has(name) || main.graph.initializers.has(name);
  }

  /** The node that makes what `value` means inside `graph`. */
  producer(value: string, graph: GraphPath = ''): Node | undefined {
    return this.#graphs.get(this.home(value, graph))?.producers.get(value);
  }

  /** Nodes that use what `value` means inside `graph`, those of bodies included. */
  consumers(value: string, graph: GraphPath = ''): readonly Node[] {
    return this.#graphs.get(this.home(value, graph))?.consumers.get(value) ?? [];
  }

  /**
   * The weight a node reads under this name: an initializer of its graph or of one around it, or a constant; exporters
   * copy equal ones for each reader.
   */
  weight(node: Node, value: string, depth = 4): WeightRef | undefined {
    if (value === '') return undefined;
    const names = this.#graphs.get(this.home(value, node.graph));
    const copy = names?.producers.get(value);
    if (copy?.op === 'Identity' && depth > 0) return this.weight(copy, copy.inputs[0] ?? '', depth - 1);
    return names?.graph.initializers.get(value) ?? names?.constants.get(value);
  }

  /** The graph a weight belongs to. */
  graphOf(weight: WeightRef): GraphPath {
    return this.#homes.get(weight) ?? '';
  }

  /** Names one weight among those of all graphs: its own name in the main graph. */
  keyOf(weight: WeightRef): string {
    const graph = this.graphOf(weight);
    return graph === '' ? weight.name : `${graph}${SEPARATOR}${weight.name}`;
  }

  /** The weight of a key, or of a plain name: then the main graph's first. */
  weightNamed(key: string): WeightRef | undefined {
    const at = key.lastIndexOf(SEPARATOR);
    const [path, name] = at < 0 ? [undefined, key] : [key.slice(0, at), key.slice(at + 1)];
    for (const [graph, { graph: own, constants }] of this.#graphs) {
      if (path !== undefined && path !== graph) continue;
      const ref = own.initializers.get(name) ?? constants.get(name);
      if (ref !== undefined) return ref;
    }
    return undefined;
  }

  /** Every weight: initializers in file order, then constants. */
  *weights(): IterableIterator<WeightRef> {
    for (const { graph } of this.#graphs.values()) yield* graph.initializers.values();
    for (const { constants } of this.#graphs.values()) yield* constants.values();
  }

  /** Ids of the nodes in a scope and below, in file order. */
  within({ scopes }: ScopeTree, scope: Scope): readonly number[] {
    const ids: number[] = [];
    const pending = [scope];
    for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
      ids.push(...current.nodes);
      for (const child of current.children) {
        const next = scopes[child];
        if (next !== undefined) pending.push(next);
      }
    }
    return ids.sort((a, b) => a - b);
  }

  /** Names of the values that enter a set of nodes, and of those that leave it, weights left out. */
  boundary(nodes: readonly number[]): {
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  } {
    const { inputs, outputs } = this.crossing(nodes);
    const names = (values: readonly PlacedValue[]): string[] => [...new Set(values.map(({ name }) => name))];
    return { inputs: names(inputs), outputs: names(outputs) };
  }

  /** The values that enter a set of nodes, and those that leave it, weights left out. */
  crossing(nodes: readonly number[]): {
    readonly inputs: readonly PlacedValue[];
    readonly outputs: readonly PlacedValue[];
  } {
    const inside = new Set(nodes);
    const inputs = new Map<string, PlacedValue>();
    const outputs = new Map<string, PlacedValue>();
    const add = (to: Map<string, PlacedValue>, name: string, graph: GraphPath): void => {
      to.set(graph + SEPARATOR + name, { name, graph });
    };
    for (const id of nodes) {
      const node = this.skeleton.nodes[id];
      if (node === undefined) continue;
      for (const name of node.inputs) {
        if (name === '') continue;
        const home = this.home(name, node.graph);
        const made = this.#graphs.get(home)?.producers.get(name);
        if (made !== undefined && inside.has(made.id)) continue;
        if (this.weight(node, name) === undefined) add(inputs, name, home);
      }
      const finals = this.#graphs.get(node.graph)?.graph.outputs ?? [];
      for (const name of node.outputs) {
        if (name === '') continue;
        const leaves =
          finals.some((output) => output.name === name) ||
          this.consumers(name, node.graph).some((consumer) => !inside.has(consumer.id));
        if (leaves) add(outputs, name, node.graph);
      }
    }
    return { inputs: [...inputs.values()], outputs: [...outputs.values()] };
  }

  #define(node: Node): void {
    const names = this.#graphs.get(node.graph);
    if (names === undefined) return;
    for (const name of node.outputs)
      if (name !== '' && !names.producers.has(name)) names.producers.set(name, node);
    const [output] = node.outputs;
    if (node.op !== 'Constant' || output === undefined || output === '') return;
    const value = node.attributes.find(({ name }) => name === 'value')?.value;
    if (value?.type !== 'tensor') return;
    const ref = { ...value.value, name: output };
    names.constants.set(output, ref);
    this.#homes.set(ref, node.graph);
  }

  /** A graph and those around it whose names it sees, innermost first. */
  *#around(path: GraphPath): IterableIterator<Names> {
    for (let current = path; ;) {
      const names = this.#graphs.get(current);
      if (names !== undefined) yield names;
      if (current === '' || this.#functions.has(current)) return;
      const cut = current.lastIndexOf('/');
      current = cut < 0 ? '' : current.slice(0, cut);
    }
  }
}
