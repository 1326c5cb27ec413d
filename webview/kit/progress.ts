/** `<pc-progress>`: a small ring for work of unknown length. Its `label` is spoken, not drawn. */
import { LitElement, css, html } from 'lit';
import { define } from './define';
import { registerToolkit } from './toolkit';

export class PcProgress extends LitElement {
  static override readonly properties = { label: { type: String } };
  static override readonly styles = css`
    :host {
      display: inline-flex;
    }
    vscode-progress-ring {
      width: 16px;
      height: 16px;
    }
  `;

  declare label: string;

  constructor() {
    super();
    this.label = '';
  }

  override render(): unknown {
    return html`<vscode-progress-ring role="progressbar" aria-label=${this.label}></vscode-progress-ring>`;
  }
}

registerToolkit();
define('pc-progress', PcProgress);

declare global {
  interface HTMLElementTagNameMap {
    'pc-progress': PcProgress;
  }
}
