/** `<pc-dropdown>`: one of a few options. Fires `pc-change` with the chosen option's value. */
import { LitElement, css, html } from 'lit';
import { ChangeEvent, define } from './define';
import { registerToolkit, type Dropdown } from './toolkit';

export interface DropdownOption {
  readonly value: string;
  readonly label: string;
}

export class PcDropdown extends LitElement {
  static override readonly shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override readonly properties = {
    label: { type: String },
    value: { type: String },
    options: { attribute: false },
    disabled: { type: Boolean, reflect: true },
  };
  static override readonly styles = css`
    :host {
      display: inline-flex;
    }
    vscode-dropdown {
      width: 100%;
      min-width: 96px;
    }
  `;

  declare label: string;
  declare value: string;
  declare options: readonly DropdownOption[];
  declare disabled: boolean;

  constructor() {
    super();
    this.label = '';
    this.value = '';
    this.options = [];
    this.disabled = false;
  }

  override render(): unknown {
    return html`<vscode-dropdown
      aria-label=${this.label}
      title=${this.label}
      ?disabled=${this.disabled}
      @change=${(event: Event) => {
        const value = (event.target as Dropdown).value;
        if (value === this.value) return;
        this.value = value;
        this.dispatchEvent(new ChangeEvent(value));
      }}
      >${this.options.map((option) => html`<vscode-option value=${option.value}>${option.label}</vscode-option>`)}
    </vscode-dropdown>`;
  }

  /** The toolkit reads its value only after its options are there. */
  protected override updated(): void {
    const inner = this.renderRoot.querySelector<Dropdown>('vscode-dropdown');
    if (inner === null) return;
    void Promise.resolve().then(() => {
      if (inner.value !== this.value) inner.value = this.value;
    });
  }
}

registerToolkit();
define('pc-dropdown', PcDropdown);

declare global {
  interface HTMLElementTagNameMap {
    'pc-dropdown': PcDropdown;
  }
}
