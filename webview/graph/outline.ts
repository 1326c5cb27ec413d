/**
 * `<pc-outline>`: the graph as a tree of modules and nodes, for keyboard and screen reader and for whoever likes lists.
 * Virtualised: only rows in view exist. Rows open and close together with the graph's modules.
 */
import { LitElement, css, html, nothing } from 'lit';
import { shortClass } from '../../src/layout/metrics';
import type { Scene } from './scene';
import { define } from '../kit/define';

interface Row {
  /** A node row, or -1 - scope row. */
  readonly ref: number;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
}

const rowHeight = 22;

export class PcOutline extends LitElement {
  static override readonly properties = {
    scene: { attribute: false },
    expanded: { attribute: false },
    selected: { attribute: false },
    label: { type: String },
    first: { state: true },
    visibleRows: { state: true },
  };
  static override readonly styles = css`
    :host {
      display: block;
      overflow: auto;
      font-size: 12px;
      background: var(--vscode-editor-background);
      contain: strict;
    }
    .rows {
      position: relative;
    }
    .row {
      position: absolute;
      left: 0;
      right: 0;
      height: 22px;
      line-height: 22px;
      padding-right: 8px;
      white-space: nowrap;
      overflow: hidden;
      text-overflow: ellipsis;
      cursor: pointer;
      color: var(--vscode-foreground);
    }
    .row:hover {
      background: var(--vscode-list-hoverBackground);
    }
    .row[aria-selected='true'] {
      background: var(--vscode-list-activeSelectionBackground);
      color: var(--vscode-list-activeSelectionForeground);
      outline: 1px solid var(--vscode-contrastActiveBorder, var(--vscode-contrastBorder, transparent));
      outline-offset: -1px;
    }
    .row:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
    .twist {
      display: inline-block;
      width: 14px;
      text-align: center;
    }
    .facts {
      margin-left: 3px;
      color: var(--vscode-descriptionForeground);
    }
    .row[aria-selected='true'] .facts {
      color: inherit;
    }
  `;

  declare scene: Scene | null;
  declare expanded: ReadonlySet<number>;
  /** The selected ref: a node row, -1 - scope row, or null. */
  declare selected: number | null;
  declare label: string;
  declare first: number;
  declare visibleRows: number;
  #rows: readonly Row[] = [];
  #focused: number | null = null;
  #resize: ResizeObserver | undefined;

  constructor() {
    super();
    this.scene = null;
    this.expanded = new Set();
    this.selected = null;
    this.label = '';
    this.first = 0;
    this.visibleRows = 40;
    this.addEventListener('scroll', () => (this.first = Math.floor(this.scrollTop / rowHeight)));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize = new ResizeObserver(
      () => (this.visibleRows = Math.ceil(this.clientHeight / rowHeight) + 2),
    );
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize?.disconnect();
  }

  protected override willUpdate(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('scene') || changed.has('expanded')) this.#rows = flatten(this.scene, this.expanded);
  }

  protected override updated(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('selected') && this.selected !== null && this.selected !== this.#focused)
      this.#scrollTo(this.#indexOf(this.selected));
  }

  override render(): unknown {
    const { scene } = this;
    if (scene === null) return nothing;
    const from = Math.max(0, this.first - 4);
    const to = Math.min(this.#rows.length, this.first + this.visibleRows + 4);
    const active = this.#active();
    return html`<div
      class="rows"
      role="tree"
      aria-label=${this.label}
      .style=${`height:${String(this.#rows.length * rowHeight)}px`}
      @keydown=${this.#key}
      @click=${this.#click}
      @dblclick=${this.#open}
    >
      ${this.#rows.slice(from, to).map((row, offset) => this.#row(scene, row, from + offset, active))}
    </div>`;
  }

  #row(scene: Scene, { ref, level, position, siblings }: Row, index: number, active: number): unknown {
    const { title, facts } = nameOf(scene, ref);
    const isScope = ref < 0;
    const open = isScope && this.expanded.has(-1 - ref);
    return html`<div
      class="row"
      role="treeitem"
      id=${`row-${String(index)}`}
      aria-level=${level}
      aria-setsize=${siblings}
      aria-posinset=${position}
      aria-selected=${String(ref === this.selected)}
      aria-expanded=${isScope ? String(open) : nothing}
      tabindex=${index === active ? 0 : -1}
      .style=${`top:${String(index * rowHeight)}px;padding-left:${String(4 + (level - 1) * 12)}px`}
      aria-label=${facts === '' ? title : `${title} ${facts}`}
      data-ref=${ref}
    >
      <span class="twist" aria-hidden="true">${isScope ? (open ? '▾' : '▸') : ''}</span>${title}${' '}<span
        class="facts"
        >${facts}</span
      >
    </div>`;
  }

  #active(): number {
    const index = this.#indexOf(this.#focused ?? this.selected);
    return index < 0 ? Math.min(this.first, Math.max(0, this.#rows.length - 1)) : index;
  }

  #indexOf(ref: number | null): number {
    return ref === null ? -1 : this.#rows.findIndex((row) => row.ref === ref);
  }

  readonly #click = (event: MouseEvent): void => {
    const ref = refAt(event);
    if (ref === null) return;
    this.#focused = ref;
    const twist = event.target instanceof Element && event.target.classList.contains('twist');
    this.#fire(twist && ref < 0 ? 'outline-toggle' : 'outline-select', ref);
  };

  readonly #open = (event: MouseEvent): void => {
    const ref = refAt(event);
    if (ref !== null) this.#fire('outline-open', ref);
  };

  readonly #key = (event: KeyboardEvent): void => {
    const index = this.#active();
    const row = this.#rows[index];
    if (row === undefined) return;
    const open = row.ref < 0 && this.expanded.has(-1 - row.ref);
    const page = Math.max(1, this.visibleRows - 3);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#focus(index + 1),
      ArrowUp: () => this.#focus(index - 1),
      Home: () => this.#focus(0),
      End: () => this.#focus(this.#rows.length - 1),
      PageDown: () => this.#focus(index + page),
      PageUp: () => this.#focus(index - page),
      ArrowRight: () =>
        row.ref < 0 && !open ? this.#fire('outline-toggle', row.ref) : this.#focus(index + 1),
      ArrowLeft: () => (open ? this.#fire('outline-toggle', row.ref) : this.#focus(this.#parentOf(index))),
      Enter: () => this.#fire('outline-open', row.ref),
      ' ': () => this.#fire('outline-select', row.ref),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };

  #parentOf(index: number): number {
    const level = this.#rows[index]?.level ?? 1;
    for (let at = index - 1; at >= 0; at--) if ((this.#rows[at]?.level ?? 1) < level) return at;
    return index;
  }

  #focus(index: number): void {
    const at = Math.max(0, Math.min(this.#rows.length - 1, index));
    const row = this.#rows[at];
    if (row === undefined) return;
    this.#focused = row.ref;
    this.#scrollTo(at);
    this.#fire('outline-select', row.ref);
    this.requestUpdate();
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`#row-${String(at)}`)?.focus(),
    );
  }

  #scrollTo(index: number): void {
    if (index < 0) return;
    const top = index * rowHeight;
    if (top < this.scrollTop) this.scrollTop = top;
    else if (top + rowHeight > this.scrollTop + this.clientHeight)
      this.scrollTop = top + rowHeight - this.clientHeight;
  }

  #fire(name: 'outline-select' | 'outline-toggle' | 'outline-open', ref: number): void {
    this.dispatchEvent(new CustomEvent(name, { detail: ref }));
  }
}

/** The row a click fell on. */
function refAt(event: MouseEvent): number | null {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.row') : null;
  return row === null ? null : Number(row.dataset['ref']);
}

function flatten(scene: Scene | null, expanded: ReadonlySet<number>): Row[] {
  if (scene === null) return [];
  const { kidStart, kids } = scene.drawing;
  const rows: Row[] = [];
  const walk = (scope: number, level: number): void => {
    const from = kidStart[scope] ?? 0;
    const to = kidStart[scope + 1] ?? 0;
    for (let k = from; k < to; k++) {
      const ref = kids[k] ?? 0;
      rows.push({ ref, level, position: k - from + 1, siblings: to - from });
      if (ref < 0 && expanded.has(-1 - ref) && level < 500) walk(-1 - ref, level + 1);
    }
  };
  walk(0, 1);
  return rows;
}

function nameOf(scene: Scene, ref: number): { title: string; facts: string } {
  const { nodes, scopes } = scene.model;
  if (ref < 0) {
    const repeat = scene.drawing.repeat[-1 - ref] ?? 1;
    const title = scene.text(scopes.name[-1 - ref]).slice(0, 200);
    return {
      title: repeat > 1 ? `${title} ×${String(repeat)}` : title,
      facts: shortClass(scene.text(scopes.className[-1 - ref])),
    };
  }
  const op = scene.text(nodes.op[ref]);
  const name = scene.text(nodes.name[ref]).slice(0, 200);
  return { title: op, facts: name };
}

define('pc-outline', PcOutline);

declare global {
  interface HTMLElementTagNameMap {
    'pc-outline': PcOutline;
  }
}
