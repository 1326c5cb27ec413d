/**
 * What surrounds a node, as hashes: all that it is computed from, all that is computed from it, and its neighbourhood
 * within some steps. Equal hashes mean equal structure; names never count.
 */
import type { Facts } from './facts';
import { isCommutative } from './operators';
import { Mixer } from './mixer';

const mixer = new Mixer();

/** By node: everything upstream of it, and itself. */
export function upstream(facts: Facts): Float64Array {
  const colour = new Float64Array(facts.count);
  for (const node of facts.order) colour[node] = above(facts, node, colour);
  return colour;
}

/** By node: everything downstream of it, and itself. */
export function downstream(facts: Facts): Float64Array {
  const colour = new Float64Array(facts.count);
  for (let at = facts.count - 1; at >= 0; at--) {
    const node = facts.order[at] ?? 0;
    colour[node] = below(facts, node, colour);
  }
  return colour;
}

/** By node: its surroundings within `radius` steps up and down. */
export function surroundings(facts: Facts, radius: number): Float64Array {
  let colour = facts.label;
  for (let step = 0; step < radius; step++) {
    const next = new Float64Array(facts.count);
    for (let node = 0; node < facts.count; node++) {
      const up = above(facts, node, colour);
      const down = below(facts, node, colour);
      next[node] = mixer.start(6).hash(up).hash(down).value;
    }
    colour = next;
  }
  return colour;
}

function above(facts: Facts, node: number, colour: Float64Array): number {
  const from = facts.operandStart[node] ?? 0;
  const to = facts.operandStart[node + 1] ?? from;
  const parts: number[] = [];
  for (let at = from; at < to; at++) {
    const producer = facts.operandNode[at] ?? -1;
    const known = producer >= 0 && facts.constant[producer] === 0;
    mixer.start(4).hash(known ? (colour[producer] ?? 0) : (facts.operandLabel[at] ?? 0));
    parts.push(mixer.int(facts.operandSlot[at] ?? 0).value);
  }
  if (isCommutative(facts.family[node] ?? '')) parts.sort((a, b) => a - b);
  mixer.start(5).hash(facts.label[node] ?? 0);
  for (const part of parts) mixer.hash(part);
  return mixer.value;
}

function below(facts: Facts, node: number, colour: Float64Array): number {
  const from = facts.userStart[node] ?? 0;
  const to = facts.userStart[node + 1] ?? from;
  const parts: number[] = [];
  for (let at = from; at < to; at++) {
    const operand = facts.userOperand[at] ?? 0;
    const user = facts.operandOwner[operand] ?? 0;
    if (facts.through[user] === 1) continue;
    mixer.start(7).hash(colour[user] ?? 0);
    mixer.int(isCommutative(facts.family[user] ?? '') ? 0 : (facts.operandPort[operand] ?? 0));
    parts.push(mixer.int(facts.operandSlot[operand] ?? 0).value);
  }
  parts.sort((a, b) => a - b);
  mixer
    .start(8)
    .hash(facts.label[node] ?? 0)
    .hash(facts.outputLabel[node] ?? 0);
  for (const part of parts) mixer.hash(part);
  return mixer.value;
}
