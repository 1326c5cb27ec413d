/**
 * The graph as the layout and the webview hold it: columns of typed arrays over one string table, so that 50,000 nodes
 * cross a worker boundary by transfer. Types only; built from a skeleton by `onnx/graphModel.ts`.
 */

export const enum NodeKind {
  Operator = 0,
  Input = 1,
  Output = 2,
  /** A `Constant` node or an initializer drawn as a node: folded by default. */
  Constant = 3,
}

export interface GraphModel {
  readonly strings: readonly string[];
  readonly nodes: {
    readonly count: number;
    /** Skeleton node id; -1 - i for the i-th graph input, and -1000001 - i for the i-th graph output. */
    readonly id: Int32Array;
    readonly kind: Uint8Array;
    /** Index into `strings`. */
    readonly name: Int32Array;
    readonly op: Int32Array;
    /** Index into `scopes`. */
    readonly scope: Int32Array;
    /** Bytes of the weights it uses (Float64: may pass 2 GB). */
    readonly weightBytes: Float64Array;
    /** Index into `strings` of one line of facts (`64×3×3×3, stride 2`), or -1. */
    readonly detail: Int32Array;
  };
  readonly scopes: {
    readonly count: number;
    /** -1 for the root, which is scope 0. Parents come before children. */
    readonly parent: Int32Array;
    readonly name: Int32Array;
    readonly path: Int32Array;
    /** Index into `strings`, or -1. */
    readonly className: Int32Array;
    /** ScopeKind as an index into `strings`. */
    readonly kind: Int32Array;
    readonly inferred: Uint8Array;
    readonly parameters: Float64Array;
    /** Equal numbers mean equal structure; -1 where not computed. */
    readonly signature: Int32Array;
  };
  /** One row per use of a value by a consumer. */
  readonly edges: {
    readonly count: number;
    /** Row in `nodes`. */
    readonly from: Int32Array;
    readonly to: Int32Array;
    /** Row in `values`. */
    readonly value: Int32Array;
  };
  readonly values: {
    readonly count: number;
    readonly name: Int32Array;
    /** Row in `nodes` of its producer, or -1. */
    readonly producer: Int32Array;
    /** `float32 1×64×56×56` as an index into `strings`, or -1 until it is known. */
    readonly type: Int32Array;
  };
}
