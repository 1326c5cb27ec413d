/**
 * One typed RPC for every boundary: extension host to webview, extension host to engine child, window to worker.
 * The interfaces in `contract/` are the protocol; there are no hand-written envelopes elsewhere.
 *
 * A call rejects when the remote throws, when the port closes, and when its signal aborts (the remote is told, and its
 * own signal fires). The method called must be an own name of the local object, so a message cannot reach a prototype.
 */
import { AbortError, isCancelled } from './cancel';
import type { Disposable } from './disposable';
import { Failure, toDetails, type FailureDetails } from './errors';

export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): Disposable;
  onClose(listener: (reason: string) => void): Disposable;
}

/** Remote face of an API: every method returns a promise and takes an optional signal last. */
export type Remote<Api> = {
  readonly [K in keyof Api]: Api[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export interface Rpc<RemoteApi, RemoteEvents, LocalEvents> extends Disposable {
  readonly remote: Remote<RemoteApi>;
  /** Sends an event to the other side. */
  emit<K extends keyof LocalEvents & string>(event: K, data: LocalEvents[K]): void;
  /** Listens to an event of the other side. */
  on<K extends keyof RemoteEvents & string>(event: K, listener: (data: RemoteEvents[K]) => void): Disposable;
}

interface WireFailure extends FailureDetails {
  readonly cancelled?: boolean;
}
type Envelope =
  | {
      readonly t: 'call';
      readonly id: number;
      readonly method: string;
      readonly args: readonly unknown[];
      /** Where among the arguments the caller put its signal, if it gave one. */
      readonly signalAt: number | null;
    }
  | { readonly t: 'ok'; readonly id: number; readonly value: unknown }
  | { readonly t: 'error'; readonly id: number; readonly error: WireFailure }
  | { readonly t: 'abort'; readonly id: number }
  | { readonly t: 'event'; readonly event: string; readonly data: unknown };

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface RpcOptions {
  /** Told of every error a local method throws that is neither a Failure nor a cancellation. */
  readonly onInternalError?: (method: string, error: unknown) => void;
}

/**
 * Connects `local` (may be `{}`) to the other side of `port`. A signal among a caller's arguments arrives as a signal of
 * this side's own, in the same place. Dispose rejects everything outstanding.
 */
export function rpc<RemoteApi, RemoteEvents = object, LocalEvents = object>(
  port: Port,
  local: object,
  options: RpcOptions = {},
): Rpc<RemoteApi, RemoteEvents, LocalEvents> {
  const pending = new Map<number, Pending>();
  const running = new Map<number, AbortController>();
  const listeners = new Map<string, Set<(data: unknown) => void>>();
  let nextId = 1;
  let closed: string | undefined;

  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed !== undefined) return reject(disconnected(method, closed));
      const at = args.findIndex((arg) => arg instanceof AbortSignal);
      const signal = args.find((arg) => arg instanceof AbortSignal);
      if (signal?.aborted === true) return reject(new AbortError());
      const id = nextId++;
      const onAbort = (): void => {
        if (!pending.delete(id)) return;
        port.post({ t: 'abort', id } satisfies Envelope);
        reject(new AbortError());
      };
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      pending.set(id, {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      const plain = args.map((arg) => (arg instanceof AbortSignal ? null : arg));
      const signalAt = at < 0 ? null : at;
      try {
        port.post(compact({ t: 'call', id, method, args: plain, signalAt } satisfies Envelope));
      } catch (error) {
        pending.delete(id);
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });

  const serve = async (
    id: number,
    method: string,
    args: readonly unknown[],
    signalAt: number | null,
  ): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    let answer: Envelope;
    try {
      const target = ownMethod(local, method);
      const given = signalAt === null ? args : args.with(signalAt, controller.signal);
      answer = { t: 'ok', id, value: await target.call(local, ...given) };
    } catch (error) {
      const details: WireFailure = isCancelled(error)
        ? { ...toDetails(error), cancelled: true }
        : toDetails(error);
      if (details.code === 'internal' && details.cancelled !== true) options.onInternalError?.(method, error);
      answer = { t: 'error', id, error: details };
    }
    running.delete(id);
    if (closed !== undefined || controller.signal.aborted) return;
    port.post(compact(answer));
  };

  const receive = (message: unknown): void => {
    if (!isEnvelope(message)) return;
    switch (message.t) {
      case 'call':
        void serve(message.id, message.method, message.args, message.signalAt);
        return;
      case 'ok':
        take(pending, message.id)?.resolve(message.value);
        return;
      case 'error':
        take(pending, message.id)?.reject(fromWire(message.error));
        return;
      case 'abort':
        running.get(message.id)?.abort();
        return;
      case 'event':
        for (const listener of [...(listeners.get(message.event) ?? [])]) listener(message.data);
        return;
    }
  };

  const close = (reason: string): void => {
    if (closed !== undefined) return;
    closed = reason;
    for (const controller of running.values()) controller.abort();
    for (const [, entry] of pending) entry.reject(disconnected('A call', reason));
    pending.clear();
  };

  const subscriptions = [port.onMessage(receive), port.onClose(close)];
  const remote = new Proxy(Object.create(null) as Record<string, unknown>, {
    get: (_target, name) =>
      typeof name !== 'string' || name === 'then' ? undefined : (...args: unknown[]) => call(name, args),
  });

  return {
    remote: remote as unknown as Remote<RemoteApi>,
    emit: (event, data) => {
      if (closed === undefined) port.post(compact({ t: 'event', event, data } satisfies Envelope));
    },
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set);
      const untyped = listener as (data: unknown) => void;
      set.add(untyped);
      return { dispose: () => set.delete(untyped) };
    },
    dispose: () => {
      close('it was closed on this side');
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

function ownMethod(local: object, method: string): (...args: unknown[]) => unknown {
  const value: unknown = Object.hasOwn(local, method)
    ? (local as Record<string, unknown>)[method]
    : undefined;
  if (typeof value === 'function') return value as (...args: unknown[]) => unknown;
  throw new Failure({
    code: 'internal',
    message: `The other side has no method "${method}".`,
    remedy: 'Reload the window; if it stays, report it.',
  });
}

function take(pending: Map<number, Pending>, id: number): Pending | undefined {
  const entry = pending.get(id);
  pending.delete(id);
  return entry;
}

function fromWire(error: WireFailure): Error {
  return error.cancelled === true ? new AbortError() : new Failure(error);
}

function disconnected(method: string, reason: string): Failure {
  return new Failure({
    code: 'disconnected',
    message: `${method} was not answered: the connection ended because ${reason}.`,
    remedy: 'Try again.',
  });
}

function isEnvelope(message: unknown): message is Envelope {
  return typeof message === 'object' && message !== null && 't' in message && typeof message.t === 'string';
}

/**
 * Copies typed-array views that show only part of their buffer, so that a pooled buffer is never sent whole. Plain
 * objects and arrays are walked; everything else passes as it is.
 */
export function compact(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    if (value.byteLength === value.buffer.byteLength && !isNodeBuffer(value)) return value;
    if (value instanceof DataView) return value;
    const copy = new Uint8Array(value.byteLength);
    copy.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    if (isNodeBuffer(value)) return copy;
    const type = value.constructor as new (buffer: ArrayBuffer) => unknown;
    return new type(copy.buffer);
  }
  if (Array.isArray(value)) return needsWalk(value) ? value.map(compact) : value;
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, compact(item)]));
  }
  return value;
}

function needsWalk(list: readonly unknown[]): boolean {
  return list.some((item) => typeof item === 'object' && item !== null);
}

function isNodeBuffer(value: ArrayBufferView): boolean {
  return value.constructor.name === 'Buffer';
}
