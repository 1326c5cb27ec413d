/** What a node says of itself: attributes, and inputs that are constant. Bodies are written out before. Pure. */
import type { AttributeValue, Graph, Node, WeightRef } from '../../contract/skeleton';
import { producersOf } from '../rewrite/cut';
import { readNames } from '../rewrite/names';
import { fromRaw } from '../../tensor/buffers';

export class NodeFacts {
  readonly #producers: ReadonlyMap<string, Node>;
  #readers: ReadonlyMap<string, readonly Node[]> | undefined;

  constructor(private readonly graph: Graph) {
    this.#producers = producersOf(graph);
  }

  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  /** The nodes that read a value, those that hold a body that does among them. */
  readers(value: string): readonly Node[] {
    this.#readers ??= readersOf(this.graph);
    return this.#readers.get(value) ?? [];
  }

  /** The only node that reads a value; undefined where several do, or none. */
  reader(value: string): Node | undefined {
    const [only, ...others] = this.readers(value);
    return others.length === 0 ? only : undefined;
  }

  /** The tensor behind a name: an initializer, a `Constant` node's, or one that is copied for another reader. */
  weight(name: string, depth = 4): WeightRef | undefined {
    const initializer = this.graph.initializers.get(name);
    if (initializer !== undefined) return initializer;
    const node = this.#producers.get(name);
    if (node?.op === 'Identity' && depth > 0) return this.weight(node.inputs[0] ?? '', depth - 1);
    if (node?.op !== 'Constant') return undefined;
    const value = attribute(node, 'value');
    return value?.type === 'tensor' ? { ...value.value, name } : undefined;
  }

  /** True for weights, and for what only weights go into. */
  isConstant(name: string, depth = 4): boolean {
    if (this.graph.initializers.has(name)) return true;
    const node = this.#producers.get(name);
    if (node === undefined) return false;
    if (node.op === 'Constant') return true;
    return (
      depth > 0 &&
      node.inputs.length > 0 &&
      node.inputs.every((input) => input === '' || this.isConstant(input, depth - 1))
    );
  }

  /** Whole numbers of a small constant; undefined where it is none, or lies in a file. */
  ints(name: string): readonly number[] | undefined {
    const node = this.#producers.get(name);
    const listed = node === undefined || node.op !== 'Constant' ? undefined : attribute(node, 'value_ints');
    if (listed?.type === 'ints') return listed.value.map(Number);
    const ref = this.weight(name);
    if (ref?.where.kind !== 'inline' || !/^int(64|32)$/.test(ref.dtype)) return undefined;
    return Array.from(fromRaw(ref.dtype, ref.where.bytes, ref.count), Number);
  }

  int(node: Node, name: string, otherwise: number): number {
    const value = attribute(node, name);
    return value?.type === 'int' ? Number(value.value) : otherwise;
  }

  float(node: Node, name: string, otherwise: number): number {
    const value = attribute(node, name);
    return value?.type === 'float' ? value.value : otherwise;
  }

  intsAttribute(node: Node, name: string): readonly number[] | undefined {
    const value = attribute(node, name);
    return value?.type === 'ints' ? value.value.map(Number) : undefined;
  }
}

function attribute(node: Node, name: string): AttributeValue | undefined {
  return node.attributes.find((entry) => entry.name === name)?.value;
}

function readersOf(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of readNames(node)) {
      const list = readers.get(name);
      if (list === undefined) readers.set(name, [node]);
      else list.push(node);
    }
  }
  return readers;
}
