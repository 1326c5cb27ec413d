/** `<pc-checkbox>`: yes or no, with its label in the slot. Fires `pc-change` with the new state. */
import { LitElement, css, html } from 'lit';
import { ChangeEvent, define } from './define';
import { registerToolkit, type Checkbox } from './toolkit';

export class PcCheckbox extends LitElement {
  static override readonly shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override readonly properties = {
    checked: { type: Boolean },
    disabled: { type: Boolean, reflect: true },
  };
  static override readonly styles = css`
    :host {
      display: inline-flex;
    }
  `;

  declare checked: boolean;
  declare disabled: boolean;

  constructor() {
    super();
    this.checked = false;
    this.disabled = false;
  }

  override render(): unknown {
    return html`<vscode-checkbox
      .checked=${this.checked}
      ?disabled=${this.disabled}
      @change=${(event: Event) => {
        const checked = (event.target as Checkbox).checked;
        if (checked === this.checked) return;
        this.checked = checked;
        this.dispatchEvent(new ChangeEvent(checked));
      }}
      ><slot></slot
    ></vscode-checkbox>`;
  }
}

registerToolkit();
define('pc-checkbox', PcCheckbox);

declare global {
  interface HTMLElementTagNameMap {
    'pc-checkbox': PcCheckbox;
  }
}
