/** `<pc-graph-search>`: the graph's search line. Fires `search-text`, `search-step` (1 or -1) and `search-close`. */
import { LitElement, css, html } from 'lit';
import { define } from '../kit/define';
import { icons } from './icons';
import { phrase, type GraphWord } from './words';

export class PcGraphSearch extends LitElement {
  static override readonly properties = {
    words: { attribute: false },
    text: { type: String },
    status: { type: String },
    invalid: { type: Boolean },
  };
  static override readonly styles = css`
    :host {
      display: flex;
      gap: 2px;
      align-items: center;
      padding: 2px;
      background: var(--vscode-editorWidget-background);
      border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
      color: var(--vscode-editorWidget-foreground, var(--vscode-foreground));
    }
    input {
      width: 190px;
      height: 22px;
      box-sizing: border-box;
      padding: 0 6px;
      border: 1px solid var(--vscode-input-border, transparent);
      background: var(--vscode-input-background);
      color: var(--vscode-input-foreground);
      font: inherit;
    }
    input[aria-invalid='true'] {
      border-color: var(--vscode-inputValidation-errorBorder, var(--vscode-errorForeground));
    }
    .status {
      min-width: 62px;
      padding: 0 4px;
      font-variant-numeric: tabular-nums;
      font-size: 12px;
      color: var(--vscode-descriptionForeground);
    }
    button {
      display: inline-flex;
      align-items: center;
      justify-content: center;
      width: 22px;
      height: 22px;
      border: none;
      border-radius: 3px;
      background: none;
      color: inherit;
      cursor: pointer;
    }
    button:hover {
      background: var(--vscode-toolbar-hoverBackground);
    }
    :focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -1px;
    }
  `;

  declare words: Readonly<Record<string, string>>;
  declare text: string;
  declare status: string;
  declare invalid: boolean;

  constructor() {
    super();
    this.words = {};
    this.text = '';
    this.status = '';
    this.invalid = false;
  }

  override focus(): void {
    const input = this.renderRoot.querySelector('input');
    input?.focus();
    input?.select();
  }

  override render(): unknown {
    const button = (key: GraphWord, icon: unknown, act: () => void): unknown =>
      html`<button title=${phrase(this.words, key)} aria-label=${phrase(this.words, key)} @click=${act}>
        ${icon}
      </button>`;
    return html`<input
        type="text"
        spellcheck="false"
        placeholder=${phrase(this.words, 'search')}
        aria-label=${phrase(this.words, 'search')}
        aria-invalid=${String(this.invalid)}
        .value=${this.text}
        @input=${(event: InputEvent) => this.#fire('search-text', (event.target as HTMLInputElement).value)}
        @keydown=${this.#key}
      />
      <span class="status" role="status">${this.status}</span>
      ${button('previous', icons.up, () => this.#fire('search-step', -1))}
      ${button('next', icons.down, () => this.#fire('search-step', 1))}
      ${button('close', icons.close, () => this.#fire('search-close', null))}`;
  }

  readonly #key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Enter') this.#fire('search-step', event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') this.#fire('search-close', null);
    else return;
    event.preventDefault();
  };

  #fire(name: 'search-text' | 'search-step' | 'search-close', detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

define('pc-graph-search', PcGraphSearch);

declare global {
  interface HTMLElementTagNameMap {
    'pc-graph-search': PcGraphSearch;
  }
}
