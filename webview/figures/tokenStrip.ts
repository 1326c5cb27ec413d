/**
 * `<pc-token-strip>`: tokens in reading order, each on the colour of its number, the number under it. The text keeps
 * the theme's contrast: the colour is a band below the token, not behind it.
 */
import { css, html } from 'lit';
import { formatNumber } from '../../src/tensor/format';
import { define } from '../kit/define';
import { FigureElement, type FigureTable } from './figureElement';
import './legend';
import { colorAt, ramps } from './ramp';
import { placeOn, scaleOf } from './scale';

export class PcTokenStrip extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    tokens: { attribute: false },
    data: { attribute: false },
    measure: { type: String },
    picked: { state: true },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
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
      button.token {
        display: block;
        margin: 0 auto;
        padding: 0;
        border: none;
        background: none;
        color: inherit;
        font: inherit;
        cursor: pointer;
      }
      button.token[aria-pressed='true'] {
        outline: 1px solid var(--vscode-focusBorder);
      }
      .band {
        height: 6px;
      }
      .number {
        font-size: 0.8em;
        font-variant-numeric: tabular-nums;
        color: var(--vscode-descriptionForeground);
      }
    `,
  ];

  declare tokens: readonly string[];
  declare data: Float32Array;
  declare measure: string;
  declare picked: number;

  constructor() {
    super();
    this.tokens = [];
    this.data = new Float32Array();
    this.measure = '';
    this.picked = -1;
  }

  protected override table(): FigureTable {
    return {
      columns: ['position', 'token', this.measure],
      rows: this.tokens.map((token, i) => [i, token, formatNumber(this.data[i] ?? Number.NaN)]),
    };
  }

  protected override drawing(): unknown {
    const scale = scaleOf(this.data);
    const table = scale.signed ? ramps().diverging : ramps().sequential;
    return html`<ol aria-label=${this.heading}>
        ${this.tokens.map((token, i) => {
          const value = this.data[i] ?? Number.NaN;
          return html`<li title="${String(i)}: ${formatNumber(value)}">
            ${this.#token(token, i)}
            <div class="band" .style=${`background:${colorAt(table, placeOn(scale, value))}`}></div>
            <div class="number">${formatNumber(value)}</div>
          </li>`;
        })}
      </ol>
      <pc-scale .scale=${scale} unit=${this.measure}></pc-scale>`;
  }

  #token(token: string, at: number): unknown {
    if (!this.pickable) return html`<div class="token">${visible(token)}</div>`;
    const choose = (): void => {
      this.picked = at === this.picked ? -1 : at;
      this.pick(this.picked);
    };
    return html`<button class="token" aria-pressed=${String(at === this.picked)} @click=${choose}>
      ${visible(token)}
    </button>`;
  }
}

/** Spaces and line ends made visible. */
function visible(token: string): string {
  return token.replaceAll('\n', '⏎').replaceAll(' ', '·');
}

define('pc-token-strip', PcTokenStrip);

declare global {
  interface HTMLElementTagNameMap {
    'pc-token-strip': PcTokenStrip;
  }
}
