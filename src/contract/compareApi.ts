/** What the comparison panel's webview asks of the extension host, and what it is told. Types only; whole snapshots. */
import type { Trouble } from './hostApi';

/** `begins`: the first to depart on its way; `departs`: what it passes an error on to. */
export type CompareMark = 'begins' | 'departs' | 'changed' | 'added' | 'removed' | 'same';

export interface CompareColumn {
  readonly title: string;
  /** `share`: a relative error, drawn as a bar on a logarithmic scale with its floor as a tick. */
  readonly kind: 'text' | 'number' | 'share';
  /** Digits after the point, for numbers that crowd below 1; three significant ones where left out. */
  readonly digits?: number;
}

export interface CompareRow {
  readonly mark: CompareMark;
  /** As many as columns. */
  readonly cells: readonly (string | number | null)[];
  /** What a `share` should be nothing more than: the error between two runs that should not differ. */
  readonly floor: number | null;
  /** What to show of it in a graph, or null. */
  readonly target: CompareTarget | null;
  /** Sentences for the pointer: why it cannot be compared, the full name. */
  readonly hint: string;
}

/** A node of either model, by skeleton id. */
export interface CompareTarget {
  readonly side: 'a' | 'b';
  readonly node: number;
}

export interface CompareTable {
  readonly id: 'values' | 'nodes' | 'modules' | 'weights';
  readonly title: string;
  readonly columns: readonly CompareColumn[];
  readonly rows: readonly CompareRow[];
  /** What is said when there are no rows. */
  readonly empty: string;
  /** What was controlled for; '' where nothing can be. */
  readonly control: string;
}

export interface CompareSnapshot {
  readonly revision: number;
  /** `digits.onnx and int8.onnx`. */
  readonly title: string;
  readonly subtitle: string;
  /** What was found, one sentence; '' while there is nothing. */
  readonly verdict: string;
  /** Where the verdict leads, or null. */
  readonly target: CompareTarget | null;
  /** `model.py:42` of that place, or ''. */
  readonly place: string;
  readonly tables: readonly CompareTable[];
  readonly notes: readonly string[];
  /** Relative error beyond which a value departs; null where no values were compared. */
  readonly threshold: number | null;
  readonly running: string | null;
  readonly trouble: Trouble | null;
  /** What to hand back to restore the panel after a reload. */
  readonly keep: KeptComparison | null;
  /** Localised words by key. */
  readonly words: Readonly<Record<string, string>>;
}

/** A question that can be asked again after a reload. Addresses are URIs. */
export interface KeptComparison {
  readonly kind: 'models' | 'recording' | 'non-finite';
  readonly model: string;
  /** The other model, or the recording; '' for none. */
  readonly other: string;
  readonly values: boolean;
  /** null where nobody chose one. */
  readonly threshold: number | null;
}

export interface CompareApi {
  ready(): Promise<CompareSnapshot>;
  stop(): Promise<void>;
  again(): Promise<void>;
  /** Judges what was measured by another threshold; nothing is run again. */
  setThreshold(threshold: number): Promise<void>;
  reveal(target: CompareTarget): Promise<void>;
  /** Opens the Python line of a node of A. */
  openLine(target: CompareTarget): Promise<void>;
  /** A table as comma-separated values, in an editor. */
  saveTable(id: CompareTable['id']): Promise<void>;
  showLog(): Promise<void>;
  /** An error of the webview's own, for the log. */
  report(text: string): void;
}

export interface CompareEvents {
  snapshot: CompareSnapshot;
}
