/**
 * `<pc-image-grid>`: all channels (or heads, or examples) at once, on one scale, aligned; a click makes one large.
 * Each image is a button, so that the keyboard reaches every one: arrows move, Enter enlarges.
 */
import { css, html, nothing } from 'lit';
import { formatNumber } from '../../src/tensor/format';
import { define } from '../kit/define';
import { FigureElement, type FigureTable } from './figureElement';
import './legend';
import { paint, paintColor, scaleOf, type Scale } from './scale';

export class PcImageGrid extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    data: { attribute: false },
    count: { type: Number },
    rows: { type: Number },
    columns: { type: Number },
    item: { type: String },
    color: { type: Boolean },
    large: { state: true },
    readout: { state: true },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      .grid {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
        padding: 2px;
      }
      .grid button {
        padding: 0;
        border: 1px solid transparent;
        background: none;
        cursor: zoom-in;
        line-height: 0;
        outline-offset: 0;
      }
      .grid button:hover {
        border-color: var(--vscode-focusBorder);
      }
      .grid button[aria-pressed='true'] {
        border-color: var(--vscode-focusBorder);
        outline: 1px solid var(--vscode-focusBorder);
      }
      .large {
        margin-top: 4px;
      }
    `,
  ];

  declare data: Float32Array;
  declare count: number;
  declare rows: number;
  declare columns: number;
  declare item: string;
  declare color: boolean;
  declare large: number;
  declare readout: string;

  constructor() {
    super();
    this.data = new Float32Array();
    this.count = 0;
    this.rows = 0;
    this.columns = 0;
    this.item = '';
    this.color = false;
    this.large = -1;
    this.readout = '';
  }

  protected override table(): FigureTable {
    return {
      columns: [this.item, 'mean', 'min', 'max'],
      rows: Array.from({ length: this.count }, (_, i) => {
        const { mean, min, max } = this.#moments(i);
        return [i, formatNumber(mean), formatNumber(min), formatNumber(max)];
      }),
    };
  }

  protected override drawing(): unknown {
    if (this.color) return html`<canvas class="color" role="img" aria-label=${this.heading}></canvas>`;
    const scale = scaleOf(this.data);
    return html`
      <div class="grid" role="group" aria-label=${this.heading} @keydown=${this.#onKey}>
        ${Array.from({ length: this.count }, (_, i) => {
          const label = this.#label(i);
          return html`<button
            tabindex=${i === Math.max(0, this.large) ? 0 : -1}
            title=${label}
            aria-label=${label}
            aria-pressed=${String(i === this.large)}
            @click=${() => {
              this.large = i === this.large ? -1 : i;
              this.readout = '';
              this.pick(this.large);
            }}
          >
            <canvas class="small" data-index=${i} aria-hidden="true"></canvas>
          </button>`;
        })}
      </div>
      ${
        this.large < 0
          ? nothing
          : html`<canvas
                class="large"
                role="img"
                aria-label=${this.#label(this.large)}
                @mousemove=${this.#onMove}
                @mouseleave=${() => {
                  this.readout = '';
                }}
              ></canvas>
              <div class="readout">${this.readout === '' ? this.#label(this.large) : this.readout}</div>`
      }
      <pc-scale .scale=${scale}></pc-scale>
    `;
  }

  protected override updated(): void {
    if (this.asTable) return;
    const root = this.renderRoot;
    if (this.color) {
      const canvas = root.querySelector<HTMLCanvasElement>('canvas.color');
      if (canvas !== null)
        put(canvas, paintColor(this.data, this.rows, this.columns), zoom(this.rows, this.columns, 224));
      return;
    }
    const scale = scaleOf(this.data);
    const side = this.count > 32 ? 40 : this.count > 8 ? 56 : 88;
    for (const canvas of root.querySelectorAll<HTMLCanvasElement>('canvas.small')) {
      this.#draw(canvas, Number(canvas.dataset['index']), scale, zoom(this.rows, this.columns, side));
    }
    const large = root.querySelector<HTMLCanvasElement>('canvas.large');
    if (large !== null) this.#draw(large, this.large, scale, zoom(this.rows, this.columns, 280));
  }

  #draw(canvas: HTMLCanvasElement, index: number, scale: Scale, size: number): void {
    put(canvas, paint(this.data, index * this.rows * this.columns, this.rows, this.columns, scale), size);
  }

  #label(index: number): string {
    const { mean, max } = this.#moments(index);
    return `${this.item} ${String(index)}: mean ${formatNumber(mean)}, max ${formatNumber(max)}`;
  }

  #moments(index: number): { mean: number; min: number; max: number } {
    const size = this.rows * this.columns;
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    for (let i = index * size; i < (index + 1) * size; i++) {
      const value = this.data[i] ?? Number.NaN;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    return { mean: sum / size, min, max };
  }

  readonly #onMove = (event: MouseEvent): void => {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const row = Math.min(this.rows - 1, Math.floor((event.offsetY / canvas.clientHeight) * this.rows));
    const column = Math.min(
      this.columns - 1,
      Math.floor((event.offsetX / canvas.clientWidth) * this.columns),
    );
    const value = this.data[(this.large * this.rows + row) * this.columns + column] ?? Number.NaN;
    this.readout = `${this.item} ${String(this.large)} (${String(row)}, ${String(column)}): ${formatNumber(value)}`;
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = [...this.renderRoot.querySelectorAll<HTMLButtonElement>('.grid button')];
    const at = buttons.findIndex((button) => button === this.shadowRoot?.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
}

/** Whole-number magnification that brings the longer side near `side`; below 1 for what is larger. */
export function zoom(rows: number, columns: number, side: number): number {
  const factor = side / Math.max(1, rows, columns);
  return factor >= 1 ? Math.floor(factor) : factor;
}

/** Puts an image on a canvas, one pixel a value, and sizes it on the page. */
export function put(canvas: HTMLCanvasElement, image: ImageData, size: number): void {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.style.width = `${String(Math.max(1, Math.round(image.width * size)))}px`;
  canvas.style.height = `${String(Math.max(1, Math.round(image.height * size)))}px`;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

define('pc-image-grid', PcImageGrid);

declare global {
  interface HTMLElementTagNameMap {
    'pc-image-grid': PcImageGrid;
  }
}
