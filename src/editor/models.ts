/**
 * All models the window knows: those shown in an editor, and those the background index found in the workspace. Watches
 * their files and reads them again when they change.
 */
import type * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Linker } from './linker';
import { ModelWatch } from './modelWatch';
import { OpenModel, type Aspect } from './openModel';
import type { ModelReader } from './reading';
import { WorkspaceRoot } from './sourceRoot';

export interface ModelChange {
  readonly model: OpenModel;
  readonly aspect: Aspect | 'added' | 'removed';
}

export class Models implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<ModelChange>());
  readonly #models = new Map<string, { readonly model: OpenModel; readonly store: DisposableStore }>();
  #active: OpenModel | undefined;
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly reader: ModelReader,
    private readonly linker: Linker,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#store.onDispose(() => {
      for (const { store } of this.#models.values()) store.dispose();
    });
  }

  /** Every known model, those in editors first. */
  get all(): readonly OpenModel[] {
    const models = [...this.#models.values()].map(({ model }) => model);
    return [...models.filter((model) => model.editors > 0), ...models.filter((model) => model.editors === 0)];
  }

  get open(): readonly OpenModel[] {
    return this.all.filter((model) => model.editors > 0);
  }

  /** The model a command without an argument means: that of the last focused editor, else the only one open. */
  get active(): OpenModel | undefined {
    if (this.#active !== undefined && this.#active.editors > 0) return this.#active;
    const { open } = this;
    return open.length === 1 ? open[0] : undefined;
  }

  setActive(model: OpenModel): void {
    this.#active = model;
  }

  get(uri: vscode.Uri): OpenModel | undefined {
    return this.#models.get(uri.toString())?.model;
  }

  /** The model of a file, known from now on. It is not read before someone asks. */
  ensure(uri: vscode.Uri): OpenModel {
    const known = this.#models.get(uri.toString());
    if (known !== undefined) return known.model;
    const store = new DisposableStore();
    const model = store.add(new OpenModel(uri, WorkspaceRoot.of(uri), this.reader, this.linker, this.log));
    this.#models.set(uri.toString(), { model, store });
    store.add(
      model.onDidChange((aspect) => {
        this.#changed.fire({ model, aspect });
      }),
    );
    const watch = store.add(
      new ModelWatch(model, () => {
        // One that nobody asked for is the background index's.
        if (model.wasRead) void model.read();
      }),
    );
    store.add(
      model.onDidChange((aspect) => {
        if (aspect === 'content') watch.follow();
      }),
    );
    this.#changed.fire({ model, aspect: 'added' });
    return model;
  }

  /** Forgets a model that no editor shows. */
  forget(model: OpenModel): void {
    const entry = this.#models.get(model.uri.toString());
    if (entry === undefined || model.editors > 0) return;
    this.#models.delete(model.uri.toString());
    if (this.#active === model) this.#active = undefined;
    this.#changed.fire({ model, aspect: 'removed' });
    entry.store.dispose();
  }

  dispose(): void {
    this.#store.dispose();
  }
}
