/** The graph in a page of its own, for graphPages.ts: shows a model and says how long that took. Runs in the browser. */
import type { GraphModel } from '../../src/contract/graphModel';
import { prepareLayoutWorker } from '../../webview/app/layoutWorker';
import type { PcGraph } from '../../webview/graph/graph';
import '../../webview/graph/graph';
import { GraphBuilder } from '../fixtures/layout/builder';
import { transformer } from '../fixtures/layout/zoo';

interface Shown {
  /** Milliseconds from handing the model over to the end of the frame that shows it. */
  readonly picture: number;
  /** The same with everything the page had to do before, but for making the model. */
  readonly fromStart: number;
  readonly boxes: number;
}

/** As in the model editor's page: the worker is there before there is a model. */
const preparing = prepareLayoutWorker('worker.js');
let graph: PcGraph;

/** Waits until what was asked is drawn and on the screen. */
async function drawn(): Promise<number> {
  const boxes = await new Promise<number>((resolve) => {
    graph.addEventListener(
      'pc-drawn',
      (event) => resolve((event as CustomEvent<{ boxes: number }>).detail.boxes),
      { once: true },
    );
  });
  await frames(2);
  return boxes;
}

async function frames(count: number): Promise<void> {
  for (let k = 0; k < count; k++) await new Promise((resolve) => requestAnimationFrame(resolve));
}

const page = {
  async show(kind: 'transformer' | 'star', size: number): Promise<Shown> {
    const begun = performance.now();
    const model = kind === 'star' ? star(size) : transformer(size, true);
    const making = performance.now() - begun;
    graph = document.createElement('pc-graph');
    graph.makeWorker = await preparing;
    document.body.append(graph);
    const start = performance.now();
    graph.model = model;
    const boxes = await drawn();
    const now = performance.now();
    return { picture: now - start, fromStart: now - making, boxes };
  },

  /** Presses a key on the canvas; milliseconds until the next picture. */
  async press(key: string): Promise<number> {
    const start = performance.now();
    const done = drawn();
    canvas().dispatchEvent(
      new KeyboardEvent('keydown', { key, shiftKey: key !== key.toLowerCase(), bubbles: true }),
    );
    await done;
    return performance.now() - start;
  },

  /** Own work of each of `count` frames while the whole drawing is in view and moves, in milliseconds, sorted. */
  async panning(count: number): Promise<number[]> {
    canvas().dispatchEvent(new KeyboardEvent('keydown', { key: '0', bubbles: true }));
    await frames(20);
    const times: number[] = [];
    for (let k = 0; k < count; k++) {
      const deltaX = k % 2 === 0 ? 3 : -3;
      canvas().dispatchEvent(new WheelEvent('wheel', { deltaX, bubbles: true, cancelable: true }));
      await frames(1);
      times.push(graph.frameTime);
    }
    return times.sort((a, b) => a - b);
  },
};

function canvas(): HTMLCanvasElement {
  const found = graph.renderRoot.querySelector<HTMLCanvasElement>('canvas.view');
  if (found === null) throw new Error('The graph has no canvas.');
  return found;
}

function star(size: number): GraphModel {
  const g = new GraphBuilder();
  const x = g.input('x');
  for (let k = 0; k < size; k++) g.node('Op', `n${String(k)}`, [x]);
  return g.build();
}

Object.assign(window, { page });

export type BenchPage = typeof page;
