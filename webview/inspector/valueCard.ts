/**
 * `<pc-value-card>`: one value: its type, what the shown run recorded (distribution, and the other run's behind it),
 * and, when open, its slices as images, strips or ranked classes.
 */
import { LitElement, html, nothing } from 'lit';
import type { Picture, ValueFact } from '../../src/contract/hostApi';
import '../figures/distribution';
import { define } from '../kit/define';
import { shared } from '../app/style';
import { word } from '../app/words';
import { cardStyle } from './cardStyle';
import type { Inquiry } from './inquiry';
import { pictureList, type Picking } from './pictures';
import { Resource, type ResourceState } from './resource';
import { selectEvent } from './selectEvent';

export class PcValueCard extends LitElement {
  static override readonly properties = {
    value: { attribute: false },
    inquiry: { attribute: false },
    runId: { attribute: false },
    otherName: { attribute: false },
    open: { type: Boolean },
    fixed: { state: true },
    picked: { state: true },
  };
  static override readonly styles = [shared, cardStyle];

  declare value: ValueFact | null;
  declare inquiry: Inquiry | null;
  declare runId: string;
  /** The run it is compared with. */
  declare otherName: string;
  declare open: boolean;
  declare fixed: Readonly<Record<number, number>>;
  declare picked: Picking['picked'];
  readonly #pictures = new Resource<readonly Picture[]>(this);

  constructor() {
    super();
    this.value = null;
    this.inquiry = null;
    this.runId = '';
    this.otherName = '';
    this.open = false;
    this.fixed = {};
    this.picked = null;
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get('value') as ValueFact | null | undefined;
    if (changed.has('value') && before?.site !== this.value?.site) {
      this.fixed = {};
      this.picked = null;
      this.#pictures.clear();
    }
    const { value, inquiry, fixed } = this;
    if (!this.open || value === null || inquiry === null || !isRecorded(value)) return;
    this.#pictures.fetch(
      `${value.site}|${this.runId}|${value.drawnWith}|${JSON.stringify(fixed)}`,
      (signal) => inquiry.pictures({ of: 'activation', name: value.site, fixed }, signal),
    );
  }

  override render(): unknown {
    const { value } = this;
    if (value === null) return nothing;
    return html`
      <button
        class="quiet row"
        aria-expanded=${String(this.open)}
        title="${value.name} ${value.type}"
        @click=${() => {
          this.open = !this.open;
        }}
      >
        <span class="twist" aria-hidden="true">${this.open ? '▾' : '▸'}</span>
        <span class="name"><bdi>${value.name}</bdi></span>
        <span class="type">${value.type}</span>
      </button>
      ${this.open ? this.#body(value) : nothing}
    `;
  }

  #body(value: ValueFact): unknown {
    return html`<div class="body" @pc-drives=${this.#askOne}>
      ${
        value.drivable && /^float(16|32|64)\b/.test(value.type)
          ? html`<div class="actions">
              <button class="link drives" @click=${() => void this.inquiry?.whatDrives(value.site, null)}>
                ${word('whatDrives')}
              </button>
            </div>`
          : nothing
      }
      ${
        value.peers.length === 0
          ? nothing
          : html`<div class="peers" aria-label=${word('madeBy')} role="group">
              ${value.peers.map(
                ({ label, selection }) =>
                  html`<button class="link" @click=${() => this.dispatchEvent(selectEvent(selection))}>
                    ${label}
                  </button>`,
              )}
            </div>`
      }
      ${
        !isRecorded(value)
          ? this.#unrecorded(value)
          : html`${value.stale ? html`<div class="stale" role="note">${word('stale')}</div>` : nothing}
            ${pictureList(answers(this.#pictures.state), this.#choose)}
            ${
              value.summary === null
                ? nothing
                : html`<pc-distribution
                    heading=${word('distribution')}
                    .summary=${value.summary}
                    .other=${value.other}
                    .otherName=${this.otherName}
                  ></pc-distribution>`
            }
            ${pictureList(rest(this.#pictures.state), this.#choose, this.#picking())}`
      }
    </div>`;
  }

  /** What to do next, where there is nothing to see. */
  #unrecorded({ site, unrecordable }: ValueFact): unknown {
    if (unrecordable !== null) return html`<div class="faint">${unrecordable}</div>`;
    if (this.runId === '') return html`<div class="faint">${word('runToSee')}</div>`;
    return html`<div class="faint">
      ${word('nothingRecorded')}
      <button class="link" @click=${() => this.#record(site)}>${word('recordIt')}</button>
    </div>`;
  }

  /** The button goes when there is something to see; whoever pressed it by key stays at this value. */
  #record(site: string): void {
    this.renderRoot.querySelector<HTMLElement>('.row')?.focus();
    void this.inquiry?.record(site);
  }

  #picking(): Picking {
    return {
      picked: this.picked,
      pick: (picked) => {
        this.picked = picked;
      },
      clamp: (site, how) => void this.inquiry?.clamp(site, how),
    };
  }

  /** One class or token of what is ranked. */
  readonly #askOne = ({ detail }: CustomEvent<number>): void => {
    const { state } = this.#pictures;
    const picture = state.kind === 'ready' ? state.value.find(({ kind }) => kind === 'ranking') : undefined;
    if (this.value === null || picture === undefined) return;
    const { site } = this.value;
    const place = picture.dims.slice(0, -1).map((_, axis) => {
      const fixed = picture.fixed.find((each) => each.axis === axis);
      return fixed?.index ?? 0;
    });
    void this.inquiry?.whatDrives(site, `${site}[${[...place, detail].join(',')}]`);
  };

  readonly #choose = (axis: number, index: number): void => {
    this.fixed = { ...this.fixed, [axis]: index };
  };
}

function isRecorded({ summary, texts }: ValueFact): boolean {
  return summary !== null || texts;
}

/** What a person ran the model for comes before how its numbers are spread. */
function answers(state: ResourceState<readonly Picture[]>): ResourceState<readonly Picture[]> {
  return state.kind === 'ready'
    ? { kind: 'ready', value: state.value.filter(({ kind }) => kind === 'ranking') }
    : { kind: 'idle' };
}

function rest(state: ResourceState<readonly Picture[]>): ResourceState<readonly Picture[]> {
  return state.kind === 'ready'
    ? { kind: 'ready', value: state.value.filter(({ kind }) => kind !== 'ranking') }
    : state;
}

define('pc-value-card', PcValueCard);

declare global {
  interface HTMLElementTagNameMap {
    'pc-value-card': PcValueCard;
  }
}
