/**
 * `<pc-node-table>`: nodes against every number known of them; virtualised, sorted by a click on a head or its digit,
 * filtered by a pattern. Fires `pc-row` (a node row was walked to), `pc-row-open` (Enter) and `pc-close`.
 */
import { LitElement, html, nothing, type PropertyValues } from 'lit';
import type { GraphModel } from '../../src/contract/graphModel';
import type { SearchTexts } from '../../src/contract/hostApi';
import { formatInteger, formatNumber } from '../../src/tensor/format';
import { Finder, readPattern } from '../graph/finder';
import { define } from '../kit/define';
import type { NumberColumn } from './columns';
import { nodeTableStyle, rowHeight } from './nodeTableStyle';
import { shared } from './style';
import { allRows, firstValues, sortRows, textOf, type SortKey, type Sorting } from './tableRows';
import { word } from './words';

/** What is known of a node besides numbers: before them, and after. */
const before = ['op', 'name'] as const;
const after = ['type', 'module'] as const;
type TextKey = (typeof before)[number] | (typeof after)[number];
/** Properties that change the order of rows. */
const sorting = ['model', 'columns', 'types', 'sorting'] as const;

export class PcNodeTable extends LitElement {
  static override readonly properties = {
    model: { attribute: false },
    columns: { attribute: false },
    types: { attribute: false },
    texts: { attribute: false },
    selected: { attribute: false },
    first: { state: true },
    shown: { state: true },
    filter: { state: true },
    sorting: { state: true },
  };
  static override readonly styles = [shared, nodeTableStyle];

  declare model: GraphModel | null;
  declare columns: readonly NumberColumn[];
  /** Type and shape by value row as the shown run had them. */
  declare types: readonly string[] | null;
  /** Attributes and source lines the filter reads too. */
  declare texts: SearchTexts | null;
  /** Node row, or -1. */
  declare selected: number;
  declare first: number;
  declare shown: number;
  declare filter: string;
  declare sorting: Sorting | null;
  #all: Uint32Array = new Uint32Array();
  /** All of them in order, and those of them that the filter leaves. */
  #sorted: Uint32Array = new Uint32Array();
  #rows: Uint32Array = new Uint32Array();
  #values: Int32Array = new Int32Array();
  #finder: Finder | undefined;
  #invalid = false;
  #resize: ResizeObserver | undefined;

  constructor() {
    super();
    this.model = null;
    this.columns = [];
    this.types = null;
    this.texts = null;
    this.selected = -1;
    this.first = 0;
    this.shown = 20;
    this.filter = '';
    this.sorting = null;
  }

  override disconnectedCallback(): void {
    this.#resize?.disconnect();
    super.disconnectedCallback();
  }

  override focus(): void {
    this.#grid()?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { model } = this;
    if (changed.has('model') && model !== null) {
      this.#all = allRows(model);
      this.#values = firstValues(model);
    }
    if (changed.has('model') || changed.has('texts')) this.#finder = undefined;
    const sorts = sorting.some((name) => changed.has(name));
    if (sorts || changed.has('filter') || changed.has('texts')) this.#arrange(sorts);
  }

  protected override firstUpdated(): void {
    const grid = this.#grid();
    if (grid === undefined) return;
    this.#resize = new ResizeObserver(() => (this.shown = Math.ceil(grid.clientHeight / rowHeight) + 1));
    this.#resize.observe(grid);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('selected')) this.#reveal(this.#rows.indexOf(this.selected));
  }

  override render(): unknown {
    const count = this.#keys().length;
    const from = Math.max(0, Math.min(this.first - 4, this.#rows.length - this.shown));
    const rows = [...this.#rows.slice(from, this.first + this.shown + 4)];
    return html`<div class="bar">
        <input
          type="text"
          spellcheck="false"
          placeholder=${word('tableFilter')}
          aria-label=${word('tableFilter')}
          aria-invalid=${String(this.#invalid)}
          .value=${this.filter}
          @input=${(event: InputEvent) => (this.filter = (event.target as HTMLInputElement).value)}
          @keydown=${this.#filterKey}
        />
        <span class="faint number" role="status"
          >${word('rowsOf', formatInteger(this.#rows.length), formatInteger(this.#all.length))}</span
        >
        <button
          class="quiet close"
          title=${word('tableClose')}
          aria-label=${word('tableClose')}
          @click=${this.#close}
        >
          ✕
        </button>
      </div>
      <div
        class="grid"
        role="grid"
        tabindex="0"
        aria-label=${word('nodeTable')}
        aria-rowcount=${this.#rows.length + 1}
        aria-colcount=${count}
        aria-activedescendant=${this.#rows.includes(this.selected) ? `row-${String(this.selected)}` : nothing}
        .style=${`--columns:${String(this.columns.length)}`}
        @scroll=${(event: Event) => (this.first = Math.floor((event.target as HTMLElement).scrollTop / rowHeight))}
        @keydown=${this.#key}
        @click=${this.#click}
        @dblclick=${this.#click}
      >
        <div class="head" role="row" aria-rowindex="1">
          ${this.#keys().map((key, index) => this.#head(key, index))}
        </div>
        <div class="rows" role="rowgroup" .style=${`height:${String(this.#rows.length * rowHeight)}px`}>
          ${rows.map((node, offset) => this.#row(node, from + offset))}
        </div>
      </div>`;
  }

  #head(key: SortKey, index: number): unknown {
    const overlay = typeof key === 'number' ? this.columns[key]?.overlay : undefined;
    const named = typeof key === 'number' ? (overlay?.title ?? '') : word(`column.${key}`);
    const label = overlay === undefined || overlay.unit === '' ? named : `${named} (${overlay.unit})`;
    const sorted = this.sorting?.key === key ? (this.sorting.down ? 'descending' : 'ascending') : 'none';
    const tip = index < 9 ? word('sortBy', label, index + 1) : label;
    return html`<div
      class="cell ${typeof key === 'number' ? 'figure' : ''}"
      role="columnheader"
      aria-sort=${sorted}
    >
      <button class="quiet" tabindex="-1" title=${tip} @click=${() => this.#sort(key)}>
        ${label}<span aria-hidden="true"
          >${sorted === 'none' ? '' : sorted === 'descending' ? ' ↓' : ' ↑'}</span
        >
      </button>
    </div>`;
  }

  #row(node: number, index: number): unknown {
    return html`<div
      class="row"
      role="row"
      id=${`row-${String(node)}`}
      aria-rowindex=${index + 2}
      aria-selected=${String(node === this.selected)}
      .style=${`top:${String(index * rowHeight)}px`}
      data-node=${node}
    >
      ${this.#keys().map((key) => (typeof key === 'number' ? this.#figure(node, key) : this.#cell(node, key)))}
    </div>`;
  }

  #cell(node: number, key: TextKey): unknown {
    const text = this.#text(node, key);
    return html`<div class="cell" role="gridcell" title=${text}>${text}</div>`;
  }

  #figure(node: number, key: number): unknown {
    const overlay = this.columns[key]?.overlay;
    const number = overlay?.byNode[node] ?? Number.NaN;
    if (overlay === undefined || Number.isNaN(number))
      return html`<div class="cell figure" role="gridcell"></div>`;
    const reach = Math.max(Math.abs(overlay.from), Math.abs(overlay.to)) || 1;
    return html`<div
      class="cell figure"
      role="gridcell"
      title=${String(number)}
      .style=${`--part:${Math.min(1, Math.abs(number) / reach).toFixed(3)}`}
    >
      ${formatNumber(number)}
    </div>`;
  }

  /** Every column from the left: who it is, its numbers, where it is. */
  #keys(): readonly SortKey[] {
    return [...before, ...this.columns.keys(), ...after];
  }

  #text(node: number, key: TextKey): string {
    return this.model === null ? '' : textOf(this.model, this.#values, this.types, node, key);
  }

  /** @param sorts whether the order has changed: a keystroke in the filter changes only what is shown of it */
  #arrange(sorts: boolean): void {
    const { model, filter, sorting } = this;
    if (model === null) return;
    if (sorts)
      this.#sorted =
        sorting === null
          ? this.#all
          : sortRows(this.#all, sorting, this.columns, (node, key) => this.#text(node, key));
    const pattern = filter === '' ? undefined : readPattern(filter);
    this.#invalid = filter !== '' && pattern === undefined;
    this.#rows = this.#sorted;
    if (pattern === undefined) return;
    this.#finder ??= new Finder(model, this.texts);
    const found = new Uint8Array(model.nodes.count);
    for (const node of this.#finder.find(pattern).nodes) found[node] = 1;
    this.#rows = this.#sorted.filter((node) => found[node] === 1);
  }

  /** Numbers begin with the largest, texts with the first; once more turns it round, once more leaves file order. */
  #sort(key: SortKey): void {
    const begin = typeof key === 'number';
    if (this.sorting?.key !== key) this.sorting = { key, down: begin };
    else this.sorting = this.sorting.down === begin ? { key, down: !begin } : null;
  }

  readonly #filterKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'Enter') this.focus();
    else if (event.key === 'Escape' && this.filter !== '') this.filter = '';
    else if (event.key === 'Escape') this.#close();
    else return;
    event.preventDefault();
  };

  readonly #close = (): void => {
    this.dispatchEvent(new CustomEvent('pc-close', { bubbles: true, composed: true }));
  };

  readonly #click = ({ target, type }: MouseEvent): void => {
    const row = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
    if (row !== null) this.#fire(type === 'click' ? 'pc-row' : 'pc-row-open', Number(row.dataset['node']));
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.#rows.indexOf(this.selected);
    const page = Math.max(1, this.shown - 3);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#go(at + 1),
      ArrowUp: () => this.#go(at < 0 ? 0 : at - 1),
      PageDown: () => this.#go(at + page),
      PageUp: () => this.#go(at - page),
      Home: () => this.#go(0),
      End: () => this.#go(this.#rows.length - 1),
      Enter: () => at >= 0 && this.#fire('pc-row-open', this.selected),
      Escape: this.#close,
      t: this.#close,
      '/': () => this.renderRoot.querySelector('input')?.select(),
    };
    const digit = /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : -1;
    const key = this.#keys()[digit];
    if (key !== undefined) this.#sort(key);
    else if (moves[event.key] === undefined) return;
    else moves[event.key]?.();
    event.preventDefault();
    event.stopPropagation();
  };

  #go(index: number): void {
    const node = this.#rows[Math.max(0, Math.min(this.#rows.length - 1, index))];
    if (node !== undefined) this.#fire('pc-row', node);
  }

  #reveal(index: number): void {
    const grid = this.#grid();
    if (grid === undefined || index < 0) return;
    const top = index * rowHeight;
    const room = grid.clientHeight - rowHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + rowHeight > grid.scrollTop + room) grid.scrollTop = top + rowHeight - room;
  }

  #grid(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>('.grid') ?? undefined;
  }

  #fire(name: 'pc-row' | 'pc-row-open', detail: number): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

define('pc-node-table', PcNodeTable);

declare global {
  interface HTMLElementTagNameMap {
    'pc-node-table': PcNodeTable;
  }
}
