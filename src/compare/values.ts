/**
 * Which value of one model is which of another: the one that a node's counterpart makes, unless its users say otherwise.
 * Where a batch norm was folded into a convolution, what the relu reads is the batch norm's output in one model and the
 * convolution's in the other, and those two are compared. Values of the main graph only.
 */
import type { Difference } from './difference';
import type { Facts } from './facts';

export interface ValuePair {
  /** Names: sites of the main graph. */
  readonly a: string;
  readonly b: string;
  /** Node ids of their producers. */
  readonly nodeA: number;
  readonly nodeB: number;
}

interface Reading {
  /** What is really read in B, and who makes that. */
  readonly value: string;
  readonly producer: number;
  /** The same looked through casts and the like: node and output. */
  readonly node: number;
  readonly slot: number;
}

/** Pairs in A's file order; each value of B is in one pair at most. */
export function pairValues(difference: Difference): ValuePair[] {
  const { a, b, matched } = difference;
  const changed = new Set(difference.pairs.filter(({ changes }) => changes.length > 0).map((pair) => pair.a));
  const readings = readingsOf(difference);
  const pairs = new Map<string, ValuePair>();
  const taken = new Set<string>();
  const put = (nodeA: number, name: string, other: string, nodeB: number): void => {
    if (name === '' || other === '' || pairs.has(name) || taken.has(other)) return;
    pairs.set(name, { a: name, b: other, nodeA, nodeB });
    taken.add(other);
  };
  const later: Parameters<typeof put>[] = [];
  for (const node of a.skeleton.graph.nodes) {
    if (a.constant[node.id] === 1) continue;
    const counterpart = matched.ofA[node.id] ?? -1;
    const own = b.skeleton.nodes[counterpart];
    node.outputs.forEach((name, slot) => {
      const reading = readings.get(`${String(node.id)} ${String(slot)}`);
      const same = own?.graph === '' ? (own.outputs[slot] ?? '') : '';
      const agrees = reading?.node === counterpart && reading.slot === slot;
      // What no user confirms comes last: its counterpart's output may be another value's.
      if (reading === undefined) later.push([node.id, name, same, counterpart]);
      else if (own !== undefined && (agrees || !changed.has(node.id))) put(node.id, name, same, counterpart);
      else put(node.id, name, reading.value, reading.producer);
    });
  }
  for (const each of later) put(...each);
  return [...pairs.values()].sort((x, y) => x.nodeA - y.nodeA);
}

/** By `node slot` of A: what the counterparts of its users read in its place, where they all read the same. */
function readingsOf({ a, b, pairs }: Difference): Map<string, Reading> {
  const found = new Map<string, Reading | null>();
  const note = (key: string, reading: Reading): void => {
    const known = found.get(key);
    if (known === undefined) found.set(key, reading);
    else if (known !== null && (known.node !== reading.node || known.slot !== reading.slot))
      found.set(key, null);
  };
  for (const { a: x, b: y } of pairs) {
    if (a.through[x] === 1) continue;
    const [fromA, fromB] = [a.operandStart[x] ?? 0, b.operandStart[y] ?? 0];
    const count = Math.min((a.operandStart[x + 1] ?? 0) - fromA, (b.operandStart[y + 1] ?? 0) - fromB);
    for (let i = 0; i < count; i++) {
      const producer = a.operandNode[fromA + i] ?? -1;
      const reading = readingAt(b, fromB + i, y);
      if (producer < 0 || a.constant[producer] === 1 || reading === null) continue;
      note(`${String(producer)} ${String(a.operandSlot[fromA + i])}`, reading);
    }
  }
  const readings = new Map<string, Reading>();
  for (const [key, reading] of found) if (reading !== null) readings.set(key, reading);
  return readings;
}

function readingAt(
  { wiring, operandNode, operandSlot, operandPort, constant, skeleton }: Facts,
  operand: number,
  owner: number,
): Reading | null {
  const node = operandNode[operand] ?? -1;
  if (node < 0 || constant[node] === 1) return null;
  const port = operandPort[operand] ?? 0;
  const from = wiring.inputStart[owner] ?? 0;
  if (from + port >= (wiring.inputStart[owner + 1] ?? 0)) return null;
  const value = wiring.values[wiring.inputs[from + port] ?? -1];
  if (value === undefined || value.producer < 0 || skeleton.nodes[value.producer]?.graph !== '') return null;
  return { value: value.name, producer: value.producer, node, slot: operandSlot[operand] ?? 0 };
}
