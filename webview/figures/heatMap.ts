/** `<pc-heat-map>`: a matrix of values on one scale, rows down and columns across, with a read-out under the pointer. */
import { css, html } from 'lit';
import { formatNumber } from '../../src/tensor/format';
import { define } from '../kit/define';
import { FigureElement, type FigureTable } from './figureElement';
import { put, zoom } from './imageGrid';
import './legend';
import { paint, scaleOf } from './scale';

export class PcHeatMap extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    data: { attribute: false },
    rows: { type: Number },
    columns: { type: Number },
    rowItem: { type: String },
    columnItem: { type: String },
    rowNames: { attribute: false },
    readout: { state: true },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      .frame {
        overflow: auto;
        max-height: 360px;
      }
    `,
  ];

  declare data: Float32Array;
  declare rows: number;
  declare columns: number;
  declare rowItem: string;
  declare columnItem: string;
  declare rowNames: readonly string[] | null;
  declare readout: string;

  constructor() {
    super();
    this.data = new Float32Array();
    this.rows = 0;
    this.columns = 0;
    this.rowItem = '';
    this.columnItem = '';
    this.rowNames = null;
    this.readout = '';
  }

  protected override table(): FigureTable {
    const shown = Math.min(this.columns, 32);
    return {
      columns: [
        this.rowItem,
        ...Array.from({ length: shown }, (_, column) => `${this.columnItem} ${String(column)}`),
      ],
      rows: Array.from({ length: this.rows }, (_, row) => [
        this.#rowName(row),
        ...Array.from({ length: shown }, (__, column) => formatNumber(this.#at(row, column))),
      ]),
    };
  }

  protected override drawing(): unknown {
    return html`
      <div class="frame">
        <canvas
          role="img"
          aria-label="${this.heading}, ${this.rows} × ${this.columns}"
          @mousemove=${this.#onMove}
          @mouseleave=${() => {
            this.readout = '';
          }}
        ></canvas>
      </div>
      <div class="readout">
        ${this.readout === '' ? `${this.rowItem} ↓  ${this.columnItem} →` : this.readout}
      </div>
      <pc-scale .scale=${scaleOf(this.data)}></pc-scale>
    `;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>('.frame canvas');
    if (canvas === null) return;
    const size = Math.min(24, zoom(this.rows, this.columns, 280));
    put(canvas, paint(this.data, 0, this.rows, this.columns, scaleOf(this.data)), size);
    if (this.rows < 8) canvas.style.height = `${String(Math.max(this.rows * size, this.rows * 12))}px`;
    if (this.columns < 8)
      canvas.style.width = `${String(Math.max(this.columns * size, this.columns * 12))}px`;
  }

  #at(row: number, column: number): number {
    return this.data[row * this.columns + column] ?? Number.NaN;
  }

  #rowName(row: number): string {
    return this.rowNames?.[row] ?? String(row);
  }

  readonly #onMove = (event: MouseEvent): void => {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const row = Math.min(this.rows - 1, Math.floor((event.offsetY / canvas.clientHeight) * this.rows));
    const column = Math.min(
      this.columns - 1,
      Math.floor((event.offsetX / canvas.clientWidth) * this.columns),
    );
    this.readout = `${this.rowItem} ${this.#rowName(row)}, ${this.columnItem} ${String(column)}: ${formatNumber(this.#at(row, column))}`;
  };
}

define('pc-heat-map', PcHeatMap);

declare global {
  interface HTMLElementTagNameMap {
    'pc-heat-map': PcHeatMap;
  }
}
