/**
 * The layout worker as a page has it: a bundle in a thread of its own. Graphs that could freeze it are drawn; one that
 * takes too long is stopped by ending the thread, and the model is shown with its modules closed.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import { build } from 'esbuild';
import type { GraphModel } from '../../../src/contract/graphModel';
import type { Scene } from '../../../webview/graph/scene';
import { GraphSession } from '../../../webview/graph/session';
import { GraphBuilder } from '../../fixtures/layout/builder';
import { transformer } from '../../fixtures/layout/zoo';

/** What a worker's bundle finds in a page, made of a thread. */
const shim = `const { parentPort } = require('node:worker_threads');
globalThis.self = {
  postMessage: (message, transfer) => parentPort.postMessage(message, transfer),
  addEventListener: (_type, listener) => parentPort.on('message', (data) => listener({ data })),
};`;

let bundle = '';

function makeWorker(): Worker {
  const thread = new Thread(`${shim}\n${bundle}`, { eval: true });
  const heard = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message: unknown) => thread.postMessage(message),
    addEventListener: (type: string, listener: (event: unknown) => void) => {
      const own = (data: unknown): void => listener(type === 'message' ? { data } : data);
      heard.set(listener, own);
      thread.on(type, own);
    },
    removeEventListener: (type: string, listener: unknown) => {
      const own = heard.get(listener);
      if (own !== undefined) thread.off(type, own);
    },
    terminate: () => void thread.terminate(),
  } as unknown as Worker;
}

/** A session and the scenes it shows, one after the other. */
class Watched {
  readonly session: GraphSession;
  readonly troubles: string[] = [];
  #scenes: Scene[] = [];
  #wake: () => void = () => undefined;
  onBusy: (since: number) => void = () => undefined;

  constructor(make = makeWorker) {
    this.session = new GraphSession(
      {
        onScene: (scene) => {
          this.#scenes.push(scene);
          this.#wake();
        },
        onBusy: (since) => this.onBusy(since),
        onTrouble: (text) => {
          this.troubles.push(text);
          this.#wake();
        },
      },
      make,
    );
  }

  async next(): Promise<Scene> {
    while (this.#scenes.length === 0 && this.troubles.length === 0)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    assert.deepEqual(this.troubles, []);
    const scene = this.#scenes.shift();
    assert.ok(scene);
    return scene;
  }
}

function graph(make: (g: GraphBuilder) => void): GraphModel {
  const g = new GraphBuilder();
  make(g);
  return g.build();
}

describe('the layout worker', function () {
  this.timeout(60_000);

  before(async () => {
    const { outputFiles } = await build({
      entryPoints: [join(__dirname, '../../../webview/graph/worker.ts')],
      bundle: true,
      write: false,
      format: 'iife',
      platform: 'browser',
      logLevel: 'warning',
    });
    bundle = outputFiles[0]?.text ?? '';
  });

  const chain = (g: GraphBuilder): void => {
    let x = g.input('x');
    for (let k = 0; k < 50_000; k++) x = g.node('Op', `n${String(k)}`, [x]);
  };
  const star = (g: GraphBuilder): void => {
    const x = g.input('x');
    for (let k = 0; k < 50_000; k++) g.node('Op', `n${String(k)}`, [x]);
  };
  const cycle = (g: GraphBuilder): void => {
    const a = g.node('A', '', [g.input('<b>'.repeat(3000))]);
    g.edge(g.node('B', '', [a]), a);
  };
  for (const [what, make, boxes] of [
    ['a chain of 50,000', chain, 50_001],
    ['a star of 50,000', star, 50_001],
    ['a cycle of nodes without names', cycle, 3],
  ] as const) {
    it(`draws ${what}`, async () => {
      const watched = new Watched();
      watched.session.show(graph(make), null);
      const scene = await watched.next();
      assert.equal(scene.result.boxes.count, boxes);
      assert.equal(scene.drawing.cycles.length, what.startsWith('a cycle') ? 1 : 0);
      watched.session.dispose();
    });
  }

  it('is asked for a first drawing once, all at once, however often it is told of the model', async () => {
    const sent: unknown[] = [];
    const watched = new Watched(() => {
      const worker = makeWorker();
      const post = worker.postMessage.bind(worker);
      return Object.assign(worker, {
        postMessage: (message: unknown) => {
          sent.push(message);
          post(message);
        },
      });
    });
    const model = graph((g) => void g.node('Op', 'n', [g.input('x')]));
    watched.session.show(model, null);
    watched.session.show(model, null);
    const atOnce = sent.length;
    const scene = await watched.next();
    watched.session.dispose();
    // Open and lay out, before this thread has heard anything.
    assert.deepEqual([atOnce, sent.length], [2, 2]);
    assert.equal(scene.result.boxes.count, 2);
  });

  it('is stopped while it works, and then shows the model with its modules closed', async () => {
    const watched = new Watched();
    const model = transformer(1063, true);
    watched.session.show(model, null);
    const first = await watched.next();
    const busy = new Promise<void>((resolve) => {
      watched.onBusy = (since) => {
        if (since > 0) resolve();
      };
    });
    const expanded = new Set(Array.from({ length: model.scopes.count }, (_unused, scope) => scope));
    watched.session.change({ expanded, foldRepeats: false, foldPlumbing: false, repeatShown: new Map() });
    await busy;
    watched.session.stop();
    const collapsed = await watched.next();
    // With all open there would be more than 50,000.
    assert.equal(collapsed.frames.length, 0);
    assert.ok(
      collapsed.result.boxes.count < 1100 && collapsed.result.boxes.count >= first.result.boxes.count,
    );
    assert.equal(watched.session.openness?.expanded.size, 0);
    watched.session.dispose();
  });
});
