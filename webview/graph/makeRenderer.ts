/** The best renderer this view can have: WebGL 2, else a 2D canvas. */
import { CanvasRenderer } from './canvasRenderer';
import type { Renderer } from './look';
import { WebglRenderer } from './webglRenderer';

/** `again` asks for another frame. `plain` takes the fallback. */
export function makeRenderer(canvas: HTMLCanvasElement, again: () => void, plain: boolean): Renderer {
  if (plain) return new CanvasRenderer(canvas);
  // A canvas that was asked for one kind of context may refuse the other: try on one of its own.
  const probe = document.createElement('canvas').getContext('webgl2');
  if (probe === null) return new CanvasRenderer(canvas);
  probe.getExtension('WEBGL_lose_context')?.loseContext();
  return new WebglRenderer(canvas, again);
}
