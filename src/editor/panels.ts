/** Which editors show which model: to bring one to the front, and to open source beside it. */
import * as vscode from 'vscode';
import type { Models } from './models';
import type { OpenModel } from './openModel';

export const MODEL_VIEW = 'patchclamp.model';

export class Panels {
  readonly #panels = new Map<OpenModel, Set<vscode.WebviewPanel>>();

  constructor(private readonly models: Models) {}

  add(model: OpenModel, panel: vscode.WebviewPanel): void {
    const panels = this.#panels.get(model) ?? new Set();
    this.#panels.set(model, panels);
    panels.add(panel);
  }

  remove(model: OpenModel, panel: vscode.WebviewPanel): void {
    this.#panels.get(model)?.delete(panel);
  }

  /** Shows a model, in the editor it already has where there is one, and waits until it has been read. */
  async open(uri: vscode.Uri, options: vscode.TextDocumentShowOptions = {}): Promise<OpenModel> {
    const model = this.models.ensure(uri);
    const [panel] = this.#panels.get(model) ?? [];
    if (panel === undefined) await vscode.commands.executeCommand('vscode.openWith', uri, MODEL_VIEW, options);
    else if (!panel.visible || options.preserveFocus !== true) panel.reveal(panel.viewColumn, options.preserveFocus);
    await model.ready();
    return model;
  }

  /** The column in which a model can be seen, or undefined. */
  columnOf(model: OpenModel): vscode.ViewColumn | undefined {
    return [...(this.#panels.get(model) ?? [])].find((panel) => panel.visible)?.viewColumn;
  }
}
