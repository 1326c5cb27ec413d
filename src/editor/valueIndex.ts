/**
 * Who makes and who uses a value, over all graphs of a model. A body sees its own values and those of the graphs around
 * it, so names are looked up from the inside out.
 */
import type { Scope, ScopeTree } from '../contract/scopes';
import type { Graph, Node, Skeleton, WeightRef } from '../contract/skeleton';

export class ValueIndex {
  readonly #producers = new Map<string, Node>();
  readonly #consumers = new Map<string, Node[]>();
  readonly #constants = new Map<string, WeightRef>();

  constructor(private readonly skeleton: Skeleton) {
    for (const node of skeleton.nodes) {
      for (const name of node.outputs)
        if (name !== '' && !this.#producers.has(name)) this.#producers.set(name, node);
      for (const name of node.inputs) {
        if (name === '') continue;
        const list = this.#consumers.get(name);
        if (list === undefined) this.#consumers.set(name, [node]);
        else list.push(node);
      }
      const [output] = node.outputs;
      if (node.op !== 'Constant' || output === undefined) continue;
      const value = node.attributes.find(({ name }) => name === 'value')?.value;
      if (value?.type === 'tensor') this.#constants.set(output, { ...value.value, name: output });
    }
  }

  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  consumers(value: string): readonly Node[] {
    return this.#consumers.get(value) ?? [];
  }

  /** The weight a node reads under this name: an initializer of its graph or of one around it, or a constant. */
  weight(node: Node, value: string): WeightRef | undefined {
    if (value === '') return undefined;
    for (const graph of this.#graphsAround(node.graph)) {
      const ref = graph.initializers.get(value);
      if (ref !== undefined) return ref;
    }
    return this.#constants.get(value);
  }

  /** Any weight by name: the main graph's first. */
  weightNamed(name: string): WeightRef | undefined {
    for (const graph of this.skeleton.graphs.values()) {
      const ref = graph.initializers.get(name);
      if (ref !== undefined) return ref;
    }
    return this.#constants.get(name);
  }

  /** Every weight, in file order. */
  *weights(): IterableIterator<WeightRef> {
    for (const graph of this.skeleton.graphs.values()) yield* graph.initializers.values();
    yield* this.#constants.values();
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

  /** Values that enter a set of nodes, and those that leave it, weights left out. */
  boundary(nodes: readonly number[]): {
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  } {
    const inside = new Set(nodes);
    const made = new Set<string>();
    const inputs = new Set<string>();
    const outputs = new Set<string>();
    const final = new Set(this.skeleton.graph.outputs.map(({ name }) => name));
    for (const id of nodes) for (const name of this.skeleton.nodes[id]?.outputs ?? []) made.add(name);
    for (const id of nodes) {
      const node = this.skeleton.nodes[id];
      if (node === undefined) continue;
      for (const name of node.inputs) {
        if (name !== '' && !made.has(name) && this.weight(node, name) === undefined) inputs.add(name);
      }
      for (const name of node.outputs) {
        const leaves = final.has(name) || this.consumers(name).some((consumer) => !inside.has(consumer.id));
        if (name !== '' && leaves) outputs.add(name);
      }
    }
    return { inputs: [...inputs], outputs: [...outputs] };
  }

  *#graphsAround(path: string): IterableIterator<Graph> {
    for (let current = path; ;) {
      const graph = this.skeleton.graphs.get(current);
      if (graph !== undefined) yield graph;
      if (current === '') return;
      const cut = current.lastIndexOf('/');
      current = cut < 0 ? '' : current.slice(0, cut);
    }
  }
}
