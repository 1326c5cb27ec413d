/** Ownership: whoever creates something that must be let go registers it here. */

export interface Disposable {
  dispose(): void;
}

/** Disposes what was added, last first; what is added after disposal is disposed at once. */
export class DisposableStore implements Disposable {
  readonly #items = new Set<Disposable>();
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.add(item);
    return item;
  }

  /** Registers a clean-up action. */
  onDispose(action: () => void): void {
    this.add({ dispose: action });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const item of [...this.#items].reverse()) item.dispose();
    this.#items.clear();
  }
}
