/**
 * Ports between the extension host and a webview. The page behind a webview is thrown away whenever it is hidden and
 * loaded anew when it is shown, so each page sends its own session key with every message, and a new key means that
 * everything the old page asked for is answered to nobody. VS Code sends messages as JSON, so numbers that JSON cannot
 * hold travel in words of their own, both ways.
 */
import type { Webview } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import { decodeNumbers, encodeNumbers } from '../base/jsonNumbers';
import type { Port } from '../base/rpc';

interface PageMessage {
  readonly session: string;
  readonly body: unknown;
}

/**
 * Calls `connect` with a fresh port for every page the webview loads, and disposes what it returned when that page is
 * gone.
 */
export function servePages(webview: Webview, connect: (port: Port) => Disposable): Disposable {
  const store = new DisposableStore();
  let current:
    | {
        readonly session: string;
        readonly messages: Emitter<unknown>;
        readonly closed: Emitter<string>;
        readonly served: Disposable;
      }
    | undefined;

  const end = (reason: string): void => {
    const page = current;
    current = undefined;
    page?.closed.fire(reason);
    page?.served.dispose();
  };

  const begin = (session: string): void => {
    const messages = new Emitter<unknown>();
    const closed = new Emitter<string>();
    const port: Port = {
      post: (body) => {
        if (current?.session === session) void webview.postMessage({ session, body: encodeNumbers(body) });
      },
      onMessage: messages.event,
      onClose: closed.event,
    };
    const served = connect(port);
    current = { session, messages, closed, served };
  };

  store.add(
    webview.onDidReceiveMessage((message: unknown) => {
      if (!isPageMessage(message)) return;
      if (current?.session !== message.session) {
        end('the page was loaded again');
        begin(message.session);
      }
      current?.messages.fire(decodeNumbers(message.body));
    }),
  );
  store.onDispose(() => {
    end('the editor was closed');
  });
  return store;
}

function isPageMessage(message: unknown): message is PageMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'session' in message &&
    typeof message.session === 'string' &&
    'body' in message
  );
}
