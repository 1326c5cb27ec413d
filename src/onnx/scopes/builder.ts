/**
 * The scope tree while it is being built: scopes by parent and name, nodes assigned one by one. `finish` numbers what is
 * used, parents before children, children in the order of their first node.
 */
import type { Scope, ScopeEvidence, ScopeKind, ScopeTree } from '../../contract/scopes';
import type { Skeleton } from '../../contract/skeleton';
import type { Building } from '../decoding';
import type { Wiring } from '../wiring';
import { countParameters } from './parameters';
import { signScopes } from './signatures';

interface Draft {
  readonly parent: number;
  readonly depth: number;
  readonly name: string;
  readonly kind: ScopeKind;
  readonly evidence: ScopeEvidence;
  className: string | null;
}

/** Deeper scopes are hung up at this depth. */
const MAX_DEPTH = 96;

export class ScopeBuilder {
  readonly #skeleton: Skeleton;
  readonly #drafts: Draft[] = [
    { parent: -1, depth: 0, name: '', kind: 'root', evidence: 'none', className: null },
  ];
  readonly #children = new Map<number, Map<string, number>>();
  /** Draft per node id; -1 where not assigned yet. */
  readonly scopeOf: Int32Array;
  /** 1 where the scope was taken from the node's neighbours. */
  readonly guessed: Uint8Array;

  constructor(
    skeleton: Skeleton,
    private readonly wiring: Wiring,
  ) {
    this.#skeleton = skeleton;
    this.scopeOf = new Int32Array(skeleton.nodes.length).fill(-1);
    this.guessed = new Uint8Array(skeleton.nodes.length);
  }

  /** The scope `name` in `parent`, made on first use. */
  child(
    parent: number,
    name: string,
    kind: ScopeKind,
    evidence: ScopeEvidence,
    className: string | null = null,
  ): number {
    const depth = this.depth(parent) + 1;
    if (depth > MAX_DEPTH) return parent;
    let siblings = this.#children.get(parent);
    if (siblings === undefined) this.#children.set(parent, (siblings = new Map<string, number>()));
    const known = siblings.get(name);
    if (known !== undefined) {
      const draft = this.#drafts[known];
      if (draft !== undefined) draft.className ??= className;
      return known;
    }
    const id = this.#drafts.length;
    this.#drafts.push({ parent, depth, name, kind, evidence, className });
    siblings.set(name, id);
    return id;
  }

  /** The scope `name` in `parent`, if there is one. */
  maybeChild(parent: number, name: string): number | undefined {
    return this.#children.get(parent)?.get(name);
  }

  /** A scope of its own, whatever its siblings are called. */
  fresh(
    parent: number,
    name: string,
    kind: ScopeKind,
    evidence: ScopeEvidence,
    className: string | null = null,
  ): number {
    const siblings = this.#children.get(parent);
    let free = name;
    for (let i = 1; siblings?.has(free) === true; i++) free = `${name}@${i}`;
    return this.child(parent, free, kind, evidence, className);
  }

  setRootClass(className: string): void {
    const [root] = this.#drafts;
    if (root !== undefined) root.className ??= className;
  }

  parent(scope: number): number {
    return this.#drafts[scope]?.parent ?? -1;
  }

  depth(scope: number): number {
    return this.#drafts[scope]?.depth ?? 0;
  }

  get count(): number {
    return this.#drafts.length;
  }

  draft(scope: number): Readonly<Draft> {
    return (
      this.#drafts[scope] ?? {
        parent: -1,
        depth: 0,
        name: '',
        kind: 'root',
        evidence: 'none',
        className: null,
      }
    );
  }

  /** Innermost scope that holds both; -1 stands for nothing known. */
  common(a: number, b: number): number {
    if (a < 0) return b;
    if (b < 0) return a;
    while (a !== b) {
      if (this.depth(a) >= this.depth(b)) a = this.parent(a);
      else b = this.parent(b);
    }
    return a;
  }

  finish(): ScopeTree {
    const { nodes } = this.#skeleton;
    const number = new Map<number, number>();
    const order: number[] = [];
    const firstNode = this.#firstNodes();
    const kids = new Map<number, number[]>();
    for (let id = 1; id < this.#drafts.length; id++) {
      if ((firstNode[id] ?? -1) < 0) continue;
      const parent = this.parent(id);
      const list = kids.get(parent);
      if (list === undefined) kids.set(parent, [id]);
      else list.push(id);
    }
    const stack = [0];
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      number.set(id, order.length);
      order.push(id);
      const children = kids.get(id) ?? [];
      children.sort((a, b) => (firstNode[b] ?? 0) - (firstNode[a] ?? 0));
      stack.push(...children);
    }
    const paths = new Set<string>();
    const scopes: (Building<Scope> & { children: number[]; nodes: number[] })[] = [];
    for (const [id, draft] of order.map((from, to) => [to, this.draft(from)] as const)) {
      const parent = draft.parent < 0 ? -1 : (number.get(draft.parent) ?? 0);
      const outer = parent < 0 ? '' : (scopes[parent]?.path ?? '');
      let path = outer === '' ? draft.name : `${outer}.${draft.name}`;
      while (id > 0 && paths.has(path)) path += '~';
      paths.add(path);
      scopes.push({
        id,
        parent,
        kind: draft.kind,
        name: draft.name,
        path,
        className: draft.className,
        evidence: draft.evidence,
        inferred: !['metadata', 'function', 'body'].includes(draft.evidence) && id > 0,
        children: [],
        nodes: [],
        nodeCount: 0,
        parameters: 0,
        signature: '',
      });
      if (parent >= 0) scopes[parent]?.children.push(id);
    }
    const scopeOf = this.scopeOf.map((draft) => number.get(draft < 0 ? 0 : draft) ?? 0);
    for (const node of nodes) {
      const scope = scopes[scopeOf[node.id] ?? 0];
      scope?.nodes.push(node.id);
    }
    for (const scope of [...scopes].reverse()) {
      scope.nodeCount += scope.nodes.length;
      const parent = scopes[scope.parent];
      if (parent !== undefined) parent.nodeCount += scope.nodeCount;
    }
    countParameters(this.#skeleton, this.wiring, scopes, scopeOf);
    signScopes(this.#skeleton, this.wiring, scopes);
    return { scopes, scopeOf, guessed: this.guessed };
  }

  /** Smallest node id in each scope and below; -1 where it holds none. */
  #firstNodes(): Int32Array {
    const first = new Int32Array(this.#drafts.length).fill(-1);
    for (let node = this.scopeOf.length - 1; node >= 0; node--)
      first[Math.max(0, this.scopeOf[node] ?? 0)] = node;
    // Children are made after their parents, so one sweep backwards reaches the root.
    for (let id = this.#drafts.length - 1; id > 0; id--) {
      const own = first[id] ?? -1;
      const parent = this.parent(id);
      const outer = first[parent] ?? -1;
      if (own >= 0 && (outer < 0 || own < outer)) first[parent] = own;
    }
    return first;
  }
}
