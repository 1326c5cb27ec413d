/**
 * Names as evidence. Weights' bytes and names hold through most tools; node and value names hold through some and are
 * counters in others (`node_Add_12` moves when a node is put in). So names of a kind are believed only where they agree
 * with what structure already says.
 */
import type { Facts } from './facts';
import type { Fingerprints } from './fingerprints';
import type { Key, Pairing } from './pairing';

/** Names are believed when at least this share of those that can be checked agrees. */
const HONEST = 0.6;

type Named = (facts: Facts, node: number) => string | undefined;

/** @param alike whether two nodes stand in equal surroundings */
export function matchNames(
  pairing: Pairing,
  fingerprints: Fingerprints,
  alike: (a: number, b: number) => boolean,
): void {
  const { a, b } = pairing;
  const fingerprint: Named = (facts, node) => {
    const ref = facts.weight[node];
    return ref === null || ref === undefined ? undefined : fingerprints.get(ref);
  };
  for (const named of [fingerprint, parameterName, weightName, outputName, nodeName]) {
    const key =
      (facts: Facts): Key =>
      (node) => {
        if (facts.through[node] === 1 || facts.constant[node] === 1) return undefined;
        const name = named(facts, node);
        return name === undefined || name === '' ? undefined : `${facts.family[node] ?? ''} ${name}`;
      };
    const [keyA, keyB] = [key(a), key(b)];
    // Bytes do not lie, and a parameter keeps its path.
    const sure = named === fingerprint || named === parameterName;
    if (!sure && honesty(pairing, keyA, keyB, alike) < HONEST) continue;
    const agrees = (x: number, y: number): boolean => {
      const { yes, no } = pairing.agreement(x, y);
      return no === 0 || yes > no;
    };
    pairing.tieUnique(keyA, keyB, (x, y) => alike(x, y) && agrees(x, y));
    pairing.tieUnique(keyA, keyB, agrees);
    // A quantiser takes an activation into the kernel before it: then the kernels on both sides of it are neighbours.
    if (sure) pairing.tieUnique(keyA, keyB);
  }
}

/** The share of equal names, each used once a side, whose nodes are matched or at least stand in equal surroundings. */
function honesty(
  { a, b, ofA, ofB }: Pairing,
  keyA: Key,
  keyB: Key,
  alike: (a: number, b: number) => boolean,
): number {
  const left = once(a, keyA);
  const right = once(b, keyB);
  let [agree, all] = [0, 0];
  for (const [name, x] of left) {
    const y = right.get(name);
    // Where an operator became another, surroundings say nothing.
    if (x < 0 || y === undefined || y < 0 || a.label[x] !== b.label[y]) continue;
    all++;
    if (ofA[x] === y || (ofA[x] === -1 && ofB[y] === -1 && alike(x, y))) agree++;
  }
  return all === 0 ? 0 : agree / all;
}

function once(facts: Facts, key: Key): Map<number | string, number> {
  const found = new Map<number | string, number>();
  for (let node = 0; node < facts.count; node++) {
    const own = key(node);
    if (own !== undefined) found.set(own, found.has(own) ? -1 : node);
  }
  return found;
}

/** The first weight's name, without what quantisers and the runtime's optimiser add. */
const weightName: Named = (facts, node) =>
  facts.weight[node]?.name.replace(/^Conv\w+Fusion_W_|_(quantized|quantised|int8|uint8|fp16|float16)$/g, '');

/** `blocks.0.mlp.fc_in.weight`: a path with words in it, which no tool counts up. */
const parameterName: Named = (facts, node) => {
  const name = weightName(facts, node);
  return name !== undefined && /[A-Za-z]\w*\.[A-Za-z]/.test(name) ? name : undefined;
};

const outputName: Named = (facts, node) => facts.skeleton.nodes[node]?.outputs[0];

const nodeName: Named = (facts, node) => facts.skeleton.nodes[node]?.name;
