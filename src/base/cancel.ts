/**
 * Cancellation by the platform's own `AbortSignal`. A cancelled piece of work rejects with `AbortError`,
 * which callers recognise with `isCancelled` and never show.
 */

export class AbortError extends Error {
  constructor(message = 'Cancelled.') {
    super(message);
    this.name = 'AbortError';
  }
}

export function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Throws `AbortError` when the signal has fired. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new AbortError();
}

/** Resolves after `ms`, or rejects with `AbortError` as soon as the signal fires. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(new AbortError());
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new AbortError());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Gives the event loop a turn: long pure loops call this between slices so that cancel can be heard. Node's timers wait a
 * millisecond at least; its immediates come after messages that have arrived, the second one in any case.
 */
export function breathe(): Promise<void> {
  const { setImmediate: soon } = globalThis as { setImmediate?: (work: () => void) => unknown };
  return new Promise((resolve) => {
    if (soon === undefined) setTimeout(resolve, 0);
    else soon(() => soon(resolve));
  });
}
