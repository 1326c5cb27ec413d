/** Commands that intervene: *Clamp This…*, *Ablate* and *Scale…* on a node, a unit or a source line; *Let Everything Go*. */
import * as vscode from 'vscode';
import type { Clamp } from '../contract/clamp';
import { formatNumber } from '../tensor/format';
import type { Clamps } from './clamps';
import { siteOf } from './nodeCommands';
import type { OpenModel } from './openModel';
import type { RunController } from './runController';
import { askSite } from './siteInput';
import type { Targets } from './target';

interface Aim {
  readonly model: OpenModel;
  readonly site: string;
}

export class ClampCommands {
  constructor(
    private readonly targets: Targets,
    private readonly clamps: Clamps,
    private readonly runs: RunController,
  ) {}

  async clamp(argument: unknown): Promise<void> {
    const aim = await this.#aim(argument);
    if (aim === undefined) return;
    const mean = this.runs.recorded(aim.model).shown(aim.site)?.summary?.mean;
    const number = await askNumber(
      vscode.l10n.t('Hold {0} at', aim.site),
      mean === undefined || !Number.isFinite(mean) ? '0' : String(Number(mean.toPrecision(4))),
      mean === undefined ? '' : vscode.l10n.t('In the shown run it is {0} on average.', formatNumber(mean)),
    );
    if (number !== undefined) await this.#add(aim, 'set', number);
  }

  async ablate(argument: unknown): Promise<void> {
    const aim = await this.#aim(argument);
    if (aim !== undefined) await this.#add(aim, 'set', 0);
  }

  async scale(argument: unknown): Promise<void> {
    const aim = await this.#aim(argument);
    if (aim === undefined) return;
    const number = await askNumber(vscode.l10n.t('Multiply {0} by', aim.site), '0.5', '');
    if (number !== undefined) await this.#add(aim, 'scale', number);
  }

  async clear(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target !== undefined) await this.clamps.clear(target.model);
  }

  async #aim(argument: unknown): Promise<Aim | undefined> {
    const editor = vscode.window.activeTextEditor;
    const target =
      argument === undefined && editor?.document.languageId === 'python'
        ? await this.targets.atCursor(editor)
        : await this.targets.of(argument);
    if (target === undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('No node of a model in this workspace comes from this line.'),
      );
      return undefined;
    }
    const { model } = target;
    await model.ready();
    const site = siteOf(target) ?? (await askSite(model, ''));
    return site === undefined ? undefined : { model, site };
  }

  async #add({ model, site }: Aim, kind: Clamp['kind'], number: number): Promise<void> {
    await this.clamps.add(model, { site, kind, number });
    const said =
      kind === 'scale'
        ? vscode.l10n.t('{0} is multiplied by {1} from now on.', site, formatNumber(number))
        : vscode.l10n.t('{0} is held at {1} from now on.', site, formatNumber(number));
    vscode.window.setStatusBarMessage(said, 5000);
  }
}

/** Asks for another site of a clamp, so that one unit, head or position can be held: `conv#3`. */
export async function editClampSite(model: OpenModel, clamps: Clamps, id: string): Promise<void> {
  const clamp = clamps.of(model).find((each) => each.id === id);
  if (clamp === undefined) return;
  const site = await askSite(model, clamp.site);
  if (site !== undefined && site !== clamp.site) await clamps.put(model, { ...clamp, site });
}

async function askNumber(prompt: string, value: string, hint: string): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    prompt: hint === '' ? prompt : `${prompt}. ${hint}`,
    value,
    validateInput: (typed) =>
      typed.trim() === '' || Number.isNaN(Number(typed))
        ? vscode.l10n.t('Write a number, such as 0, 1.5 or -2e-3.')
        : undefined,
  });
  return text === undefined ? undefined : Number(text);
}
