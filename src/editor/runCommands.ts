/** Commands about runs: run, capture, compare, and what one does with a kept run. */
import * as vscode from 'vscode';
import type { Selection } from '../contract/hostApi';
import { formatMs } from '../tensor/format';
import type { KeptRun } from '../study/runs';
import type { FeedBook } from './feedBook';
import { reviewFeeds } from './feedReview';
import type { LocalCopies } from './localCopy';
import type { OpenModel } from './openModel';
import type { Panels } from './panels';
import { siteOf } from './nodeCommands';
import type { RunController } from './runController';
import type { Target, Targets } from './target';
import type { Trust } from './trust';

export class RunCommands {
  constructor(
    private readonly targets: Targets,
    private readonly panels: Panels,
    private readonly runs: RunController,
    private readonly feeds: FeedBook,
    private readonly trust: Trust,
    private readonly localCopies: LocalCopies,
  ) {}

  /** *Run Model…*: review the inputs in a list, change any part, then run. */
  async runModel(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const { model } = target;
    await this.panels.open(model.uri);
    if (await this.#cannotRun(model)) return;
    if (await reviewFeeds(this.feeds, model)) await this.runs.run(model);
  }

  /** *Make a Local Copy…*: of a virtual model, so that it can run. An argument may name the folder. */
  async makeLocalCopy(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target !== undefined) await this.localCopies.copy(target.model, folderIn(argument));
  }

  async runAgain(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target !== undefined) await this.runs.runAgain(target.model);
  }

  /** Work on the model that an argument names, in its editor. */
  async withModel(
    argument: unknown,
    work: (model: OpenModel, selection: Selection) => Promise<void>,
  ): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    await this.panels.open(target.model.uri);
    await work(target.model, target.selection);
  }

  stopRun(): Promise<void> {
    return this.runs.stop();
  }

  async changeFeed(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target !== undefined) await reviewFeeds(this.feeds, target.model);
  }

  /** *Capture Activations Here…*: shows what a value was in the shown run; runs first where there is none. */
  async captureHere(argument: unknown): Promise<void> {
    const target = await this.#captureTarget(argument);
    if (target === undefined) return;
    const { model } = target;
    const site = siteOf(target);
    if (site === undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Select a node, a module or a value in the graph first.'),
      );
      return;
    }
    await this.panels.open(model.uri, { preserveFocus: false });
    if (this.runs.shown(model) === undefined) {
      if (!(await reviewFeeds(this.feeds, model))) return;
      await this.runs.run(model);
    }
    const run = this.runs.shown(model);
    if (run?.values.every((value) => value.site !== site) === true) await this.runs.recordAlso(model, site);
    model.select({ kind: 'value', name: site }, 'command');
  }

  /** *Compare Two Runs…*: the first is shown, the second drawn behind it. */
  async compareRuns(argument: unknown): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const { model } = target;
    const kept = this.runs.kept(model);
    if (kept.length < 2) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          '{0} has {1} kept runs; two are needed. Run it on another input first.',
          model.name,
          kept.length,
        ),
      );
      return;
    }
    const first = await pickRun(kept, vscode.l10n.t('The run to show'));
    if (first === undefined) return;
    const second = await pickRun(
      kept.filter(({ id }) => id !== first.id),
      vscode.l10n.t('The run to compare {0} with', first.name),
    );
    if (second === undefined) return;
    await this.panels.open(model.uri);
    await this.runs.show(model, first.id);
    await this.runs.compareWith(model, second.id);
  }

  async showRun(argument: unknown): Promise<void> {
    await this.#withRun(argument, async (model, run) => {
      await this.panels.open(model.uri);
      await this.runs.show(model, run.id);
    });
  }

  async rename(argument: unknown): Promise<void> {
    await this.#withRun(argument, async (model, run) => {
      const name = await vscode.window.showInputBox({
        value: run.name,
        prompt: vscode.l10n.t('Name of this run'),
        ignoreFocusOut: true,
      });
      if (name !== undefined && name.trim() !== '')
        await this.runs.change(model, run.id, { name: name.trim() });
    });
  }

  async note(argument: unknown): Promise<void> {
    await this.#withRun(argument, async (model, run) => {
      const note = await vscode.window.showInputBox({
        value: run.note,
        prompt: vscode.l10n.t('A note on {0}', run.name),
        ignoreFocusOut: true,
      });
      if (note !== undefined) await this.runs.change(model, run.id, { note });
    });
  }

  async pin(argument: unknown, pinned: boolean): Promise<void> {
    await this.#withRun(argument, (model, run) => this.runs.change(model, run.id, { pinned }));
  }

  async delete(argument: unknown): Promise<void> {
    await this.#withRun(argument, async (model, run) => {
      const yes = vscode.l10n.t('Delete');
      const detail = run.note === '' ? '' : vscode.l10n.t('Its note: {0}', run.note);
      const choice =
        run.pinned || run.note !== ''
          ? await vscode.window.showWarningMessage(
              vscode.l10n.t('Delete {0}?', run.name),
              { modal: true, detail },
              yes,
            )
          : yes;
      if (choice === yes) await this.runs.delete(model, run.id);
    });
  }

  /** From a line of Python: the value that the line's last node makes. */
  async #captureTarget(argument: unknown): Promise<Target | undefined> {
    const editor = vscode.window.activeTextEditor;
    const fromSource = argument === undefined || argument instanceof vscode.Uri;
    if (fromSource && editor?.document.languageId === 'python') {
      const found = await this.targets.atCursor(editor);
      if (found !== undefined) return found;
    }
    return this.targets.of(argument instanceof vscode.Uri && editor !== undefined ? undefined : argument);
  }

  /** True when a model may not run here; then the person is told, and offered what would change that. */
  async #cannotRun(model: OpenModel): Promise<boolean> {
    const refusal = this.trust.cannotRun(model.uri);
    if (refusal === null) return false;
    const { reason, action } = refusal;
    const offers = {
      trust: vscode.l10n.t('Manage Trust'),
      copy: vscode.l10n.t('Make a Local Copy…'),
    };
    const offer = action === null ? [] : [offers[action]];
    const choice = await vscode.window.showInformationMessage(reason, ...offer);
    if (choice === offers.copy) await this.localCopies.copy(model);
    else if (choice === offers.trust) await this.trust.manage();
    return true;
  }

  async #withRun(argument: unknown, work: (model: OpenModel, run: KeptRun) => Promise<void>): Promise<void> {
    const target = await this.targets.of(argument);
    if (target === undefined) return;
    const kept = this.runs.kept(target.model);
    const run = kept.find(({ id }) => id === target.runId) ?? this.runs.shown(target.model);
    if (run !== undefined) await work(target.model, run);
  }
}

function folderIn(argument: unknown): vscode.Uri | undefined {
  if (typeof argument !== 'object' || argument === null || !('folder' in argument)) return undefined;
  const { folder } = argument;
  return typeof folder === 'string' ? vscode.Uri.parse(folder, true) : undefined;
}

async function pickRun(runs: readonly KeptRun[], placeHolder: string): Promise<KeptRun | undefined> {
  const items = runs.map((run) => ({
    label: `${run.pinned ? '$(pinned) ' : ''}${run.name}`,
    description: run.feeds.map(({ text }) => text).join(', '),
    detail: [new Date(run.when).toLocaleString(vscode.env.language), formatMs(run.ms), run.note]
      .filter((part) => part !== '')
      .join(' · '),
    run,
  }));
  return (
    await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true, ignoreFocusOut: true })
  )?.run;
}
