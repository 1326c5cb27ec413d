/**
 * A canvas with whatever can draw on it. Graphics cards take their memory back (sleep, a driver's update, too many pages):
 * then drawing waits for the card, starts anew when it returns, and goes on without it when it does not.
 */
import { CanvasRenderer } from './canvasRenderer';
import type { Look, Renderer } from './look';
import { makeRenderer } from './makeRenderer';

/** A card that is not back after this long, in milliseconds, is given up. */
const patience = 1500;

export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #again: () => void;
  readonly #listening = new AbortController();
  #renderer: Renderer | undefined;
  /** Stands over the canvas once the card is given up: a canvas never changes the kind of its context. */
  #cover: HTMLCanvasElement | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  /** `again` asks for another frame. `plain` draws without WebGL. */
  constructor(canvas: HTMLCanvasElement, again: () => void, plain: boolean) {
    this.#canvas = canvas;
    this.#again = again;
    this.#renderer = makeRenderer(canvas, again, plain);
    const { signal } = this.#listening;
    canvas.addEventListener('webglcontextlost', (event) => this.#lost(event), { signal });
    canvas.addEventListener('webglcontextrestored', () => this.#restored(), { signal });
  }

  /** How it draws; undefined while it waits for the graphics card. */
  get kind(): Renderer['kind'] | undefined {
    return this.#renderer?.kind;
  }

  draw(look: Look): void {
    this.#renderer?.draw(look);
  }

  dispose(): void {
    this.#listening.abort();
    clearTimeout(this.#waiting);
    this.#renderer?.dispose();
    this.#cover?.remove();
  }

  #lost(event: Event): void {
    // Only a prevented loss is ever made good.
    event.preventDefault();
    this.#renderer?.dispose();
    this.#renderer = undefined;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#giveUp(), patience);
  }

  #restored(): void {
    clearTimeout(this.#waiting);
    this.#cover?.remove();
    this.#cover = undefined;
    this.#renderer?.dispose();
    this.#renderer = makeRenderer(this.#canvas, this.#again, false);
    this.#again();
  }

  #giveUp(): void {
    const cover = document.createElement('canvas');
    cover.className = 'view cover';
    cover.setAttribute('aria-hidden', 'true');
    this.#canvas.after(cover);
    this.#cover = cover;
    this.#renderer = new CanvasRenderer(cover);
    this.#again();
  }
}
