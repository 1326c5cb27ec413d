/**
 * What the model editor's webview asks of the extension host, and what it is told. Types only.
 * Payloads are JSON, ArrayBuffers and typed arrays; events carry complete snapshots with a revision, never deltas.
 */
import type { GraphModel } from './graphModel';
import type { NodeLink } from './link';
import type { FeedSpec } from './run';
import type { TensorSummary } from './tensor';

/** What is selected: a node row's id, a scope path, or a value name. */
export type Selection =
  | { readonly kind: 'node'; readonly id: number }
  | { readonly kind: 'scope'; readonly path: string }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'none' };

export interface ModelSnapshot {
  readonly revision: number;
  readonly file: string;
  readonly graph: GraphModel;
  readonly warnings: readonly string[];
  readonly inputs: readonly FeedSpec[];
  readonly outputs: readonly FeedSpec[];
  /** null when it can run; else the sentence that says why not. */
  readonly cannotRun: string | null;
  readonly selection: Selection;
  /** Localised words the webview shows. */
  readonly words: Readonly<Record<string, string>>;
}

export interface RunSnapshot {
  readonly revision: number;
  readonly id: string;
  readonly name: string;
  readonly when: number;
  readonly ms: number;
  /** By value name. */
  readonly summaries: Readonly<Record<string, { readonly dims: readonly number[]; readonly dtype: string; readonly summary: TensorSummary | null }>>;
  readonly notes: readonly string[];
}

/** One line of the inspector: a label, its value as shown, and the full value on hover and copy. */
export interface Fact {
  readonly label: string;
  readonly text: string;
  readonly full?: string;
}

export interface Inspection {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly attributes: readonly Fact[];
  readonly inputs: readonly Fact[];
  readonly outputs: readonly Fact[];
  readonly weights: readonly { readonly name: string; readonly dtype: string; readonly dims: readonly number[]; readonly bytes: number }[];
  readonly link: NodeLink | null;
}

export interface HostApi {
  ready(): Promise<ModelSnapshot>;
  inspect(selection: Selection, signal?: AbortSignal): Promise<Inspection>;
  select(selection: Selection): void;
  reveal(selection: Selection, what: 'call' | 'definition'): Promise<void>;
}

export interface ViewEvents {
  model: ModelSnapshot;
  run: RunSnapshot;
  selection: { readonly revision: number; readonly selection: Selection; readonly origin: string };
}
