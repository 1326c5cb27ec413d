/**
 * The order in which a function's calls and operators can happen, as an automaton: states that stand for one operation,
 * edges for what may come next. Built while the function is followed; `align.ts` walks it with a model's nodes.
 * Nothing here knows Python or ONNX.
 */
import type { Instance, Spot } from './values';

/** One Python frame an operation happens in. */
export interface FrameLine {
  readonly func: string;
  readonly file: string;
  /** Lines a traceback may show for it: Python versions differ on calls over several lines. */
  readonly lines: readonly number[];
  /** A generator runs in it, which may be asked for its elements on another line. */
  readonly loose: boolean;
}

export type OperationKind = 'call' | 'operator' | 'module' | 'access' | 'opaque';

/** One call, operator or access that may make nodes. */
export interface Operation {
  readonly kind: OperationKind;
  /** `relu`, `+`, `conv1`: as written. */
  readonly name: string;
  readonly spot: Spot;
  /** The line it begins on. */
  readonly line: number;
  /** Outermost first, from the function that was followed. */
  readonly frames: readonly FrameLine[];
  /** The module that is called, when it is one. */
  readonly module: Instance | null;
  /** The module whose hook does it, when one does. */
  readonly within: Instance | null;
  /** May run modules below the one whose code this is. */
  readonly reaches: boolean;
  /** A library's `forward` run on this very module: `super().forward(x)`. */
  readonly inherited: boolean;
  /** May run code of the person's own that could not be followed. */
  readonly blind: boolean;
  /** May change a tensor in place. */
  readonly mutates?: boolean;
  /** Plain numbers written out as its operands or arguments. */
  readonly numbers?: readonly number[];
  /** What it costs to assume that it made no node: 0 for what usually makes none. */
  readonly skip: number;
}

/** Stop growing here: a function that large is not followed to its end. */
const MOST_STATES = 40_000;

export class Flow {
  readonly operations: (Operation | null)[] = [null];
  readonly edges: number[][] = [[]];
  /** State after what was last added; -1 where nothing can follow. */
  current = 0;

  get full(): boolean {
    return this.operations.length >= MOST_STATES;
  }

  /** Adds an operation after the current state. */
  add(operation: Operation): void {
    if (this.current < 0 || this.full) return;
    this.current = this.#state(operation, [this.current]);
  }

  /** A state that follows any of the given ones; -1 when none is reachable. */
  join(states: readonly number[]): number {
    const reachable = [...new Set(states.filter((state) => state >= 0))];
    const only = reachable[0];
    if (only === undefined) return -1;
    return reachable.length === 1 ? only : this.#state(null, reachable);
  }

  /** A fresh state after the current one, to jump back to. */
  header(): number {
    if (this.current >= 0) this.current = this.#state(null, [this.current]);
    return this.current;
  }

  link(from: number, to: number): void {
    if (from >= 0 && to >= 0) this.edges[from]?.push(to);
  }

  #state(operation: Operation | null, before: readonly number[]): number {
    const state = this.operations.push(operation) - 1;
    this.edges.push([]);
    for (const previous of before) this.link(previous, state);
    return state;
  }
}
