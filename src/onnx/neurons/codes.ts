/**
 * Codes of quantised values: where their scale and zero point stand, and which operators give codes out. A value's own
 * codes have one scale; it may be a weight, or a value that a run computes. Pure.
 */
import type { Node, WeightRef } from '../../contract/skeleton';
import type { NodeFacts } from './nodeFacts';

export interface ValueCodes {
  /** null: 1 */
  readonly scale: Constant | null;
  /** null: 0 */
  readonly zero: Constant | null;
}

/** One number: a weight, or a value that is computed. */
export type Constant = { readonly weight: WeightRef } | { readonly value: string };

/** Which inputs state the scale and the zero point of what the operator gives out. */
const STATED: Readonly<Record<string, readonly [scale: number, zero: number]>> = {
  QuantizeLinear: [1, 2],
  QLinearConv: [6, 7],
  QLinearMatMul: [6, 7],
  QGemm: [7, 8],
  QLinearAdd: [6, 7],
  QLinearMul: [6, 7],
  QLinearSigmoid: [3, 4],
  QLinearLeakyRelu: [3, 4],
  QLinearSoftmax: [3, 4],
  QLinearAveragePool: [3, 4],
  QLinearGlobalAveragePool: [3, 4],
  QLinearConcat: [0, 1],
};

/** Leave codes as they are. */
const KEEPS = new Set(
  'MaxPool Reshape Flatten Squeeze Unsqueeze Transpose Identity Dropout Cast Split Pad'.split(' '),
);

/** The codes of a node's first output; null where it gives out numbers, or codes nobody knows. */
export function codesAfter(
  node: Node,
  facts: NodeFacts,
  of: (value: string) => ValueCodes | null,
): ValueCodes | null {
  if (node.op === 'DynamicQuantizeLinear') {
    const [, scale = '', zero = ''] = node.outputs;
    return { scale: { value: scale }, zero: { value: zero } };
  }
  const stated = STATED[node.op];
  if (stated !== undefined) return statedCodes(node, stated[0], stated[1], facts);
  return KEEPS.has(node.op) ? of(node.inputs[0] ?? '') : null;
}

/** Codes whose scale and zero point are inputs of the node; null where there is no scale, or one for each of several. */
export function statedCodes(node: Node, scale: number, zero: number, facts: NodeFacts): ValueCodes | null {
  const found = constant(node.inputs[scale] ?? '', facts);
  if (found === undefined || found === null) return null;
  const at = constant(node.inputs[zero] ?? '', facts);
  return at === undefined ? null : { scale: found, zero: at };
}

/** null: left out. undefined: several numbers. */
export function constant(name: string, facts: NodeFacts): Constant | null | undefined {
  if (name === '') return null;
  const weight = facts.weight(name);
  if (weight === undefined) return { value: name };
  return weight.count === 1 ? { weight } : undefined;
}
