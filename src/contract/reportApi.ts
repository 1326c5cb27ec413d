/** What the report panel's webview asks of the extension host, and what it is told. Types only; whole snapshots. */
import type { Trouble } from './hostApi';
import type { Finding } from './method';
import type { SiteText } from './site';

export interface ReportSnapshot {
  readonly revision: number;
  /** What was asked, before there is a finding that says it better. */
  readonly title: string;
  /** The model's name. */
  readonly model: string;
  /** The paper behind the method, or null. */
  readonly paper: { readonly title: string; readonly url: string } | null;
  /** One line: what went in. */
  readonly inputs: string;
  readonly findings: readonly Finding[];
  readonly running: { readonly text: string; readonly done: number; readonly total: number } | null;
  readonly trouble: Trouble | null;
  /** Name of the experiment file behind it, or null while there is none. */
  readonly experiment: string | null;
  /** Localised words by key. */
  readonly words: Readonly<Record<string, string>>;
}

export interface ReportApi {
  ready(): Promise<ReportSnapshot>;
  stop(): Promise<void>;
  runAgain(): Promise<void>;
  /** Writes the question as a `*.clamp.json` and opens it; or opens the one there is. */
  experiment(): Promise<void>;
  /** A value of the model, shown in its graph. */
  revealSite(site: SiteText): Promise<void>;
  openPaper(): Promise<void>;
  /** A figure as a table, with its control. */
  saveFigure(finding: number, figure: number): Promise<void>;
  showLog(): Promise<void>;
  /** An error of the webview's own, for the log. */
  report(text: string): void;
}

export interface ReportEvents {
  snapshot: ReportSnapshot;
}
