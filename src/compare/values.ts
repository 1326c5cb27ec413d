/**
 * Which value of one model is which of another: the one that a node's counterpart makes, unless its users say otherwise.
 * Where a batch norm was folded into a convolution, what the relu reads is the batch norm's output in one model and the
 * convolution's in the other, and those two are compared. Values of the main graph only.
 */
import type { Node } from '../contract/skeleton';
import { codesOf, type Codes } from './codes';
import type { Change, Difference } from './difference';
import type { Facts } from './facts';
import { outputScaleOf } from './operators';

export interface ValuePair {
  /** Names: sites of the main graph. */
  readonly a: string;
  readonly b: string;
  /** Node ids of their producers. */
  readonly nodeA: number;
  readonly nodeB: number;
  /** How values that are kept as codes become floats, else null. */
  readonly codesA: Codes | null;
  readonly codesB: Codes | null;
}

interface Reading {
  /** What is really read in B, and who makes that. */
  readonly value: string;
  readonly producer: number;
  /** The same looked through casts and the like: node and output. */
  readonly node: number;
  readonly slot: number;
  /** It is what a DequantizeLinear makes of codes that the node itself gives. */
  readonly decoded: boolean;
}

/** Pairs in A's file order; each value of B is in one pair at most. */
export function pairValues(difference: Difference): ValuePair[] {
  const { a, b, matched } = difference;
  const changed = new Set(difference.pairs.filter(({ changes }) => changes.length > 0).map((pair) => pair.a));
  const other = new Set(difference.pairs.filter(({ changes }) => changes.some(alters)).map((pair) => pair.a));
  const readings = readingsOf(difference);
  const pairs = new Map<string, ValuePair>();
  const taken = new Set<string>();
  const put = (nodeA: number, name: string, other: string, nodeB: number): void => {
    if (name === '' || other === '' || pairs.has(name) || taken.has(other)) return;
    if (isBlocked(a, nodeA) || isBlocked(b, nodeB)) return;
    const codes = { codesA: codesOf(a, nodeA), codesB: codesOf(b, nodeB) };
    pairs.set(name, { a: name, b: other, nodeA, nodeB, ...codes });
    taken.add(other);
  };
  const later: Parameters<typeof put>[] = [];
  for (const node of a.skeleton.graph.nodes) {
    if (a.constant[node.id] === 1) continue;
    const counterpart = matched.ofA[node.id] ?? -1;
    const own = b.skeleton.nodes[counterpart];
    node.outputs.forEach((_unused, slot) => {
      const name = givenBy(a, node, slot);
      const reading = readings.get(`${String(node.id)} ${String(slot)}`);
      const same = own?.graph === '' ? givenBy(b, own, slot) : '';
      const agrees = reading?.node === counterpart && reading.slot === slot;
      // What no user confirms comes last, and only where its counterpart does the same: a kernel that also does what
      // came after it gives another value.
      if (reading === undefined) {
        if (
          own !== undefined &&
          !other.has(node.id) &&
          isSameKernel(node, own) &&
          operandCount(a, node.id) === operandCount(b, counterpart)
        )
          later.push([node.id, name, same, counterpart]);
      } else if (agrees && reading.decoded) put(node.id, name, reading.value, reading.producer);
      else if (own !== undefined && (agrees || !changed.has(node.id))) put(node.id, name, same, counterpart);
      // What is read in a transposition's place is the same in another order: the transposition has moved elsewhere.
      else if (node.op !== 'Transpose') {
        put(node.id, name, reading.value, reading.producer);
        // Codes already hold what the operators after them did: they are no other value's too.
        if (codesOf(b, reading.node) !== null)
          taken.add(b.skeleton.nodes[reading.node]?.outputs[reading.slot] ?? '');
      }
    });
  }
  for (const each of later) put(...each);
  return [...pairs.values()].sort((x, y) => x.nodeA - y.nodeA);
}

/** An output's name; of codes that have no scale of their own, and of their sums, that of the floats made of them. */
function givenBy(facts: Facts, { id, outputs }: Node, slot: number): string {
  const { skeleton, rescalings, decoders } = facts;
  const after = rescalings.get(id)?.product ?? decoders.get(id);
  const floats =
    slot > 0 || after === undefined || codesOf(facts, id) !== null ? undefined : skeleton.nodes[after];
  return (floats ?? { outputs }).outputs[slot] ?? '';
}

/** Values that the runtime's optimiser keeps with channels in blocks: same shape, another order of elements. */
function isBlocked({ skeleton }: Facts, node: number): boolean {
  const found = skeleton.nodes[node];
  return found?.domain === 'com.microsoft.nchwc' && found.op !== 'ReorderOutput';
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
  for (const { a: x, b: y, changes } of pairs) {
    if (a.through[x] === 1 || isTurned(changes)) continue;
    const [fromA, fromB] = [a.operandStart[x] ?? 0, b.operandStart[y] ?? 0];
    const [countA, countB] = [operandCount(a, x), operandCount(b, y)];
    // A kernel that also does what stood before it (a bias, a residual) reads what is not yet the same.
    if (countA !== countB && a.skeleton.nodes[x]?.op !== b.skeleton.nodes[y]?.op) continue;
    for (let i = 0; i < Math.min(countA, countB); i++) {
      const producer = a.operandNode[fromA + i] ?? -1;
      const reading = readingAt(b, fromB + i, y);
      if (producer < 0 || a.constant[producer] === 1 || reading === null) continue;
      note(`${String(producer)} ${String(a.operandSlot[fromA + i])}`, reading);
    }
  }
  a.wiring.graphOutputs.forEach((value, index) => {
    const producer = a.wiring.values[value]?.producer ?? -1;
    const reading = readingOf(b, b.wiring.graphOutputs[index] ?? -1);
    if (producer < 0 || reading === null) return;
    // Outputs are told by their place, as every caller of the model does.
    note(`${String(producer)} ${String(a.wiring.values[value]?.slot ?? 0)}`, reading);
  });
  const readings = new Map<string, Reading>();
  for (const [key, reading] of found) if (reading !== null) readings.set(key, reading);
  return readings;
}

/** What makes another function of an operator: attributes, and integers that say shapes and axes. */
function alters({ kind, a, b }: Change): boolean {
  return kind === 'attribute' || (kind === 'weight' && /^int/.test(a) && /^int/.test(b));
}

/**
 * Whether a node reads its operands in another form than its counterpart: an optimiser moves a transposition, a reshape or
 * a factor into the operator after it, or from one side of an operator to the other.
 */
function isTurned(changes: readonly Change[]): boolean {
  const another = changes.some(({ kind }) => kind === 'operator');
  return changes.some(
    (change) =>
      alters(change) &&
      (change.kind === 'weight' ||
        /^(perm|trans.*)$/.test(change.name) ||
        (another && change.name === 'alpha')),
  );
}

/** The same operator, or its relative on codes: nothing is fused into either. */
function isSameKernel(a: Node, b: Node): boolean {
  return a.op === b.op || outputScaleOf(a.op) !== undefined || outputScaleOf(b.op) !== undefined;
}

function operandCount({ operandStart }: Facts, node: number): number {
  return (operandStart[node + 1] ?? 0) - (operandStart[node] ?? 0);
}

function producerBefore({ values, inputs, inputStart }: Facts['wiring'], node: number): number {
  return values[inputs[inputStart[node] ?? 0] ?? -1]?.producer ?? -1;
}

/** The value an operand really is; null for weights, graph inputs and what lies in a body. */
function readingAt(facts: Facts, operand: number, owner: number): Reading | null {
  const { wiring, operandInput } = facts;
  const input = operandInput[operand] ?? -1;
  if (input < 0) return null;
  return readingOf(facts, wiring.inputs[(wiring.inputStart[owner] ?? 0) + input] ?? -1);
}

function readingOf({ wiring, through, passes, constant, skeleton }: Facts, id: number): Reading | null {
  const value = wiring.values[id];
  if (value === undefined || value.producer < 0 || skeleton.nodes[value.producer]?.graph !== '') return null;
  let made = value;
  for (let steps = 0; through[made.producer] === 1 && steps < 256; steps++) {
    const passed = (wiring.inputStart[made.producer] ?? 0) + (passes[made.producer] ?? 0);
    const above = wiring.values[wiring.inputs[passed] ?? -1];
    if (above === undefined || above.producer < 0) return null;
    made = above;
  }
  if (constant[made.producer] === 1) return null;
  const decoded =
    skeleton.nodes[value.producer]?.op === 'DequantizeLinear' &&
    producerBefore(wiring, value.producer) === made.producer;
  return { value: value.name, producer: value.producer, node: made.producer, slot: made.slot, decoded };
}
