/** Links between nodes and Python. Types only; made by `source/`. */

/** `exact`: proved by evidence that names the line (which of several calls on it, the evidence says); `inferred`: follows from names and structure; `none`: nothing found. */
export type Confidence = 'exact' | 'inferred' | 'none';

/** A range in a source file. Lines from 1, columns from 0. */
export interface SourcePlace {
  /** Relative to the source root it was found under, with '/'. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface PlaceClaim {
  readonly place: SourcePlace;
  readonly confidence: Exclude<Confidence, 'none'>;
  /** Sentences, best first: what makes this so. */
  readonly evidence: readonly string[];
  /** True when the file changed since the export and the line was found again. */
  readonly moved: boolean;
}

export interface NodeLink {
  /** Skeleton node id. */
  readonly node: number;
  /** The innermost call or operator of the user's own code that performs it. */
  readonly call: PlaceClaim | null;
  /** The constructor call of the innermost module; null for functional calls. */
  readonly definition: PlaceClaim | null;
  readonly confidence: Confidence;
  /** Evidence of both, or the reason why there is none. */
  readonly evidence: readonly string[];
  /** Further places that had a part in it, where a rewrite joined several operations or the node lies between them. */
  readonly also?: readonly FurtherPlace[];
  /** A trace that leads outside the workspace, shown and never opened without a click. */
  readonly outside: { readonly file: string; readonly line: number } | null;
}

/** Never more than inferred. */
export interface FurtherPlace {
  readonly call: PlaceClaim;
  readonly definition: PlaceClaim | null;
}

/** Where a module is constructed and called. Modules that only hold others have no node of their own to say so. */
export interface ModuleLink {
  /** The scope's path. */
  readonly path: string;
  readonly definition: PlaceClaim;
  /** Where the `forward` around it calls it; empty where that is not seen. */
  readonly calls: readonly PlaceClaim[];
}

export interface LinkTable {
  /** By node id. */
  readonly links: readonly NodeLink[];
  readonly modules: readonly ModuleLink[];
  readonly counts: { readonly exact: number; readonly inferred: number; readonly none: number };
}
