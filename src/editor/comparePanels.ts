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
} from '../contract/compareApi';
import { overlayFinding } from './compareFindings';
import { compareWords } from './compareWords';
import type { Compared } from './compareWork';
import type { Navigation } from './navigation';
import type { OpenModel } from './openModel';
import { webviewPage } from './page';
import type { Probes } from './probes';
import { toTrouble } from './trouble';
import { servePages } from './webviewPort';

const COMPARE_VIEW = 'patchclamp.compare';

export interface CompareQuestion {
  readonly title: string;
  readonly subtitle: string;
  readonly a: OpenModel;
  readonly b: OpenModel | null;
  run(signal: AbortSignal, tell: (text: string) => void): Promise<Compared>;
}

export class ComparePanels implements Disposable {
  readonly #store = new DisposableStore();
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
    const comparison = new Comparison(panel, this.extension, this.navigation, this.probes, this.log);
    this.#open.set(question.title, comparison);
    panel.onDidDispose(() => {
      if (this.#open.get(question.title) === comparison) this.#open.delete(question.title);
      comparison.dispose();
    });
    await comparison.answer(question);
  }

  dispose(): void {
    for (const { panel } of this.#open.values()) panel.dispose();
    this.#store.dispose();
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
      const found = await question.run(abort.signal, tell);
      if (abort.signal.aborted) return;
      this.#found = found;
      for (const { model, overlay } of found.overlays)
        this.probes.show(model, overlayFinding(question.title, model.relativePath, overlay));
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

  #changed(): void {
    this.#revision++;
    const snapshot = this.#snapshot();
    for (const emit of this.#ports) emit(snapshot);
  }

  #snapshot(): CompareSnapshot {
    const { title = '', subtitle = '' } = this.#question ?? {};
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
