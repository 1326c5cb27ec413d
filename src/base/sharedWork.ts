/**
 * One piece of work that several callers wait for: whoever cancels leaves alone, and the work itself is cancelled only
 * when the last has left. What failed or was cancelled is forgotten, so that the next caller starts it anew; what
 * succeeded stays until it is deleted.
 */
import { AbortError } from './cancel';

interface Entry<T> {
  readonly work: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
  done: boolean;
}

export class SharedWork<K, T> {
  readonly #entries = new Map<K, Entry<T>>();

  /** @param limit results kept at most, the oldest let go first; work in progress is not counted */
  constructor(private readonly limit = Number.POSITIVE_INFINITY) {}

  /** The result for a key: there already, on its way, or begun now. Rejects with `AbortError` once `signal` fires. */
  get(key: K, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(new AbortError());
    const entry = this.#entries.get(key) ?? this.#begin(key, start);
    if (entry.done) return entry.work;
    entry.waiting++;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        signal?.removeEventListener('abort', onAbort);
        entry.waiting--;
      };
      const onAbort = (): void => {
        leave();
        reject(new AbortError());
        if (entry.waiting > 0 || entry.done) return;
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        entry.abort.abort();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = (then: () => void): void => {
        if (signal?.aborted === true) return;
        leave();
        then();
      };
      entry.work.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  /** Puts a result there that was made elsewhere. */
  set(key: K, value: T): void {
    this.delete(key);
    this.#entries.set(key, {
      work: Promise.resolve(value),
      abort: new AbortController(),
      waiting: 0,
      done: true,
    });
    this.#trim();
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Forgets every result; work in progress goes on for those who wait. */
  clear(): void {
    this.#entries.clear();
  }

  #begin(key: K, start: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const abort = new AbortController();
    const work = start(abort.signal);
    const entry: Entry<T> = { work, abort, waiting: 0, done: false };
    this.#entries.set(key, entry);
    work.then(
      () => {
        entry.done = true;
        this.#trim();
      },
      () => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }

  #trim(): void {
    const done = [...this.#entries].filter(([, entry]) => entry.done);
    for (const [key] of done.slice(0, Math.max(0, done.length - this.limit))) this.#entries.delete(key);
  }
}
