/** The module tree over a skeleton's nodes. Types only; built by `onnx/scopes.ts`. */

export type ScopeKind = 'root' | 'module' | 'function' | 'body' | 'repeat' | 'group';

/** What a scope was read from; everything but `metadata`, `function` and `body` is an inference and is marked. */
export type ScopeEvidence =
  'metadata' | 'slash-names' | 'initializers' | 'function' | 'body' | 'repeats' | 'none';

export interface Scope {
  /** Position in `ScopeTree.scopes`; 0 is the root. */
  readonly id: number;
  /** -1 for the root. */
  readonly parent: number;
  readonly kind: ScopeKind;
  /** Last part: `mlp`, `blocks.0` (an item of a list), `relu@1` (the second call of `relu`). */
  readonly name: string;
  /** Dotted from the root: `blocks.0.mlp`; '' for the root. Unique within the tree. */
  readonly path: string;
  /** Python class as the exporter wrote it (`model.MLP`), or null. */
  readonly className: string | null;
  readonly evidence: ScopeEvidence;
  readonly inferred: boolean;
  readonly children: readonly number[];
  /** Ids of nodes directly in it, in file order. */
  readonly nodes: readonly number[];
  /** Nodes in it and below. */
  readonly nodeCount: number;
  /** Elements of the weights used in it and below, each counted once. */
  readonly parameters: number;
  /** Equal for scopes of equal structure (ops, wiring, weight shapes); '' where not computed. */
  readonly signature: string;
}

export interface ScopeTree {
  readonly scopes: readonly Scope[];
  /** Scope id per node id. */
  readonly scopeOf: Int32Array;
  /** Per node id: 1 where the node itself says nothing and its scope was taken from its neighbours. */
  readonly guessed: Uint8Array;
}
