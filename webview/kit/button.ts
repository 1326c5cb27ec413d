/**
 * `<pc-button>`: a push button. Fires `click`. `look` is `primary`, `secondary` or `icon`; an icon button must carry a
 * `label`, which is its name for assistive technology and, with the shortcut, its tooltip.
 */
import { LitElement, css, html, nothing } from 'lit';
import { define } from './define';
import { registerToolkit } from './toolkit';

export type ButtonLook = 'primary' | 'secondary' | 'icon';

export class PcButton extends LitElement {
  static override readonly shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override readonly properties = {
    look: { type: String },
    label: { type: String },
    disabled: { type: Boolean, reflect: true },
    pressed: { type: Boolean },
    expanded: { type: Boolean },
  };
  static override readonly styles = css`
    :host {
      display: inline-flex;
    }
    vscode-button {
      --button-padding-horizontal: 8px;
      --button-padding-vertical: 3px;
    }
    vscode-button[aria-pressed='true'] {
      background: var(--vscode-inputOption-activeBackground, transparent);
      color: var(--vscode-inputOption-activeForeground, inherit);
      outline: 1px solid var(--vscode-inputOption-activeBorder, transparent);
      outline-offset: -1px;
    }
  `;

  declare look: ButtonLook;
  declare label: string;
  declare disabled: boolean;
  /** A toggle: true or false; undefined for a plain button. */
  declare pressed: boolean | undefined;
  declare expanded: boolean | undefined;

  constructor() {
    super();
    this.look = 'secondary';
    this.label = '';
    this.disabled = false;
    this.pressed = undefined;
    this.expanded = undefined;
    this.addEventListener('click', (event) => {
      if (this.disabled) event.stopImmediatePropagation();
    });
  }

  override render(): unknown {
    return html`<vscode-button
      appearance=${this.look}
      title=${this.label === '' ? nothing : this.label}
      aria-label=${this.label === '' ? nothing : this.label}
      aria-pressed=${this.pressed === undefined ? nothing : String(this.pressed)}
      aria-expanded=${this.expanded === undefined ? nothing : String(this.expanded)}
      ?disabled=${this.disabled}
      ><slot></slot
    ></vscode-button>`;
  }
}

registerToolkit();
define('pc-button', PcButton);

declare global {
  interface HTMLElementTagNameMap {
    'pc-button': PcButton;
  }
}
