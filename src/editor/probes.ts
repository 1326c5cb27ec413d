/**
 * Asking a model by a method, from the editor: one question at a time, findings as they come, reports kept on disk. The
 * run bar shows that something runs, and its trouble; the report panel and the overlays listen here.
 */
import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { ReportSnapshot } from '../contract/reportApi';
import type { Finding, Labels, Method, Params } from '../contract/method';
import type { TensorData } from '../contract/tensor';
import type { Contributed } from '../methods/contributed';
import { maybeReport, type KeptReport } from '../study/reports';
import { sameStamp, type ModelStamp } from '../study/runs';
import type { EngineAccess } from './engineAccess';
import type { OpenModel } from './openModel';
import type { RunController } from './runController';
import { toTrouble } from './trouble';
import { isCancelled } from '../base/cancel';

/** What goes in, made when the question is put. */
export interface ProbeInputs {
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly labels: Labels;
  /** By the names in objectives that project on them. */
  readonly directions: Readonly<Record<string, TensorData>>;
  /** By input: the short text an experiment file would hold, where there is one. */
  readonly texts: Readonly<Record<string, string>>;
  /** A line to read. */
  readonly text: string;
}

export interface Question {
  readonly model: OpenModel;
  readonly method: Method;
  readonly params: Params;
  readonly seed: number;
  readonly title: string;
  readonly experiment: vscode.Uri | null;
  inputs(signal: AbortSignal): Promise<ProbeInputs>;
}

/** A report that grows while its question is being answered. */
export interface LiveReport {
  readonly kept: KeptReport;
  readonly running: ReportSnapshot['running'];
  readonly trouble: ReportSnapshot['trouble'];
  /** To ask again; undefined for a report that was read from disk. */
  readonly question: Question | undefined;
  readonly inputs: ProbeInputs | undefined;
}

export class Probes implements Disposable {
  readonly #reports = new Map<string, LiveReport>();
  /** The report whose overlay is on a model's graph. */
  readonly #shown = new Map<OpenModel, { readonly id: string; readonly of: ModelStamp | undefined }>();
  readonly #changed = new Emitter<{ readonly id: string; readonly model: OpenModel | undefined }>();
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly engine: EngineAccess,
    private readonly runs: RunController,
    private readonly contributed: Contributed,
    private readonly storage: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  report(id: string): LiveReport | undefined {
    return this.#reports.get(id);
  }

  /** The finding with an overlay that a model's graph and source show, or undefined. */
  shown(model: OpenModel): Finding | undefined {
    const shown = this.#shown.get(model);
    const now = model.content?.stamp;
    // Names of one version may mean other things in the next.
    if (shown === undefined || (shown.of !== undefined && now !== undefined && !sameStamp(shown.of, now)))
      return undefined;
    const findings = this.#reports.get(shown.id)?.kept.findings ?? [];
    return findings.findLast(({ overlay }) => overlay !== null);
  }

  /** Models whose graph shows a finding. */
  get models(): Iterable<OpenModel> {
    return this.#shown.keys();
  }

  /** Puts the overlay of a finding that was made elsewhere on a model's graph and source, until something else is. */
  show(model: OpenModel, finding: Finding): void {
    const id = `shown-${Date.now().toString(36)}-${String(this.#reports.size)}`;
    const { method, title, provenance } = finding;
    const named = { model: model.uri.toString(), name: model.name, method, title, params: provenance.params };
    const kept = {
      version: 1 as const,
      id,
      ...named,
      seed: 0,
      inputs: '',
      experiment: null,
      when: Date.now(),
    };
    this.#reports.set(id, {
      kept: { ...kept, findings: [finding] },
      running: null,
      trouble: null,
      question: undefined,
      inputs: undefined,
    });
    this.#shown.set(model, { id, of: model.content?.stamp });
    this.#changed.fire({ id, model });
  }

  /** Takes every overlay off graphs and source. */
  clear(): Promise<void> {
    const models = [...this.#shown];
    this.#shown.clear();
    for (const [model, { id }] of models) this.#changed.fire({ id, model });
    return Promise.resolve();
  }

  /** Puts a question; the report is there at once (`begun`), and complete when the promise resolves. */
  async ask(question: Question, begun: (id: string) => void): Promise<LiveReport | undefined> {
    const { model, method, params, seed, title } = question;
    const id = `${Date.now().toString(36)}-${createHash('sha1').update(title).digest('hex').slice(0, 8)}`;
    const text = vscode.l10n.t('{0}: {1}', method.title, model.name);
    const begin = (inputs: ProbeInputs | undefined): void => {
      const experiment = question.experiment?.toString() ?? null;
      const named = { model: model.uri.toString(), name: model.name, method: method.id, title, params, seed };
      const kept = {
        version: 1 as const,
        id,
        ...named,
        inputs: inputs?.text ?? '',
        experiment,
        when: Date.now(),
        findings: [],
      };
      this.#set({ kept, running: { text, done: 0, total: 0 }, trouble: null, question, inputs });
      begun(id);
    };
    await this.runs.during(model, text, async (signal) => {
      try {
        const inputs = await question.inputs(signal).catch((error: unknown) => {
          // Whoever asked from a file does not see the model's editor: the report says what is wrong.
          if (!isCancelled(error)) begin(undefined);
          throw error;
        });
        begin(inputs);
        await this.#run(id, question, inputs, signal);
      } catch (error) {
        const report = this.#reports.get(id);
        if (report === undefined || isCancelled(error)) throw error;
        this.#set({ ...report, running: null, trouble: toTrouble(error) });
        throw error;
      } finally {
        const report = this.#reports.get(id);
        if (report !== undefined && report.running !== null) this.#set({ ...report, running: null });
      }
    });
    return this.#reports.get(id);
  }

  /** A report by its id, from memory or from disk. */
  async load(id: string): Promise<LiveReport | undefined> {
    const known = this.#reports.get(id);
    if (known !== undefined || !/^[\w-]+$/.test(id)) return known;
    try {
      const bytes = await vscode.workspace.fs.readFile(this.#file(id));
      const kept = maybeReport(new TextDecoder().decode(bytes));
      if (kept === undefined) return undefined;
      const report = { kept, running: null, trouble: null, question: undefined, inputs: undefined };
      this.#reports.set(id, report);
      return report;
    } catch (error) {
      if (error instanceof vscode.FileSystemError) return undefined;
      throw error;
    }
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #run(
    id: string,
    { model, method, params, seed }: Question,
    { feeds, labels, directions }: ProbeInputs,
    signal: AbortSignal,
  ): Promise<void> {
    const of = model.content?.stamp;
    const change = (part: (report: LiveReport) => Partial<LiveReport>): void => {
      const report = this.#reports.get(id);
      if (report !== undefined) this.#set({ ...report, ...part(report) });
    };
    const module = this.contributed.moduleOf(method);
    const from = module === undefined ? {} : { module };
    await this.engine.probe(
      model,
      { method: method.id, params, feeds, labels, directions, seed, ...from },
      {
        onProgress: ({ text, done, total }) => {
          change(() => ({ running: { text, done, total } }));
        },
        onFinding: (finding, index) => {
          if (finding.overlay !== null) this.#shown.set(model, { id, of });
          change(({ kept }) => ({ kept: { ...kept, findings: kept.findings.toSpliced(index, 1, finding) } }));
        },
      },
      signal,
    );
    change(() => ({ running: null }));
    await this.#write(id);
  }

  #set(report: LiveReport): void {
    this.#reports.set(report.kept.id, report);
    this.#changed.fire({ id: report.kept.id, model: report.question?.model });
  }

  async #write(id: string): Promise<void> {
    const report = this.#reports.get(id);
    if (report === undefined) return;
    try {
      await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(this.storage, 'reports'));
      await vscode.workspace.fs.writeFile(
        this.#file(id),
        new TextEncoder().encode(JSON.stringify(report.kept)),
      );
    } catch (error) {
      this.log.warn('A report could not be kept:', String(error));
    }
  }

  #file(id: string): vscode.Uri {
    return vscode.Uri.joinPath(this.storage, 'reports', `${id}.json`);
  }
}
