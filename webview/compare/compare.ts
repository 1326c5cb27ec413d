/**
 * `<pc-compare>`: what two models, or a model and its framework's recording, have apart: the verdict first, with the
 * place it leads to, then one table at a time. Holds no state beyond which table is shown.
 */
import { LitElement, html, nothing } from 'lit';
import { describe, isFailure } from '../../src/base/errors';
import type {
  CompareApi,
  CompareEvents,
  CompareSnapshot,
  CompareTable,
  CompareTarget,
} from '../../src/contract/compareApi';
import type { Connection } from '../app/connection';
import { shared } from '../app/style';
import { setWords, word } from '../app/words';
import '../kit/button';
import { define } from '../kit/define';
import '../kit/progress';
import { compareStyle } from './style';
import './table';

export class PcCompare extends LitElement {
  static override readonly properties = {
    snapshot: { state: true },
    chosen: { state: true },
    message: { state: true },
  };
  static override readonly styles = [shared, compareStyle];

  declare snapshot: CompareSnapshot | null;
  declare chosen: CompareTable['id'] | null;
  declare message: string;
  #connection: Connection<CompareApi, CompareEvents> | undefined;

  constructor() {
    super();
    this.snapshot = null;
    this.chosen = null;
    this.message = '';
  }

  /** Starts talking to the host. Once. */
  async start(connection: Connection<CompareApi, CompareEvents>): Promise<void> {
    this.#connection = connection;
    connection.on('snapshot', (snapshot) => {
      this.#set(snapshot);
    });
    this.#set(await connection.host.ready());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'main');
  }

  override render(): unknown {
    const { snapshot } = this;
    if (snapshot === null) return html`<p class="faint" role="status">${word('reading')}</p>`;
    const { tables, running, trouble, verdict } = snapshot;
    const table = tables.find(({ id }) => id === this.chosen) ?? tables[0];
    return html`
      <div class="head">
        <h1>${snapshot.title}</h1>
        <p class="faint">${snapshot.subtitle}</p>
        ${this.#progress(snapshot)} ${this.#trouble(snapshot)} ${this.#verdict(snapshot)}
        ${this.#threshold(snapshot)}
        ${verdict === '' && running === null && trouble === null ? html`<p>${word('stopped')}</p>` : nothing}
      </div>
      ${table === undefined ? nothing : this.#tables(tables, table)}
      <div class="visually-hidden" role="status" aria-live="polite">${this.message}</div>
    `;
  }

  #set(snapshot: CompareSnapshot): void {
    if (this.snapshot !== null && snapshot.revision < this.snapshot.revision) return;
    setWords(snapshot.words);
    this.snapshot = snapshot;
    // VS Code hands this back to whoever restores the panel.
    if (snapshot.keep !== null) this.#connection?.saveState(snapshot.keep);
    this.message = snapshot.running ?? snapshot.verdict;
  }

  #progress({ running }: CompareSnapshot): unknown {
    if (running === null) {
      return html`<pc-button class="again" @click=${() => this.#tell((host) => host.again())}
        >${word('again')}</pc-button
      >`;
    }
    return html`<div class="progress">
      <pc-progress label=${running}></pc-progress><span>${running}</span>
      <pc-button look="primary" @click=${() => this.#tell((host) => host.stop())}>${word('stop')}</pc-button>
    </div>`;
  }

  #trouble({ trouble }: CompareSnapshot): unknown {
    if (trouble === null) return nothing;
    return html`<div class="trouble" role="alert">
      <span class="problem">${trouble.what}</span> ${trouble.remedy}
      <button class="link" @click=${() => this.#tell((host) => host.showLog())}>${word('showLog')}</button>
    </div>`;
  }

  /** The number by which values are judged: typing another judges them anew. */
  #threshold({ threshold }: CompareSnapshot): unknown {
    if (threshold === null) return nothing;
    return html`<label class="threshold">
      ${word('threshold')}
      <input
        type="text"
        inputmode="decimal"
        aria-label=${word('thresholdOf')}
        title=${word('thresholdOf')}
        .value=${String(threshold)}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          const wanted = Number(input.value.trim().replace(',', '.'));
          if (input.value.trim() === '' || !(wanted >= 0) || !Number.isFinite(wanted))
            input.value = String(threshold);
          else this.#tell((host) => host.setThreshold(wanted));
        }}
      />
    </label>`;
  }

  #verdict({ verdict, target, place, notes }: CompareSnapshot): unknown {
    if (verdict === '') return nothing;
    return html`<p class="verdict">
        ${verdict}
        ${
          target === null
            ? nothing
            : html`<button class="link" @click=${() => this.#reveal(target)}>${word('showInGraph')}</button>
                ${
                  place === ''
                    ? nothing
                    : html`<button class="link" @click=${() => this.#tell((host) => host.openLine(target))}>
                        ${word('openLine', place)}
                      </button>`
                }`
        }
      </p>
      ${
        notes.length === 0
          ? nothing
          : html`<ul class="notes" aria-label=${word('notes')}>
              ${notes.map((note) => html`<li>${note}</li>`)}
            </ul>`
      }`;
  }

  #tables(tables: readonly CompareTable[], table: CompareTable): unknown {
    return html`${
        tables.length < 2
          ? nothing
          : html`<div
              class="tabs"
              role="tablist"
              aria-label=${word('tables')}
              @keydown=${(event: KeyboardEvent) => {
                this.#walk(event, tables, table);
              }}
            >
              ${tables.map(
                ({ id, title, rows }) =>
                  html`<button
                    role="tab"
                    id="tab-${id}"
                    aria-selected=${String(id === table.id)}
                    aria-controls="table"
                    tabindex=${id === table.id ? 0 : -1}
                    @click=${() => {
                      this.chosen = id;
                    }}
                  >
                    ${title} <span class="faint number">${rows.length}</span>
                  </button>`,
              )}
            </div>`
      }
      <pc-compare-table
        id="table"
        role=${tables.length < 2 ? 'region' : 'tabpanel'}
        aria-label=${table.title}
        .table=${table}
        @pc-target=${({ detail }: CustomEvent<CompareTarget>) => {
          this.#reveal(detail);
        }}
        @pc-csv=${() => this.#tell((host) => host.saveTable(table.id))}
      ></pc-compare-table>`;
  }

  #walk(event: KeyboardEvent, tables: readonly CompareTable[], table: CompareTable): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = tables[(tables.indexOf(table) + step + tables.length) % tables.length];
    if (next === undefined) return;
    event.preventDefault();
    this.chosen = next.id;
    void this.updateComplete.then(() => {
      this.renderRoot.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
    });
  }

  #reveal(target: CompareTarget): void {
    this.#tell((host) => host.reveal(target));
  }

  #tell(call: (host: Connection<CompareApi, CompareEvents>['host']) => Promise<unknown>): void {
    const host = this.#connection?.host;
    if (host === undefined) return;
    call(host).catch((error: unknown) => {
      this.message = describe(error);
      if (!isFailure(error)) void host.report(describe(error)).catch(() => undefined);
    });
  }
}

define('pc-compare', PcCompare);

declare global {
  interface HTMLElementTagNameMap {
    'pc-compare': PcCompare;
  }
}
