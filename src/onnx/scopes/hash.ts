/** Hashes of what a node is: operator, attributes, weight shapes; never names, weights' values or wiring. */
import type { Attribute, AttributeValue, Node, WeightRef } from '../../contract/skeleton';

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
export class Hash {
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
