/** `<pc-scale>`: the colour scale of a figure with its two ends, a thin band where the eye already is. */
import { LitElement, css, html } from 'lit';
import { formatNumber } from '../../src/tensor/format';
import { define } from '../kit/define';
import { onThemeChange, ramps } from './ramp';
import type { Scale } from './scale';

export class PcScale extends LitElement {
  static override readonly properties = {
    scale: { attribute: false },
    unit: { type: String },
    clipped: { type: Boolean },
  };
  static override readonly styles = css`
    :host {
      display: inline-flex;
      align-items: center;
      gap: 4px;
      font-size: 0.92em;
      font-variant-numeric: tabular-nums;
      color: var(--vscode-descriptionForeground);
    }
    canvas {
      width: 96px;
      height: 8px;
      outline: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
    }
  `;

  declare scale: Scale;
  declare unit: string;
  /** Some values lie beyond the ends. */
  declare clipped: boolean;
  #stop: (() => void) | undefined;

  constructor() {
    super();
    this.scale = { from: 0, to: 1, signed: false };
    this.unit = '';
    this.clipped = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onThemeChange(() => {
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    super.disconnectedCallback();
  }

  override render(): unknown {
    return html`<span title=${String(this.scale.from)}>${formatNumber(this.scale.from)}</span
      ><canvas width="256" height="1" aria-hidden="true"></canvas
      ><span title=${String(this.scale.to)}>${this.clipped ? '≥ ' : ''}${formatNumber(this.scale.to)}</span
      >${this.unit}`;
  }

  protected override updated(): void {
    const context = this.renderRoot.querySelector('canvas')?.getContext('2d');
    if (context === null || context === undefined) return;
    const table = this.scale.signed ? ramps().diverging : ramps().sequential;
    const image = new ImageData(256, 1);
    for (let i = 0; i < 256; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = table[3 * i + c] ?? 0;
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }
}

define('pc-scale', PcScale);

declare global {
  interface HTMLElementTagNameMap {
    'pc-scale': PcScale;
  }
}
