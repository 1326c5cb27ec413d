/** What a layout is asked for and gives. Types only; made by `layout/`. All lengths in CSS pixels at zoom 1. */

export interface LayoutRequest {
  /** Scopes shown open, by scope row. The root is always open. `all` opens every one. */
  readonly expanded: ReadonlySet<number> | 'all';
  /** Fold runs of equal sibling scopes into one box with a count. */
  readonly foldRepeats: boolean;
  /** Fold constants, shape arithmetic and quantise/dequantise pairs. */
  readonly foldPlumbing: boolean;
  /** Which repeat of a folded run is drawn, by the first scope row of the run. */
  readonly repeatShown?: ReadonlyMap<number, number>;
  /** Scope row whose box should keep its top-left corner at this place. */
  readonly anchor?: { readonly scope: number; readonly x: number; readonly y: number };
}

export const enum BoxKind {
  Node = 0,
  /** A closed scope. */
  Scope = 1,
  /** An open scope: a frame around its contents. */
  Frame = 2,
}

/** Typed arrays throughout: transferred, never cloned. */
export interface LayoutResult {
  readonly boxes: {
    readonly count: number;
    readonly kind: Uint8Array;
    /** Row in nodes (Node) or in scopes (Scope, Frame). */
    readonly ref: Int32Array;
    /** Box row of the enclosing frame, or -1. Frames come before what they hold. */
    readonly parent: Int32Array;
    /** How many equal scopes this box stands for; 1 elsewhere. */
    readonly repeat: Int32Array;
    readonly x: Float32Array;
    readonly y: Float32Array;
    readonly w: Float32Array;
    readonly h: Float32Array;
  };
  readonly edges: {
    readonly count: number;
    /** Box rows. */
    readonly from: Int32Array;
    readonly to: Int32Array;
    /** Row in values. */
    readonly value: Int32Array;
    /** 1: drawn as a tag at the consumer, not as a line. */
    readonly tag: Uint8Array;
    /** Points of edge i are points[offset[i]] … points[offset[i + 1]] as x, y pairs. */
    readonly offset: Int32Array;
    readonly points: Float32Array;
  };
  /** Where lines enter each frame at its top: x of frame i are x[offset[i]] … x[offset[i + 1]], ascending. */
  readonly ports: { readonly offset: Int32Array; readonly x: Float32Array };
  readonly width: number;
  readonly height: number;
  /** Proper intersections of drawn segments, merged rails counted once; computed when asked for, else -1. */
  readonly crossings: number;
  readonly tags: number;
}
