/**
 * `<pc-clamps>`: the interventions that stand, always in sight while there are any: each with a switch, its site, a slider
 * and its number; beside them the outputs without and with, as they are now.
 */
import { LitElement, css, html, nothing } from 'lit';
import type { Clamp, ClampedOutput } from '../../src/contract/clamp';
import type { ClampState } from '../../src/contract/hostApi';
import { formatNumber, formatShare } from '../../src/tensor/format';
import '../kit/button';
import '../kit/checkbox';
import { define } from '../kit/define';
import '../kit/progress';
import { shared } from './style';
import { word } from './words';

export class PcClamps extends LitElement {
  static override readonly properties = {
    state: { attribute: false },
  };
  static override readonly styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        gap: 4px 24px;
        container-type: inline-size;
        padding: 4px 8px;
        max-height: 38vh;
        overflow: auto;
        border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
      }
      .list {
        flex: 1 1 340px;
        min-width: 0;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .clamp {
        display: grid;
        grid-template-columns: max-content minmax(60px, 1fr) max-content minmax(60px, 140px) 72px max-content;
        gap: 2px 8px;
        align-items: center;
      }
      .site {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        text-align: left;
      }
      .paused {
        opacity: 0.6;
      }
      input[type='range'] {
        width: 100%;
        accent-color: var(--vscode-focusBorder);
      }
      input[type='number'] {
        width: 100%;
        box-sizing: border-box;
        font: inherit;
        font-variant-numeric: tabular-nums;
        color: var(--vscode-input-foreground);
        background: var(--vscode-input-background);
        border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
      }
      input:focus-visible {
        outline: 1px solid var(--vscode-focusBorder);
      }
      .effect {
        position: relative;
        flex: 1 1 300px;
        min-width: 0;
        min-height: 18px;
      }
      /* Beside what is there: the graph below must not move each time something is computed. */
      .effect pc-progress {
        position: absolute;
        top: 0;
        right: 0;
      }
      table {
        border-collapse: collapse;
        font-variant-numeric: tabular-nums;
      }
      caption {
        text-align: left;
        white-space: nowrap;
      }
      th {
        font-weight: 400;
        color: var(--vscode-descriptionForeground);
        text-align: right;
      }
      th[scope='row'],
      th:first-child {
        text-align: left;
        color: inherit;
        max-width: 160px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      td {
        text-align: right;
      }
      th,
      td {
        padding: 0 12px 0 0;
      }
      .more {
        font-weight: 600;
      }
      @container (max-width: 430px) {
        .clamp {
          grid-template-columns: max-content max-content minmax(60px, 1fr) 72px max-content;
        }
        .clamp .site {
          grid-area: 1 / 2 / 2 / 5;
          justify-self: start;
          max-width: 100%;
        }
        .clamp input[type='range'] {
          grid-area: 2 / 3;
        }
        .clamp input[type='number'] {
          grid-area: 2 / 4 / 3 / 6;
        }
        .clamp .faint {
          grid-area: 2 / 2;
        }
        .clamp button:last-child {
          grid-area: 1 / 5;
        }
      }
    `,
  ];

  declare state: ClampState | null;
  /** How far each slider goes, kept while its clamp stands so that it does not move under the pointer. */
  readonly #reach = new Map<string, number>();

  constructor() {
    super();
    this.state = null;
  }

  override render(): unknown {
    const { state } = this;
    if (state === null || state.clamps.length === 0) return nothing;
    return html`<ul class="list" aria-label=${word('clamps')}>
        ${state.clamps.map((clamp) => html`<li class="clamp">${this.#clamp(clamp)}</li>`)}
        <li>
          <button class="link" @click=${() => this.#send('pc-clear-clamps')}>${word('clearClamps')}</button>
        </li>
      </ul>
      <div class="effect" role="status" aria-live="polite">
        ${state.busy ? html`<pc-progress label=${word('running')}></pc-progress>` : nothing}
        ${
          state.trouble === null
            ? nothing
            : html`<p class="problem">${state.trouble.what} ${state.trouble.remedy}</p>`
        }
        ${state.effect?.outputs.map((output) => this.#output(output))}
        ${state.effect?.notes.map((note) => html`<p class="faint">${note}</p>`)}
      </div>`;
  }

  #clamp(clamp: Clamp): unknown {
    const { id, site, kind, number, active } = clamp;
    const does = word(kind === 'scale' ? 'clampScale' : 'clampSet');
    const reach = this.#reachOf(clamp);
    const put = (change: Partial<Clamp>): void => this.#send('pc-put-clamp', { ...clamp, ...change });
    const typed = ({ target }: Event): void => {
      if (target instanceof HTMLInputElement && !Number.isNaN(target.valueAsNumber))
        put({ number: target.valueAsNumber });
    };
    return html`<pc-checkbox
        .checked=${active}
        @pc-change=${(event: CustomEvent<boolean>) => {
          put({ active: event.detail });
        }}
        ><span class="visually-hidden">${word('clampActive', site)}</span></pc-checkbox
      >
      <button
        class="quiet site ${active ? '' : 'paused'}"
        title="${site}. ${word('clampSite')}"
        @click=${() => this.#send('pc-edit-clamp', id)}
      >
        ${site}
      </button>
      <span class="faint">${does}</span>
      <input
        type="range"
        aria-label="${site} ${does}"
        min=${kind === 'scale' ? Math.min(0, -reach / 2) : -reach}
        max=${reach}
        step="any"
        .value=${String(number)}
        @input=${typed}
      />
      <input
        type="number"
        aria-label="${site} ${does}"
        step="any"
        .value=${String(short(number))}
        @change=${typed}
      />
      <button class="quiet" title=${word('clampRemove')} @click=${() => this.#send('pc-remove-clamp', id)}>
        <span aria-hidden="true">✕</span><span class="visually-hidden">${word('clampRemove')} ${site}</span>
      </button>`;
  }

  #reachOf({ id, kind, number }: Clamp): number {
    const wanted = kind === 'scale' ? Math.max(2, 2 * Math.abs(number)) : Math.max(1, 3 * Math.abs(number));
    const kept = this.#reach.get(id) ?? wanted;
    const reach = Math.abs(number) > kept ? wanted : kept;
    this.#reach.set(id, reach);
    return reach;
  }

  #output({ output, place, measure, entries, largest, scale }: ClampedOutput): unknown {
    const show = (value: number): string => (measure === '' ? formatNumber(value) : formatShare(value));
    const moved = word('clampMoved', formatNumber(largest), formatNumber(scale));
    const about = html`<strong>${output}</strong>
      <span class="faint">${[place, measure].filter((part) => part !== '').join(', ')}</span>
      <div class="faint">${largest === 0 ? word('clampStill') : moved}</div>`;
    if (entries.length === 0) return html`<div class="still">${about}</div>`;
    return html`<table>
      <caption>
        ${about}
      </caption>
      <thead>
        <tr>
          <th scope="col"></th>
          <th scope="col">${word('clampWithout')}</th>
          <th scope="col">${word('clampWith')}</th>
          <th scope="col">${word(measure === '' ? 'clampChange' : 'clampPoints')}</th>
        </tr>
      </thead>
      <tbody>
        ${entries.map(
          ({ name, without, with: held }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class=${without > held ? 'more' : ''}>${show(without)}</td>
              <td class=${held > without ? 'more' : ''}>${show(held)}</td>
              <td>${signed(measure === '' ? held - without : (held - without) * 100)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  #send(type: string, detail: unknown = null): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

function signed(value: number): string {
  return value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}

define('pc-clamps', PcClamps);

declare global {
  interface HTMLElementTagNameMap {
    'pc-clamps': PcClamps;
  }
}
