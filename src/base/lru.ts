/** A least-recently-used map under a budget of cost (entries, bytes, …). What falls out is handed to `onEvict`. */

export class Lru<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly cost: number }>();
  #total = 0;

  constructor(
    readonly budget: number,
    private readonly onEvict: (value: V, key: K) => void = () => undefined,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  get cost(): number {
    return this.#total;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Adds or replaces; evicts the oldest until the budget holds. The newest entry always stays. */
  set(key: K, value: V, cost = 1): void {
    this.delete(key);
    this.#entries.set(key, { value, cost });
    this.#total += cost;
    for (const oldest of this.#entries.keys()) {
      if (this.#total <= this.budget || oldest === key) break;
      this.delete(oldest);
    }
  }

  /** Gives an entry another cost and makes it the newest; evicts others until the budget holds. */
  recost(key: K, cost: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#total -= entry.cost;
    this.set(key, entry.value, cost);
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#total -= entry.cost;
    this.onEvict(entry.value, key);
    return true;
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  *values(): IterableIterator<V> {
    for (const entry of this.#entries.values()) yield entry.value;
  }
}
