/** The best renderer this view can have: WebGL 2, else a 2D canvas. */
import { CanvasRenderer } from './canvasRenderer';
import type { Renderer } from './look';
import { WebglRenderer } from './webglRenderer';

/** `again` asks for another frame. `plain` takes the fallback. */
export function makeRenderer(canvas: HTMLCanvasElement, again: () => void, plain: boolean): Renderer {
  if (plain) return new CanvasRenderer(canvas);
  // A canvas that cannot give a context of one kind still has none, and may be asked for the other.
  const gl = canvas.getContext('webgl2', {
    antialias: false,
    alpha: false,
    depth: false,
    powerPreference: 'low-power',
  });
  return gl === null ? new CanvasRenderer(canvas) : new WebglRenderer(gl, canvas, again);
}
