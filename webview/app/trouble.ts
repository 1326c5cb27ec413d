/** `<pc-trouble>`: a page or a strip that says what is wrong and what to do, with the log a click away. */
import { LitElement, css, html, nothing } from 'lit';
import type { Trouble } from '../../src/contract/hostApi';
import { define } from '../kit/define';
import { shared } from './style';
import { word } from './words';

export class PcTrouble extends LitElement {
  static override readonly properties = { trouble: { attribute: false }, heading: { type: String } };
  static override readonly styles = [
    shared,
    css`
      :host {
        display: block;
      }
      .page {
        max-width: 560px;
        margin: 15vh auto 0;
        padding: 0 24px;
        line-height: 1.5;
      }
      h1 {
        font-weight: 400;
        font-size: 1.5em;
        margin: 0 0 12px;
      }
      p {
        margin: 0 0 8px;
        overflow-wrap: anywhere;
      }
    `,
  ];

  declare trouble: Trouble | null;
  declare heading: string;

  constructor() {
    super();
    this.trouble = null;
    this.heading = '';
  }

  override render(): unknown {
    if (this.trouble === null) return nothing;
    return html`<div class="page" role="alert">
      <h1>${this.heading}</h1>
      <p>${this.trouble.what}</p>
      <p>${this.trouble.remedy}</p>
      <p>
        <button
          class="link"
          @click=${() => this.dispatchEvent(new CustomEvent('pc-show-log', { bubbles: true, composed: true }))}
        >
          ${word('showLog')}
        </button>
      </p>
    </div>`;
  }
}

define('pc-trouble', PcTrouble);

declare global {
  interface HTMLElementTagNameMap {
    'pc-trouble': PcTrouble;
  }
}
