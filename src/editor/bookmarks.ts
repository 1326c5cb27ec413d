/** A person's bookmarks in each model: kept in the workspace's own state, by the model's address. */
import type { Memento } from 'vscode';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Bookmark } from '../contract/hostApi';
import type { OpenModel } from './openModel';

export class Bookmarks implements Disposable {
  readonly #changed = new Emitter<OpenModel>();
  readonly onDidChange = this.#changed.event;

  constructor(private readonly memory: Memento) {}

  of(model: OpenModel): readonly Bookmark[] {
    const kept = this.memory.get<unknown>(keyOf(model));
    return Array.isArray(kept) ? kept.filter(isBookmark) : [];
  }

  async set(model: OpenModel, bookmarks: readonly Bookmark[]): Promise<void> {
    await this.memory.update(keyOf(model), bookmarks.length === 0 ? undefined : bookmarks);
    this.#changed.fire(model);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function keyOf(model: OpenModel): string {
  return `bookmarks:${model.uri.toString()}`;
}

/** State may come from another version of the extension. */
function isBookmark(kept: unknown): kept is Bookmark {
  if (typeof kept !== 'object' || kept === null || !('label' in kept) || !('selection' in kept)) return false;
  const { label, selection } = kept;
  if (typeof label !== 'string' || typeof selection !== 'object' || selection === null) return false;
  const has = (key: string, type: string): boolean =>
    typeof (selection as Readonly<Record<string, unknown>>)[key] === type;
  return has('name', 'string') || has('path', 'string') || has('id', 'number');
}
