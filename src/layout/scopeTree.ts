/**
 * The scope tree as the layout walks it: which nodes are drawn in which scope, in file order, each scope's nodes as one
 * contiguous range. Scopes of a single node are dissolved: the node stands for the module.
 */
import type { GraphModel } from '../contract/graphModel';
import { groupBy, i32, u8 } from './arrays';

export interface ScopeTree {
  /** Per node: the scope it is drawn in, or -1 when hidden. */
  readonly home: Int32Array;
  /** Per node: the dissolved scope it stands for, or -1. */
  readonly stands: Int32Array;
  /** Visible nodes, depth first by scope. */
  readonly sequence: Int32Array;
  /** Per node: its index in `sequence`, or -1. */
  readonly position: Int32Array;
  /** Per scope: the range of `sequence` that lies in it and below. Empty ranges are scopes not drawn. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** Children of scope s in file order: `kids[kidStart[s]] …`; a node row, or -1 - scope row. */
  readonly kidStart: Int32Array;
  readonly kids: Int32Array;
}

/** Builds the tree over the nodes that `hidden` leaves. Linear but for sorting each scope's children. */
export function scopeTree(model: GraphModel, hidden: Uint8Array): ScopeTree {
  const { nodes, scopes, strings } = model;
  const size = new Int32Array(scopes.count);
  const earliest = new Int32Array(scopes.count).fill(nodes.count);
  for (let node = nodes.count - 1; node >= 0; node--) {
    if (u8(hidden, node) === 1) continue;
    const scope = i32(nodes.scope, node);
    size[scope] = i32(size, scope) + 1;
    earliest[scope] = node;
  }
  for (let scope = scopes.count - 1; scope > 0; scope--) {
    const parent = i32(scopes.parent, scope);
    size[parent] = i32(size, parent) + i32(size, scope);
    earliest[parent] = Math.min(i32(earliest, parent), i32(earliest, scope));
  }
  const dissolves = (scope: number): boolean => {
    const kind = strings[i32(scopes.kind, scope)] ?? '';
    return scope > 0 && i32(size, scope) === 1 && kind !== 'body' && kind !== 'function';
  };

  const home = new Int32Array(nodes.count).fill(-1);
  const stands = new Int32Array(nodes.count).fill(-1);
  for (let node = 0; node < nodes.count; node++) {
    if (u8(hidden, node) === 1) continue;
    let scope = i32(nodes.scope, node);
    while (dissolves(scope)) {
      stands[node] = scope;
      scope = i32(scopes.parent, scope);
    }
    home[node] = scope;
  }

  const own = groupBy(home, nodes.count, scopes.count);
  const parentOfDrawn = new Int32Array(scopes.count).fill(-1);
  for (let scope = 1; scope < scopes.count; scope++) {
    if (i32(size, scope) > 0 && !dissolves(scope)) parentOfDrawn[scope] = i32(scopes.parent, scope);
  }
  const below = groupBy(parentOfDrawn, scopes.count, scopes.count);
  const kidStart = new Int32Array(scopes.count + 1);
  const kids = new Int32Array(own.rows.length + below.rows.length);
  let filled = 0;
  for (let scope = 0; scope < scopes.count; scope++) {
    kidStart[scope] = filled;
    filled = mergeKids(scope, own, below, earliest, kids, filled);
  }
  kidStart[scopes.count] = filled;
  return { home, stands, kidStart, kids, ...walk(model, kidStart, kids) };
}

/** Writes a scope's own nodes and child scopes, by the row of their first node. */
function mergeKids(
  scope: number,
  own: { start: Int32Array; rows: Int32Array },
  below: { start: Int32Array; rows: Int32Array },
  earliest: Int32Array,
  kids: Int32Array,
  at: number,
): number {
  const children = below.rows.slice(i32(below.start, scope), i32(below.start, scope + 1));
  children.sort((a, b) => i32(earliest, a) - i32(earliest, b));
  let node = i32(own.start, scope);
  const nodeEnd = i32(own.start, scope + 1);
  let child = 0;
  let filled = at;
  while (node < nodeEnd || child < children.length) {
    const nextChild = child < children.length ? i32(children, child) : -1;
    if (nextChild < 0 || (node < nodeEnd && i32(own.rows, node) < i32(earliest, nextChild))) {
      kids[filled++] = i32(own.rows, node++);
    } else {
      kids[filled++] = -1 - nextChild;
      child++;
    }
  }
  return filled;
}

function walk(
  model: GraphModel,
  kidStart: Int32Array,
  kids: Int32Array,
): Pick<ScopeTree, 'sequence' | 'position' | 'first' | 'last'> {
  const { nodes, scopes } = model;
  const sequence = new Int32Array(kids.length);
  const position = new Int32Array(nodes.count).fill(-1);
  const first = new Int32Array(scopes.count);
  const last = new Int32Array(scopes.count);
  const next = kidStart.slice(0, scopes.count);
  const stack: number[] = [0];
  let placed = 0;
  while (stack.length > 0) {
    const scope = stack[stack.length - 1] as number;
    const at = i32(next, scope);
    if (at === i32(kidStart, scope)) first[scope] = placed;
    if (at === i32(kidStart, scope + 1)) {
      last[scope] = placed;
      stack.pop();
      continue;
    }
    next[scope] = at + 1;
    const kid = i32(kids, at);
    if (kid < 0) {
      const child = -1 - kid;
      first[child] = placed;
      stack.push(child);
      continue;
    }
    position[kid] = placed;
    sequence[placed++] = kid;
  }
  return { sequence: sequence.slice(0, placed), position, first, last };
}
