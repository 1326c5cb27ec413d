/** The best renderer this view can have: WebGL 2, else a 2D canvas. */
import { CanvasRenderer } from './canvasRenderer';
import type { Renderer } from './look';
import { WebglRenderer } from './webglRenderer';

/** `again` asks for another frame. `forced` takes the fallback. */
export function makeRenderer(canvas: HTMLCanvasElement, again: () => void, forced = false): Renderer {
  if (!forced) {
    try {
      return new WebglRenderer(canvas, again);
    } catch (error) {
      console.info('The graph is drawn without WebGL 2.', error);
      // A canvas that gave one kind of context never gives another.
      const fresh = canvas.cloneNode() as HTMLCanvasElement;
      if (canvas.getContext('2d') === null) canvas.replaceWith(fresh);
      return new CanvasRenderer(fresh.isConnected ? fresh : canvas);
    }
  }
  return new CanvasRenderer(canvas);
}
