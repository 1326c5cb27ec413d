/**
 * Which node of one model is which of another, without being told. In this order: what is computed alike from the
 * inputs, or leads alike to the outputs; weights' bytes and names, where names prove honest; surroundings; then the
 * neighbours of all of these; then the sequence of what is left. Each step makes pairs only where it is in no doubt.
 */
import { alignGaps } from './align';
import { downstream, surroundings, upstream } from './colours';
import type { Facts } from './facts';
import type { Fingerprints } from './fingerprints';
import { Mixer } from './mixer';
import { matchNames } from './names';
import { Pairing, type Key } from './pairing';
import { matchThrough } from './throughs';

const mixer = new Mixer();

export interface Matched {
  /** By node of A: its counterpart in B, or -1. */
  readonly ofA: Int32Array;
  readonly ofB: Int32Array;
}

/** Matches all nodes. `fingerprints` may be left out; with it, renamed copies of one block are told apart. */
export function matchNodes(a: Facts, b: Facts, fingerprints: Fingerprints = new Map()): Matched {
  const pairing = new Pairing(a, b);
  const [upA, upB] = [upstream(a), upstream(b)];
  const [downA, downB] = [downstream(a), downstream(b)];
  const [near, wide] = [1, 3].map((radius) => new Columns(surroundings(a, radius), surroundings(b, radius)));
  if (near === undefined || wide === undefined) return pairing;
  const unopposed = (x: number, y: number): boolean => pairing.agreement(x, y).no === 0;
  const tie = (columns: Columns): void => {
    pairing.tieUnique(columns.key(a, columns.a), columns.key(b, columns.b), unopposed);
  };
  tie(new Columns(joined(upA, downA), joined(upB, downB)));
  matchNames(pairing, fingerprints, (x, y) => near.equal(x, y));
  tie(new Columns(upA, upB));
  tie(new Columns(downA, downB));
  pairing.spread((x, y) => near.equal(x, y) && unopposed(x, y));

  const wanted = (side: 0 | 1, node: number): boolean => isOwn(side === 0 ? a : b, node);
  for (const loose of [false, true]) {
    const like = (x: number, y: number): number => likeness(pairing, x, y, loose, near, wide);
    for (const anchored of [true, false]) {
      alignGaps(pairing, like, wanted, anchored);
      pairing.spread(unopposed);
    }
  }
  matchThrough(pairing);
  matchLeft(pairing);
  return pairing;
}

/** Constants and casts that nothing reads have no place to be told by: their label and name must do. */
function matchLeft(pairing: Pairing): void {
  const { a, b } = pairing;
  const key =
    (facts: Facts, named: boolean): Key =>
    (node) => {
      if (isOwn(facts, node)) return undefined;
      const name = named ? (facts.skeleton.nodes[node]?.outputs[0] ?? '') : '';
      return `${String(facts.label[node])} ${name}`;
    };
  for (const named of [true, false]) pairing.tieUnique(key(a, named), key(b, named));
}

/** A hash by node, of either side. */
class Columns {
  constructor(
    readonly a: Float64Array,
    readonly b: Float64Array,
  ) {}

  equal(x: number, y: number): boolean {
    return this.a[x] === this.b[y];
  }

  key(facts: Facts, column: Float64Array): Key {
    return (node) => (isOwn(facts, node) ? column[node] : undefined);
  }
}

/** False for what is looked through, and for weights that are nodes. */
function isOwn({ through, constant }: Facts, node: number): boolean {
  return through[node] === 0 && constant[node] === 0;
}

function joined(up: Float64Array, down: Float64Array): Float64Array {
  return up.map(
    (hash, node) =>
      mixer
        .start(11)
        .hash(hash)
        .hash(down[node] ?? 0).value,
  );
}

/** What speaks for a pair in an alignment; 0 where it cannot be one. `loose`: relatives of an operator will do. */
function likeness(
  pairing: Pairing,
  x: number,
  y: number,
  loose: boolean,
  near: Columns,
  wide: Columns,
): number {
  const { a, b } = pairing;
  const same = a.label[x] === b.label[y];
  if (!same && (!loose || a.family[x] !== b.family[y])) return 0;
  const { yes, no } = pairing.agreement(x, y);
  if (no > yes && (!loose || yes === 0)) return 0;
  const place = a.module[x] === b.module[y] ? 1 : 0;
  const [left, right] = [a.weight[x], b.weight[y]];
  const shape = left && right && String(left.dims) === String(right.dims) ? 1 : 0;
  const around = (wide.equal(x, y) ? 2 : 0) + (near.equal(x, y) ? 1 : 0);
  return Math.max(0.5, (same ? 4 : 1) + 2 * yes - no + place + shape + around);
}
