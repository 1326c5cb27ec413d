/**
 * `<pc-sash>`: a border between two panes that the mouse and the arrow keys move. Fires `pc-extent` with the wanted
 * extent in CSS pixels of the pane behind it (right of it, or below). Holds no state.
 */
import { LitElement, css, html } from 'lit';
import { define } from '../kit/define';

const step = 16;

export class PcSash extends LitElement {
  static override readonly properties = {
    label: { type: String },
    extent: { type: Number },
    least: { type: Number },
    most: { type: Number },
    /** Divides what is above from what is below. */
    level: { type: Boolean, reflect: true },
  };
  static override readonly styles = css`
    :host {
      flex: none;
      display: block;
      position: relative;
      width: 1px;
      background: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    }
    :host([level]) {
      width: auto;
      height: 1px;
    }
    div {
      position: absolute;
      inset: 0 -3px;
      z-index: 3;
      cursor: ew-resize;
      outline: none;
    }
    :host([level]) div {
      inset: -3px 0;
      cursor: ns-resize;
    }
    div:hover,
    div:focus-visible {
      background: var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
    }
  `;

  declare label: string;
  declare extent: number;
  declare least: number;
  declare most: number;
  declare level: boolean;

  constructor() {
    super();
    this.label = '';
    this.extent = 0;
    this.least = 0;
    this.most = 0;
    this.level = false;
  }

  override render(): unknown {
    return html`<div
      role="separator"
      tabindex="0"
      aria-orientation=${this.level ? 'horizontal' : 'vertical'}
      aria-label=${this.label}
      aria-valuenow=${this.extent}
      aria-valuemin=${this.least}
      aria-valuemax=${this.most}
      @pointerdown=${this.#drag}
      @keydown=${this.#key}
    ></div>`;
  }

  readonly #drag = (event: PointerEvent): void => {
    const sash = event.currentTarget as HTMLElement;
    sash.setPointerCapture(event.pointerId);
    const place = (at: PointerEvent): number => (this.level ? at.clientY : at.clientX);
    const start = place(event);
    const { extent } = this;
    const move = (moved: PointerEvent): void => {
      this.#fire(extent + start - place(moved));
    };
    sash.addEventListener('pointermove', move);
    sash.addEventListener('pointerup', () => sash.removeEventListener('pointermove', move), { once: true });
  };

  readonly #key = (event: KeyboardEvent): void => {
    const sign = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1 }[event.key];
    if (sign === undefined) return;
    event.preventDefault();
    this.#fire(this.extent + sign * step);
  };

  #fire(extent: number): void {
    const detail = Math.round(Math.min(this.most, Math.max(this.least, extent)));
    this.dispatchEvent(new CustomEvent('pc-extent', { detail }));
  }
}

define('pc-sash', PcSash);

declare global {
  interface HTMLElementTagNameMap {
    'pc-sash': PcSash;
  }
}
