import assert from 'node:assert/strict';
import type { Webview } from 'vscode';
import type { Port } from '../../../src/base/rpc';
import { servePages } from '../../../src/editor/webviewPort';
import { connect } from '../../../webview/app/connection';

/** VS Code sends messages as JSON in both directions; typed arrays travel beside it. */
function jsonHop(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

/** What the page asks here. */
interface Page {
  weightSummary(key: string): Promise<unknown>;
  compareWith(id: unknown): Promise<unknown>;
}

/** A webview whose page is this process. */
function pair(answer: (body: unknown) => unknown): {
  heard: unknown[];
  host: Page;
} {
  const window = new EventTarget();
  const heard: unknown[] = [];
  let receive: ((message: unknown) => void) | undefined;
  const webview = {
    postMessage: (message: unknown) => {
      const event = new Event('message');
      Object.assign(event, { data: jsonHop(message) });
      window.dispatchEvent(event);
      return Promise.resolve(true);
    },
    onDidReceiveMessage: (listener: (message: unknown) => void) => {
      receive = listener;
      return { dispose: () => undefined };
    },
  };
  servePages(webview as unknown as Webview, (port: Port) =>
    port.onMessage((body) => {
      heard.push(body);
      const { id } = body as { id: number };
      port.post({ t: 'ok', id, value: answer(body) });
    }),
  );
  Object.assign(globalThis, {
    window,
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => receive?.(jsonHop(message)),
      getState: () => undefined,
      setState: () => undefined,
    }),
  });
  const connection: { readonly host: unknown } = connect();
  return { heard, host: connection.host as Page };
}

describe('the webview port', () => {
  it('carries NaN and the infinities to the page', async () => {
    const summary = { mean: NaN, min: -Infinity, max: Infinity, counts: [1, 2] };
    const { host } = pair(() => summary);
    assert.deepEqual(await host.weightSummary('w'), summary);
  });

  it('carries them to the host', async () => {
    const { host, heard } = pair(() => null);
    await host.compareWith(NaN);
    assert.deepEqual((heard[0] as { args: unknown[] }).args, [NaN]);
  });
});
