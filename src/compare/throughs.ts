/**
 * Casts, quantise/dequantise pairs, identities and constants, which the rest of matching looks through: paired along
 * the way from each pair of operands back to what both really read, nearest first.
 */
import type { Facts } from './facts';
import { BODY_PORT } from './facts';
import type { Pairing } from './pairing';

export function matchThrough(pairing: Pairing): void {
  const { a, b, ofA } = pairing;
  for (let x = 0; x < a.count; x++) {
    const y = ofA[x] ?? -1;
    if (y === -1 || a.through[x] === 1) continue;
    const ports = Math.min(inputs(a, x), inputs(b, y), BODY_PORT);
    for (let port = 0; port < ports; port++) {
      tieChains(pairing, chain(a, valueRead(a, x, port)), chain(b, valueRead(b, y, port)));
    }
  }
  a.wiring.graphOutputs.forEach((value, index) => {
    tieChains(pairing, chain(a, value), chain(b, b.wiring.graphOutputs[index] ?? -1));
  });
}

function inputs(facts: Facts, node: number): number {
  return (facts.wiring.inputStart[node + 1] ?? 0) - (facts.wiring.inputStart[node] ?? 0);
}

function valueRead(facts: Facts, node: number, port: number): number {
  return facts.wiring.inputs[(facts.wiring.inputStart[node] ?? 0) + port] ?? -1;
}

/** The nodes looked through above a value, nearest first, and the constant at their end. */
function chain({ wiring, through, passes, constant }: Facts, from: number): number[] {
  const nodes: number[] = [];
  let value = wiring.values[from];
  while (value !== undefined && value.producer >= 0 && nodes.length < 256) {
    const { producer } = value;
    if (through[producer] === 0 && constant[producer] === 0) break;
    nodes.push(producer);
    if (constant[producer] === 1) break;
    value = wiring.values[wiring.inputs[(wiring.inputStart[producer] ?? 0) + (passes[producer] ?? 0)] ?? -1];
  }
  return nodes;
}

/** Equal operators in equal order, the fewer ones inside the more. */
function tieChains(pairing: Pairing, left: readonly number[], right: readonly number[]): void {
  const { a, b } = pairing;
  let at = 0;
  for (const x of left) {
    if (pairing.ofA[x] !== -1) continue;
    for (let next = at; next < right.length; next++) {
      const y = right[next] ?? 0;
      if (a.family[x] !== b.family[y] || pairing.ofB[y] !== -1) continue;
      pairing.tie(x, y);
      at = next + 1;
      break;
    }
  }
}
