/**
 * `<pc-compare-table>`: one table of a comparison: sorted by its headers, filtered by text, each row a way into the
 * graph. Relative errors are bars on a logarithmic scale, each with the tick it should not pass.
 */
import { LitElement, html, nothing } from 'lit';
import type { CompareColumn, CompareMark, CompareRow, CompareTable } from '../../src/contract/compareApi';
import { formatNumber } from '../../src/tensor/format';
import { shared } from '../app/style';
import { word } from '../app/words';
import { define } from '../kit/define';
import { arranged, shareOf, type Sorting } from './rows';
import { tableStyle } from './style';

const EMPTY: CompareTable = { id: 'values', title: '', columns: [], rows: [], empty: '', control: '' };
/** Rows drawn at once. */
const PAGE = 300;

const SIGNS: Readonly<Record<CompareMark, string>> = {
  begins: '▶',
  departs: '•',
  changed: '~',
  added: '+',
  removed: '−',
  same: '',
};

export class PcCompareTable extends LitElement {
  static override readonly properties = {
    table: { attribute: false },
    filter: { state: true },
    sorting: { state: true },
    limit: { state: true },
  };
  static override readonly styles = [shared, tableStyle];

  declare table: CompareTable;
  declare filter: string;
  declare sorting: Sorting;
  declare limit: number;

  constructor() {
    super();
    this.table = EMPTY;
    this.filter = '';
    this.sorting = { column: -1, descending: true };
    this.limit = PAGE;
  }

  protected override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get('table') as CompareTable | undefined;
    if (before === undefined || before.id === this.table.id) return;
    this.filter = '';
    this.sorting = { column: -1, descending: true };
    this.limit = PAGE;
  }

  override render(): unknown {
    const { table } = this;
    if (table.rows.length === 0) return html`<p>${table.empty}</p>`;
    const rows = arranged(table, this.filter, this.sorting);
    const shown = rows.slice(0, this.limit);
    return html`
      <div class="tools">
        <input
          type="search"
          placeholder=${word('filter')}
          aria-label=${word('filterOf', table.title)}
          .value=${this.filter}
          @input=${(event: InputEvent) => {
            this.filter = (event.target as HTMLInputElement).value;
          }}
        />
        <span class="faint number" role="status">${word('shown', rows.length, table.rows.length)}</span>
        <button class="link" @click=${() => this.dispatchEvent(new CustomEvent('pc-csv'))}>
          ${word('asCsv')}
        </button>
      </div>
      <div class="scroll" tabindex="0" role="group" aria-label=${table.title}>
        <table>
          <thead>
            <tr>
              ${table.columns.map((column, index) => this.#head(column, index))}
            </tr>
          </thead>
          <tbody>
            ${shown.map((row) => this.#row(row))}
          </tbody>
        </table>
        ${
          rows.length > shown.length
            ? html`<button
                class="link"
                @click=${() => {
                  this.limit += PAGE;
                }}
              >
                ${word('more', Math.min(PAGE, rows.length - shown.length))}
              </button>`
            : nothing
        }
      </div>
      ${this.#control()}
    `;
  }

  #control(): unknown {
    const { control, id } = this.table;
    if (control !== '') return html`<p class="faint">${control}</p>`;
    return id === 'weights' ? html`<p class="faint">${word('noControl')}</p>` : nothing;
  }

  #head({ title, kind }: CompareColumn, index: number): unknown {
    const { column, descending } = this.sorting;
    const sorted = column !== index ? 'none' : descending ? 'descending' : 'ascending';
    const arrow = sorted === 'none' ? '' : descending ? '↓' : '↑';
    return html`<th scope="col" class=${kind} aria-sort=${sorted}>
      <button
        class="quiet"
        aria-label=${word('sortBy', title)}
        @click=${() => {
          // Numbers are asked for largest first; a third click gives the order of computing back.
          const first = kind !== 'text';
          if (column !== index) this.sorting = { column: index, descending: first };
          else if (descending === first) this.sorting = { column: index, descending: !first };
          else this.sorting = { column: -1, descending: true };
        }}
      >
        ${title} ${arrow}
      </button>
    </th>`;
  }

  #row(row: CompareRow): unknown {
    return html`<tr class=${row.mark} title=${row.hint}>
      ${row.cells.map((cell, index) => {
        const kind = this.table.columns[index]?.kind ?? 'text';
        if (kind === 'share') return this.#share(row, cell);
        if (kind === 'number') {
          const number = typeof cell === 'number' ? numberText(cell, this.table.columns[index]) : '–';
          return html`<td class="number" title=${String(cell ?? '')}>${number}</td>`;
        }
        return index === 0
          ? this.#first(row, String(cell ?? ''))
          : html`<td title=${cell ?? ''}>${cell}</td>`;
      })}
    </tr>`;
  }

  #first({ mark, target }: CompareRow, text: string): unknown {
    const said = mark === 'begins' ? word('departsFirst') : mark === 'departs' ? word('departs') : '';
    return html`<td>
      <span class="sign" aria-hidden="true">${SIGNS[mark]}</span>
      <span class="visually-hidden">${said}</span>
      ${
        target === null
          ? text
          : html`<button
              class="link"
              title=${word('showInGraph')}
              @click=${() => this.dispatchEvent(new CustomEvent('pc-target', { detail: target }))}
            >
              ${text}
            </button>`
      }
    </td>`;
  }

  #share({ floor, hint }: CompareRow, cell: CompareRow['cells'][number]): unknown {
    if (typeof cell !== 'number') return html`<td class="share why">${hint === '' ? '–' : hint}</td>`;
    const place = (error: number): string => `${(100 * shareOf(error)).toFixed(1)}%`;
    const title = `${String(cell)}${floor === null ? '' : `, ${word('floor', String(floor))}`}`;
    return html`<td class="share" title=${title}>
      <div class="bar" aria-hidden="true">
        <div class="error" .style=${`width:${place(cell)}`}></div>
        ${floor === null ? nothing : html`<div class="floor" .style=${`left:${place(floor)}`}></div>`}
      </div>
      <span class="number">${formatNumber(cell)}</span>
    </td>`;
  }
}

function numberText(value: number, column: CompareColumn | undefined): string {
  const digits = column?.digits;
  return digits === undefined || !Number.isFinite(value) ? formatNumber(value) : value.toFixed(digits);
}

define('pc-compare-table', PcCompareTable);

declare global {
  interface HTMLElementTagNameMap {
    'pc-compare-table': PcCompareTable;
  }
}
