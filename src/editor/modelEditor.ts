/**
 * The custom editor for `*.onnx`: read-only, several at once, restored by VS Code. One document per file, one panel per
 * editor; the panel's page is thrown away when hidden and asks for everything again when shown.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { modelPage } from './page';
import { MODEL_VIEW, type Panels } from './panels';
import type { Services } from './services';
import { serveView } from './viewSession';
import { servePages } from './webviewPort';

class ModelDocument implements vscode.CustomDocument {
  constructor(
    readonly uri: vscode.Uri,
    readonly model: OpenModel,
  ) {}

  dispose(): void {
    // The model outlives its editors: hovers and the index keep using it.
  }
}

export class ModelEditor implements vscode.CustomReadonlyEditorProvider<ModelDocument>, Disposable {
  readonly #store = new DisposableStore();

  constructor(
    private readonly extension: vscode.Uri,
    private readonly models: Models,
    private readonly panels: Panels,
    private readonly services: Services,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#store.add(
      vscode.window.registerCustomEditorProvider(MODEL_VIEW, this, {
        supportsMultipleEditorsPerDocument: true,
        webviewOptions: { retainContextWhenHidden: false },
      }),
    );
  }

  openCustomDocument(uri: vscode.Uri): ModelDocument {
    const model = this.models.ensure(uri);
    void model.ready();
    return new ModelDocument(uri, model);
  }

  resolveCustomEditor({ model }: ModelDocument, panel: vscode.WebviewPanel): void {
    const store = new DisposableStore();
    const { webview } = panel;
    const dist = vscode.Uri.joinPath(this.extension, 'dist', 'webview');
    webview.options = {
      enableScripts: true,
      localResourceRoots: [dist, vscode.Uri.joinPath(this.extension, 'media')],
    };
    store.add(servePages(webview, (port) => serveView(port, model, this.services, this.log)));
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

  dispose(): void {
    this.#store.dispose();
  }
}
