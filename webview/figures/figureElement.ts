/**
 * What every figure shares: a heading, a note that says what was left out, and a table with the same numbers behind a
 * toggle. The table is the screen reader's form and the export; no figure exists without one.
 */
import { LitElement, css, html, nothing } from 'lit';
import '../kit/button';
import { onThemeChange } from './ramp';

export interface FigureTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface FigureWords {
  readonly asTable: string;
  readonly asPicture: string;
  /** With `{0}` rows shown of `{1}`. */
  readonly rowsShown: string;
  /** With what is asked about. */
  readonly drives: string;
}

const ROW_LIMIT = 500;

let words: FigureWords = {
  asTable: 'Table',
  asPicture: 'Picture',
  rowsShown: 'First {0} of {1} rows.',
  drives: 'What drives {0}?',
};

export function figureWords(): FigureWords {
  return words;
}

/** Sets the localised words of all figures; once, before the first is drawn. */
export function setFigureWords(localised: FigureWords): void {
  words = localised;
}

export abstract class FigureElement extends LitElement {
  static override readonly properties = {
    heading: { type: String },
    note: { type: String },
    pickable: { type: Boolean },
    asTable: { state: true },
  };
  static readonly figureStyles = css`
    :host {
      display: block;
      font-size: var(--vscode-font-size, 13px);
      color: var(--vscode-foreground);
    }
    .head {
      display: flex;
      align-items: baseline;
      gap: 8px;
      min-height: 20px;
    }
    h4 {
      margin: 0;
      font-size: inherit;
      font-weight: 600;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      flex: 1;
    }
    .note,
    .readout {
      color: var(--vscode-descriptionForeground);
      font-size: 0.92em;
      font-variant-numeric: tabular-nums;
      min-height: 1.4em;
    }
    button.toggle {
      border: none;
      background: none;
      padding: 0 2px;
      font: inherit;
      font-size: 0.92em;
      color: var(--vscode-textLink-foreground);
      cursor: pointer;
    }
    button.toggle:hover {
      text-decoration: underline;
    }
    :focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: 1px;
    }
    .scroll {
      max-height: 320px;
      overflow: auto;
    }
    table {
      border-collapse: collapse;
      font-variant-numeric: tabular-nums;
      font-size: 0.92em;
    }
    th,
    td {
      padding: 1px 8px 1px 0;
      text-align: right;
      font-weight: normal;
      white-space: nowrap;
    }
    th {
      color: var(--vscode-descriptionForeground);
      border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder));
    }
    th:first-child,
    td:first-child {
      text-align: left;
    }
    canvas {
      image-rendering: pixelated;
      display: block;
    }
  `;

  declare heading: string;
  declare note: string;
  /** Whether one of its items can be picked: then `pc-pick` tells the index, or -1 when it was let go. */
  declare pickable: boolean;
  declare asTable: boolean;
  #stop: (() => void) | undefined;

  constructor() {
    super();
    this.heading = '';
    this.note = '';
    this.pickable = false;
    this.asTable = false;
  }

  /** The same numbers as rows. */
  protected abstract table(): FigureTable;
  /** The picture itself. */
  protected abstract drawing(): unknown;

  protected pick(index: number): void {
    if (this.pickable)
      this.dispatchEvent(new CustomEvent('pc-pick', { detail: index, bubbles: true, composed: true }));
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
    return html`
      <div class="head">
        <h4 title=${this.heading}>${this.heading}</h4>
        <button
          class="toggle"
          aria-pressed=${String(this.asTable)}
          aria-label="${words.asTable}: ${this.heading}"
          @click=${() => {
            this.asTable = !this.asTable;
          }}
        >
          ${this.asTable ? words.asPicture : words.asTable}
        </button>
      </div>
      ${this.asTable ? this.#table() : this.drawing()}
      ${this.note === '' ? nothing : html`<div class="note">${this.note}</div>`}
    `;
  }

  #table(): unknown {
    const { columns, rows } = this.table();
    const shown = rows.slice(0, ROW_LIMIT);
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${this.heading}>
      <table>
        <caption hidden>
          ${this.heading}
        </caption>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (row) =>
              html`<tr>
                ${row.map((cell) => html`<td>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
      ${
        rows.length > shown.length
          ? html`<div class="note">
              ${words.rowsShown.replace('{0}', String(shown.length)).replace('{1}', String(rows.length))}
            </div>`
          : nothing
      }
    </div>`;
  }
}
