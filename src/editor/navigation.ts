/**
 * From the graph to the source and back. A node's line is shown beside its model without taking focus; the cursor's
 * line marks its nodes. Each side is told who moved (`origin`), so that nothing echoes.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Selection } from '../contract/hostApi';
import type { NodeLink, SourcePlace } from '../contract/link';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';

const FOLLOW_MS = 40;

export interface Highlight {
  readonly model: OpenModel;
  readonly nodes: readonly number[];
}

export class Navigation implements Disposable {
  readonly #store = new DisposableStore();
  readonly #highlighted = this.#store.add(new Emitter<Highlight>());
  readonly #mark = this.#store.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor('patchclamp.highlight'),
      overviewRulerColor: new vscode.ThemeColor('patchclamp.positive'),
      overviewRulerLane: vscode.OverviewRulerLane.Center,
    }),
  );
  readonly #lit = new Map<OpenModel, string>();
  /** Models whose lines are still being found while something is selected already. */
  readonly #waiting = new WeakSet<OpenModel>();
  #timer: NodeJS.Timeout | undefined;
  /** Nodes that the cursor's line made. */
  readonly onDidHighlight = this.#highlighted.event;

  constructor(
    private readonly models: Models,
    private readonly panels: Panels,
  ) {
    this.#store.add(
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor.document.languageId === 'python') this.#followCursor(textEditor);
      }),
    );
    this.#store.add(
      models.onDidChange(({ model, aspect }) => {
        if (aspect === 'links' && this.#waiting.delete(model)) void this.followSelection(model);
      }),
    );
    this.#store.onDispose(() => {
      clearTimeout(this.#timer);
    });
  }

  /** After a selection in the graph: shows the line, without focus, where the setting allows. */
  async followSelection(model: OpenModel): Promise<void> {
    void vscode.commands.executeCommand('setContext', 'patchclamp.didSelect', true);
    this.#unmark();
    const config = vscode.workspace.getConfiguration('patchclamp');
    if (!config.get<boolean>('links.revealOnSelect', true)) return;
    if (model.links === undefined && model.selection.kind !== 'none') {
      this.#waiting.add(model);
      return;
    }
    const place = placeOf(model, model.selection, 'call');
    if (place !== undefined) await this.#show(model, place, true);
  }

  /** Opens the line of a selection and moves there; says so when there is none. */
  async reveal(model: OpenModel, selection: Selection, what: 'call' | 'definition'): Promise<void> {
    const place = placeOf(model, selection, what);
    if (place !== undefined) return this.#show(model, place, false);
    const why = this.#whyNone(model, selection, what);
    if (model.links === undefined || model.links.counts.exact + model.links.counts.inferred > 0) {
      void vscode.window.showInformationMessage(why);
      return;
    }
    // Nothing of this model leads to source: an export that keeps its traces is what helps.
    const write = vscode.l10n.t('Write Export Script…');
    if ((await vscode.window.showInformationMessage(why, write)) === write)
      await vscode.commands.executeCommand('patchclamp.writeExportScript', { model: model.uri.toString() });
  }

  async openPlace(model: OpenModel, place: SourcePlace): Promise<void> {
    await this.#show(model, place, false);
  }

  /** Marks nodes in the graph without moving anything. */
  light(model: OpenModel, nodes: readonly number[]): void {
    this.#lit.set(model, nodes.join());
    this.#highlighted.fire({ model, nodes });
  }

  /** Selects nodes in the graph from elsewhere and brings the graph to the front. */
  async revealInGraph(model: OpenModel, selection: Selection, preserveFocus: boolean): Promise<void> {
    const beside =
      vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const column = this.panels.columnOf(model) ?? beside;
    await this.panels.open(model.uri, { viewColumn: column, preserveFocus });
    model.select(selection, 'source');
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #show(model: OpenModel, place: SourcePlace, preserveFocus: boolean): Promise<void> {
    const { uri, range, cell } = await model.root.shown(place);
    if (cell !== undefined) return this.#showCell(model, uri, cell, range, preserveFocus);
    const visible = vscode.window.visibleTextEditors.find(
      ({ document }) => document.uri.toString() === uri.toString(),
    );
    const column = visible?.viewColumn ?? this.#columnBeside(model);
    const editor = await vscode.window.showTextDocument(uri, {
      viewColumn: column,
      preserveFocus,
      preview: true,
      ...(preserveFocus ? {} : { selection: new vscode.Range(range.start, range.start) }),
    });
    editor.setDecorations(this.#mark, [range]);
    // The line, not the range: a range far to the right would scroll the beginning of every line away.
    const line = new vscode.Range(range.start.line, 0, range.start.line, 0);
    editor.revealRange(line, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** The same in a notebook. */
  async #showCell(
    model: OpenModel,
    uri: vscode.Uri,
    index: number,
    range: vscode.Range,
    preserveFocus: boolean,
  ): Promise<void> {
    const notebook = await vscode.workspace.openNotebookDocument(uri);
    const shown = vscode.window.visibleNotebookEditors.find((each) => each.notebook === notebook);
    const cells = new vscode.NotebookRange(index, index + 1);
    const editor = await vscode.window.showNotebookDocument(notebook, {
      viewColumn: shown?.viewColumn ?? this.#columnBeside(model),
      preserveFocus,
      selections: [cells],
    });
    editor.revealRange(cells, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
    const { document } = notebook.cellAt(index);
    for (const text of vscode.window.visibleTextEditors)
      if (text.document === document) text.setDecorations(this.#mark, [range]);
  }

  /** A column that exists and does not show the model, else a new one beside it. */
  #columnBeside(model: OpenModel): vscode.ViewColumn {
    const own = this.panels.columnOf(model);
    const other = vscode.window.tabGroups.all.find(({ viewColumn }) => viewColumn !== own);
    return other?.viewColumn ?? vscode.ViewColumn.Beside;
  }

  #unmark(): void {
    for (const editor of vscode.window.visibleTextEditors) editor.setDecorations(this.#mark, []);
  }

  #followCursor(editor: vscode.TextEditor): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#unmark();
      if (!vscode.workspace.getConfiguration('patchclamp').get<boolean>('links.followCursor', true)) return;
      const line = editor.selection.active.line + 1;
      for (const model of this.models.open) {
        const standing = model.root.standing(editor.document);
        const entries = standing === undefined ? [] : model.index.at(standing.file, line + standing.before);
        const nodes = [...new Set(entries.flatMap((entry) => entry.nodes))];
        const key = nodes.join();
        if (this.#lit.get(model) === key) continue;
        this.light(model, nodes);
      }
    }, FOLLOW_MS);
  }

  #whyNone(model: OpenModel, selection: Selection, what: 'call' | 'definition'): string {
    const link = linkOf(model, selection);
    if (model.links === undefined) return vscode.l10n.t('The links of this model are still being read.');
    if (link === undefined) return vscode.l10n.t('Select a node or a module in the graph first.');
    if (what === 'definition' && link.call !== null) {
      return vscode.l10n.t('This node is a functional call: no module constructs it.');
    }
    return link.evidence[0] ?? vscode.l10n.t('No line of Python was found for this node.');
  }
}

/** The link of a node, or of a scope's or value's first linked node. */
function linkOf(model: OpenModel, selection: Selection): NodeLink | undefined {
  const { content, links } = model;
  if (content === undefined || links === undefined) return undefined;
  switch (selection.kind) {
    case 'node': {
      if (selection.id >= 0) return links.links[selection.id];
      const output = content.skeleton.graph.outputs[-1_000_001 - selection.id];
      return output === undefined ? undefined : linkOf(model, { kind: 'value', name: output.name });
    }
    case 'value': {
      const producer = content.names.producer(selection.name);
      return producer === undefined ? undefined : links.links[producer.id];
    }
    case 'scope':
      return undefined;
    case 'none':
      return undefined;
  }
}

/** Where a selection leads: for a module, the most used line of its own nodes, else of those below it. */
function placeOf(
  model: OpenModel,
  selection: Selection,
  what: 'call' | 'definition',
): SourcePlace | undefined {
  if (selection.kind !== 'scope') return linkOf(model, selection)?.[what]?.place;
  const { content, links } = model;
  const scope = content?.scopes.scopes.find(({ path }) => path === selection.path);
  if (content === undefined || links === undefined || scope === undefined) return undefined;
  const places = (ids: readonly number[]): SourcePlace[] =>
    ids.map((id) => links.links[id]?.[what]?.place).filter((place) => place !== undefined);
  return mostUsed(places(scope.nodes)) ?? mostUsed(places(content.names.within(content.scopes, scope)));
}

function mostUsed(places: readonly SourcePlace[]): SourcePlace | undefined {
  const counts = new Map<string, { readonly place: SourcePlace; count: number }>();
  for (const place of places) {
    const key = `${place.file}:${String(place.line)}`;
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { place, count: 1 });
    else entry.count++;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.place;
}
