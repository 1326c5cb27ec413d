/**
 * `<pc-graph-menu>`: a toolbar button with a list under it. Arrows walk the list, Enter chooses, Escape closes; Delete
 * removes an item that can be removed. Fires `menu-choose` and `menu-remove` with the item's key.
 */
import { LitElement, css, html, nothing } from 'lit';
import { define } from '../kit/define';

export interface MenuItem {
  readonly key: string;
  readonly label: string;
  /** Shown at the right, faint. */
  readonly hint?: string;
  readonly removable?: boolean;
}

export class PcGraphMenu extends LitElement {
  static override readonly properties = {
    label: { type: String },
    icon: { attribute: false },
    items: { attribute: false },
    open: { state: true },
  };
  static override readonly styles = css`
    :host {
      position: relative;
      display: inline-flex;
    }
    .button {
      display: inline-flex;
      align-items: center;
      justify-content: center;
      min-width: 22px;
      height: 22px;
      padding: 0 3px;
      border: 1px solid transparent;
      border-radius: 3px;
      background: none;
      color: inherit;
      font: inherit;
      cursor: pointer;
    }
    .button:hover,
    .button[aria-expanded='true'] {
      background: var(--vscode-toolbar-hoverBackground);
    }
    .list {
      position: absolute;
      top: calc(100% + 4px);
      right: -3px;
      z-index: 2;
      min-width: 180px;
      max-width: 360px;
      max-height: 320px;
      overflow: auto;
      padding: 2px 0;
      background: var(--vscode-menu-background, var(--vscode-editorWidget-background));
      color: var(--vscode-menu-foreground, inherit);
      border: 1px solid
        var(
          --vscode-menu-border,
          var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent))
        );
    }
    .item {
      display: flex;
      justify-content: space-between;
      gap: 16px;
      padding: 2px 10px;
      line-height: 18px;
      font-size: 12px;
      white-space: nowrap;
      cursor: pointer;
    }
    .item > span {
      overflow: hidden;
      text-overflow: ellipsis;
    }
    .item:hover {
      background: var(--vscode-list-hoverBackground);
    }
    .item:focus {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
      background: var(--vscode-menu-selectionBackground, var(--vscode-list-activeSelectionBackground));
      color: var(--vscode-menu-selectionForeground, var(--vscode-list-activeSelectionForeground));
    }
    .hint {
      flex: none;
    }
    :focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
  `;

  declare label: string;
  declare icon: unknown;
  declare items: readonly MenuItem[];
  declare open: boolean;
  #from: HTMLElement | undefined;

  constructor() {
    super();
    this.label = '';
    this.icon = nothing;
    this.items = [];
    this.open = false;
    this.addEventListener('focusout', ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node) || !this.renderRoot.contains(relatedTarget)) this.open = false;
    });
  }

  /** Opens the list and moves focus to its first item; Escape gives it back to where it was. */
  show(): void {
    const root = this.getRootNode();
    const from = root instanceof ShadowRoot ? root.activeElement : null;
    this.#from = from instanceof HTMLElement && from !== this ? from : undefined;
    this.open = true;
    void this.updateComplete.then(() => (this.#item(0) ?? this.#button())?.focus());
  }

  override render(): unknown {
    return html`<button
        class="button"
        title=${this.label}
        aria-label=${this.label}
        aria-haspopup="menu"
        aria-expanded=${String(this.open)}
        @click=${() => (this.open ? (this.open = false) : this.show())}
        @keydown=${this.#key}
      >
        ${this.icon}</button
      >${this.open ? this.#list() : nothing}`;
  }

  #list(): unknown {
    return html`<div
      class="list"
      role="menu"
      aria-label=${this.label}
      @keydown=${this.#key}
      @click=${this.#click}
    >
      ${this.items.map(
        ({ key, label, hint }) =>
          html`<div class="item" role="menuitem" tabindex="-1" data-key=${key} title=${label}>
            <span>${label}</span>${hint === undefined ? nothing : html`<span class="hint">${hint}</span>`}
          </div>`,
      )}
    </div>`;
  }

  readonly #key = (event: KeyboardEvent): void => {
    const at = this.items.findIndex(({ key }) => key === focusedKey(this.renderRoot));
    const item = this.items[at];
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => (this.open ? this.#item(at + 1)?.focus() : this.show()),
      ArrowUp: () => this.#item(Math.max(0, at - 1))?.focus(),
      Home: () => this.#item(0)?.focus(),
      End: () => this.#item(this.items.length - 1)?.focus(),
      Escape: () => this.#close(),
      Delete: () => {
        if (item?.removable === true) this.#fire('menu-remove', item.key);
      },
    };
    if (item !== undefined && (event.key === 'Enter' || event.key === ' ')) this.#choose(item.key);
    else if (moves[event.key] === undefined || (!this.open && event.key === 'Escape')) return;
    else moves[event.key]?.();
    event.preventDefault();
    event.stopPropagation();
  };

  readonly #click = ({ target }: MouseEvent): void => {
    const item = target instanceof Element ? target.closest<HTMLElement>('.item') : null;
    const key = item?.dataset['key'];
    if (key !== undefined) this.#choose(key);
  };

  #choose(key: string): void {
    this.open = false;
    this.#fire('menu-choose', key);
  }

  #close(): void {
    this.open = false;
    (this.#from ?? this.#button())?.focus();
  }

  #item(index: number): HTMLElement | undefined {
    return this.renderRoot.querySelectorAll<HTMLElement>('.item')[index];
  }

  #button(): HTMLElement | undefined {
    return this.renderRoot.querySelector<HTMLElement>('.button') ?? undefined;
  }

  #fire(name: 'menu-choose' | 'menu-remove', key: string): void {
    this.dispatchEvent(new CustomEvent(name, { detail: key }));
  }
}

/** Key of the item that has the focus. */
function focusedKey(root: HTMLElement | DocumentFragment): string | undefined {
  return root.querySelector<HTMLElement>('.item:focus')?.dataset['key'];
}

define('pc-graph-menu', PcGraphMenu);

declare global {
  interface HTMLElementTagNameMap {
    'pc-graph-menu': PcGraphMenu;
  }
}
