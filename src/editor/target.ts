/**
 * What a command was called on: a file in the explorer, a tree item, a node under the pointer in the graph, a link in a
 * hover, or nothing at all (then the active model). Arguments come from outside and are read with care.
 */
import * as vscode from 'vscode';
import type { Selection } from '../contract/hostApi';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';

export interface Target {
  readonly model: OpenModel;
  /** What it is about: given, else what is selected in the graph. */
  readonly selection: Selection;
  /** Several to choose from. */
  readonly selections: readonly Selection[];
  readonly value?: string;
  readonly weight?: string;
  readonly runId?: string;
}

export class Targets {
  constructor(
    private readonly models: Models,
    private readonly panels: Panels,
  ) {}

  /** The target of a command; asks which model where it is not clear. Undefined when the person backs out. */
  async of(argument: unknown): Promise<Target | undefined> {
    if (argument instanceof vscode.Uri)
      return this.#whole(await this.panels.open(argument, { preserveFocus: false }));
    if (typeof argument === 'object' && argument !== null) {
      const found = await this.#fromObject(argument);
      if (found !== undefined) return found;
    }
    const model = this.models.active ?? (await this.#ask());
    return model === undefined ? undefined : this.#whole(model);
  }

  /** What the line under a cursor made: the last node of the innermost call there. */
  async atCursor({ document, selection: { active } }: vscode.TextEditor): Promise<Target | undefined> {
    for (const model of this.models.all) {
      const standing = model.root.standing(document);
      if (standing === undefined || model.index.inFile(standing.file).length === 0) continue;
      await model.ready();
      const { file, before } = standing;
      const line = active.line + 1 + before;
      const [entry] = [...model.index.at(file, line, active.character), ...model.index.at(file, line)];
      const id = entry?.nodes.at(-1);
      if (id !== undefined) return { ...this.#whole(model), selection: { kind: 'node', id } };
    }
    return undefined;
  }

  #whole(model: OpenModel): Target {
    return { model, selection: model.selection, selections: [] };
  }

  async #fromObject(argument: object): Promise<Target | undefined> {
    const model = this.#modelIn(argument);
    if (model === undefined) return undefined;
    await model.ready();
    const base = { ...this.#whole(model), ...texts(argument) };
    if ('scope' in argument && isObject(argument.scope) && typeof argument.scope['path'] === 'string') {
      return { ...base, selection: { kind: 'scope', path: argument.scope['path'] } };
    }
    if ('run' in argument && isObject(argument.run) && typeof argument.run['id'] === 'string') {
      return { ...base, runId: argument.run['id'] };
    }
    if ('selections' in argument && Array.isArray(argument.selections)) {
      const selections = argument.selections.map(toSelection).filter((selection) => selection !== undefined);
      return { ...base, selection: selections[0] ?? base.selection, selections };
    }
    const selection = 'selection' in argument ? toSelection(argument.selection) : toSelection(argument);
    return { ...base, selection: selection ?? base.selection };
  }

  /** `model` as an OpenModel of ours, or as the text of its URI. */
  #modelIn(argument: object): OpenModel | undefined {
    if (!('model' in argument))
      return 'webview' in argument || 'patchclampNode' in argument ? this.models.active : undefined;
    const { model } = argument;
    if (typeof model === 'string') return this.models.all.find((known) => known.uri.toString() === model);
    return this.models.all.find((known) => known === model);
  }

  async #ask(): Promise<OpenModel | undefined> {
    const known = this.models.open.length > 0 ? this.models.open : this.models.all;
    if (known.length === 1 && known[0] !== undefined) {
      await known[0].ready();
      return known[0];
    }
    const found =
      known.length > 0
        ? known.map(({ uri }) => uri)
        : await vscode.workspace.findFiles('**/*.onnx', undefined, 200);
    if (found.length === 0) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('There is no .onnx file in this workspace. Open a folder that has one, or a sample.'),
      );
      return undefined;
    }
    const picked = await vscode.window.showQuickPick(
      found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })),
      { placeHolder: vscode.l10n.t('Which model?') },
    );
    return picked === undefined ? undefined : this.panels.open(picked.uri);
  }
}

function texts(argument: object): { value?: string; weight?: string } {
  return {
    ...('value' in argument && typeof argument.value === 'string' ? { value: argument.value } : {}),
    ...('weight' in argument && typeof argument.weight === 'string' ? { weight: argument.weight } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A selection from an argument, or undefined when it is none. */
export function toSelection(value: unknown): Selection | undefined {
  if (!isObject(value)) return undefined;
  switch (value['kind']) {
    case 'node':
    case 'port':
      return typeof value['id'] === 'number' && Number.isInteger(value['id'])
        ? { kind: 'node', id: value['id'] }
        : undefined;
    case 'scope':
      return typeof value['path'] === 'string' ? { kind: 'scope', path: value['path'] } : undefined;
    case 'value':
      return typeof value['name'] === 'string' ? { kind: 'value', name: value['name'] } : undefined;
    case 'none':
      return { kind: 'none' };
    default:
      return undefined;
  }
}
