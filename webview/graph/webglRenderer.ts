/**
 * The graph by WebGL 2: a handful of instanced draws per frame, places kept on the card, texts as pictures.
 */
import { visible } from './camera';
import { BoxLayer } from './gl/boxLayer';
import type { View } from './gl/chunks';
import { LineLayer } from './gl/lineLayer';
import { TextLayer } from './gl/textLayer';
import { label } from './labelling';
import type { Look, Renderer } from './look';

export class WebglRenderer implements Renderer {
  readonly kind = 'webgl2';
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #boxes: BoxLayer;
  readonly #lines: LineLayer;
  readonly #texts: TextLayer;

  /** Throws where the context is lost. `again` is called when another frame would show more. */
  constructor(
    gl: WebGL2RenderingContext,
    canvas: HTMLCanvasElement,
    private readonly again: () => void,
  ) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.#boxes = new BoxLayer(gl);
    this.#lines = new LineLayer(gl);
    this.#texts = new TextLayer(gl);
  }

  draw(look: Look): void {
    const gl = this.#gl;
    const { camera, theme, ratio } = look;
    const width = Math.round(look.width * ratio);
    const height = Math.round(look.height * ratio);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const view: View = {
      rect: visible(camera, look.width, look.height),
      scale: camera.zoom * ratio,
      x: camera.x * ratio,
      y: camera.y * ratio,
    };
    gl.viewport(0, 0, width, height);
    const [r, g, b] = theme.background;
    gl.clearColor(r, g, b, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.#boxes.prepare(look);
    this.#lines.prepare(look);
    this.#boxes.draw(view, 'frames', width, height, ratio);
    const thin = Math.max(0.5, Math.min(1, camera.zoom * 1.4));
    const faint = camera.zoom < 0.25 ? 0.35 + camera.zoom * 2.6 : 1;
    const [er, eg, eb] = theme.edge;
    this.#lines.draw(view, false, [er, eg, eb, faint], thin * ratio, width, height);
    if (look.strong.length > 0) this.#lines.draw(view, true, theme.focus, 1.6 * ratio, width, height);
    this.#boxes.draw(view, 'boxes', width, height, ratio);
    this.#boxes.draw(view, 'marks', width, height, ratio);
    this.#texts.atlas.setFamily(theme.font);
    const texts = label(look, (text, font) => this.#texts.atlas.measure(text, font));
    if (this.#texts.draw(texts, ratio, width, height)) this.again();
  }

  dispose(): void {
    this.#boxes.dispose();
    this.#lines.dispose();
    this.#texts.dispose();
  }
}
