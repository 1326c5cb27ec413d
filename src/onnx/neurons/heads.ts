/** Attention heads: which layers are parted into them, and how many units each has. Pure. */
import type { Heads } from '../../contract/neurons';
import type { Node } from '../../contract/skeleton';
import type { NodeFacts } from './nodeFacts';
import { BINARY, NORMS, UNARY } from './operators';
import type { KnownDims } from './unitMap';

/** Operators between a projection and the product of its heads with another's. */
const BETWEEN = new Set(
  (
    'Transpose Reshape Slice Concat Split Unsqueeze Squeeze Expand Gather Tile RotaryEmbedding Identity ' +
    [...UNARY, ...BINARY, ...NORMS].join(' ')
  ).split(' '),
);
/** Nodes looked at before a reshape is held to make no heads. */
const MOST = 80;

/**
 * How the units of a last axis are parted by a shape that ends in heads × size, or in parts × heads × size, as one
 * projection of queries, keys and values has it.
 */
export function partedBy(to: KnownDims, units: number): Heads | null {
  const [parts, count, size] = [to?.at(-3), to?.at(-2), to?.at(-1)];
  if (to === undefined || to.length < 3 || count === undefined || size === undefined || size < 2) return null;
  const fits = count * size === units || (to.length > 3 && (parts ?? 0) * count * size === units);
  return fits && count > 1 ? { count, size } : null;
}

/** Whether a value comes into a product of two computed values before it meets a weight: attention does. */
export function meetsAttention(value: string, facts: NodeFacts): boolean {
  const seen = new Set<Node>();
  const queue = [value];
  for (let name = queue.shift(); name !== undefined && seen.size < MOST; name = queue.shift()) {
    for (const node of facts.readers(name)) {
      if (seen.has(node)) continue;
      seen.add(node);
      const inputs = node.inputs.filter((input) => input !== '' && !facts.isConstant(input));
      if (inputs.length > 1 && /^(MatMul|Einsum|Attention)$/.test(node.op)) return true;
      if (BETWEEN.has(node.op)) queue.push(...node.outputs);
    }
  }
  return false;
}

/** Heads of what an operator of attention reads, by input; undefined where it is none, or the number is not stated. */
export function statedHeads(node: Node, facts: NodeFacts): readonly number[] | undefined {
  const [query, key] = ATTENTION[node.op] ?? [];
  if (query === undefined || key === undefined) return undefined;
  const count = facts.int(node, query, 0);
  const keys = facts.int(node, key, count);
  return count > 0 ? [count, keys, keys] : undefined;
}

/** Attributes that state how many heads the queries have, and how many the keys and values. */
const ATTENTION: Readonly<Record<string, readonly [string, string]>> = {
  Attention: ['q_num_heads', 'kv_num_heads'],
  MultiHeadAttention: ['num_heads', 'num_heads'],
  GroupQueryAttention: ['num_heads', 'kv_num_heads'],
};
