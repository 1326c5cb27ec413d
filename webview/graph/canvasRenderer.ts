/**
 * The graph on a 2D canvas: the fallback where WebGL 2 cannot be had, and the exporter of pictures. Draws only what the
 * view shows; leaves out text that could not be read and lines finer than the eye.
 */
import { paintOf } from './boxPaint';
import { visible, type Rect } from './camera';
import { label } from './labelling';
import type { Look, Renderer } from './look';
import { Font } from './textRuns';
import { css } from './theme';

export class CanvasRenderer implements Renderer {
  readonly kind = 'canvas2d';
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #widths = new Map<string, number>();
  #family = '';

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This view cannot draw: it has no 2D canvas.');
    this.#canvas = canvas;
    this.#context = context;
  }

  draw(look: Look): void {
    const { camera, theme, ratio, scene } = look;
    if (theme.font !== this.#family) {
      this.#family = theme.font;
      this.#widths.clear();
    }
    const width = Math.round(look.width * ratio);
    const height = Math.round(look.height * ratio);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = css(theme.background);
    context.fillRect(0, 0, width, height);
    const scale = camera.zoom * ratio;
    context.setTransform(scale, 0, 0, scale, camera.x * ratio, camera.y * ratio);
    const view = visible(camera, look.width, look.height);
    for (const frame of scene.frames) if (overlaps(scene.rect(frame), view)) this.#box(look, frame);
    this.#edges(look, view);
    const boxes: number[] = [];
    scene.grid.query(view, (box) => {
      if (overlaps(scene.rect(box), view)) boxes.push(box);
    });
    for (const box of boxes) this.#box(look, box);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const { text, font, x, y, size, ink } of label(look, (text, font) => this.#measure(text, font))) {
      context.font = `${font === Font.Strong ? '600 ' : ''}${String(size)}px ${this.#family}`;
      context.fillStyle = css(ink);
      context.fillText(text, x, y);
    }
  }

  dispose(): void {
    this.#widths.clear();
  }

  #box(look: Look, box: number): void {
    const context = this.#context;
    const { x, y, w, h } = look.scene.rect(box);
    const paint = paintOf(look, box);
    context.beginPath();
    context.roundRect(x, y, w, h, paint.radius);
    if (paint.fill[3] > 0) {
      context.fillStyle = css(paint.fill);
      context.fill();
    }
    if (paint.lineWidth === 0 || h * look.camera.zoom < 2) return;
    context.lineWidth = paint.lineWidth / look.camera.zoom;
    context.strokeStyle = css(paint.line);
    context.stroke();
  }

  #edges(look: Look, view: Rect): void {
    const { scene, theme, camera } = look;
    const { edges } = scene.result;
    const context = this.#context;
    context.lineWidth = Math.max(0.6, Math.min(1.2, camera.zoom)) / camera.zoom;
    context.strokeStyle = css(theme.edge, camera.zoom < 0.2 ? 0.6 : 1);
    context.beginPath();
    for (let edge = 0; edge < edges.count; edge++) {
      if (edges.tag[edge] === 0 && scene.edgeTouches(edge, view)) this.#trace(look, edge);
    }
    context.stroke();
    if (look.strong.length === 0) return;
    context.lineWidth = 2 / camera.zoom;
    context.strokeStyle = css(theme.focus);
    context.beginPath();
    for (const edge of look.strong) this.#trace(look, edge);
    context.stroke();
  }

  #trace(look: Look, edge: number): void {
    const { points, offset } = look.scene.result.edges;
    const context = this.#context;
    const from = offset[edge] ?? 0;
    const to = offset[edge + 1] ?? 0;
    for (let p = from; p < to; p++) {
      const x = points[2 * p] ?? 0;
      const y = points[2 * p + 1] ?? 0;
      if (p === from) {
        context.moveTo(x, y);
        continue;
      }
      const beforeX = points[2 * p - 2] ?? 0;
      const beforeY = points[2 * p - 1] ?? 0;
      const middle = (beforeY + y) / 2;
      if (beforeX === x || beforeY === y) context.lineTo(x, y);
      else context.bezierCurveTo(beforeX, middle, x, middle, x, y);
    }
  }

  #measure(text: string, font: Font): number {
    const key = `${String(font)}${text}`;
    const known = this.#widths.get(key);
    if (known !== undefined) return known;
    this.#context.font = `${font === Font.Strong ? '600 ' : ''}100px ${this.#family}`;
    const ems = this.#context.measureText(text).width / 100;
    if (this.#widths.size > 20_000) this.#widths.clear();
    this.#widths.set(key, ems);
    return ems;
  }
}

function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
