/** Commands about weights: choose one and look at it, or export it. */
import * as vscode from 'vscode';
import type { WeightRef } from '../contract/skeleton';
import { formatBytes } from '../tensor/format';
import { formatShape } from '../tensor/shape';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';
import type { Target, Targets } from './target';
import type { Weights } from './weights';

export class WeightCommands {
  constructor(
    private readonly targets: Targets,
    private readonly panels: Panels,
    private readonly weights: Weights,
  ) {}

  /** *Show Weights…*: the inspector of the node that reads the weight, with the weight open. */
  async show(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const name = target.weight ?? (await this.#pick(target));
    if (name === undefined) return;
    const { model } = target;
    await this.panels.open(model.uri, { preserveFocus: false });
    const reader = model.content?.names.consumers(name)[0];
    if (reader !== undefined) model.select({ kind: 'node', id: reader.id }, 'command');
  }

  async export(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const name = target.weight ?? (await this.#pick(target));
    if (name !== undefined) await this.weights.exportNpy(target.model, name);
  }

  /** The weights of what is selected, else of the whole model. */
  async #pick({ model, selection }: Target): Promise<string | undefined> {
    const { content } = model;
    if (content === undefined) return undefined;
    const { names, skeleton, scopes } = content;
    const scope =
      selection.kind === 'scope' ? scopes.scopes.find(({ path }) => path === selection.path) : undefined;
    const ids =
      selection.kind === 'node' ? [selection.id] : scope === undefined ? [] : names.within(scopes, scope);
    const refs = new Map<string, WeightRef>();
    for (const id of ids) {
      const node = skeleton.nodes[id];
      for (const name of node?.inputs ?? []) {
        const ref = node === undefined ? undefined : names.weight(node, name);
        if (ref !== undefined) refs.set(name, ref);
      }
    }
    const list = refs.size > 0 ? [...refs.values()] : [...names.weights()];
    if (list.length === 1) return list[0]?.name;
    if (list.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t('{0} has no weights.', model.name));
      return undefined;
    }
    const items = list.map((ref) => ({
      label: ref.name,
      description: `${ref.dtype} ${formatShape(ref.dims)}`,
      detail: formatBytes(ref.byteLength),
      ref,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: vscode.l10n.t('Which weight of {0}?', titleOf(model)),
      matchOnDescription: true,
    });
    return picked?.ref.name;
  }
}

function titleOf(model: OpenModel): string {
  return model.relativePath;
}
