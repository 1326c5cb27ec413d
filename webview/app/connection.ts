/**
 * The webview's end of the RPC to the extension host. Each page load has a session key of its own, so that answers to
 * an earlier load of this page are never taken for answers to this one.
 */
import { decodeNumbers, encodeNumbers } from '../../src/base/jsonNumbers';
import { rpc, type Port, type Remote } from '../../src/base/rpc';
import type { Disposable } from '../../src/base/disposable';
import type { HostApi, ViewEvents } from '../../src/contract/hostApi';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Connection<Host extends object = HostApi, Events extends object = ViewEvents> {
  readonly host: Remote<Host>;
  on<K extends keyof Events & string>(event: K, listener: (data: Events[K]) => void): Disposable;
  /** Navigation state that VS Code keeps while the page is hidden and across reloads. */
  loadState(): unknown;
  saveState(state: unknown): void;
}

/** Connects to the extension host. Once per page. */
export function connect<Host extends object = HostApi, Events extends object = ViewEvents>(): Connection<
  Host,
  Events
> {
  const api = acquireVsCodeApi();
  const session = crypto.randomUUID();
  const port: Port = {
    post: (body) => {
      api.postMessage({ session, body: encodeNumbers(body) });
    },
    onMessage: (listener) => {
      const receive = ({ data }: MessageEvent<unknown>): void => {
        if (typeof data !== 'object' || data === null || !('session' in data) || !('body' in data)) return;
        if (data.session === session) listener(decodeNumbers(data.body));
      };
      window.addEventListener('message', receive);
      return {
        dispose: () => {
          window.removeEventListener('message', receive);
        },
      };
    },
    onClose: () => ({ dispose: () => undefined }),
  };
  const connection = rpc<Host, Events>(port, {});
  return {
    host: connection.remote,
    on: (event, listener) => connection.on(event, listener),
    loadState: () => api.getState(),
    saveState: (state) => {
      api.setState(state);
    },
  };
}
