/** `<pc-ranking>`: outputs as ranked classes: name, a bar, the share and the raw value, right-aligned. */
import { css, html, nothing } from 'lit';
import type { Picture } from '../../src/contract/hostApi';
import { formatNumber, formatShare } from '../../src/tensor/format';
import { define } from '../kit/define';
import { FigureElement, figureWords, type FigureTable } from './figureElement';

type Entries = Extract<Picture, { kind: 'ranking' }>['entries'];

export class PcRanking extends FigureElement {
  static override readonly properties = {
    ...FigureElement.properties,
    entries: { attribute: false },
    shareIs: { type: String },
    labelsFrom: { type: String },
    askable: { type: Boolean },
  };
  static override readonly styles = [
    FigureElement.figureStyles,
    css`
      .rows {
        display: grid;
        grid-template-columns: minmax(40px, max-content) minmax(60px, 1fr) max-content max-content;
        gap: 2px 8px;
        align-items: center;
        font-variant-numeric: tabular-nums;
        max-width: 420px;
      }
      .rows > [role='row'] {
        display: contents;
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        max-width: 180px;
      }
      .bar {
        height: 10px;
        background: var(--vscode-patchclamp-heat3);
      }
      .share,
      .value {
        text-align: right;
      }
      .value {
        color: var(--vscode-descriptionForeground);
      }
      .first {
        font-weight: 600;
      }
      .ask {
        padding: 0;
        border: none;
        background: none;
        color: inherit;
        font: inherit;
        cursor: pointer;
      }
      .ask:hover,
      .ask:focus-visible {
        color: var(--vscode-textLink-foreground);
        text-decoration: underline;
      }
    `,
  ];

  declare entries: Entries;
  declare shareIs: string;
  declare labelsFrom: string;
  /** Whether one can be asked about: then `pc-drives` tells its index. */
  declare askable: boolean;

  constructor() {
    super();
    this.entries = [];
    this.shareIs = '';
    this.labelsFrom = '';
    this.askable = false;
  }

  protected override table(): FigureTable {
    return {
      columns: ['class', 'index', 'share', 'value'],
      rows: this.entries.map((entry) => [
        entry.name,
        entry.index,
        entry.share === null ? '–' : formatShare(entry.share),
        formatNumber(entry.value),
      ]),
    };
  }

  #asking({ name, index }: Entries[number]): unknown {
    const ask = (): void => {
      this.dispatchEvent(new CustomEvent('pc-drives', { detail: index, bubbles: true, composed: true }));
    };
    return html`<button
      class="ask"
      title=${figureWords().drives.replace('{0}', `${name} (${String(index)})`)}
      @click=${ask}
    >
      ${name}
    </button>`;
  }

  protected override drawing(): unknown {
    const top = Math.max(1e-12, ...this.entries.map((entry) => entry.share ?? Math.abs(entry.value)));
    return html`<div class="rows" role="table" aria-label=${this.heading}>
        ${this.entries.map(
          (entry, rank) =>
            html`<div role="row">
              <span
                role="cell"
                class="name ${rank === 0 ? 'first' : ''}"
                title="${entry.name} (${entry.index})"
                >${this.askable ? this.#asking(entry) : entry.name}</span
              >
              <span role="cell"
                ><div
                  class="bar"
                  .style=${`width:${String((100 * (entry.share ?? Math.abs(entry.value))) / top)}%`}
                ></div
              ></span>
              <span role="cell" class="share">${entry.share === null ? '' : formatShare(entry.share)}</span>
              <span role="cell" class="value" title=${String(entry.value)}>${formatNumber(entry.value)}</span>
            </div>`,
        )}
      </div>
      ${
        this.shareIs === '' && this.labelsFrom === ''
          ? nothing
          : html`<div class="note">
              ${[this.shareIs, this.labelsFrom].filter((text) => text !== '').join('; ')}
            </div>`
      }`;
  }
}

define('pc-ranking', PcRanking);

declare global {
  interface HTMLElementTagNameMap {
    'pc-ranking': PcRanking;
  }
}
