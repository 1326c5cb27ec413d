/** `<pc-bars>`: one value per unit along a zero line. Above a few hundred units a bar is a pixel column. */
import { css, html } from 'lit';
import { formatNumber } from '../../src/tensor/format';
import { define } from '../kit/define';
import { FigureElement, type FigureTable } from './figureElement';

const HEIGHT = 72;

export class PcBars extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    data: { attribute: false },
    item: { type: String },
    names: { attribute: false },
    readout: { state: true },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      canvas {
        width: 100%;
        max-width: 420px;
        height: ${HEIGHT}px;
      }
    `,
  ];

  declare data: Float32Array;
  declare item: string;
  declare names: readonly string[] | null;
  declare readout: string;

  constructor() {
    super();
    this.data = new Float32Array();
    this.item = '';
    this.names = null;
    this.readout = '';
  }

  protected override table(): FigureTable {
    return {
      columns: [this.item, 'value'],
      rows: [...this.data].map((value, i) => [this.#name(i), formatNumber(value)]),
    };
  }

  protected override drawing(): unknown {
    return html`<canvas
        role="img"
        aria-label=${this.heading}
        @mousemove=${(event: MouseEvent) => {
          const canvas = event.currentTarget as HTMLCanvasElement;
          const at = Math.min(
            this.data.length - 1,
            Math.floor((event.offsetX / canvas.clientWidth) * this.data.length),
          );
          this.readout = `${this.item} ${this.#name(at)}: ${formatNumber(this.data[at] ?? Number.NaN)}`;
        }}
        @mouseleave=${() => {
          this.readout = '';
        }}
      ></canvas>
      <div class="readout">${this.readout === '' ? this.#range() : this.readout}</div>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (canvas === null || context === null || context === undefined) return;
    const ratio = window.devicePixelRatio;
    const width = Math.max(1, Math.round((canvas.clientWidth === 0 ? 280 : canvas.clientWidth) * ratio));
    canvas.width = width;
    canvas.height = HEIGHT * ratio;
    const style = getComputedStyle(this);
    const [low, high] = extent(this.data);
    const y = (value: number): number => ((high - value) / (high - low || 1)) * (canvas.height - 2) + 1;
    const step = width / Math.max(1, this.data.length);
    this.data.forEach((value, i) => {
      context.fillStyle = style.getPropertyValue(
        value < 0 ? '--vscode-patchclamp-negative' : '--vscode-patchclamp-positive',
      );
      const top = Math.min(y(value), y(0));
      context.fillRect(
        i * step,
        top,
        Math.max(1, step - (step > 4 ? 1 : 0)),
        Math.max(1, Math.abs(y(value) - y(0))),
      );
    });
    context.fillStyle = style.getPropertyValue('--vscode-descriptionForeground');
    context.fillRect(0, Math.round(y(0)), width, 1);
  }

  #name(index: number): string {
    return this.names?.[index] ?? String(index);
  }

  #range(): string {
    const [low, high] = extent(this.data);
    return `${String(this.data.length)} × ${this.item}, ${formatNumber(low)} … ${formatNumber(high)}`;
  }
}

/** Range of the finite values, with zero in it. */
function extent(data: Float32Array): readonly [number, number] {
  let low = 0;
  let high = 0;
  for (const value of data) {
    if (value < low && Number.isFinite(value)) low = value;
    if (value > high && Number.isFinite(value)) high = value;
  }
  return [low, high];
}

define('pc-bars', PcBars);

declare global {
  interface HTMLElementTagNameMap {
    'pc-bars': PcBars;
  }
}
