/** `<pc-bars>`: one value per unit along a zero line. Above a few hundred units a bar is a pixel column. */
import { css, html, nothing } from 'lit';
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
    picked: { state: true },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      canvas {
        width: 100%;
        max-width: 420px;
        height: ${HEIGHT}px;
      }
      .slider {
        cursor: pointer;
      }
    `,
  ];

  declare data: Float32Array;
  declare item: string;
  declare names: readonly string[] | null;
  declare readout: string;
  declare picked: number;

  constructor() {
    super();
    this.data = new Float32Array();
    this.item = '';
    this.names = null;
    this.readout = '';
    this.picked = -1;
  }

  protected override table(): FigureTable {
    return {
      columns: [this.item, 'value'],
      rows: [...this.data].map((value, i) => [this.#name(i), formatNumber(value)]),
    };
  }

  protected override drawing(): unknown {
    const chosen = this.picked < 0 ? this.#range() : this.#told(this.picked);
    return html`${this.pickable ? this.#slider() : this.#canvas()}
      <div class="readout">${this.readout === '' ? chosen : this.readout}</div>`;
  }

  #canvas(): unknown {
    return html`<canvas
      role="img"
      aria-label=${this.heading}
      @mousemove=${(event: MouseEvent) => {
        this.readout = this.#told(this.#at(event));
      }}
      @mouseleave=${() => {
        this.readout = '';
      }}
    ></canvas>`;
  }

  /** The same, to pick a bar of by click or arrow. */
  #slider(): unknown {
    return html`<div
      class="slider"
      role="slider"
      tabindex="0"
      aria-label=${this.heading}
      aria-valuemin="0"
      aria-valuemax=${this.data.length - 1}
      aria-valuenow=${Math.max(0, this.picked)}
      aria-valuetext=${this.picked < 0 ? nothing : this.#told(this.picked)}
      @click=${(event: MouseEvent) => this.#choose(this.#at(event))}
      @keydown=${this.#onKey}
    >
      ${this.#canvas()}
    </div>`;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step === undefined && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    const last = this.data.length - 1;
    this.#choose(step === undefined ? -1 : Math.min(last, Math.max(0, this.picked + step)));
  };

  #choose(index: number): void {
    this.picked = index;
    this.pick(index);
  }

  /** The bar under the pointer. */
  #at(event: MouseEvent): number {
    const canvas = this.renderRoot.querySelector('canvas');
    const width = Math.max(1, canvas?.clientWidth ?? 1);
    return Math.min(this.data.length - 1, Math.floor((event.offsetX / width) * this.data.length));
  }

  #told(at: number): string {
    return `${this.item} ${this.#name(at)}: ${formatNumber(this.data[at] ?? Number.NaN)}`;
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
    if (this.picked >= 0) {
      context.strokeStyle = style.getPropertyValue('--vscode-focusBorder');
      context.strokeRect(this.picked * step, 0.5, Math.max(2, step), canvas.height - 1);
    }
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
