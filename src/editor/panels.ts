/** Which editors show which model: to bring one to the front, and to open source beside it. */
import * as vscode from 'vscode';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { MODEL_VIEW } from './views';

export class Panels {
  readonly #panels = new Map<OpenModel, Set<vscode.WebviewPanel>>();

  constructor(private readonly models: Models) {}

  add(model: OpenModel, panel: vscode.WebviewPanel): void {
    const panels = this.#panels.get(model) ?? new Set();
    this.#panels.set(model, panels);
    panels.add(panel);
  }

  remove(model: OpenModel, panel: vscode.WebviewPanel): void {
    const panels = this.#panels.get(model);
    panels?.delete(panel);
    if (panels?.size === 0) this.#panels.delete(model);
  }

  /** Shows a model, in the editor it already has where there is one, and waits until it has been read. */
  async open(uri: vscode.Uri, options: vscode.TextDocumentShowOptions = {}): Promise<OpenModel> {
    const model = this.models.ensure(uri);
    const [panel] = this.#panels.get(model) ?? [];
    if (panel === undefined)
      await vscode.commands.executeCommand('vscode.openWith', uri, MODEL_VIEW, options);
    else if (!panel.visible || options.preserveFocus !== true)
      panel.reveal(panel.viewColumn, options.preserveFocus);
    await model.ready();
    return model;
  }

  /** Opens what a menu or a tree item names; asks for a file when nothing is named. */
  async openAny(argument: unknown, viewColumn?: vscode.ViewColumn): Promise<void> {
    const uri = argument instanceof vscode.Uri ? argument : await this.#askFile();
    if (uri !== undefined) await this.open(uri, viewColumn === undefined ? {} : { viewColumn });
  }

  /** Closes every editor of a model and forgets it. */
  async closeAny(argument: unknown): Promise<void> {
    const named =
      typeof argument === 'object' && argument !== null && 'model' in argument ? argument.model : undefined;
    const model = this.models.all.find((known) => known === named) ?? this.models.active;
    if (model === undefined) return;
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(
      tabs.filter(
        ({ input }) =>
          input instanceof vscode.TabInputCustom && input.uri.toString() === model.uri.toString(),
      ),
    );
  }

  /** The column in which a model can be seen, or undefined. */
  columnOf(model: OpenModel): vscode.ViewColumn | undefined {
    return [...(this.#panels.get(model) ?? [])].find((panel) => panel.visible)?.viewColumn;
  }

  async #askFile(): Promise<vscode.Uri | undefined> {
    const found = await vscode.workspace.findFiles('**/*.onnx', undefined, 200);
    if (found.length === 0) {
      const picked = await vscode.window.showOpenDialog({
        filters: { ONNX: ['onnx'] },
        canSelectMany: false,
      });
      return picked?.[0];
    }
    const items = found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
    return (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which model?') }))?.uri;
  }
}
