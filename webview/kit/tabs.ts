/**
 * `<pc-tabs>`: a row of tabs; the content of tab `id` is the child with `slot="id"`. Fires `pc-change` with the id.
 */
import { LitElement, css, html } from 'lit';
import { ChangeEvent, define } from './define';
import { registerToolkit, type Panels } from './toolkit';

export interface TabSpec {
  readonly id: string;
  readonly label: string;
}

export class PcTabs extends LitElement {
  static override readonly properties = {
    tabs: { attribute: false },
    selected: { type: String },
    label: { type: String },
  };
  static override readonly styles = css`
    :host {
      display: block;
    }
    vscode-panel-view {
      padding: 8px 0;
      display: block;
    }
    vscode-panel-view[hidden] {
      display: none;
    }
  `;

  declare tabs: readonly TabSpec[];
  declare selected: string;
  declare label: string;

  constructor() {
    super();
    this.tabs = [];
    this.selected = '';
    this.label = '';
  }

  override render(): unknown {
    return html`<vscode-panels
      activeid=${`tab-${this.selected}`}
      aria-label=${this.label}
      @change=${(event: Event) => {
        const active = (event.target as Panels).activeid;
        if (!active.startsWith('tab-')) return;
        const id = active.slice(4);
        if (id === this.selected) return;
        this.selected = id;
        this.dispatchEvent(new ChangeEvent(id));
      }}
    >
      ${this.tabs.map((tab) => html`<vscode-panel-tab id=${`tab-${tab.id}`}>${tab.label}</vscode-panel-tab>`)}
      ${this.tabs.map(
        (tab) =>
          html`<vscode-panel-view id=${`view-${tab.id}`}><slot name=${tab.id}></slot></vscode-panel-view>`,
      )}
    </vscode-panels>`;
  }
}

registerToolkit();
define('pc-tabs', PcTabs);

declare global {
  interface HTMLElementTagNameMap {
    'pc-tabs': PcTabs;
  }
}
