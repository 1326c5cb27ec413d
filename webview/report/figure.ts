/**
 * `<pc-figure>`: a finding's figure with its control beside it, on one scale. Draws heat maps, token strips, bars,
 * curves and scalars; every other kind, and any of them on demand, is the table that it is.
 */
import { css, html, nothing } from 'lit';
import type { Cell, Figure } from '../../src/contract/method';
import { formatNumber } from '../../src/tensor/format';
import { FigureElement, type FigureTable } from '../figures/figureElement';
import '../figures/legend';
import { colorAt, ramps } from '../figures/ramp';
import { placeOn, scaleOf, type Scale } from '../figures/scale';
import { word } from '../app/words';
import { define } from '../kit/define';
import { curves } from './curves';
import { heatOf, paintHeat, paintInput, type Heat } from './heat';

const EMPTY: Figure = { kind: 'table', title: '', columns: [], rows: [], control: null };
/** Pixels of a drawn picture's longer side. */
const SIDE = 168;

export class PcFigure extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    figure: { attribute: false },
    readout: { state: true },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      .beside {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 24px;
      }
      figure {
        margin: 0;
      }
      figcaption {
        color: var(--vscode-descriptionForeground);
        font-size: 0.92em;
        min-height: 1.4em;
        max-width: 360px;
      }
      .rows {
        display: grid;
        grid-template-columns: minmax(60px, max-content) minmax(140px, 320px) max-content max-content;
        gap: 1px 10px;
        align-items: center;
        font-variant-numeric: tabular-nums;
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        max-width: 220px;
      }
      .number {
        text-align: right;
      }
      .other {
        color: var(--vscode-descriptionForeground);
      }
      .bar {
        position: relative;
        height: 12px;
      }
      .bar > div {
        position: absolute;
        top: 1px;
        height: 7px;
      }
      .bar > .control {
        top: 9px;
        height: 3px;
        background: var(--vscode-patchclamp-control);
      }
      .bar > .zero {
        top: 0;
        width: 1px;
        height: 12px;
        background: var(--vscode-descriptionForeground);
      }
      .positive {
        background: var(--vscode-patchclamp-positive);
      }
      .negative {
        background: var(--vscode-patchclamp-negative);
      }
      ol {
        list-style: none;
        margin: 0;
        padding: 0;
        display: flex;
        flex-wrap: wrap;
        gap: 4px 1px;
      }
      li {
        font-family: var(--vscode-editor-font-family, monospace);
        padding: 0 2px;
        text-align: center;
      }
      .token {
        white-space: pre;
      }
      .band {
        height: 8px;
        outline: 1px solid var(--vscode-contrastBorder, transparent);
        outline-offset: -1px;
      }
      li .number {
        font-size: 0.8em;
        text-align: center;
        color: var(--vscode-descriptionForeground);
      }
      svg {
        display: block;
        width: 100%;
        max-width: 520px;
        height: 180px;
        overflow: visible;
        font-size: 11px;
        fill: var(--vscode-foreground);
      }
      .axis {
        stroke: var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
      }
      .line0 {
        fill: none;
        stroke: var(--vscode-patchclamp-positive);
        stroke-width: 2;
      }
      .line1 {
        fill: none;
        stroke: var(--vscode-patchclamp-negative);
        stroke-width: 2;
        stroke-dasharray: 6 3;
      }
      .chance {
        fill: none;
        stroke: var(--vscode-descriptionForeground);
        stroke-dasharray: 2 3;
      }
      button.link {
        border: none;
        background: none;
        padding: 0;
        font: inherit;
        color: var(--vscode-textLink-foreground);
        cursor: pointer;
        overflow: hidden;
        text-overflow: ellipsis;
        max-width: 100%;
      }
    `,
  ];

  declare figure: Figure;
  declare readout: string;

  constructor() {
    super();
    this.figure = EMPTY;
    this.readout = '';
  }

  protected override table(): FigureTable {
    const { columns, rows, control } = this.figure;
    const beside = control === null ? [] : columns.map((name) => `${name} (${word('control')})`);
    return {
      columns: [...columns, ...beside],
      rows: rows.map((row, i) => [...row, ...(control?.rows[i] ?? [])].map(text)),
    };
  }

  protected override drawing(): unknown {
    const { kind, control } = this.figure;
    const drawn = this.#drawn();
    const said = control === null ? word('noControl') : '';
    return html`${drawn ?? this.#plain()}
      <div class="readout">
        ${this.readout}${said}
        <button
          class="link"
          aria-label="${word('asCsv')}: ${this.heading}"
          @click=${() => this.dispatchEvent(new CustomEvent('pc-csv'))}
        >
          ${word('asCsv')}
        </button>
        ${kind === 'curves' && control !== null ? html`<span>· ${control.title}</span>` : nothing}
      </div>`;
  }

  protected override updated(): void {
    if (this.asTable || this.figure.kind !== 'heatmap') return;
    const heat = heatOf(this.figure.rows);
    const other = this.figure.control === null ? null : heatOf(this.figure.control.rows);
    const scale = this.#scale();
    const canvas = (name: string): HTMLCanvasElement | null =>
      this.renderRoot.querySelector(`canvas.${name}`);
    paintInput(canvas('input'), heat, SIDE);
    paintHeat(canvas('map'), heat, scale, SIDE);
    if (other !== null) paintHeat(canvas('other'), { ...other, input: heat.input }, scale, SIDE);
  }

  #drawn(): unknown {
    switch (this.figure.kind) {
      case 'heatmap':
        return this.#heat();
      case 'tokens':
        return this.#tokens();
      case 'bars':
        return this.#bars();
      case 'curves':
        return curves(this.figure);
      case 'scalars':
        return this.#scalars();
      default:
        return undefined;
    }
  }

  /** One scale for the figure and its control: what is weak beside the other looks weak. */
  #scale(at = this.#numberColumn()): Scale {
    const { rows, control } = this.figure;
    const all = [...rows, ...(control?.rows ?? [])].map((row) => Number(row[at] ?? 0));
    const { from, to } = scaleOf(all);
    const reach = Math.max(Math.abs(from), Math.abs(to));
    return { from: -reach, to: reach, signed: true };
  }

  #numberColumn(): number {
    return Math.max(0, this.figure.columns.indexOf('attribution'));
  }

  #heat(): unknown {
    const { control, rows } = this.figure;
    const heat = heatOf(rows);
    const picture = (name: string, caption: string): unknown =>
      html`<figure>
        <canvas
          class=${name}
          role="img"
          aria-label="${caption}, ${heat.rows} × ${heat.columns}"
          @mousemove=${(event: MouseEvent) => {
            this.readout = readoutAt(event, heat, control?.rows ?? null);
          }}
          @mouseleave=${() => {
            this.readout = '';
          }}
        ></canvas>
        <figcaption>${caption}</figcaption>
      </figure>`;
    return html`<div class="beside">
        ${picture('input', word('input'))} ${picture('map', this.figure.columns[2] ?? '')}
        ${control === null ? nothing : picture('other', control.title)}
      </div>
      <pc-scale .scale=${this.#scale()}></pc-scale>`;
  }

  #tokens(): unknown {
    const { rows, control } = this.figure;
    const scale = this.#scale();
    const strip = (of: Figure['rows'], label: string): unknown =>
      html`<figure>
        <ol aria-label=${label}>
          ${of.map(([position, token, value]) => {
            const number = Number(value ?? 0);
            const color = colorAt(ramps().diverging, placeOn(scale, number));
            return html`<li title="${text(position ?? null)}: ${formatNumber(number)}">
              <div class="token">${visible(text(token ?? null))}</div>
              <div class="band" .style=${`background:${color}`}></div>
              <div class="number">${formatNumber(number)}</div>
            </li>`;
          })}
        </ol>
        <figcaption>${label}</figcaption>
      </figure>`;
    return html`${strip(rows, this.figure.columns[2] ?? '')}
      ${control === null ? nothing : strip(control.rows, control.title)}
      <pc-scale .scale=${scale}></pc-scale>`;
  }

  #bars(): unknown {
    const { rows, control, columns } = this.figure;
    const at = this.#numberColumn();
    const scale = this.#scale(at);
    const sites = columns[0] === 'value';
    return html`<div class="rows" role="group" aria-label=${this.heading}>
        ${rows.map((row, i) => {
          const name = text(row[0] ?? null);
          const value = Number(row[at] ?? 0);
          const other = control === null ? null : Number(control.rows[i]?.[at] ?? 0);
          return html`<span class="name" title=${name}
              >${
                sites
                  ? html`<button
                      class="link"
                      title=${word('revealValue', name)}
                      @click=${() => this.dispatchEvent(new CustomEvent('pc-site', { detail: name }))}
                    >
                      ${name}
                    </button>`
                  : name
              }</span
            >
            <div class="bar" aria-hidden="true">
              <div class=${value < 0 ? 'negative' : 'positive'} .style=${extentOf(value, scale)}></div>
              ${other === null ? nothing : html`<div class="control" .style=${extentOf(other, scale)}></div>`}
              <div class="zero" .style=${'left:50%'}></div>
            </div>
            <span class="number">${formatNumber(value)}</span>
            <span class="number other">${other === null ? '' : formatNumber(other)}</span>`;
        })}
      </div>
      ${control === null ? nothing : html`<div class="note">${word('control')}: ${control.title}</div>`}`;
  }

  #scalars(): unknown {
    const { rows, columns, control } = this.figure;
    return html`<table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th scope="col">${name}</th>`)}
          ${control === null ? nothing : html`<th scope="col">${control.title}</th>`}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row, i) =>
            html`<tr>
              ${row.map((cell) => html`<td>${text(cell)}</td>`)}
              ${control === null ? nothing : html`<td class="other">${text(control.rows[i]?.at(-1) ?? null)}</td>`}
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  #plain(): unknown {
    const { columns, rows } = this.table();
    return html`<table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

function text(cell: Cell): string {
  return cell === null ? '–' : typeof cell === 'number' ? formatNumber(cell) : cell;
}

/** Spaces and line ends made visible. */
function visible(token: string): string {
  return token.replaceAll('\n', '⏎').replaceAll(' ', '·');
}

/** Where a bar from the middle starts and how wide it is. */
function extentOf(value: number, { to }: Scale): string {
  const width = to === 0 ? 0 : (50 * Math.abs(value)) / to;
  return `left:${String(value < 0 ? 50 - width : 50)}%;width:${String(width)}%`;
}

function readoutAt(event: MouseEvent, heat: Heat, control: Figure['rows'] | null): string {
  const canvas = event.currentTarget as HTMLCanvasElement;
  const row = Math.min(
    heat.rows - 1,
    Math.max(0, Math.floor((event.offsetY / canvas.clientHeight) * heat.rows)),
  );
  const column = Math.floor((event.offsetX / canvas.clientWidth) * heat.columns);
  const at = row * heat.columns + Math.min(heat.columns - 1, Math.max(0, column));
  const other = control === null ? '' : `, ${word('control')} ${formatNumber(Number(control[at]?.[2] ?? 0))}`;
  return `${String(row)}, ${String(at % heat.columns)}: ${formatNumber(heat.data[at] ?? Number.NaN)}${other} `;
}

define('pc-figure', PcFigure);

declare global {
  interface HTMLElementTagNameMap {
    'pc-figure': PcFigure;
  }
}
