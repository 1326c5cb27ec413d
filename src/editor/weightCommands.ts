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
    const names = model.content?.names;
    const ref = names?.weightNamed(name);
    const reader = ref === undefined ? undefined : names?.consumers(ref.name, names.graphOf(ref))[0];
    if (reader !== undefined) model.select({ kind: 'node', id: reader.id }, 'command');
  }

  async export(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const name = target.weight ?? (await this.#pick(target));
    if (name !== undefined) await this.weights.exportNpy(target.model, name);
  }

  /** The key of one of the weights of what is selected, else of the whole model. */
  async #pick({ model, selection }: Target): Promise<string | undefined> {
    const { content } = model;
    if (content === undefined) return undefined;
    const { names, skeleton, scopes } = content;
    const scope =
      selection.kind === 'scope' ? scopes.scopes.find(({ path }) => path === selection.path) : undefined;
    const ids =
      selection.kind === 'node' ? [selection.id] : scope === undefined ? [] : names.within(scopes, scope);
    const refs = new Set<WeightRef>();
    for (const id of ids) {
      const node = skeleton.nodes[id];
      for (const name of node?.inputs ?? []) {
        const ref = node === undefined ? undefined : names.weight(node, name);
        if (ref !== undefined) refs.add(ref);
      }
    }
    const list = refs.size > 0 ? [...refs] : [...names.weights()];
    const [only] = list;
    if (list.length === 1 && only !== undefined) return names.keyOf(only);
    if (list.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t('{0} has no weights.', model.name));
      return undefined;
    }
    const items = list.map((ref) => ({
      label: ref.name,
      description: [`${ref.dtype} ${formatShape(ref.dims)}`, names.graphOf(ref)].join(' ').trim(),
      detail: formatBytes(ref.byteLength),
      ref,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: vscode.l10n.t('Which weight of {0}?', titleOf(model)),
      matchOnDescription: true,
    });
    return picked === undefined ? undefined : names.keyOf(picked.ref);
  }
}

function titleOf(model: OpenModel): string {
  return model.relativePath;
}
