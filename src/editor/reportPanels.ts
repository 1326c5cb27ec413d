/**
 * The report panels: one per question, beside the graph, restored by VS Code from the report on disk. A panel holds no
 * state of its own; its page may be thrown away and asks for everything again.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { isFailure } from '../base/errors';
import { rpc, type Port } from '../base/rpc';
import type { ReportApi, ReportEvents, ReportSnapshot } from '../contract/reportApi';
import type { MethodList } from '../methods/methodList';
import { figureCsv } from '../study/reports';
import type { Models } from './models';
import type { Navigation } from './navigation';
import { webviewPage } from './page';
import type { LiveReport, Probes } from './probes';
import { reportWords } from './reportWords';
import type { RunController } from './runController';
import { REPORT_VIEW } from './views';
import { servePages } from './webviewPort';

/** Opens the question of a report as an experiment file, written where there is none yet. */
export type OpenExperiment = (report: LiveReport) => Promise<void>;

export class ReportPanels {
  readonly #panels = new Map<string, vscode.WebviewPanel>();
  #revision = 0;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly models: Models,
    private readonly runs: RunController,
    private readonly probes: Probes,
    private readonly navigation: Navigation,
    private readonly openExperiment: OpenExperiment,
    private readonly methods: MethodList,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Fills a panel that VS Code restored, or closes it where its report is gone. */
  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const id = isState(state) ? state.id : '';
    if ((await this.probes.load(id)) === undefined) panel.dispose();
    else this.#fill(panel, id);
  }

  /** Shows a report, in the panel it already has where there is one. */
  show(id: string): void {
    const known = this.#panels.get(id);
    if (known !== undefined) {
      known.reveal(undefined, true);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      REPORT_VIEW,
      vscode.l10n.t('Report'),
      { viewColumn: this.#column(), preserveFocus: true },
      { enableScripts: true, retainContextWhenHidden: false },
    );
    this.#fill(panel, id);
  }

  /** Beside the editor in front. Reports share a column. */
  #column(): vscode.ViewColumn {
    const [other] = this.#panels.values();
    return other?.viewColumn ?? vscode.ViewColumn.Beside;
  }

  #fill(panel: vscode.WebviewPanel, id: string): void {
    const store = new DisposableStore();
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(this.extension, 'dist', 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const icon = vscode.Uri.joinPath(this.extension, 'media', 'patchclamp.svg');
    panel.iconPath = { light: icon, dark: icon };
    const report = this.probes.report(id);
    panel.title = report === undefined ? panel.title : titleOf(report);
    this.#panels.set(id, panel);
    store.add(servePages(webview, (port) => this.#serve(port, id, panel)));
    panel.onDidDispose(() => {
      if (this.#panels.get(id) === panel) this.#panels.delete(id);
      store.dispose();
    });
    const script = webview.asWebviewUri(vscode.Uri.joinPath(dist, 'report.js')).toString();
    webview.html = webviewPage(
      {
        cspSource: webview.cspSource,
        script,
        worker: '',
        title: panel.title,
        language: vscode.env.language,
        id,
      },
      'pc-report',
    );
  }

  #serve(port: Port, id: string, panel: vscode.WebviewPanel): Disposable {
    const store = new DisposableStore();
    const local: { readonly [K in keyof ReportApi]: ReportApi[K] } = {
      ready: async () => {
        await this.probes.load(id);
        return this.#snapshot(id);
      },
      stop: () => this.runs.stop(),
      runAgain: async () => {
        const question = this.probes.report(id)?.question;
        if (question !== undefined) {
          await this.probes.ask(question, (next) => {
            this.show(next);
          });
          return;
        }
        void vscode.window.showInformationMessage(
          vscode.l10n.t(
            'This report is from before the window was loaded. Ask again from the model, or from its experiment file.',
          ),
        );
      },
      experiment: async () => {
        const report = this.probes.report(id);
        if (report !== undefined) await this.openExperiment(report);
      },
      revealSite: async (site) => {
        const address = this.probes.report(id)?.kept.model;
        if (address === undefined) return;
        const model = this.models.ensure(vscode.Uri.parse(address, true));
        await model.ready();
        await this.navigation.revealInGraph(model, { kind: 'value', name: site }, false);
      },
      openPaper: async () => {
        const paper = this.#paper(this.probes.report(id));
        if (paper !== null) await vscode.env.openExternal(vscode.Uri.parse(paper.url));
      },
      saveFigure: async (finding, index) => {
        const figure = this.probes.report(id)?.kept.findings[finding]?.figures[index];
        if (figure === undefined) return;
        const content = figureCsv(figure);
        await vscode.window.showTextDocument(
          await vscode.workspace.openTextDocument({ language: 'csv', content }),
          { preview: false },
        );
      },
      showLog: () => {
        this.log.show();
        return Promise.resolve();
      },
      report: (text) => {
        this.log.error(`Report panel: ${text}`);
      },
    };
    const connection = store.add(
      rpc<object, object, ReportEvents>(port, local, {
        onInternalError: (method, error) => {
          this.log.error(`${method} of a report:`, isFailure(error) ? error.message : String(error));
        },
      }),
    );
    store.add(
      this.probes.onDidChange((change) => {
        if (change.id !== id) return;
        const report = this.probes.report(id);
        if (report !== undefined) panel.title = titleOf(report);
        connection.emit('snapshot', this.#snapshot(id));
      }),
    );
    return store;
  }

  #snapshot(id: string): ReportSnapshot {
    const report = this.probes.report(id);
    const words = reportWords();
    const gone = vscode.l10n.t('This report is no longer kept.');
    const trouble = { what: gone, remedy: vscode.l10n.t('Ask again.'), code: 'gone' };
    const revision = ++this.#revision;
    if (report === undefined) {
      const empty = { title: '', model: '', inputs: '', findings: [], experiment: null, paper: null };
      return { revision, ...empty, running: null, trouble, words };
    }
    const { kept, running, trouble: own } = report;
    const { name: model, inputs, findings } = kept;
    const experiment = kept.experiment?.split('/').at(-1) ?? null;
    const paper = this.#paper(report);
    return {
      revision,
      title: titleOf(report),
      model,
      inputs,
      findings,
      experiment,
      paper,
      running,
      trouble: own,
      words,
    };
  }

  #paper(report: LiveReport | undefined): ReportSnapshot['paper'] {
    return this.methods.all.find(({ id }) => id === report?.kept.method)?.paper ?? null;
  }
}

function titleOf({ kept }: LiveReport): string {
  return kept.findings.at(-1)?.title ?? kept.title;
}

function isState(state: unknown): state is { readonly id: string } {
  return typeof state === 'object' && state !== null && 'id' in state && typeof state.id === 'string';
}
