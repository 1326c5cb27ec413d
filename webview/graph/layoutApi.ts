/** What the layout worker answers to. Types only. One worker serves one graph at a time. */
import type { GraphModel } from '../../src/contract/graphModel';
import type { LayoutRequest, LayoutResult } from '../../src/contract/layout';

export interface LayoutApi {
  /** Takes a graph; what was laid out before is forgotten. */
  open(model: GraphModel): void;
  layout(request: LayoutRequest): Drawing;
}

export interface Drawing {
  readonly result: LayoutResult;
  /** Milliseconds the layout took, without the way here and back. */
  readonly ms: number;
  /** Boxes at which a cycle was broken: node rows, or -1 - scope rows. */
  readonly cycles: readonly number[];
  /** Children of scope s in file order: kids[kidStart[s]] …; a node row, or -1 - scope row. Folded ones are left out. */
  readonly kidStart: Int32Array;
  readonly kids: Int32Array;
  /** Per scope: how many equal scopes its box stands for. */
  readonly repeat: Int32Array;
  /** Per scope: the scope drawn in its place where equal blocks are folded, else itself. */
  readonly drawnAs: Int32Array;
  /** Runs of equal blocks: the scopes of each, in file order. */
  readonly runs: readonly (readonly number[])[];
  /** Per node: the single-node scope it stands for, or -1; -2 where it is folded away. */
  readonly stands: Int32Array;
}
