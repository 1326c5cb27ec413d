/**
 * The page's side of the layout worker. One layout at a time: a newer request waits for the running one and replaces
 * any that waits. Stopping ends the worker, because a worker hears nothing while it works, and starts a fresh one.
 */
import { AbortError } from '../../src/base/cancel';
import { rpc, type Port, type Rpc } from '../../src/base/rpc';
import type { GraphModel } from '../../src/contract/graphModel';
import type { LayoutRequest } from '../../src/contract/layout';
import type { Drawing, LayoutApi } from './layoutApi';

export type MakeWorker = () => Worker;

export class LayoutClient {
  #worker: Worker | undefined;
  #rpc: Rpc<LayoutApi, object, object> | undefined;
  #model: GraphModel | undefined;
  #opened: Promise<void> | undefined;

  constructor(private readonly make: MakeWorker) {}

  open(model: GraphModel): void {
    this.#model = model;
    this.#opened = undefined;
  }

  /** Rejects with an `AbortError` when stopped, with the worker's own error when it fails. */
  async layout(request: LayoutRequest): Promise<Drawing> {
    const model = this.#model;
    if (model === undefined) throw new AbortError();
    const { remote } = this.#start();
    this.#opened ??= remote.open(model);
    // Both are sent at once: the worker takes them in order, and need not wait for this thread to hear of the first.
    const [, drawing] = await Promise.all([this.#opened, remote.layout(request)]);
    return drawing;
  }

  /** Ends what runs; the next layout starts afresh. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#opened = undefined;
    this.#rpc?.dispose();
    this.#rpc = undefined;
  }

  #start(): Rpc<LayoutApi, object, object> {
    if (this.#rpc !== undefined) return this.#rpc;
    const worker = this.make();
    this.#worker = worker;
    this.#opened = undefined;
    this.#rpc = rpc<LayoutApi>(portOf(worker), {});
    return this.#rpc;
  }
}

function portOf(worker: Worker): Port {
  return {
    post: (message) => {
      worker.postMessage(message);
    },
    onMessage: (listener) => {
      const heard = (event: MessageEvent<unknown>): void => {
        listener(event.data);
      };
      worker.addEventListener('message', heard);
      return { dispose: () => worker.removeEventListener('message', heard) };
    },
    onClose: (listener) => {
      const failed = (event: ErrorEvent): void => {
        listener(event.message);
      };
      worker.addEventListener('error', failed);
      return { dispose: () => worker.removeEventListener('error', failed) };
    },
  };
}
