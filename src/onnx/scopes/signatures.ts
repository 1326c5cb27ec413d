/**
 * Structural signatures: equal for scopes with the same operators, attributes, wiring and weight shapes, so that equal
 * blocks can be folded. What comes from outside counts by the order in which it is first read.
 */
import type { Scope } from '../../contract/scopes';
import type { Attribute, AttributeValue, Node, Skeleton, WeightRef } from '../../contract/skeleton';
import type { Building } from '../decoding';
import type { Wiring } from '../wiring';

/** Fills in `signature` for every scope but the root. Scopes come parents first. */
export function signScopes(skeleton: Skeleton, wiring: Wiring, scopes: readonly Building<Scope>[]): void {
  const { order, first, last } = sequence(skeleton, scopes);
  const place = new Int32Array(skeleton.nodes.length);
  order.forEach((node, index) => (place[node] = index));
  const labels = Int32Array.from(order, (node) => {
    const found = skeleton.nodes[node];
    return found === undefined ? 0 : hashNode(found);
  });
  for (const scope of scopes) {
    if (scope.id === 0) continue;
    const from = first[scope.id] ?? 0;
    const to = last[scope.id] ?? 0;
    const outside = new Map<number, number>();
    const hash = new Hash();
    for (let at = from; at < to; at++) {
      hash.add(labels[at] ?? 0);
      const node = order[at] ?? 0;
      const end = wiring.inputStart[node + 1] ?? 0;
      for (let input = wiring.inputStart[node] ?? 0; input < end; input++) {
        const id = wiring.inputs[input] ?? -1;
        const value = wiring.values[id];
        if (value === undefined) hash.add(-1);
        else if (value.weight !== null) hash.add(hashWeight(value.weight));
        else {
          const inside = value.producer < 0 ? -1 : (place[value.producer] ?? -1);
          if (inside >= from && inside < to) hash.add((inside - from) * 8 + value.slot);
          else {
            const ordinal = outside.get(id) ?? outside.size;
            outside.set(id, ordinal);
            hash.add(-2 - ordinal);
          }
        }
      }
    }
    scope.signature = hash.text();
  }
}

interface Sequence {
  /** Node ids, each scope's (with what lies below) in one range. */
  readonly order: readonly number[];
  /** Range of `order` by scope id. */
  readonly first: Int32Array;
  readonly last: Int32Array;
}

/** Nodes depth first by scope: own nodes and children in the order of their first node. */
function sequence(skeleton: Skeleton, scopes: readonly Building<Scope>[]): Sequence {
  const order: number[] = [];
  const first = new Int32Array(scopes.length);
  const last = new Int32Array(scopes.length);
  const earliest = new Int32Array(scopes.length).fill(skeleton.nodes.length);
  for (const scope of [...scopes].reverse()) {
    const own = Math.min(earliest[scope.id] ?? 0, scope.nodes[0] ?? skeleton.nodes.length);
    earliest[scope.id] = own;
    if (scope.parent >= 0) earliest[scope.parent] = Math.min(earliest[scope.parent] ?? 0, own);
  }
  const visit = (id: number): void => {
    const scope = scopes[id];
    if (scope === undefined) return;
    first[id] = order.length;
    let child = 0;
    for (const node of scope.nodes) {
      for (; child < scope.children.length; child++) {
        const next = scope.children[child] ?? 0;
        if ((earliest[next] ?? 0) > node) break;
        visit(next);
      }
      order.push(node);
    }
    for (; child < scope.children.length; child++) visit(scope.children[child] ?? 0);
    last[id] = order.length;
  };
  visit(0);
  return { order, first, last };
}

/** Operator, domain, attributes and number of outputs: what a node is without its wiring. */
export function hashNode(node: Node): number {
  const hash = new Hash();
  hash.text32(node.op);
  hash.text32(node.domain);
  hash.add(node.outputs.length);
  for (const attribute of node.attributes) hashAttribute(hash, attribute);
  return hash.value;
}

export function hashWeight({ dtype, dims }: WeightRef): number {
  const hash = new Hash();
  hash.text32(dtype);
  for (const dim of dims) hash.add(dim);
  return hash.value;
}

function hashAttribute(hash: Hash, { name, value }: Attribute): void {
  hash.text32(name);
  hash.text32(value.type);
  hashValue(hash, value);
}

function hashValue(hash: Hash, value: AttributeValue): void {
  switch (value.type) {
    case 'float':
    case 'int':
      hash.number(Number(value.value));
      return;
    case 'floats':
    case 'ints':
      hash.add(value.value.length);
      for (const item of value.value) hash.number(Number(item));
      return;
    case 'string':
      hash.text32(value.value);
      return;
    case 'strings':
      for (const item of value.value) hash.text32(item);
      return;
    case 'tensor':
      hash.add(hashWeight(value.value));
      return;
    case 'tensors':
      for (const item of value.value) hash.add(hashWeight(item));
      return;
    case 'sparse-tensor':
      hash.add(hashWeight(value.value.values));
      return;
    case 'graph':
      hash.add(value.value.nodes.length);
      return;
    case 'graphs':
      for (const graph of value.value) hash.add(graph.nodes.length);
      return;
    default:
      return;
  }
}

const FLOAT = new Float64Array(1);
const HALVES = new Int32Array(FLOAT.buffer);

/** Two mixed 32-bit lanes: collisions would fold blocks that differ, so 32 bits alone are too few. */
class Hash {
  #a = 0x811c9dc5;
  #b = 0x1b873593;

  add(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#a ^= this.#a >>> 15;
    this.#b = Math.imul(this.#b ^ value, 0x85ebca6b);
    this.#b ^= this.#b >>> 13;
  }

  number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < 0x7fff_ffff) return this.add(value);
    FLOAT[0] = value;
    this.add(HALVES[0] ?? 0);
    this.add(HALVES[1] ?? 0);
  }

  text32(text: string): void {
    for (let i = 0; i < text.length; i++) this.add(text.charCodeAt(i));
    this.add(-text.length);
  }

  get value(): number {
    return this.#a ^ Math.imul(this.#b, 31);
  }

  text(): string {
    return (this.#a >>> 0).toString(16).padStart(8, '0') + (this.#b >>> 0).toString(16).padStart(8, '0');
  }
}
