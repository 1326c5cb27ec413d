/**
 * What a node, an attribute and a weight are by themselves, as hashes and as texts: never names, never wiring, and of
 * weights' values only those that are structure (shapes, axes, lone numbers). Attributes count in any order.
 */
import type { AttributeValue, Node, WeightRef } from '../contract/skeleton';
import { Mixer } from './mixer';
import { isDefault } from './operators';

/** Integers of a weight up to this many count as structure (shapes, axes, permutations). */
const STRUCTURAL = 64;

const mixer = new Mixer();

/** Operator, domain, attributes, numbers of inputs and outputs. A `Constant` is labelled as the weight it holds. */
export function labelOf(node: Node): number {
  if (node.op === 'Constant') {
    const tensor = node.attributes.find(({ value }) => value.type === 'tensor')?.value;
    if (tensor?.type === 'tensor') return weightLabel(tensor.value, false);
  }
  const attributes = attributesOf(node).map(([name, text]) => textHash(`${name}=${text}`));
  attributes.sort((a, b) => a - b);
  mixer.start(1).text(node.op).text(node.domain).int(node.outputs.length);
  for (const attribute of attributes) mixer.hash(attribute);
  return mixer.value;
}

/**
 * Kind, dims, and the elements where they are structure. Floats of every width are one kind; `quantised` is for
 * integers that a DequantizeLinear turns into floats.
 */
export function weightLabel(ref: WeightRef, quantised: boolean): number {
  const kind = quantised || /float/.test(ref.dtype) ? 'float' : /int/.test(ref.dtype) ? 'int' : ref.dtype;
  mixer.start(2).text(kind);
  for (const dim of ref.dims) mixer.int(dim);
  const structural = ref.count === 1 ? !quantised : kind === 'int' && ref.count <= STRUCTURAL;
  if (structural && ref.where.kind === 'inline') for (const byte of ref.where.bytes) mixer.int(byte);
  return mixer.value;
}

export function textHash(text: string): number {
  return mixer.start(3).text(text).value;
}

/** A node's attributes as texts, but for those that only state a default. */
export function attributesOf(node: Node): [name: string, text: string][] {
  return node.attributes
    .map(({ name, value }): [string, string] => [name, attributeText(value)])
    .filter(([name, text]) => !isDefault(node.op, name, text));
}

/** An attribute's value in a line: equal texts mean equal values, but for tensors beyond what is kept inline. */
export function attributeText(value: AttributeValue): string {
  switch (value.type) {
    case 'float':
    case 'int':
    case 'string':
      return String(value.value);
    case 'floats':
    case 'ints':
    case 'strings':
      return `[${value.value.join(', ')}]`;
    case 'tensor':
      return tensorText(value.value);
    case 'tensors':
      return value.value.map(tensorText).join('; ');
    case 'sparse-tensor':
      return `sparse ${value.value.dims.join('×')}`;
    case 'graph':
      return `a graph with ${String(value.value.inputs.length)} inputs and ${String(value.value.outputs.length)} outputs`;
    case 'graphs':
      return `${String(value.value.length)} graphs`;
    case 'type':
      return JSON.stringify(value.value);
    case 'types':
      return JSON.stringify(value.value);
    case 'reference':
      return `@${value.name}`;
    case 'opaque':
      return `${String(value.bytes.length)} bytes`;
  }
}

function tensorText({ dtype, dims, where, count }: WeightRef): string {
  const shape = `${dtype} ${dims.join('×')}`;
  if (where.kind !== 'inline' || count > STRUCTURAL) return shape;
  return `${shape} #${bytesText(where.bytes)}`;
}

/** Bytes in hexadecimal. */
export function bytesText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
