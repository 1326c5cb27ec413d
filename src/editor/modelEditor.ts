/**
 * The custom editor for `*.onnx`: read-only, several at once, restored by VS Code. One document per file, one panel per
 * editor; the panel's page is thrown away when hidden and asks for everything again when shown.
 */
import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { modelPage } from './page';
import type { Panels } from './panels';
import type { Services } from './services';
import type { serveView } from './viewSession';
import { servePages } from './webviewPort';

export class ModelDocument implements vscode.CustomDocument {
  constructor(
    readonly uri: vscode.Uri,
    readonly model: OpenModel,
    readonly serve: typeof serveView,
  ) {}

  dispose(): void {
    // The model outlives its editors: hovers and the index keep using it.
  }
}

export class ModelEditor implements vscode.CustomReadonlyEditorProvider<ModelDocument> {
  constructor(
    private readonly extension: vscode.Uri,
    private readonly models: Models,
    private readonly panels: Panels,
    private readonly services: Services,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The session of a page is loaded while the model is being read. */
  async openCustomDocument(uri: vscode.Uri): Promise<ModelDocument> {
    const model = this.models.ensure(uri);
    void model.ready();
    const { serveView: serve } = await import('./viewSession');
    return new ModelDocument(uri, model, serve);
  }

  resolveCustomEditor({ model, serve }: ModelDocument, panel: vscode.WebviewPanel): void {
    const store = new DisposableStore();
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(this.extension, 'dist', 'webview');
    webview.options = {
      enableScripts: true,
      localResourceRoots: [dist, vscode.Uri.joinPath(this.extension, 'media')],
    };
    store.add(servePages(webview, (port) => serve(port, model, this.services, this.log)));
    store.add(model.addEditor());
    this.panels.add(model, panel);
    if (panel.active) this.models.setActive(model);
    store.add(
      panel.onDidChangeViewState(() => {
        if (panel.active) this.models.setActive(model);
      }),
    );
    panel.onDidDispose(() => {
      this.panels.remove(model, panel);
      store.dispose();
    });
    const at = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, file)).toString();
    webview.html = modelPage({
      cspSource: webview.cspSource,
      script: at('app.js'),
      worker: at('graph.worker.js'),
      title: model.name,
      language: vscode.env.language,
    });
  }
}
