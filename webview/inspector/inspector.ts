/**
 * `<pc-inspector>`: everything known of what is selected: facts, values with what the shown run recorded, weights, and
 * the lines it comes from. Weights are read, and tensors fetched, when someone looks at them.
 */
import { LitElement, css, html, nothing } from 'lit';
import type { Fact, Inspection } from '../../src/contract/hostApi';
import { define } from '../kit/define';
import { shared } from '../app/style';
import { word } from '../app/words';
import type { Inquiry } from './inquiry';
import { linkSection, type LinkActions } from './linkSection';
import './valueCard';
import './weightCard';

const WEIGHTS_SHOWN = 24;
const VALUES_SHOWN = 12;

export class PcInspector extends LitElement {
  static override readonly properties = {
    inspection: { attribute: false },
    inquiry: { attribute: false },
    runId: { attribute: false },
    otherName: { attribute: false },
    all: { state: true },
  };
  static override readonly styles = [
    shared,
    css`
      :host {
        display: block;
        container-type: inline-size;
        padding: 8px 12px 24px;
        overflow: auto;
        box-sizing: border-box;
        background: var(--vscode-sideBar-background, var(--vscode-editor-background));
      }
      h2 {
        margin: 0;
        font-size: 1.15em;
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .subtitle {
        color: var(--vscode-descriptionForeground);
        overflow-wrap: anywhere;
        margin-bottom: 8px;
      }
      dl {
        display: grid;
        grid-template-columns: minmax(72px, max-content) 1fr;
        gap: 2px 12px;
        margin: 0;
      }
      /* Below the graph there is room for two facts in a row, and none to spare above the outputs. */
      @container (min-width: 400px) {
        dl {
          grid-template-columns: repeat(2, minmax(72px, max-content) 1fr);
        }
      }
      dt {
        color: var(--vscode-descriptionForeground);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
        font-variant-numeric: tabular-nums;
      }
      pc-value-card,
      pc-weight-card {
        display: block;
        margin-bottom: 4px;
      }
    `,
  ];

  declare inspection: Inspection | null;
  declare inquiry: Inquiry | null;
  /** Changes when another run is shown: values are asked for again. */
  declare runId: string;
  declare otherName: string;
  declare all: boolean;

  constructor() {
    super();
    this.inspection = null;
    this.inquiry = null;
    this.runId = '';
    this.otherName = '';
    this.all = false;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('inspection')) {
      const before = changed.get('inspection') as Inspection | null | undefined;
      if (before?.title !== this.inspection?.title) this.all = false;
    }
  }

  override render(): unknown {
    const { inspection } = this;
    if (inspection === null) return html`<p class="faint">${word('reading')}</p>`;
    return html`
      <h2>${inspection.title}</h2>
      <div class="subtitle">${inspection.subtitle}</div>
      ${facts(inspection.facts)} ${linkSection(inspection, this.#linkActions)}
      ${this.#section(
        word('outputs'),
        this.#cut(inspection.outputs, VALUES_SHOWN).map(
          (value) =>
            html`<pc-value-card
              .value=${value}
              .inquiry=${this.inquiry}
              .runId=${this.runId}
              .otherName=${this.otherName}
              ?open=${inspection.outputs.length <= 4}
            ></pc-value-card>`,
        ),
      )}
      ${this.#section(
        word('inputs'),
        this.#cut(inspection.inputs, VALUES_SHOWN).map(
          (value) =>
            html`<pc-value-card
              .value=${value}
              .inquiry=${this.inquiry}
              .runId=${this.runId}
              .otherName=${this.otherName}
              ?open=${inspection.selection.kind === 'none'}
            ></pc-value-card>`,
        ),
      )}
      ${this.#section(
        word('weights'),
        this.#cut(inspection.weights, WEIGHTS_SHOWN).map(
          (weight) =>
            html`<pc-weight-card
              .weight=${weight}
              .inquiry=${this.inquiry}
              ?open=${inspection.weights.length <= 2}
            ></pc-weight-card>`,
        ),
      )}
      ${
        inspection.attributes.length === 0
          ? nothing
          : html`<h3>${inspection.selection.kind === 'none' ? word('metadata') : word('attributes')}</h3>
              ${facts(inspection.attributes)}`
      }
      ${this.#more(inspection)}
    `;
  }

  #section(heading: string, items: readonly unknown[]): unknown {
    return items.length === 0
      ? nothing
      : html`<h3>${heading}</h3>
          ${items}`;
  }

  #cut<T>(items: readonly T[], limit: number): readonly T[] {
    return this.all ? items : items.slice(0, limit);
  }

  #more({ inputs, outputs, weights }: Inspection): unknown {
    const hidden =
      Math.max(0, weights.length - WEIGHTS_SHOWN) +
      Math.max(0, inputs.length - VALUES_SHOWN) +
      Math.max(0, outputs.length - VALUES_SHOWN);
    if (hidden === 0 || this.all) return nothing;
    return html`<p>
      <button
        class="link"
        @click=${() => {
          this.all = true;
        }}
      >
        ${word('more', hidden)}
      </button>
    </p>`;
  }

  readonly #linkActions: LinkActions = {
    openPlace: (place) => void this.inquiry?.openPlace(place),
    openFrame: (selection, frame) => void this.inquiry?.openFrame(selection, frame),
    writeExportScript: () => void this.inquiry?.writeExportScript(),
  };
}

/** Facts in two columns; the full value on hover. */
export function facts(list: readonly Fact[]): unknown {
  if (list.length === 0) return nothing;
  return html`<dl>
    ${list.map(
      ({ label, text, full }) =>
        html`<dt>${label}</dt>
          <dd title=${full ?? nothing}>${text}</dd>`,
    )}
  </dl>`;
}

define('pc-inspector', PcInspector);

declare global {
  interface HTMLElementTagNameMap {
    'pc-inspector': PcInspector;
  }
}
