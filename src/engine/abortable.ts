/** Waiting for work with an ear for its cancel. */
import { AbortError } from '../base/cancel';

/**
 * Rejects with `AbortError` as soon as the signal fires; the work goes on unheard. Takes as many turns with a signal as
 * without, so that calls reach the engine in the order they were made.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new AbortError());
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
  });
}
