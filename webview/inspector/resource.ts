/**
 * A value fetched for a component: pending, there, or failed. A new key aborts what was asked before, and an answer to
 * an old question is dropped.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';

export type ResourceState<T> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly sentence: string };

export class Resource<T> implements ReactiveController {
  #state: ResourceState<T> = { kind: 'idle' };
  #key: string | undefined;
  #abort: AbortController | undefined;

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  get state(): ResourceState<T> {
    return this.#state;
  }

  /** Fetches once per key; while another key is fetched the last value stays to be looked at. */
  fetch(key: string, fetcher: (signal: AbortSignal) => Promise<T>): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    if (this.#state.kind !== 'ready') this.#state = { kind: 'pending' };
    fetcher(abort.signal).then(
      (value) => {
        this.#settle(abort, { kind: 'ready', value });
      },
      (error: unknown) => {
        if (!isCancelled(error)) this.#settle(abort, { kind: 'failed', sentence: describe(error) });
        else this.#dropped(abort);
      },
    );
  }

  /** Forgets everything: the question no longer makes sense. */
  clear(): void {
    this.#abort?.abort();
    this.#key = undefined;
    this.#state = { kind: 'idle' };
  }

  /** Asks anew: what was fetched was let go of while the component was away. */
  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.clear();
  }

  /** Cancelled by somebody else: the question stands, so it is asked again when the component updates. */
  #dropped(abort: AbortController): void {
    if (abort.signal.aborted || abort !== this.#abort) return;
    this.#key = undefined;
    this.#state = { kind: 'idle' };
    this.host.requestUpdate();
  }

  #settle(abort: AbortController, state: ResourceState<T>): void {
    if (abort.signal.aborted || abort !== this.#abort) return;
    this.#state = state;
    this.host.requestUpdate();
  }
}
