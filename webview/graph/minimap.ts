/**
 * `<pc-minimap>`: the whole drawing in a corner, with a frame for what is in view; click and drag move the view. Tall
 * graphs are squeezed in height, so that they stay a strip one can aim at. Hidden while everything is in view.
 */
import { LitElement, css, html } from 'lit';
import { define } from '../kit/define';
import { visible, type Camera } from './camera';
import { Style, type Scene } from './scene';
import { css as color, type GraphTheme } from './theme';

export class PcMinimap extends LitElement {
  static override readonly properties = { scene: { attribute: false } };
  static override readonly styles = css`
    :host {
      display: block;
      position: relative;
      background: var(--vscode-editor-background);
      border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
      cursor: pointer;
    }
    :host([hidden]) {
      display: none;
    }
    canvas {
      display: block;
    }
    .view {
      position: absolute;
      box-sizing: border-box;
      border: 1px solid var(--vscode-focusBorder);
      background: var(--vscode-minimapSlider-background, transparent);
      pointer-events: none;
      min-width: 4px;
      min-height: 4px;
    }
  `;

  declare scene: Scene | null;
  #theme: GraphTheme | undefined;
  #drawnFor: Scene | undefined;
  #w = 0;
  #h = 0;

  constructor() {
    super();
    this.scene = null;
    this.hidden = true;
    this.addEventListener('pointerdown', (event) => {
      this.setPointerCapture(event.pointerId);
      this.#aim(event);
    });
    this.addEventListener('pointermove', (event) => {
      if (this.hasPointerCapture(event.pointerId)) this.#aim(event);
    });
  }

  override render(): unknown {
    return html`<canvas aria-hidden="true"></canvas>
      <div class="view"></div>`;
  }

  /** Follows the camera; called at every move. */
  follow(camera: Camera, width: number, height: number, theme: GraphTheme): void {
    const { scene } = this;
    const frame = this.renderRoot.querySelector<HTMLElement>('.view');
    if (scene === null || frame === null || width === 0) return;
    const { bounds } = scene;
    const view = visible(camera, width, height);
    const seesAll = view.w >= bounds.w * 0.98 && view.h >= bounds.h * 0.98;
    this.hidden = seesAll || scene.result.boxes.count < 8;
    if (this.hidden) return;
    const [w, h] = [this.#w, this.#h];
    this.#w = Math.max(36, Math.min(160, (bounds.w / Math.max(bounds.w, bounds.h)) * 240));
    this.#h = Math.max(36, Math.min(height * 0.45, 320, (bounds.h / Math.max(bounds.w, bounds.h)) * 320));
    if (this.#drawnFor !== scene || this.#theme !== theme || this.#w !== w || this.#h !== h) {
      this.#drawnFor = scene;
      this.#theme = theme;
      this.#draw(scene, theme);
    }
    const x = (value: number): number => ((value - bounds.x) / bounds.w) * this.#w;
    const y = (value: number): number => ((value - bounds.y) / bounds.h) * this.#h;
    const left = Math.max(0, x(view.x));
    const top = Math.max(0, y(view.y));
    const right = Math.min(this.#w, x(view.x + view.w));
    const bottom = Math.min(this.#h, y(view.y + view.h));
    frame.style.cssText = `left:${String(left)}px;top:${String(top)}px;width:${String(Math.max(0, right - left))}px;height:${String(Math.max(0, bottom - top))}px`;
  }

  #draw(scene: Scene, theme: GraphTheme): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) return;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(this.#w * ratio);
    canvas.height = Math.round(this.#h * ratio);
    canvas.style.cssText = `width:${String(this.#w)}px;height:${String(this.#h)}px`;
    const sx = (this.#w * ratio) / scene.bounds.w;
    const sy = (this.#h * ratio) / scene.bounds.h;
    const { boxes } = scene.result;
    for (let box = 0; box < boxes.count; box++) {
      const style = scene.style(box);
      const frame = style === Style.Frame;
      context.fillStyle = color(
        frame ? theme.frameLine : style === Style.Work ? theme.text : theme.edge,
        frame ? 0.22 : 0.65,
      );
      const rect = scene.rect(box);
      context.fillRect(
        (rect.x - scene.bounds.x) * sx,
        (rect.y - scene.bounds.y) * sy,
        Math.max(0.6, rect.w * sx),
        Math.max(0.6, rect.h * sy * (frame ? 1 : 0.8)),
      );
    }
  }

  #aim(event: PointerEvent): void {
    const { scene } = this;
    if (scene === null) return;
    const { left, top } = this.getBoundingClientRect();
    const { bounds } = scene;
    const detail = {
      x: bounds.x + ((event.clientX - left) / this.#w) * bounds.w,
      y: bounds.y + ((event.clientY - top) / this.#h) * bounds.h,
    };
    this.dispatchEvent(new CustomEvent('minimap-aim', { detail }));
  }
}

define('pc-minimap', PcMinimap);

declare global {
  interface HTMLElementTagNameMap {
    'pc-minimap': PcMinimap;
  }
}
