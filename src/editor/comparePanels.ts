/**
 * The comparison panels: one per question, beside the graph. A panel's page holds no state; what was found lives here,
 * as long as the panel does, and its overlay on the graphs until another takes its place.
 */
import * as vscode from 'vscode';
import { isCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { isFailure } from '../base/errors';
import { rpc, type Port } from '../base/rpc';
import type {
  CompareApi,
  CompareEvents,
  CompareSnapshot,
  CompareTable,
  CompareTarget,
  KeptComparison,
} from '../contract/compareApi';
import { overlayFinding } from './compareFindings';
import { compareWords } from './compareWords';
import type { Compared } from './compareWork';
import type { Navigation } from './navigation';
import type { OpenModel } from './openModel';
import { webviewPage } from './page';
import type { Probes } from './probes';
import { toTrouble } from './trouble';
import { COMPARE_VIEW } from './views';
import { servePages } from './webviewPort';

export interface CompareQuestion {
  readonly title: string;
  readonly subtitle: string;
  readonly a: OpenModel;
  readonly b: OpenModel | null;
  /** How to ask it again after a reload, but for the threshold. */
  readonly keep: Omit<KeptComparison, 'threshold'>;
  /** `threshold`: relative error beyond which a value departs; null: by the models' own types. */
  run(threshold: number | null, signal: AbortSignal, tell: (text: string) => void): Promise<Compared>;
}

/** Asks a kept question's models for it. Rejects where one is gone. */
export type RestoreQuestion = (kept: KeptComparison) => Promise<CompareQuestion>;

export class ComparePanels implements Disposable {
  readonly #open = new Map<string, Comparison>();

  constructor(
    private readonly extension: vscode.Uri,
    private readonly navigation: Navigation,
    private readonly probes: Probes,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Opens a panel on a question, or the one that is open, and answers it anew. */
  async ask(question: CompareQuestion): Promise<void> {
    const known = this.#open.get(question.title);
    if (known !== undefined) {
      known.panel.reveal(undefined, true);
      return known.answer(question);
    }
    const panel = vscode.window.createWebviewPanel(
      COMPARE_VIEW,
      question.title,
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, retainContextWhenHidden: false },
    );
    await this.#fill(panel, question.title).answer(question);
  }

  /** Has a panel that was open when the window was reloaded ask its question again. */
  restore(panel: vscode.WebviewPanel, state: unknown, restore: RestoreQuestion): void {
    if (!isKept(state)) {
      panel.dispose();
      return;
    }
    const comparison = this.#fill(panel, panel.title);
    comparison.threshold = state.threshold;
    // What is asked may take long: the panel is there meanwhile, and says what it does.
    void comparison.restore(restore, state);
  }

  #fill(panel: vscode.WebviewPanel, title: string): Comparison {
    const comparison = new Comparison(panel, this.extension, this.navigation, this.probes, this.log);
    this.#open.set(title, comparison);
    panel.onDidDispose(() => {
      if (this.#open.get(title) === comparison) this.#open.delete(title);
      comparison.dispose();
    });
    return comparison;
  }

  dispose(): void {
    for (const { panel } of this.#open.values()) panel.dispose();
  }
}

class Comparison implements Disposable {
  readonly #store = new DisposableStore();
  readonly #ports = new Set<(snapshot: CompareSnapshot) => void>();
  #question: CompareQuestion | undefined;
  #found: Compared | undefined;
  #running: { readonly text: string; readonly abort: AbortController } | undefined;
  #trouble: CompareSnapshot['trouble'] = null;
  #revision = 0;
  /** Relative error beyond which a value departs; null until a person chooses it in the panel. */
  threshold: number | null = null;

  constructor(
    readonly panel: vscode.WebviewPanel,
    extension: vscode.Uri,
    private readonly navigation: Navigation,
    private readonly probes: Probes,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(extension, 'dist', 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const icon = vscode.Uri.joinPath(extension, 'media', 'patchclamp.svg');
    panel.iconPath = { light: icon, dark: icon };
    this.#store.add(servePages(webview, (port) => this.#serve(port)));
    const script = webview.asWebviewUri(vscode.Uri.joinPath(dist, 'compare.js')).toString();
    const page = { cspSource: webview.cspSource, script, worker: '', title: panel.title };
    webview.html = webviewPage({ ...page, language: vscode.env.language }, 'pc-compare');
  }

  /** Asks a kept question again; one whose model is gone says so. */
  async restore(restore: RestoreQuestion, kept: KeptComparison): Promise<void> {
    try {
      await this.answer(await restore(kept));
    } catch (error) {
      this.#trouble = toTrouble(error);
      this.#changed();
    }
  }

  async answer(question: CompareQuestion): Promise<void> {
    this.#running?.abort.abort();
    const abort = new AbortController();
    this.#question = question;
    this.#trouble = null;
    const tell = (text: string): void => {
      if (abort.signal.aborted) return;
      this.#running = { text, abort };
      this.#changed();
    };
    tell(vscode.l10n.t('Comparing'));
    try {
      const found = await question.run(this.threshold, abort.signal, tell);
      if (abort.signal.aborted) return;
      this.#show(question, found);
      if (found.target !== null) this.navigation.light(question.a, [found.target.node]);
    } catch (error) {
      if (isCancelled(error)) return;
      this.log.error(
        `${question.title}:`,
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      );
      this.#trouble = toTrouble(error);
    } finally {
      if (this.#running?.abort === abort) {
        this.#running = undefined;
        this.#changed();
      }
    }
  }

  dispose(): void {
    this.#running?.abort.abort();
    this.#store.dispose();
  }

  #show(question: CompareQuestion, found: Compared): void {
    this.#found = found;
    for (const { model, overlay } of found.overlays)
      this.probes.show(model, overlayFinding(question.title, model.relativePath, overlay));
  }

  #judge(threshold: number): void {
    if (!(threshold >= 0) || !Number.isFinite(threshold)) return;
    this.threshold = threshold;
    const judged = this.#found?.judged?.by(threshold);
    if (judged !== undefined && this.#question !== undefined) this.#show(this.#question, judged);
    this.#changed();
  }

  #changed(): void {
    this.#revision++;
    const snapshot = this.#snapshot();
    for (const emit of this.#ports) emit(snapshot);
  }

  #snapshot(): CompareSnapshot {
    const { title = this.panel.title, subtitle = '' } = this.#question ?? {};
    const found = this.#found;
    const target = found?.target ?? null;
    return {
      revision: this.#revision,
      title,
      subtitle,
      verdict: found?.verdict ?? '',
      target,
      place: target === null ? '' : this.#placeText(target),
      tables: found?.tables ?? [],
      notes: found?.notes ?? [],
      running: this.#running?.text ?? null,
      trouble: this.#trouble,
      threshold: found?.judged?.threshold ?? null,
      keep: this.#question === undefined ? null : { ...this.#question.keep, threshold: this.threshold },
      words: compareWords(),
    };
  }

  #placeText({ side, node }: CompareTarget): string {
    const link = this.#model(side)?.links?.links[node];
    const place = (link?.call ?? link?.definition)?.place;
    return place === undefined ? '' : `${place.file}:${String(place.line)}`;
  }

  #model(side: CompareTarget['side']): OpenModel | null {
    return (side === 'a' ? this.#question?.a : this.#question?.b) ?? null;
  }

  #serve(port: Port): Disposable {
    const store = new DisposableStore();
    const local: { readonly [K in keyof CompareApi]: CompareApi[K] } = {
      ready: () => Promise.resolve(this.#snapshot()),
      stop: () => {
        const running = this.#running;
        this.#running = undefined;
        running?.abort.abort();
        this.#changed();
        return Promise.resolve();
      },
      again: async () => {
        if (this.#question !== undefined) await this.answer(this.#question);
      },
      setThreshold: (threshold) => {
        this.#judge(threshold);
        return Promise.resolve();
      },
      reveal: async ({ side, node }) => {
        const model = this.#model(side);
        if (model !== null) await this.navigation.revealInGraph(model, { kind: 'node', id: node }, false);
      },
      openLine: async ({ side, node }) => {
        const model = this.#model(side);
        if (model !== null) await this.navigation.reveal(model, { kind: 'node', id: node }, 'call');
      },
      saveTable: async (id) => {
        const table = this.#found?.tables.find((each) => each.id === id);
        if (table === undefined) return;
        const document = await vscode.workspace.openTextDocument({ language: 'csv', content: csv(table) });
        await vscode.window.showTextDocument(document, { preview: false });
      },
      showLog: () => {
        this.log.show();
        return Promise.resolve();
      },
      report: (text) => {
        this.log.error(`Comparison panel: ${text}`);
      },
    };
    const connection = store.add(
      rpc<object, object, CompareEvents>(port, local, {
        onInternalError: (method, error) => {
          this.log.error(`${method} of a comparison:`, isFailure(error) ? error.message : String(error));
        },
      }),
    );
    const emit = (snapshot: CompareSnapshot): void => {
      connection.emit('snapshot', snapshot);
    };
    this.#ports.add(emit);
    store.onDispose(() => {
      this.#ports.delete(emit);
    });
    return store;
  }
}

/** State may come from another version of the extension. */
function isKept(state: unknown): state is KeptComparison {
  if (typeof state !== 'object' || state === null) return false;
  const { kind, model, other, values, threshold } = state as Readonly<Record<string, unknown>>;
  return (
    (kind === 'models' || kind === 'recording' || kind === 'non-finite') &&
    typeof model === 'string' &&
    typeof other === 'string' &&
    typeof values === 'boolean' &&
    (threshold === null || typeof threshold === 'number')
  );
}

function csv({ columns, rows }: CompareTable): string {
  const field = (cell: string | number | null): string => {
    const text = cell === null ? '' : String(cell);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [
    ['mark', ...columns.map(({ title }) => title)],
    ...rows.map(({ mark, cells }) => [mark, ...cells]),
  ];
  return `${lines.map((line) => line.map(field).join(',')).join('\n')}\n`;
}
