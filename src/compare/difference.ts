/**
 * Two matched models -> what is the same, changed, added and removed, node by node and module by module. Renaming is no
 * change; putting something between two nodes changes neither the node above nor, where its meaning is kept (casts,
 * quantise/dequantise pairs), the node below.
 */
import type { ScopeTree } from '../contract/scopes';
import type { Node, Skeleton, WeightRef } from '../contract/skeleton';
import { fromRaw, toNumbers } from '../tensor/buffers';
import { formatShape } from '../tensor/shape';
import { factsOf, type Facts } from './facts';
import type { Fingerprints } from './fingerprints';
import { attributesOf } from './labels';
import { matchNodes, type Matched } from './match';
import { isCommutative } from './operators';

/** One thing that differs between a node and its counterpart; `a` and `b` are what it was and is. */
export interface Change {
  readonly kind: 'operator' | 'attribute' | 'weight' | 'input';
  /** The attribute's name, or the input's position; '' for the operator. */
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

export interface NodePair {
  /** Ids. */
  readonly a: number;
  readonly b: number;
  /** Empty: the same. */
  readonly changes: readonly Change[];
}

export interface Counts {
  readonly same: number;
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
}

export interface ModuleCounts extends Counts {
  /** Dotted path; '' is the whole model. With all that lies below. */
  readonly path: string;
}

export interface Difference {
  readonly a: Facts;
  readonly b: Facts;
  readonly matched: Matched;
  /** Every pair, by node of A in its file's order. */
  readonly pairs: readonly NodePair[];
  /** Ids of nodes that only B has, and that only A has. */
  readonly added: readonly number[];
  readonly removed: readonly number[];
  readonly counts: Counts;
  /** Modules of either model, A's order first. */
  readonly modules: readonly ModuleCounts[];
}

export interface Side {
  readonly skeleton: Skeleton;
  readonly scopes: ScopeTree;
}

/** The difference of two models. Pure; linear but for the gaps that only an alignment closes. */
export function differenceOf(a: Side, b: Side, fingerprints?: Fingerprints): Difference {
  const factsA = factsOf(a.skeleton, a.scopes);
  const factsB = factsOf(b.skeleton, b.scopes);
  const matched = matchNodes(factsA, factsB, fingerprints);
  const pairs: NodePair[] = [];
  const removed: number[] = [];
  matched.ofA.forEach((y, x) => {
    if (y === -1) removed.push(x);
    else pairs.push({ a: x, b: y, changes: changesOf(factsA, factsB, matched, x, y) });
  });
  const added = [...matched.ofB.keys()].filter((y) => matched.ofB[y] === -1);
  const modules = countModules(factsA, factsB, pairs, added, removed);
  const { same, changed } = modules[0] ?? { same: 0, changed: 0 };
  const counts = { same, changed, added: added.length, removed: removed.length };
  return { a: factsA, b: factsB, matched, pairs, added, removed, counts, modules };
}

function changesOf(a: Facts, b: Facts, matched: Matched, x: number, y: number): Change[] {
  const [left, right] = [a.skeleton.nodes[x], b.skeleton.nodes[y]];
  if (left === undefined || right === undefined) return [];
  const changes: Change[] = [];
  if (left.op !== right.op || left.domain !== right.domain)
    changes.push({ kind: 'operator', name: '', a: operator(left), b: operator(right) });
  changes.push(...attributeChanges(left, right));
  // What lies between a looked-through node and its operand is its neighbours' matter.
  if (a.through[x] === 0) changes.push(...operandChanges(a, b, matched, x, y));
  return changes;
}

function operator({ domain, op }: Node): string {
  return domain === '' || domain === 'ai.onnx' ? op : `${domain}::${op}`;
}

function attributeChanges(left: Node, right: Node): Change[] {
  const changes: Change[] = [];
  const [as, bs] = [new Map(attributesOf(left)), new Map(attributesOf(right))];
  for (const name of new Set([...as.keys(), ...bs.keys()])) {
    const [before, after] = [as.get(name) ?? 'left out', bs.get(name) ?? 'left out'];
    if (before !== after) changes.push({ kind: 'attribute', name, a: before, b: after });
  }
  return changes;
}

function operandChanges(a: Facts, b: Facts, matched: Matched, x: number, y: number): Change[] {
  const changes: Change[] = [];
  const [fromA, fromB] = [a.operandStart[x] ?? 0, b.operandStart[y] ?? 0];
  const countA = (a.operandStart[x + 1] ?? 0) - fromA;
  const countB = (b.operandStart[y + 1] ?? 0) - fromB;
  const swapped = isSwap(a, b, matched, [fromA, countA], [fromB, countB]);
  for (let i = 0; i < Math.max(countA, countB); i++) {
    const at = i < countA ? fromA + i : -1;
    const bt = i < countB ? fromB + i : -1;
    if (at >= 0 && bt >= 0 && sameOperand(a, b, matched, at, bt)) continue;
    if (swapped) continue;
    const [before, after] = [operandText(a, x, at), operandText(b, y, bt)];
    if (before.text === after.text && before.weight && after.weight) continue;
    const kind = before.weight || after.weight ? 'weight' : 'input';
    changes.push({ kind, name: String(i), a: before.text, b: after.text });
  }
  return changes;
}

/** Equal operands in another order, of an operator that does not mind. */
function isSwap(
  a: Facts,
  b: Facts,
  matched: Matched,
  [fromA, countA]: readonly [number, number],
  [fromB, countB]: readonly [number, number],
): boolean {
  if (countA !== 2 || countB !== 2 || !isCommutative(a.family[a.operandOwner[fromA] ?? 0] ?? ''))
    return false;
  return sameOperand(a, b, matched, fromA, fromB + 1) && sameOperand(a, b, matched, fromA + 1, fromB);
}

function sameOperand(a: Facts, b: Facts, { ofA }: Matched, at: number, bt: number): boolean {
  const [x, y] = [a.operandNode[at] ?? -1, b.operandNode[bt] ?? -1];
  const known = (facts: Facts, node: number): boolean => node >= 0 && facts.constant[node] === 0;
  if (known(a, x) !== known(b, y)) return false;
  if (known(a, x)) return ofA[x] === y && a.operandSlot[at] === b.operandSlot[bt];
  return a.operandLabel[at] === b.operandLabel[bt];
}

interface OperandText {
  readonly text: string;
  readonly weight: boolean;
}

function operandText(facts: Facts, owner: number, at: number): OperandText {
  if (at < 0) return { text: 'left out', weight: false };
  const node = facts.skeleton.nodes[facts.operandNode[at] ?? -1];
  if (node !== undefined && node.op !== 'Constant') {
    return { text: `${node.op} ${node.name || (node.outputs[0] ?? '')}`.trim(), weight: false };
  }
  const ref = facts.operandWeight[at];
  if (ref !== null && ref !== undefined) return { text: weightText(ref), weight: true };
  const name = facts.skeleton.nodes[owner]?.inputs[facts.operandInput[at] ?? -1] ?? '';
  return { text: name === '' ? 'left out' : `input ${name}`, weight: false };
}

/** `float32 64×3×3×3`; small integers with their values, for they are shapes and axes. */
function weightText({ dtype, dims, where, count }: WeightRef): string {
  const shape = `${dtype} ${formatShape(dims)}`;
  if (where.kind !== 'inline' || count > MOST_SHOWN) return shape;
  const values = toNumbers(dtype, fromRaw(dtype, where.bytes, count));
  return `${shape} [${Array.from(values, (value) => Number(value.toPrecision(6))).join(', ')}]`;
}

const MOST_SHOWN = 8;

/** Counts of every module and all above it, the whole model first. */
function countModules(
  a: Facts,
  b: Facts,
  pairs: readonly NodePair[],
  added: readonly number[],
  removed: readonly number[],
): ModuleCounts[] {
  const found = new Map<string, { same: number; changed: number; added: number; removed: number }>();
  const count = (path: string, what: keyof Counts): void => {
    for (let at = path; ;) {
      let counts = found.get(at);
      if (counts === undefined) {
        counts = { same: 0, changed: 0, added: 0, removed: 0 };
        found.set(at, counts);
      }
      counts[what]++;
      if (at === '') return;
      at = a.parentModule.get(at) ?? b.parentModule.get(at) ?? '';
    }
  };
  for (const pair of pairs) count(a.module[pair.a] ?? '', pair.changes.length === 0 ? 'same' : 'changed');
  for (const node of removed) count(a.module[node] ?? '', 'removed');
  for (const node of added) count(b.module[node] ?? '', 'added');
  const order = ['', ...a.parentModule.keys(), ...b.parentModule.keys()];
  return [...new Set(order)].flatMap((path) => {
    const counts = found.get(path);
    return counts === undefined ? [] : [{ path, ...counts }];
  });
}
