/**
 * Folding runs of equal sibling scopes into one box with a count.
 * One member of each run is drawn; whatever touches another member is redirected to the node in the same place of the
 * drawn one, and what runs from member to member is left out.
 */
import { NodeKind, type GraphModel } from '../contract/graphModel';
import { f64, groupBy, i32, IntList, u8, type Groups } from './arrays';
import type { EdgeTable, Folding } from './plumbing';
import type { ScopeTree } from './scopeTree';

const operator: number = NodeKind.Operator;

/** Fewer equal blocks than this are drawn one by one. */
export const fewestRepeats = 3;

export interface Repeats extends Folding {
  /** Per scope: how many scopes its box stands for (1 when not folded). */
  readonly repeat: Int32Array;
  /** Per scope: the first scope of the run it belongs to, or -1. */
  readonly runOf: Int32Array;
  /** Per scope: the scope drawn in its place, itself where it is not folded. */
  readonly drawnAs: Int32Array;
  /** Members of each run, by its first scope, in file order. */
  readonly members: ReadonlyMap<number, readonly number[]>;
}

interface Run {
  readonly members: readonly number[];
  readonly shown: number;
}

export function foldRepeats(
  model: GraphModel,
  tree: ScopeTree,
  folding: Folding,
  shown: ReadonlyMap<number, number> = new Map(),
): Repeats {
  const { nodes, scopes } = model;
  const repeat = new Int32Array(scopes.count).fill(1);
  const runOf = new Int32Array(scopes.count).fill(-1);
  const drawnAs = Int32Array.from({ length: scopes.count }, (_unused, scope) => scope);
  const levels = findRuns(tree, new Likeness(model, tree, folding.edges), shown);
  const hidden = folding.hidden.slice();
  const project = Int32Array.from({ length: nodes.count }, (_unused, node) => node);
  let edges = folding.edges;
  const members = new Map<number, readonly number[]>();
  for (const runs of levels) {
    const run = new Int32Array(nodes.count).fill(-1);
    const member = new Int32Array(nodes.count);
    runs.forEach((one, index) => {
      const first = one.members[0] as number;
      members.set(first, one.members);
      const kept = one.members[one.shown] as number;
      repeat[kept] = one.members.length;
      const target = nodesOf(tree, kept);
      one.members.forEach((scope, m) => {
        runOf[scope] = first;
        drawnAs[scope] = kept;
        nodesOf(tree, scope).forEach((node, place) => {
          run[node] = index;
          member[node] = m;
          if (m === one.shown) return;
          hidden[node] = 1;
          project[node] = i32(target, place);
        });
      });
    });
    edges = redirect(model, edges, runs, run, member, project, hidden);
  }
  return { hidden, edges, repeat, runOf, drawnAs, members };
}

/** Runs by depth: those inside a member that is not shown are left out. */
function findRuns(tree: ScopeTree, likeness: Likeness, shown: ReadonlyMap<number, number>): Run[][] {
  const levels: Run[][] = [];
  const stack: { scope: number; level: number }[] = [{ scope: 0, level: 0 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { scope, level } = entry;
    const children: number[] = [];
    for (let k = i32(tree.kidStart, scope); k < i32(tree.kidStart, scope + 1); k++) {
      const kid = i32(tree.kids, k);
      if (kid < 0) children.push(-1 - kid);
    }
    let from = 0;
    while (from < children.length) {
      const head = children[from] as number;
      let end = from + 1;
      while (
        end < children.length &&
        likeness.alike(head, children[end] as number) &&
        likeness.feeds(children[end - 1] as number, children[end] as number)
      ) {
        end++;
      }
      if (end - from >= fewestRepeats) {
        const members = children.slice(from, end);
        const wanted = Math.max(0, Math.min(members.length - 1, shown.get(head) ?? 0));
        (levels[level] ??= []).push({ members, shown: wanted });
        stack.push({ scope: members[wanted] as number, level: level + 1 });
      } else {
        for (let c = from; c < end; c++) stack.push({ scope: children[c] as number, level: level + 1 });
      }
      from = end;
    }
  }
  for (let level = 0; level < levels.length; level++) levels[level] ??= [];
  return levels;
}

/**
 * Equal as drawn: the same operators in the same order with weights of the same size, wired alike inside. What plumbing
 * folding hides does not count, so a first block that also computes shapes for the others is still one of them.
 */
class Likeness {
  readonly #marks = new Map<number, string>();
  readonly #outOf: Groups;

  constructor(
    private readonly model: GraphModel,
    private readonly tree: ScopeTree,
    private readonly edges: EdgeTable,
  ) {
    this.#outOf = groupBy(edges.from, edges.count, model.nodes.count);
  }

  alike(a: number, b: number): boolean {
    const { tree, model } = this;
    const size = (scope: number): number => i32(tree.last, scope) - i32(tree.first, scope);
    if (size(a) !== size(b) || size(a) < 2) return false;
    const { signature, className } = model.scopes;
    const sameClass = i32(className, a) >= 0 && i32(className, a) === i32(className, b);
    const sameSignature = i32(signature, a) >= 0 && i32(signature, a) === i32(signature, b);
    return (sameClass || sameSignature) && this.#mark(a) === this.#mark(b);
  }

  /** Does something made in `a` go straight into `b`? Equal siblings that stand side by side are no repeats. */
  feeds(a: number, b: number): boolean {
    const { tree, edges } = this;
    for (let at = i32(tree.first, a); at < i32(tree.last, a); at++) {
      const node = i32(tree.sequence, at);
      for (let k = i32(this.#outOf.start, node); k < i32(this.#outOf.start, node + 1); k++) {
        const to = i32(tree.position, i32(edges.to, i32(this.#outOf.rows, k)));
        if (to >= i32(tree.first, b) && to < i32(tree.last, b)) return true;
      }
    }
    return false;
  }

  #mark(scope: number): string {
    const known = this.#marks.get(scope);
    if (known !== undefined) return known;
    const { model, tree, edges } = this;
    const nodes = nodesOf(tree, scope);
    const local = new Map<number, number>();
    nodes.forEach((node, index) => local.set(node, index));
    const parts: (number | string)[] = [];
    for (const node of nodes) {
      parts.push(i32(model.nodes.op, node), f64(model.nodes.weightBytes, node));
      for (let k = i32(this.#outOf.start, node); k < i32(this.#outOf.start, node + 1); k++) {
        const to = local.get(i32(edges.to, i32(this.#outOf.rows, k)));
        if (to !== undefined) parts.push('>', to);
      }
    }
    const mark = parts.join(',');
    this.#marks.set(scope, mark);
    return mark;
  }
}

/** A scope's nodes, in file order. */
function nodesOf(tree: ScopeTree, scope: number): Int32Array {
  return tree.sequence.slice(i32(tree.first, scope), i32(tree.last, scope)).sort();
}

function redirect(
  model: GraphModel,
  edges: EdgeTable,
  runs: readonly Run[],
  run: Int32Array,
  member: Int32Array,
  project: Int32Array,
  hidden: Uint8Array,
): EdgeTable {
  const { nodes } = model;
  const isHiddenMember = (node: number): boolean => {
    const index = i32(run, node);
    return index >= 0 && i32(member, node) !== (runs[index]?.shown ?? 0);
  };
  const terminal = (node: number): boolean => u8(nodes.kind, node) !== operator;
  // A graph input that feeds only members that are not drawn stands for nothing in this picture.
  const touched = new Uint8Array(nodes.count);
  const wanted = new Uint8Array(nodes.count);
  for (let row = 0; row < edges.count; row++) {
    const from = i32(edges.from, row);
    const to = i32(edges.to, row);
    touched[from] = 1;
    touched[to] = 1;
    if (!isHiddenMember(to)) wanted[from] = 1;
    if (!isHiddenMember(from)) wanted[to] = 1;
  }
  const keepsResult = lastResults(edges, run, isHiddenMember, terminal, wanted);
  for (let node = 0; node < nodes.count; node++) {
    if (terminal(node) && u8(touched, node) === 1 && u8(wanted, node) === 0 && !keepsResult.has(node))
      hidden[node] = 1;
  }
  const slots = valueSlots(model);
  const from = new IntList(edges.count);
  const to = new IntList(edges.count);
  const value = new IntList(edges.count);
  const seen = new Set<number>();
  for (let row = 0; row < edges.count; row++) {
    const u = i32(edges.from, row);
    const v = i32(edges.to, row);
    const sameRun = i32(run, u) >= 0 && i32(run, u) === i32(run, v);
    if (sameRun && i32(member, u) !== i32(member, v)) continue;
    if (sameRun && isHiddenMember(u)) continue;
    if (u8(hidden, u) === 1 && !isHiddenMember(u)) continue;
    if (u8(hidden, v) === 1 && !isHiddenMember(v)) continue;
    const pu = i32(project, u);
    const pv = i32(project, v);
    const projected = slots.counterpart(i32(edges.value, row), u, pu);
    const key = (projected * nodes.count + pv) * 2 + (pu === u ? 0 : 1);
    if (pu !== u || pv !== v) {
      if (seen.has(key)) continue;
      seen.add(key);
    }
    from.push(pu);
    to.push(pv);
    value.push(projected);
  }
  return { count: from.length, from: from.toArray(), to: to.toArray(), value: value.toArray() };
}

/** Graph outputs read off the last member alone are results of the run, not of one repeat: they stay. */
function lastResults(
  edges: EdgeTable,
  run: Int32Array,
  isHiddenMember: (node: number) => boolean,
  terminal: (node: number) => boolean,
  wanted: Uint8Array,
): Set<number> {
  const perRun = new Map<number, Set<number>>();
  for (let row = 0; row < edges.count; row++) {
    const u = i32(edges.from, row);
    const v = i32(edges.to, row);
    if (!isHiddenMember(u) || !terminal(v) || u8(wanted, v) === 1) continue;
    const set = perRun.get(i32(run, u)) ?? new Set<number>();
    set.add(v);
    perRun.set(i32(run, u), set);
  }
  const kept = new Set<number>();
  for (const set of perRun.values()) {
    if (set.size === 1) for (const node of set) kept.add(node);
  }
  return kept;
}

function valueSlots(model: GraphModel): { counterpart(value: number, from: number, to: number): number } {
  const { values, nodes } = model;
  const byProducer = groupBy(values.producer, values.count, nodes.count);
  const slot = new Int32Array(values.count);
  for (let node = 0; node < nodes.count; node++) {
    for (let k = i32(byProducer.start, node); k < i32(byProducer.start, node + 1); k++) {
      slot[i32(byProducer.rows, k)] = k - i32(byProducer.start, node);
    }
  }
  return {
    counterpart: (value, from, to) => {
      if (from === to) return value;
      const at = i32(byProducer.start, to) + i32(slot, value);
      return at < i32(byProducer.start, to + 1) ? i32(byProducer.rows, at) : value;
    },
  };
}
