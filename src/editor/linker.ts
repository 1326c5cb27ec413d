/**
 * Links models to the Python around them: one shared snapshot for each root, so that ten models read and parse the
 * workspace once, and an edit links again only what it can touch. Loads the lower floor on first use.
 */
import type { LinkTable } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton } from '../contract/skeleton';
import type { WorkspaceIndex as SourceIndex } from '../source/workspaceIndex';
import type { WorkspaceRoot } from './sourceRoot';

interface Linkable {
  readonly skeleton: Skeleton;
  readonly scopes: ScopeTree;
}

export class Linker {
  readonly #indexes = new Map<string, Promise<SourceIndex>>();
  /** Which version of a model was linked last: another one has another skeleton. */
  readonly #versions = new Map<string, WeakRef<Skeleton>>();

  /** The links of a model; those known where neither it nor the Python it was linked with has changed. */
  async link(id: string, model: Linkable, root: WorkspaceRoot, signal: AbortSignal): Promise<LinkTable> {
    const index = await this.#indexOf(root);
    const { skeleton } = model;
    const table = index.table(id);
    if (this.#versions.get(id)?.deref() === skeleton && !index.isStale(id) && table !== null) return table;
    this.#versions.set(id, new WeakRef(skeleton));
    // Held only until it is linked: the index keeps links and not models.
    let held: Linkable | null = model;
    index.setModel(id, () =>
      held === null ? Promise.reject(new Error(`${id} was let go of.`)) : Promise.resolve(held),
    );
    try {
      return await index.link(id, signal);
    } finally {
      held = null;
    }
  }

  /** The files the links of a model were made from. */
  async filesOf(id: string, root: WorkspaceRoot): Promise<ReadonlySet<string>> {
    return (await this.#indexOf(root)).filesOf(id);
  }

  /** Keeps what a model's links were made from and lets go of the links. */
  async release(id: string, root: WorkspaceRoot): Promise<void> {
    (await this.#indexOf(root)).release(id);
  }

  /** Takes over a file as the person sees it now. */
  async changed(file: string, root: WorkspaceRoot): Promise<void> {
    const known = this.#indexes.get(root.folder.toString());
    if (known !== undefined) (await known).setFile(file, await root.read(file));
  }

  /** Whether an edit could have changed the links of a model; undefined for one that was not linked here. */
  async isStale(id: string, root: WorkspaceRoot): Promise<boolean | undefined> {
    const index = await this.#indexes.get(root.folder.toString());
    if (index === undefined || !this.#versions.has(id)) return undefined;
    return index.isStale(id);
  }

  async forget(id: string, root: WorkspaceRoot): Promise<void> {
    this.#versions.delete(id);
    (await this.#indexes.get(root.folder.toString()))?.removeModel(id);
  }

  #indexOf(root: WorkspaceRoot): Promise<SourceIndex> {
    const key = root.folder.toString();
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const made = import('../source/workspaceIndex').then(({ WorkspaceIndex }) => new WorkspaceIndex(root));
    this.#indexes.set(key, made);
    return made;
  }
}
