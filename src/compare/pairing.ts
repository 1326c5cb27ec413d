/**
 * Pairs of nodes of two models while they are being found: who is matched with whom, what keys are unique on both
 * sides, and what the neighbours of a pair say of each other. A pair once made stays.
 */
import type { Facts } from './facts';
import { isCommutative } from './operators';
import { Mixer } from './mixer';

const mixer = new Mixer();

/** A key of a node, or undefined where there is none. Keys of both sides are compared. */
export type Key = (node: number) => number | string | undefined;

export class Pairing {
  /** By node of A: its counterpart in B, or -1; and the other way round. */
  readonly ofA: Int32Array;
  readonly ofB: Int32Array;
  /** Pairs whose neighbours have not been looked at yet, by node of A. */
  readonly #fresh: number[] = [];
  #count = 0;

  constructor(
    readonly a: Facts,
    readonly b: Facts,
  ) {
    this.ofA = new Int32Array(a.count).fill(-1);
    this.ofB = new Int32Array(b.count).fill(-1);
  }

  get count(): number {
    return this.#count;
  }

  tie(a: number, b: number): boolean {
    if (this.ofA[a] !== -1 || this.ofB[b] !== -1) return false;
    this.ofA[a] = b;
    this.ofB[b] = a;
    this.#count++;
    this.#fresh.push(a);
    return true;
  }

  /** Ties nodes whose key occurs once among the unmatched of each side; `accept` may refuse. */
  tieUnique(keyA: Key, keyB: Key, accept: (a: number, b: number) => boolean = () => true): void {
    const left = uniqueKeys(this.a, this.ofA, keyA);
    const right = uniqueKeys(this.b, this.ofB, keyB);
    for (const [key, a] of left) {
      const b = right.get(key);
      if (a >= 0 && b !== undefined && b >= 0 && accept(a, b)) this.tie(a, b);
    }
  }

  /**
   * Goes from every pair to its neighbours, and on from those, until nothing more follows: the only one of its label in
   * the same place on both sides is a pair where `accept` agrees.
   */
  spread(accept: (a: number, b: number) => boolean): void {
    for (let before = -1; before !== this.#count;) {
      before = this.#count;
      this.#fresh.length = 0;
      for (let a = this.a.count - 1; a >= 0; a--) if (this.ofA[a] !== -1) this.#fresh.push(a);
      for (let a = this.#fresh.pop(); a !== undefined; a = this.#fresh.pop()) {
        const b = this.ofA[a] ?? -1;
        this.#tieGroups(this.#operands(this.a, a, this.ofA), this.#operands(this.b, b, this.ofB), accept);
        this.#tieGroups(this.#users(this.a, a, this.ofA), this.#users(this.b, b, this.ofB), accept);
      }
    }
  }

  /** How many neighbours of two nodes are matched with each other, and how many with somebody else. */
  agreement(a: number, b: number): { readonly yes: number; readonly no: number } {
    let [yes, no] = [0, 0];
    const near = new Set<number>();
    eachNeighbour(this.b, b, (node, side) => near.add(node * 2 + side));
    eachNeighbour(this.a, a, (node, side) => {
      const other = this.ofA[node] ?? -1;
      if (other === -1) return;
      if (near.has(other * 2 + side)) yes++;
      else no++;
    });
    return { yes, no };
  }

  #tieGroups(
    left: ReadonlyMap<number, readonly number[]>,
    right: ReadonlyMap<number, readonly number[]>,
    accept: (a: number, b: number) => boolean,
  ): void {
    for (const [key, as] of left) {
      const bs = right.get(key);
      const [a, b] = [as[0], bs?.[0]];
      if (as.length !== 1 || bs?.length !== 1 || a === undefined || b === undefined) continue;
      if (accept(a, b)) this.tie(a, b);
    }
  }

  /** Unmatched producers of a node's operands, by position and label. */
  #operands(facts: Facts, node: number, matched: Int32Array): Map<number, number[]> {
    const groups = new Map<number, number[]>();
    const anywhere = isCommutative(facts.family[node] ?? '');
    const to = facts.operandStart[node + 1] ?? 0;
    for (let at = facts.operandStart[node] ?? 0; at < to; at++) {
      const producer = facts.operandNode[at] ?? -1;
      if (producer < 0 || matched[producer] !== -1) continue;
      mixer
        .start(9)
        .hash(facts.label[producer] ?? 0)
        .int(anywhere ? 0 : (facts.operandPort[at] ?? 0));
      put(groups, mixer.int(facts.operandSlot[at] ?? 0).value, producer);
    }
    return groups;
  }

  /** Unmatched users of a node's outputs, by the position they read it at, label and weights. */
  #users(facts: Facts, node: number, matched: Int32Array): Map<number, number[]> {
    const groups = new Map<number, number[]>();
    const to = facts.userStart[node + 1] ?? 0;
    for (let at = facts.userStart[node] ?? 0; at < to; at++) {
      const operand = facts.userOperand[at] ?? 0;
      const user = facts.operandOwner[operand] ?? 0;
      if (matched[user] !== -1 || facts.through[user] === 1) continue;
      const anywhere = isCommutative(facts.family[user] ?? '');
      mixer
        .start(10)
        .hash(facts.label[user] ?? 0)
        .int(anywhere ? 0 : (facts.operandPort[operand] ?? 0));
      mixer.int(facts.operandSlot[operand] ?? 0);
      // A weight beside it tells equal operators apart.
      const end = facts.operandStart[user + 1] ?? 0;
      for (let own = facts.operandStart[user] ?? 0; own < end; own++) {
        if (facts.operandNode[own] === -1) mixer.hash(facts.operandLabel[own] ?? 0);
      }
      put(groups, mixer.value, user);
    }
    return groups;
  }
}

function put(groups: Map<number, number[]>, key: number, node: number): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [node]);
  else if (!group.includes(node)) group.push(node);
}

/** Unmatched nodes by key; -2 where several share it. */
function uniqueKeys(facts: Facts, matched: Int32Array, key: Key): Map<number | string, number> {
  const found = new Map<number | string, number>();
  for (let node = 0; node < facts.count; node++) {
    if (matched[node] !== -1) continue;
    const own = key(node);
    if (own !== undefined) found.set(own, found.has(own) ? -2 : node);
  }
  return found;
}

/** Producers of a node's operands (side 0) and users of its outputs (side 1). */
function eachNeighbour(facts: Facts, node: number, visit: (node: number, side: 0 | 1) => void): void {
  const to = facts.operandStart[node + 1] ?? 0;
  for (let at = facts.operandStart[node] ?? 0; at < to; at++) {
    const producer = facts.operandNode[at] ?? -1;
    if (producer >= 0 && facts.constant[producer] === 0) visit(producer, 0);
  }
  const end = facts.userStart[node + 1] ?? 0;
  for (let at = facts.userStart[node] ?? 0; at < end; at++) {
    const user = facts.operandOwner[facts.userOperand[at] ?? 0] ?? 0;
    if (facts.through[user] === 0) visit(user, 1);
  }
}
