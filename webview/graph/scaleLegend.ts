/**
 * `<pc-graph-legend>`: what the colours on the graph mean: a name, the scale, its two ends. Typing a number fixes the
 * scale (fires `scale-fix` with both ends); emptying one lets it follow the data again (`scale-fix` with null).
 */
import { LitElement, css, html, nothing } from 'lit';
import { formatNumber } from '../../src/tensor/format';
import { onThemeChange, ramps } from '../figures/ramp';
import { define } from '../kit/define';
import { icons } from './icons';
import { endsOf, type FixedScale, type GraphOverlay } from './overlay';
import { phrase } from './words';

export class PcGraphLegend extends LitElement {
  static override readonly properties = {
    overlay: { attribute: false },
    fixed: { attribute: false },
    words: { attribute: false },
  };
  static override readonly styles = css`
    :host {
      display: inline-flex;
      gap: 6px;
      align-items: center;
      padding: 2px 8px;
      font-size: 12px;
      background: var(--vscode-editorWidget-background);
      border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    }
    input {
      width: 58px;
      height: 20px;
      box-sizing: border-box;
      padding: 0 3px;
      border: 1px solid transparent;
      background: none;
      color: inherit;
      font: inherit;
      font-variant-numeric: tabular-nums;
    }
    input.from {
      text-align: right;
    }
    input:hover,
    input:focus {
      border-color: var(--vscode-input-border, var(--vscode-contrastBorder, currentColor));
      background: var(--vscode-input-background);
      outline: none;
    }
    input:focus {
      border-color: var(--vscode-focusBorder);
    }
    canvas {
      width: 110px;
      height: 8px;
      outline: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
    }
    button {
      display: inline-flex;
      padding: 0;
      border: none;
      background: none;
      color: inherit;
      cursor: pointer;
    }
    button:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
    }
  `;

  declare overlay: GraphOverlay | null;
  declare fixed: FixedScale | null;
  declare words: Readonly<Record<string, string>>;
  #stop: (() => void) | undefined;

  constructor() {
    super();
    this.overlay = null;
    this.fixed = null;
    this.words = {};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onThemeChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    super.disconnectedCallback();
  }

  /** Moves focus to the start of the scale, where a number fixes it. */
  show(): void {
    this.renderRoot.querySelector('input')?.select();
    this.renderRoot.querySelector('input')?.focus();
  }

  override render(): unknown {
    const { overlay } = this;
    if (overlay === null) return nothing;
    const { from, to } = this.#ends();
    const end = (name: 'from' | 'to', value: number): unknown =>
      html`<input
        class=${name}
        type="text"
        inputmode="decimal"
        aria-label=${phrase(this.words, name === 'from' ? 'scaleFrom' : 'scaleTo')}
        title=${`${phrase(this.words, 'fixScale')} (${String(value)})`}
        .value=${formatNumber(value)}
        @change=${(event: Event) => this.#fix(name, (event.target as HTMLInputElement).value)}
      />`;
    return html`<span>${overlay.title}</span>${end('from', from)}<canvas
        width="256"
        height="1"
        aria-hidden="true"
      ></canvas
      >${overlay.clipped && this.fixed === null ? html`<span aria-hidden="true">≥</span>` : nothing}${end('to', to)}
      ${overlay.unit === '' ? nothing : html`<span>${overlay.unit}</span>`}
      ${
        this.fixed === null
          ? nothing
          : html`<button
              title=${phrase(this.words, 'freeScale')}
              aria-label=${phrase(this.words, 'freeScale')}
              @click=${() => this.#fire(null)}
            >
              ${icons.close}
            </button>`
      }`;
  }

  protected override updated(): void {
    const context = this.renderRoot.querySelector('canvas')?.getContext('2d');
    if (context === null || context === undefined || this.overlay === null) return;
    const table = this.overlay.signed ? ramps().diverging : ramps().sequential;
    const image = new ImageData(256, 1);
    for (let i = 0; i < 256; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = table[3 * i + c] ?? 0;
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  #ends(): FixedScale {
    return this.overlay === null ? { from: 0, to: 1 } : endsOf(this.overlay, this.fixed);
  }

  #fix(end: 'from' | 'to', text: string): void {
    const value = Number(text.trim().replace(',', '.'));
    if (text.trim() === '' || !Number.isFinite(value)) {
      this.#fire(null);
      return;
    }
    const ends = { ...this.#ends(), [end]: value };
    this.#fire(ends.from < ends.to ? ends : null);
  }

  #fire(fixed: FixedScale | null): void {
    this.dispatchEvent(new CustomEvent('scale-fix', { detail: fixed }));
    this.requestUpdate();
  }
}

define('pc-graph-legend', PcGraphLegend);

declare global {
  interface HTMLElementTagNameMap {
    'pc-graph-legend': PcGraphLegend;
  }
}
