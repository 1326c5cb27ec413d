/**
 * `<pc-text-field>`: one line of text. Fires `pc-change` with the text on every edit, `pc-commit` on Enter. Its `label`
 * is shown above it, or only spoken when `quiet`.
 */
import { LitElement, css, html, nothing } from 'lit';
import { ChangeEvent, define } from './define';
import { registerToolkit, type TextField } from './toolkit';

export class PcTextField extends LitElement {
  static override readonly shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override readonly properties = {
    label: { type: String },
    quiet: { type: Boolean },
    value: { type: String },
    hint: { type: String },
    disabled: { type: Boolean, reflect: true },
  };
  static override readonly styles = css`
    :host {
      display: inline-flex;
    }
    vscode-text-field {
      width: 100%;
      min-width: 0;
    }
  `;

  declare label: string;
  declare quiet: boolean;
  declare value: string;
  declare hint: string;
  declare disabled: boolean;

  constructor() {
    super();
    this.label = '';
    this.quiet = false;
    this.value = '';
    this.hint = '';
    this.disabled = false;
  }

  override render(): unknown {
    return html`<vscode-text-field
      .value=${this.value}
      placeholder=${this.hint === '' ? nothing : this.hint}
      aria-label=${this.label}
      ?disabled=${this.disabled}
      @input=${(event: Event) => {
        this.value = (event.target as TextField).value;
        this.dispatchEvent(new ChangeEvent(this.value));
      }}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === 'Enter') this.dispatchEvent(new CustomEvent('pc-commit', { detail: this.value }));
      }}
      >${this.quiet ? nothing : this.label}</vscode-text-field
    >`;
  }
}

registerToolkit();
define('pc-text-field', PcTextField);

declare global {
  interface HTMLElementTagNameMap {
    'pc-text-field': PcTextField;
  }
}
