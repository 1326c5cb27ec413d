/** One status bar item: the active model, a run in progress with *Stop* a click away, or nothing at all. */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { formatMs } from '../tensor/format';
import type { Models } from './models';
import type { RunController } from './runController';

export class StatusBar implements Disposable {
  readonly #store = new DisposableStore();
  readonly #item = this.#store.add(
    vscode.window.createStatusBarItem('patchclamp.status', vscode.StatusBarAlignment.Left, 10),
  );

  constructor(
    private readonly models: Models,
    private readonly runs: RunController,
  ) {
    this.#item.name = 'Patchclamp';
    this.#store.add(
      models.onDidChange(({ aspect }) => {
        if (aspect !== 'selection') this.#update();
      }),
    );
    this.#update();
  }

  dispose(): void {
    this.#store.dispose();
  }

  #update(): void {
    const running = this.runs.running;
    const { active } = this.models;
    void vscode.commands.executeCommand('setContext', 'patchclamp.running', running !== undefined);
    void vscode.commands.executeCommand('setContext', 'patchclamp.modelCount', this.models.all.length);
    void vscode.commands.executeCommand('setContext', 'patchclamp.openCount', this.models.open.length);
    if (running !== undefined) {
      this.#item.text = `$(sync~spin) ${running.text}`;
      this.#item.tooltip = vscode.l10n.t('Stop Run');
      this.#item.command = 'patchclamp.stopRun';
      this.#item.show();
      return;
    }
    if (active === undefined) {
      this.#item.hide();
      return;
    }
    const run = this.runs.shown(active);
    this.#item.text =
      run === undefined
        ? `$(type-hierarchy-sub) ${active.name}`
        : `$(type-hierarchy-sub) ${active.name}: ${run.name}, ${formatMs(run.ms)}`;
    this.#item.tooltip = vscode.l10n.t('Run Model…');
    this.#item.command = {
      title: vscode.l10n.t('Run Model…'),
      command: 'patchclamp.runModel',
      arguments: [active.uri],
    };
    this.#item.show();
  }
}
