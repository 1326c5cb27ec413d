/**
 * The numbers of a shape that nodes put together, as far as they can be told without running: constants, and dims of
 * values, which exporters take apart and join again. Pure.
 */
import type { Node } from '../../contract/skeleton';
import type { NodeFacts } from './nodeFacts';
import type { KnownDims } from './unitMap';

/** A number, the dim of a value (`x[1]`), or nothing that is known. */
type Entry = number | string | undefined;

/** The dims that a Reshape makes of `input`: as known, else what it asks for. undefined: not even how many. */
export function shapeAfter(node: Node, facts: NodeFacts, dims: (value: string) => KnownDims): KnownDims {
  const [input = '', shape = ''] = node.inputs;
  const known = dims(node.outputs[0] ?? '');
  const from = dims(input);
  const asked = entriesOf(shape, facts, dims, DEPTH);
  if (asked === undefined || (known !== undefined && known.length !== asked.length)) return known;
  const open = asked.indexOf(-1);
  return asked.map((entry, axis) => {
    const told = known?.[axis];
    if (told !== undefined) return told;
    if (entry === 0) return from?.[axis];
    if (typeof entry === 'string') return dimOf(entry, input, from);
    if (entry === undefined || entry > 0) return entry;
    return axis === open ? rest(asked, open, input, from) : undefined;
  });
}

const DEPTH = 12;

/** What -1 stands for: what is left of the last dims once the first ones are the input's own. */
function rest(asked: readonly Entry[], open: number, input: string, from: KnownDims): number | undefined {
  if (from === undefined) return undefined;
  let same = 0;
  while (same < open && (asked[same] === `${input}[${String(same)}]` || asked[same] === 0)) same++;
  let left = 1;
  for (const dim of from.slice(same)) {
    if (dim === undefined) return undefined;
    left *= dim;
  }
  for (const [axis, entry] of asked.entries()) {
    if (axis < same || axis === open) continue;
    if (typeof entry !== 'number' || entry <= 0) return undefined;
    left /= entry;
  }
  return Number.isInteger(left) ? left : undefined;
}

function dimOf(entry: string, input: string, from: KnownDims): number | undefined {
  const at = entry.startsWith(`${input}[`) ? Number(entry.slice(input.length + 1, -1)) : -1;
  return from?.[at];
}

/** The elements of a list of whole numbers; undefined where not even their count is known. */
function entriesOf(
  name: string,
  facts: NodeFacts,
  dims: (value: string) => KnownDims,
  depth: number,
): readonly Entry[] | undefined {
  const stated = facts.ints(name);
  const node = facts.producer(name);
  if (stated !== undefined || node === undefined || depth === 0) return stated;
  const of = (at: number): readonly Entry[] | undefined =>
    entriesOf(node.inputs[at] ?? '', facts, dims, depth - 1);
  switch (node.op) {
    case 'Shape': {
      const value = node.inputs[0] ?? '';
      const all = dims(value);
      const [start, end] = [facts.int(node, 'start', 0), facts.int(node, 'end', all?.length ?? -1)];
      if (all === undefined && (start < 0 || end < 0)) return undefined;
      const length = all?.length ?? end;
      const each = Array.from({ length }, (_unused, axis) => all?.[axis] ?? `${value}[${String(axis)}]`);
      return each.slice(start, end);
    }
    case 'Concat': {
      const parts = node.inputs.map((_name, at) => of(at));
      return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
    }
    case 'Slice': {
      const [all, from, to] = [of(0), of(1)?.[0], of(2)?.[0]];
      const steps = of(4)?.[0] ?? 1;
      const plain = typeof from === 'number' && typeof to === 'number' && steps === 1;
      return plain ? all?.slice(from, to) : undefined;
    }
    case 'Gather': {
      const [all, at] = [of(0), of(1)];
      return all && at?.map((index) => (typeof index === 'number' ? all.at(index) : undefined));
    }
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Mod': {
      const [a, b] = [of(0), of(1)];
      return a && b && calculated(node.op, a, b);
    }
    case 'Reshape':
    case 'Squeeze':
    case 'Unsqueeze':
    case 'Identity':
    case 'Cast':
      return of(0);
    default:
      return undefined;
  }
}

/** Element by element, where one side has as many elements as the other, or one. */
function calculated(
  op: 'Add' | 'Sub' | 'Mul' | 'Mod',
  a: readonly Entry[],
  b: readonly Entry[],
): readonly Entry[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_unused, at): Entry => {
    const [left, right] = [a[a.length === 1 ? 0 : at], b[b.length === 1 ? 0 : at]];
    if (typeof left !== 'number' || typeof right !== 'number') return undefined;
    switch (op) {
      case 'Add':
        return left + right;
      case 'Sub':
        return left - right;
      case 'Mul':
        return left * right;
      case 'Mod':
        // The sign is the divisor's.
        return right === 0 ? undefined : left - right * Math.floor(left / right);
    }
  });
}
