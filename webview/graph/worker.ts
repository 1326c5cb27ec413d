/** The layout worker: owns the layout of one graph. A bundle of its own; results leave by transfer, never by copy. */
import { rpc, type Port } from '../../src/base/rpc';
import type { GraphModel } from '../../src/contract/graphModel';
import type { LayoutRequest } from '../../src/contract/layout';
import { GraphLayout } from '../../src/layout/layout';
import type { Drawing, LayoutApi } from './layoutApi';

interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void;
}

let layout: GraphLayout | undefined;
let nodes = 0;
let scopes = 0;

const api: { [K in keyof LayoutApi]: LayoutApi[K] } = {
  open: (model: GraphModel) => {
    layout = new GraphLayout(model);
    nodes = model.nodes.count;
    scopes = model.scopes.count;
  },
  layout: (request: LayoutRequest): Drawing => {
    if (layout === undefined) throw new Error('Broken invariant: a graph is opened before it is laid out.');
    const start = performance.now();
    const result = layout.layout(request);
    const ms = performance.now() - start;
    const structure = layout.structure;
    const repeat = new Int32Array(scopes).fill(1);
    const drawnAs = Int32Array.from({ length: scopes }, (_unused, scope) => scope);
    let runs: readonly (readonly number[])[] = [];
    const stands = new Int32Array(nodes).fill(-1);
    // Copies: the structure keeps its own, and what is sent is transferred.
    const kidStart = structure?.tree.kidStart.slice() ?? new Int32Array(scopes + 1);
    const kids = structure?.tree.kids.slice() ?? new Int32Array(0);
    if (structure !== undefined) {
      if (structure.repeats !== undefined) {
        repeat.set(structure.repeats.repeat);
        drawnAs.set(structure.repeats.drawnAs);
        runs = [...structure.repeats.members.values()];
      }
      stands.set(structure.tree.stands);
      structure.tree.home.forEach((home, node) => {
        if (home < 0) stands[node] = -2;
      });
    }
    return { result, ms, cycles: structure?.cycles ?? [], repeat, drawnAs, runs, stands, kidStart, kids };
  },
};

rpc(workerPort(self as unknown as WorkerScope), api);

function workerPort(scope: WorkerScope): Port {
  return {
    post: (message) => {
      scope.postMessage(message, buffersOf(message));
    },
    onMessage: (listener) => {
      scope.addEventListener('message', (event) => {
        listener(event.data);
      });
      return { dispose: () => undefined };
    },
    onClose: () => ({ dispose: () => undefined }),
  };
}

/** Every buffer in a plain message: all of them were made for it. */
function buffersOf(message: unknown): Transferable[] {
  const found = new Set<Transferable>();
  const walk = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) found.add(value.buffer as ArrayBuffer);
    else if (
      typeof value === 'object' &&
      value !== null &&
      Object.getPrototypeOf(value) === Object.prototype
    ) {
      for (const item of Object.values(value)) walk(item);
    }
  };
  walk(message);
  return [...found];
}
