/**
 * Links models to the Python around them: one shared snapshot for each root, so that ten models read and parse the
 * workspace once, and an edit links again only what it can touch. Loads the lower floor on first use.
 */
import type { LinkTable } from '../contract/link';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton } from '../contract/skeleton';
import type { SourceRoot } from '../source/sources';
import type { WorkspaceIndex as SourceIndex } from '../source/workspaceIndex';

/** A folder's Python; `folder` is its address. */
export interface LinkRoot extends SourceRoot {
  readonly folder: { toString(): string };
}

interface Linkable {
  readonly skeleton: Skeleton;
  readonly scopes: ScopeTree;
}

export class Linker {
  readonly #indexes = new Map<string, Promise<SourceIndex>>();
  /** Which version of a model was linked last: another one has another skeleton. */
  readonly #versions = new Map<string, WeakRef<Skeleton>>();

  /** The links of a model; those known where neither it nor the Python it was linked with has changed. */
  async link(id: string, model: Linkable, root: LinkRoot, signal: AbortSignal): Promise<LinkTable> {
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

  /**
   * The links of a model in the first of `roots`; where nothing there leads anywhere, in the one of the others that leads
   * furthest. `root` is the one it was.
   */
  async linkAmong<Root extends LinkRoot>(
    id: string,
    model: Linkable,
    roots: readonly [Root, ...Root[]],
    signal: AbortSignal,
  ): Promise<{ readonly table: LinkTable; readonly root: Root }> {
    const [home, ...others] = roots;
    let best = { table: await this.link(id, model, home, signal), root: home };
    if (reachOf(best.table) > 0) return best;
    for (const root of others) {
      const table = await this.link(id, model, root, signal);
      if (reachOf(table) > reachOf(best.table)) best = { table, root };
    }
    return best;
  }

  /** The files the links of a model were made from. */
  async filesOf(id: string, root: LinkRoot): Promise<ReadonlySet<string>> {
    return (await this.#indexOf(root)).filesOf(id);
  }

  /** Keeps what a model's links were made from and lets go of the links. */
  async release(id: string, root: LinkRoot): Promise<void> {
    (await this.#indexes.get(root.folder.toString()))?.release(id);
  }

  /** Takes over a file as the person sees it now. */
  async changed(file: string, root: LinkRoot): Promise<void> {
    const known = this.#indexes.get(root.folder.toString());
    if (known !== undefined) (await known).setFile(file, await root.read(file));
  }

  /** Whether an edit could have changed the links of a model; undefined for one that was not linked here. */
  async isStale(id: string, root: LinkRoot): Promise<boolean | undefined> {
    const index = await this.#indexes.get(root.folder.toString());
    return index?.knows(id) === true ? index.isStale(id) : undefined;
  }

  async forget(id: string, root: LinkRoot): Promise<void> {
    this.#versions.delete(id);
    (await this.#indexes.get(root.folder.toString()))?.removeModel(id);
  }

  #indexOf(root: LinkRoot): Promise<SourceIndex> {
    const key = root.folder.toString();
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const made = import('../source/workspaceIndex').then(({ WorkspaceIndex }) => new WorkspaceIndex(root));
    this.#indexes.set(key, made);
    return made;
  }
}

/** Exact links first. */
function reachOf({ counts: { exact, inferred } }: LinkTable): number {
  return exact * 1_000_000 + inferred;
}
