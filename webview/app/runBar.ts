/**
 * `<pc-run-bar>`: what would go in, *Run*, which run is shown and compared, and what colours the graph (its
 * legend stands in the graph). Every guess about an input is marked as one; a click asks the host to change it.
 */
import { LitElement, css, html, nothing } from 'lit';
import type {
  CannotRun,
  FeedChoice,
  FeedPart,
  OverlayKind,
  RunHeader,
  RunSnapshot,
  RunState,
} from '../../src/contract/hostApi';
import { formatMs } from '../../src/tensor/format';
import '../kit/button';
import type { PcButton } from '../kit/button';
import { define } from '../kit/define';
import '../kit/dropdown';
import '../kit/progress';
import type { NumberColumn } from './columns';
import { shared } from './style';
import { word } from './words';

const FEEDS_SHOWN = 3;
/** Old exports name every weight as an optional input; the list of inputs of *Run Model…* has them all. */
const OPTIONAL_SHOWN = 12;

export class PcRunBar extends LitElement {
  static override readonly properties = {
    state: { attribute: false },
    run: { attribute: false },
    cannotRun: { attribute: false },
    overlay: { attribute: false },
    columns: { attribute: false },
    canTime: { attribute: false },
    allFeeds: { state: true },
    optional: { state: true },
    now: { state: true },
  };
  static override readonly styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 12px;
        padding: 4px 8px;
        min-height: 28px;
        border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder, transparent));
        background: var(--vscode-editor-background);
      }
      .feeds {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 2px 12px;
        flex: 1 1 320px;
        min-width: 0;
      }
      .feed {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 4px;
        min-width: 0;
      }
      .name {
        font-weight: 600;
      }
      .part {
        display: inline-flex;
        align-items: baseline;
        max-width: 300px;
        white-space: nowrap;
      }
      .text {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      .guess {
        text-decoration: underline dotted;
        text-underline-offset: 3px;
      }
      .mark {
        color: var(--vscode-descriptionForeground);
        margin-left: 1px;
      }
      .legend {
        color: var(--vscode-descriptionForeground);
        white-space: nowrap;
      }
      .shown {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 8px;
      }
      .running {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
    `,
  ];

  declare state: RunState | null;
  declare run: RunSnapshot | null;
  declare cannotRun: CannotRun | null;
  declare overlay: OverlayKind | null;
  /** What can colour the graph. */
  declare columns: readonly NumberColumn[];
  /** Times are not known, but can be asked for. */
  declare canTime: boolean;
  declare allFeeds: boolean;
  /** Inputs that the model has a value for are shown too. */
  declare optional: boolean;
  declare now: number;
  #acting = false;
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.state = null;
    this.run = null;
    this.cannotRun = null;
    this.overlay = null;
    this.columns = [];
    this.canTime = false;
    this.allFeeds = false;
    this.optional = false;
    this.now = 0;
  }

  override disconnectedCallback(): void {
    clearInterval(this.#clock);
    super.disconnectedCallback();
  }

  protected override willUpdate(): void {
    this.#acting = this.shadowRoot?.activeElement?.classList.contains('act') === true;
    const running = this.state?.running !== null && this.state !== null;
    if (running && this.#clock === undefined) {
      this.now = Date.now();
      this.#clock = setInterval(() => {
        this.now = Date.now();
      }, 500);
    }
    if (!running) {
      clearInterval(this.#clock);
      this.#clock = undefined;
    }
  }

  /** *Run* and *Stop* take each other's place: whoever pressed one by key goes on at the other. */
  protected override updated(): void {
    if (!this.#acting || this.shadowRoot?.activeElement !== null) return;
    const act = this.renderRoot.querySelector<PcButton>('pc-button.act');
    if (act !== null) void act.updateComplete.then(() => act.focus());
  }

  override render(): unknown {
    const { state } = this;
    if (state === null) return nothing;
    return html`${this.#action(state)} ${this.#feeds(state)} ${this.#shown(state)}`;
  }

  #action(state: RunState): unknown {
    if (this.cannotRun !== null) {
      const { reason, action } = this.cannotRun;
      return html`<span class="faint" role="note">${reason}</span> ${
          action === null
            ? nothing
            : html`<pc-button @click=${() => this.#send('pc-trust')}
                >${word(action === 'trust' ? 'trust' : 'localCopy')}</pc-button
              >`
        }`;
    }
    if (state.running === null) {
      return html`<pc-button
        class="act"
        look="primary"
        label=${word('runAll')}
        @click=${() => this.#send('pc-run')}
        >${word('run')}</pc-button
      >`;
    }
    const seconds = (this.now - state.running.since) / 1000;
    return html`<span class="running" role="status">
      <pc-button class="act" look="secondary" @click=${() => this.#send('pc-stop')}
        >${word('stop')}</pc-button
      >
      <pc-progress label=${state.running.text}></pc-progress>
      <span>${state.running.text}</span>
      ${seconds >= 1 ? html`<span class="faint number">${seconds.toFixed(0)} s</span>` : nothing}
    </span>`;
  }

  #feeds(state: RunState): unknown {
    if (this.cannotRun !== null) return nothing;
    const left = state.feeds.filter((feed) => feed.optional && feed.parts.length === 0);
    const wanted = state.feeds.filter((feed) => !left.includes(feed));
    const shown = [
      ...(this.allFeeds ? wanted : wanted.slice(0, FEEDS_SHOWN)),
      ...(this.optional ? left.slice(0, OPTIONAL_SHOWN) : []),
    ];
    return html`<div class="feeds" role="group" aria-label=${word('inputs')}>
      ${wanted.length === 0 && left.length === 0 ? html`<span class="faint">${word('noInputs')}</span>` : shown.map((feed) => this.#feed(feed))}
      ${
        wanted.length > FEEDS_SHOWN
          ? html`<button
              class="link"
              aria-expanded=${String(this.allFeeds)}
              @click=${() => {
                this.allFeeds = !this.allFeeds;
              }}
            >
              ${this.allFeeds ? '–' : word('more', wanted.length - FEEDS_SHOWN)}
            </button>`
          : nothing
      }
      ${
        left.length === 0
          ? nothing
          : html`<button
              class="link"
              aria-expanded=${String(this.optional)}
              @click=${() => {
                this.optional = !this.optional;
              }}
            >
              ${this.optional ? '–' : word('optionalInputs', left.length)}
            </button>`
      }
      ${state.dims.map((dim) => this.#part(dim, () => this.#send('pc-change-dim', { name: dim.id })))}
      ${
        [...shown.flatMap((feed) => feed.parts), ...state.dims].some((part) => part.guess !== null)
          ? html`<span class="legend" aria-hidden="true">? ${word('guess')}</span>`
          : nothing
      }
    </div>`;
  }

  #feed(feed: FeedChoice): unknown {
    const change = (part: string) => () => this.#send('pc-change-feed', { input: feed.name, part });
    return html`<span class="feed">
      <span class="name" title=${feed.type}>${feed.name}</span>
      ${
        feed.parts.length === 0
          ? html`<button class="quiet part" @click=${change('source')}>${word('choose')}</button>`
          : feed.parts.map((part) => this.#part(part, change(part.id)))
      }
      ${feed.problem === null ? nothing : html`<span class="problem" role="alert">${feed.problem}</span>`}
    </span>`;
  }

  #part(part: FeedPart, onClick: () => void): unknown {
    const tip = part.guess === null ? word('change') : word('guessFrom', part.guess);
    return html`<button class="quiet part" title="${part.label}: ${part.text}. ${tip}" @click=${onClick}>
      <span class="visually-hidden">${part.label}</span>
      <span class="text ${part.guess === null ? '' : 'guess'}">${part.text}</span>${
        part.guess === null
          ? nothing
          : html`<span class="mark" aria-hidden="true">?</span
              ><span class="visually-hidden">${word('guess')}</span>`
      }
    </button>`;
  }

  #shown(state: RunState): unknown {
    return html`<div class="shown">
      ${state.runs.length === 0 ? nothing : this.#runs(state)} ${this.#overlays()}
    </div>`;
  }

  #runs(state: RunState): unknown {
    return html`<pc-dropdown
        label=${word('runs')}
        .value=${state.shown ?? ''}
        .options=${state.runs.map((run) => ({ value: run.id, label: runLabel(run) }))}
        @pc-change=${(event: CustomEvent<string>) => this.#send('pc-show-run', { id: event.detail })}
      ></pc-dropdown>
      ${
        state.runs.length < 2
          ? nothing
          : html`<span class="faint">${word('compareWith')}</span>
              <pc-dropdown
                label=${word('compareWith')}
                .value=${state.comparedWith ?? ''}
                .options=${[
                  { value: '', label: word('compareNone') },
                  ...state.runs
                    .filter(({ id }) => id !== state.shown)
                    .map((run) => ({ value: run.id, label: run.name })),
                ]}
                @pc-change=${(event: CustomEvent<string>) => this.#send('pc-compare', { id: event.detail === '' ? null : event.detail })}
              ></pc-dropdown>`
      }`;
  }

  /** Moves focus to the choice of what colours the graph, where there is one. */
  chooseOverlay(): void {
    this.renderRoot.querySelector<HTMLElement>('pc-dropdown.overlay')?.focus();
  }

  #overlays(): unknown {
    const options = this.columns.map(({ kind, overlay: { title } }) => ({ value: kind, label: title }));
    const timed = this.canTime && this.cannotRun === null;
    if (timed) options.push({ value: 'time', label: word('overlayTimeAsk') });
    if (options.length === 0) return nothing;
    return html`<pc-dropdown
      class="overlay"
      label=${word('overlay')}
      .value=${this.overlay ?? ''}
      .options=${[{ value: '', label: word('overlayNone') }, ...options]}
      @pc-change=${(event: CustomEvent<string>) => this.#send('pc-overlay', { kind: event.detail === '' ? null : event.detail })}
    ></pc-dropdown>`;
  }

  #send(type: string, detail: unknown = null): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

function runLabel(run: RunHeader): string {
  return `${run.pinned ? '★ ' : ''}${run.name} · ${formatMs(run.ms)}`;
}

define('pc-run-bar', PcRunBar);

declare global {
  interface HTMLElementTagNameMap {
    'pc-run-bar': PcRunBar;
  }
}
