/** Commands about places: from Python to the graph, from the graph to Python, and all nodes of a line. */
import * as vscode from 'vscode';
import type { Selection } from '../contract/hostApi';
import { formatCount } from '../tensor/format';
import type { LineEntry } from './lineIndex';
import type { Models } from './models';
import type { Navigation } from './navigation';
import type { OpenModel } from './openModel';
import { linkedModels } from './sourceFacts';
import type { Target, Targets } from './target';
import { siteText } from './valueIndex';

interface Candidate extends vscode.QuickPickItem {
  readonly model: OpenModel;
  readonly selection: Selection;
  /** The module it stands for here: what the line calls or constructs, else the one the node lies in. */
  readonly module?: string;
}

export class NodeCommands {
  constructor(
    private readonly models: Models,
    private readonly targets: Targets,
    private readonly navigation: Navigation,
  ) {}

  /** *Reveal in Graph*: a given selection, one of several, or what the cursor's line made. */
  async revealInGraph(argument: unknown): Promise<void> {
    if (argument !== undefined && !(argument instanceof vscode.Uri)) {
      const target = await this.targets.of(argument);
      if (target === undefined) return;
      const selection = await this.#choose(target);
      if (selection !== undefined) await this.navigation.revealInGraph(target.model, selection, false);
      return;
    }
    const candidates = await this.#here();
    if (candidates.length === 0) {
      await this.#nothingHere();
      return;
    }
    const [first] = modulesFirst(candidates);
    const picked =
      candidates.length === 1 || first === undefined ? first : await this.#pick(modulesFirst(candidates));
    if (picked !== undefined) await this.navigation.revealInGraph(picked.model, picked.selection, false);
  }

  /** *Find All Nodes From Here*: every node of the line; moving in the list marks it in the graph. */
  async findNodes(): Promise<void> {
    const candidates = await this.#here();
    if (candidates.length === 0) {
      await this.#nothingHere();
      return;
    }
    const picked = await this.#pick(candidates);
    if (picked !== undefined) await this.navigation.revealInGraph(picked.model, picked.selection, false);
  }

  async goTo(argument: unknown, what: 'call' | 'definition'): Promise<void> {
    const target = await this.targets.of(argument);
    if (target !== undefined) await this.navigation.reveal(target.model, target.selection, what);
  }

  /** Copies the address of what is selected: a value's own name is its site. */
  async copySite(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const site = siteOf(target);
    if (site === undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Select a node, a module or a value in the graph first.'),
      );
      return;
    }
    await vscode.env.clipboard.writeText(site);
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}', site), 3000);
  }

  /** Nodes that the cursor's line made, in every known model. One that is not open yet is read first. */
  async #here(): Promise<Candidate[]> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return [];
    const { line, character } = editor.selection.active;
    const found: Candidate[] = [];
    for (const { model, file, before } of linkedModels(this.models, editor.document)) {
      const at = line + 1 + before;
      if (model.index.at(file, at).length === 0 && model.index.at(file, at, character).length === 0) continue;
      await model.ready();
      const exact = model.index.at(file, at, character).filter(({ claim }) => claim.place.line === at);
      found.push(...candidatesOf(model, exact.length > 0 ? exact : model.index.at(file, at)));
    }
    return found;
  }

  async #choose({ model, selection, selections }: Target): Promise<Selection | undefined> {
    if (selections.length < 2) return selection;
    const items = selections.map((item) => described(model, item));
    return (await this.#pick(items))?.selection;
  }

  /** A list whose active item is lit in the graph while one moves through it. */
  #pick(items: readonly Candidate[]): Promise<Candidate | undefined> {
    return new Promise((resolve) => {
      const pick = vscode.window.createQuickPick<Candidate>();
      pick.items = items;
      pick.matchOnDescription = true;
      pick.matchOnDetail = true;
      pick.placeholder = vscode.l10n.t('{0} found: choose one', items.length);
      pick.onDidChangeActive(([active]) => {
        if (active !== undefined) this.navigation.light(active.model, nodesOf(active));
      });
      pick.onDidAccept(() => {
        resolve(pick.activeItems[0]);
        pick.hide();
      });
      pick.onDidHide(() => {
        resolve(undefined);
        pick.dispose();
      });
      pick.show();
    });
  }

  /** Where no model links to the file at all, an export that does is what helps. */
  async #nothingHere(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document !== undefined && linkedModels(this.models, document).length > 0) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('No node of a model in this workspace comes from this line.'),
      );
      return;
    }
    const write = vscode.l10n.t('Write Export Script…');
    const why =
      this.models.all.length > 0
        ? vscode.l10n.t('No model of this workspace leads to this file.')
        : vscode.l10n.t('There is no model in this workspace yet.');
    if ((await vscode.window.showInformationMessage(why, write)) === write)
      await vscode.commands.executeCommand('patchclamp.writeExportScript');
  }
}

/** A selection as a row of a picker: what it is, and the shape it gives. */
function described(model: OpenModel, selection: Selection): Candidate {
  const { content } = model;
  if (content === undefined || selection.kind === 'none' || selection.kind === 'value')
    return { label: model.name, model, selection };
  const { skeleton, scopes, types, names } = content;
  if (selection.kind === 'scope') {
    const scope = scopes.scopes.find(({ path }) => path === selection.path);
    const output =
      scope === undefined ? undefined : names.boundary(names.within(scopes, scope)).outputs.at(-1);
    return {
      label: `$(symbol-class) ${selection.path}`,
      description: scope?.className ?? '',
      detail: output === undefined ? '' : types.text(output),
      model,
      selection,
    };
  }
  const node = skeleton.nodes[selection.id];
  const path = scopes.scopes[scopes.scopeOf[selection.id] ?? 0]?.path ?? '';
  return {
    label: `$(symbol-operator) ${path === '' ? (node?.op ?? '') : path}`,
    description: node?.op ?? '',
    detail: types.text(node?.outputs[0] ?? ''),
    model,
    selection,
  };
}

function candidatesOf(model: OpenModel, entries: readonly LineEntry[]): Candidate[] {
  const { content } = model;
  if (content === undefined) return [];
  const { skeleton, scopes, types } = content;
  const modules = new Map<number, string | undefined>();
  for (const entry of entries) {
    for (const id of entry.nodes) {
      const path = scopes.scopes[scopes.scopeOf[id] ?? 0]?.path ?? '';
      const holder = entry.modules.find((module) => path === module || path.startsWith(`${module}.`));
      if (!modules.has(id)) modules.set(id, holder);
    }
  }
  return [...modules].flatMap(([id, holder]) => {
    const node = skeleton.nodes[id];
    if (node === undefined) return [];
    const scope = scopes.scopes[scopes.scopeOf[id] ?? 0];
    return [
      {
        label: `$(symbol-operator) ${node.op}`,
        description: scope?.path ?? '',
        detail: [node.name, types.text(node.outputs[0] ?? '')].filter((part) => part !== '').join(' · '),
        model,
        module: holder ?? scope?.path ?? '',
        selection: { kind: 'node', id },
      },
    ];
  });
}

/** One entry per module where a line made nodes of several; else the nodes themselves. */
function modulesFirst(candidates: readonly Candidate[]): readonly Candidate[] {
  const modules = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const path = candidate.module ?? '';
    const key = `${candidate.model.uri.toString()} ${path}`;
    if (path === '' || modules.has(key)) continue;
    const count = candidates.filter(
      (other) => other.module === path && other.model === candidate.model,
    ).length;
    modules.set(key, {
      label: `$(symbol-class) ${path}`,
      description: candidate.model.name,
      detail: vscode.l10n.t('{0} nodes', formatCount(count)),
      model: candidate.model,
      selection: count === 1 ? candidate.selection : { kind: 'scope', path },
    });
  }
  return modules.size === 0 ? candidates : [...modules.values()];
}

function nodesOf({ model, selection }: Candidate): readonly number[] {
  if (selection.kind === 'node') return [selection.id];
  if (selection.kind !== 'scope') return [];
  return model.content?.scopes.scopes.find(({ path }) => path === selection.path)?.nodes ?? [];
}

/** The site text of a selection: the value it makes. */
export function siteOf({ model, selection, value }: Target): string | undefined {
  if (value !== undefined) return value;
  const { content } = model;
  if (content === undefined) return undefined;
  const { skeleton, scopes, names } = content;
  switch (selection.kind) {
    case 'value':
      return selection.name;
    case 'node': {
      const { id } = selection;
      if (id <= -1_000_001) return skeleton.graph.outputs[-1_000_001 - id]?.name;
      if (id < 0) return skeleton.graph.inputs[-1 - id]?.name;
      const node = skeleton.nodes[id];
      const name = node?.outputs.find((output) => output !== '');
      return node === undefined || name === undefined ? undefined : siteText({ name, graph: node.graph });
    }
    case 'scope': {
      const scope = scopes.scopes.find(({ path }) => path === selection.path);
      const last =
        scope === undefined ? undefined : names.crossing(names.within(scopes, scope)).outputs.at(-1);
      return last === undefined ? undefined : siteText(last);
    }
    case 'none':
      return undefined;
  }
}
