/**
 * Letting go of models that no editor shows any more: the engine closes their files, and what was read of them is
 * dropped. Their places in source stay known while the workspace's Python links to them; others are forgotten whole.
 */
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { EngineAccess } from './engineAccess';
import { LineIndex } from './lineIndex';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import type { RunController } from './runController';

/** An editor that moves to another group is closed and opened again within this time. */
const GRACE_MS = 5_000;

export class Releasing implements Disposable {
  readonly #store = new DisposableStore();
  readonly #timers = new Map<OpenModel, NodeJS.Timeout>();

  constructor(
    private readonly models: Models,
    private readonly engine: EngineAccess,
    private readonly runs: RunController,
  ) {
    this.#store.add(
      models.onDidChange(({ model, aspect }) => {
        if (aspect === 'editors') this.#consider(model);
        if (aspect === 'removed') {
          this.#stop(model);
          this.engine.release(model);
        }
      }),
    );
    this.#store.onDispose(() => {
      for (const timer of this.#timers.values()) clearTimeout(timer);
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  #consider(model: OpenModel): void {
    this.#stop(model);
    if (model.editors > 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(model);
      if (model.editors > 0) return;
      if (this.runs.isRunning(model)) this.#consider(model);
      else this.#release(model);
    }, GRACE_MS);
    this.#timers.set(model, timer);
  }

  #release(model: OpenModel): void {
    this.engine.release(model);
    this.runs.release(model);
    const linked = model.index !== LineIndex.empty;
    if (linked && vscode.workspace.getWorkspaceFolder(model.uri) !== undefined) model.release();
    else this.models.forget(model);
  }

  #stop(model: OpenModel): void {
    clearTimeout(this.#timers.get(model));
    this.#timers.delete(model);
  }
}
