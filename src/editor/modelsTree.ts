/** The view *Open Models*: each model with its modules, inputs, outputs and kept runs. A click shows the thing itself. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Selection } from '../contract/hostApi';
import type { Scope } from '../contract/scopes';
import type { KeptRun } from '../study/runs';
import { formatCount, formatMs } from '../tensor/format';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { RunController } from './runController';

type GroupKind = 'modules' | 'inputs' | 'outputs' | 'runs';

/** What a tree item stands for; commands of its context menu get it. */
export type TreeEntry =
  | { readonly kind: 'model'; readonly model: OpenModel }
  | { readonly kind: 'group'; readonly model: OpenModel; readonly group: GroupKind }
  | { readonly kind: 'scope'; readonly model: OpenModel; readonly scope: Scope }
  | { readonly kind: 'port'; readonly model: OpenModel; readonly name: string; readonly id: number }
  | { readonly kind: 'run'; readonly model: OpenModel; readonly run: KeptRun };

export class ModelsTree implements vscode.TreeDataProvider<TreeEntry>, Disposable {
  readonly #store = new DisposableStore();

  constructor(
    private readonly models: Models,
    private readonly runs: RunController,
    changed: () => void,
  ) {
    this.#store.add(
      models.onDidChange(({ aspect }) => {
        if (aspect !== 'selection') changed();
      }),
    );
  }

  getChildren(entry?: TreeEntry): TreeEntry[] {
    if (entry === undefined) return this.models.open.map((model) => ({ kind: 'model', model }));
    const { model } = entry;
    const { content } = model;
    if (content === undefined) return [];
    switch (entry.kind) {
      case 'model':
        return this.#groups(model);
      case 'group':
        return this.#members(model, entry.group);
      case 'scope':
        return this.#scopes(model, entry.scope);
      case 'port':
      case 'run':
        return [];
    }
  }

  getTreeItem(entry: TreeEntry): vscode.TreeItem {
    switch (entry.kind) {
      case 'model':
        return this.#modelItem(entry.model);
      case 'group':
        return groupItem(entry.group);
      case 'scope':
        return scopeItem(entry.model, entry.scope);
      case 'port':
        return portItem(entry.model, entry.name, entry.id);
      case 'run':
        return this.#runItem(entry.model, entry.run);
    }
  }

  dispose(): void {
    this.#store.dispose();
  }

  #groups(model: OpenModel): TreeEntry[] {
    const groups: GroupKind[] = ['modules', 'inputs', 'outputs', 'runs'];
    return groups
      .map((group): TreeEntry => ({ kind: 'group', model, group }))
      .filter((entry) => this.getChildren(entry).length > 0);
  }

  #members(model: OpenModel, group: GroupKind): TreeEntry[] {
    const { skeleton, scopes } = model.content ?? {};
    switch (group) {
      case 'modules': {
        const root = scopes?.scopes[0];
        return root === undefined ? [] : this.#scopes(model, root);
      }
      case 'inputs':
        return (skeleton?.graph.inputs ?? []).map(({ name }, i) => ({
          kind: 'port',
          model,
          name,
          id: -1 - i,
        }));
      case 'outputs':
        return (skeleton?.graph.outputs ?? []).map(({ name }, i) => ({
          kind: 'port',
          model,
          name,
          id: -1_000_001 - i,
        }));
      case 'runs':
        return this.runs.kept(model).map((run) => ({ kind: 'run', model, run }));
    }
  }

  #scopes(model: OpenModel, parent: Scope): TreeEntry[] {
    const all = model.content?.scopes.scopes ?? [];
    return parent.children
      .map((id) => all[id])
      .filter((scope) => scope !== undefined)
      .map((scope) => ({ kind: 'scope', model, scope }));
  }

  #modelItem(model: OpenModel): vscode.TreeItem {
    const item = new vscode.TreeItem(model.uri, vscode.TreeItemCollapsibleState.Expanded);
    item.label = model.name;
    item.contextValue = 'model';
    item.iconPath = new vscode.ThemeIcon(model.trouble === undefined ? 'type-hierarchy-sub' : 'warning');
    const { content, trouble } = model;
    item.description =
      content === undefined
        ? (trouble?.what ?? vscode.l10n.t('reading…'))
        : vscode.l10n.t('{0} parameters', formatCount(content.skeleton.parameters));
    item.tooltip = trouble === undefined ? model.relativePath : `${trouble.what} ${trouble.remedy}`;
    item.command = {
      title: vscode.l10n.t('Open Model'),
      command: 'patchclamp.openModel',
      arguments: [model.uri],
    };
    return item;
  }

  #runItem(model: OpenModel, run: KeptRun): vscode.TreeItem {
    const item = new vscode.TreeItem(run.name);
    const isShown = this.runs.shown(model)?.id === run.id;
    item.contextValue = run.pinned ? 'runPinned' : 'run';
    item.iconPath = new vscode.ThemeIcon(isShown ? 'eye' : run.pinned ? 'pinned' : 'history');
    item.description = [run.feeds.map(({ text }) => text).join(', '), formatMs(run.ms)]
      .filter((part) => part !== '')
      .join(' · ');
    const lines = [
      new Date(run.when).toLocaleString(vscode.env.language),
      ...run.feeds.map(({ name, text }) => `${name}: ${text}`),
      ...(run.note === '' ? [] : [run.note]),
      ...(this.runs.isStale(model, run) ? [vscode.l10n.t('The model file has changed since.')] : []),
    ];
    item.tooltip = lines.join('\n');
    item.command = {
      title: vscode.l10n.t('Show Run'),
      command: 'patchclamp.showRun',
      arguments: [{ kind: 'run', model, run }],
    };
    return item;
  }
}

function groupItem(group: GroupKind): vscode.TreeItem {
  const [label, icon] = {
    modules: [vscode.l10n.t('Modules'), 'symbol-class'],
    inputs: [vscode.l10n.t('Inputs'), 'arrow-right'],
    outputs: [vscode.l10n.t('Outputs'), 'arrow-left'],
    runs: [vscode.l10n.t('Runs'), 'history'],
  }[group] as [string, string];
  const state =
    group === 'modules'
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.Expanded;
  const item = new vscode.TreeItem(label, state);
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = group;
  return item;
}

function scopeItem(model: OpenModel, scope: Scope): vscode.TreeItem {
  const state =
    scope.children.length > 0
      ? vscode.TreeItemCollapsibleState.Collapsed
      : vscode.TreeItemCollapsibleState.None;
  const item = new vscode.TreeItem(scope.name, state);
  item.iconPath = new vscode.ThemeIcon(scope.kind === 'function' ? 'symbol-function' : 'symbol-class');
  item.description = [scope.className ?? '', scope.parameters > 0 ? formatCount(scope.parameters) : '']
    .filter((part) => part !== '')
    .join(' · ');
  item.tooltip = scope.path;
  item.contextValue = 'scope';
  item.command = reveal(model, { kind: 'scope', path: scope.path });
  return item;
}

function portItem(model: OpenModel, name: string, id: number): vscode.TreeItem {
  const item = new vscode.TreeItem(name);
  item.description = model.content?.types.text(name) ?? '';
  item.iconPath = new vscode.ThemeIcon('symbol-variable');
  item.contextValue = 'port';
  item.command = reveal(model, { kind: 'node', id });
  return item;
}

function reveal(model: OpenModel, selection: Selection): vscode.Command {
  return {
    title: vscode.l10n.t('Reveal in Graph'),
    command: 'patchclamp.revealInGraph',
    arguments: [{ model: model.uri.toString(), selection }],
  };
}
