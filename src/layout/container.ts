/**
 * One open scope as a graph of its own: its boxes (nodes and child scopes) and its nets. A net is one tensor: where it
 * comes from in this scope and every place it goes, so that a tensor is drawn once however many read it. Values that
 * come from outside enter at the top border, values that are read outside leave at the bottom border.
 */
import { groupBy, i32, IntList, type Groups } from './arrays';
import type { EdgeTable } from './plumbing';
import type { ScopeTree } from './scopeTree';

/** The drawn graph, ready to be cut into containers. */
export interface DrawnGraph {
  readonly tree: ScopeTree;
  readonly edges: EdgeTable;
  /** Edge rows by consumer and by producer. */
  readonly into: Groups;
  readonly outOf: Groups;
}

/** Items are numbered boxes first, then entries, then exits (dummies follow once there are ranks). */
export interface Container {
  readonly scope: number;
  readonly boxes: number;
  /** A node row, or -1 - scope row. */
  readonly ref: Int32Array;
  readonly entries: number;
  readonly exits: number;
  /** Value row of each entry and of each exit. */
  readonly entryValue: Int32Array;
  readonly exitValue: Int32Array;
  readonly nets: number;
  readonly netValue: Int32Array;
  /** Item the tensor comes from: a box or an entry. */
  readonly netSource: Int32Array;
  /** Items it goes to: `targets[targetStart[n]] …`, boxes and exits, each once. */
  readonly targetStart: Int32Array;
  readonly targets: Int32Array;
  /** Per target: how many edges of the model it stands for. */
  readonly uses: Int32Array;
}

export function drawnGraph(tree: ScopeTree, edges: EdgeTable, nodes: number): DrawnGraph {
  return {
    tree,
    edges,
    into: groupBy(edges.to, edges.count, nodes),
    outOf: groupBy(edges.from, edges.count, nodes),
  };
}

/** Scratch columns shared by all containers of one graph, so that cutting one costs only its own size. */
export class Cutter {
  readonly #boxAt: Int32Array;
  readonly #netOf: Int32Array;

  constructor(
    private readonly graph: DrawnGraph,
    values: number,
  ) {
    this.#boxAt = new Int32Array(graph.tree.sequence.length);
    this.#netOf = new Int32Array(values).fill(-1);
  }

  /** The container of a scope: linear in the nodes below it and their edges. */
  cut(scope: number): Container {
    const { tree, edges, into, outOf } = this.graph;
    const begin = i32(tree.first, scope);
    const end = i32(tree.last, scope);
    const ref = tree.kids.slice(i32(tree.kidStart, scope), i32(tree.kidStart, scope + 1));
    ref.forEach((kid, box) => {
      if (kid >= 0) this.#boxAt[i32(tree.position, kid)] = box;
      else this.#boxAt.fill(box, i32(tree.first, -1 - kid), i32(tree.last, -1 - kid));
    });

    const netValue = new IntList();
    const netSource = new IntList();
    const linkNet = new IntList();
    const linkTarget = new IntList();
    const entryValue = new IntList();
    const exitValue = new IntList();
    const exitOf = new Map<number, number>();
    const enter = -1;
    const netFor = (value: number, source: number): number => {
      const known = i32(this.#netOf, value);
      if (known >= 0) return known;
      const net = netValue.length;
      this.#netOf[value] = net;
      netValue.push(value);
      netSource.push(source);
      return net;
    };
    for (let at = begin; at < end; at++) {
      const node = i32(tree.sequence, at);
      const box = i32(this.#boxAt, at);
      for (let k = i32(into.start, node); k < i32(into.start, node + 1); k++) {
        const row = i32(into.rows, k);
        const source = i32(tree.position, i32(edges.from, row));
        if (source >= begin && source < end) continue;
        linkNet.push(netFor(i32(edges.value, row), enter));
        linkTarget.push(box);
      }
      for (let k = i32(outOf.start, node); k < i32(outOf.start, node + 1); k++) {
        const row = i32(outOf.rows, k);
        const value = i32(edges.value, row);
        const target = i32(tree.position, i32(edges.to, row));
        const inside = target >= begin && target < end;
        if (inside && i32(this.#boxAt, target) === box) continue;
        linkNet.push(netFor(value, box));
        if (inside) linkTarget.push(i32(this.#boxAt, target));
        else {
          let exit = exitOf.get(value);
          if (exit === undefined) {
            exit = exitValue.length;
            exitOf.set(value, exit);
            exitValue.push(value);
          }
          linkTarget.push(-1 - exit);
        }
      }
    }
    const sources = netSource.toArray();
    for (let net = 0; net < sources.length; net++) {
      this.#netOf[netValue.at(net)] = -1;
      if (i32(sources, net) !== enter) continue;
      sources[net] = ref.length + entryValue.length;
      entryValue.push(netValue.at(net));
    }
    const exitBase = ref.length + entryValue.length;
    const byNet = groupBy(linkNet.toArray(), linkNet.length, sources.length);
    const items = exitBase + exitValue.length;
    const stamp = new Int32Array(items).fill(-1);
    const rowOf = new Int32Array(items);
    const uses = new IntList(linkNet.length);
    const targets = new IntList(linkNet.length);
    const targetStart = new Int32Array(sources.length + 1);
    for (let net = 0; net < sources.length; net++) {
      targetStart[net] = targets.length;
      for (let k = i32(byNet.start, net); k < i32(byNet.start, net + 1); k++) {
        const raw = linkTarget.at(i32(byNet.rows, k));
        const item = raw < 0 ? exitBase - 1 - raw : raw;
        if (i32(stamp, item) === net) {
          uses.set(i32(rowOf, item), uses.at(i32(rowOf, item)) + 1);
          continue;
        }
        stamp[item] = net;
        rowOf[item] = targets.length;
        targets.push(item);
        uses.push(1);
      }
    }
    targetStart[sources.length] = targets.length;
    return {
      scope,
      boxes: ref.length,
      ref,
      entries: entryValue.length,
      exits: exitValue.length,
      entryValue: entryValue.toArray(),
      exitValue: exitValue.toArray(),
      nets: sources.length,
      netValue: netValue.toArray(),
      netSource: sources,
      targetStart,
      targets: targets.toArray(),
      uses: uses.toArray(),
    };
  }
}
