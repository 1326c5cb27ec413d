/** `<pc-weight-card>`: one weight. Opening it reads its bytes: statistics, histogram, slices; *Export* writes `.npy`. */
import { LitElement, html, nothing } from 'lit';
import type { Picture, WeightFact } from '../../src/contract/hostApi';
import type { TensorSummary } from '../../src/contract/tensor';
import { formatBytes } from '../../src/tensor/format';
import { formatShape } from '../../src/tensor/shape';
import '../figures/distribution';
import { define } from '../kit/define';
import { shared } from '../app/style';
import { word } from '../app/words';
import { cardStyle } from './cardStyle';
import type { Inquiry } from './inquiry';
import { pictureList } from './pictures';
import { Resource } from './resource';

/** Up to this size a card that starts open reads its weight by itself. */
const READ_UNASKED = 8_000_000;

export class PcWeightCard extends LitElement {
  static override readonly properties = {
    weight: { attribute: false },
    inquiry: { attribute: false },
    open: { type: Boolean },
    asked: { state: true },
    fixed: { state: true },
  };
  static override readonly styles = [shared, cardStyle];

  declare weight: WeightFact | null;
  declare inquiry: Inquiry | null;
  declare open: boolean;
  declare asked: boolean;
  declare fixed: Readonly<Record<number, number>>;
  readonly #summary = new Resource<TensorSummary>(this);
  readonly #pictures = new Resource<readonly Picture[]>(this);

  constructor() {
    super();
    this.weight = null;
    this.inquiry = null;
    this.open = false;
    this.asked = false;
    this.fixed = {};
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get('weight') as WeightFact | null | undefined;
    if (changed.has('weight') && keyOf(before) !== keyOf(this.weight)) {
      this.asked = false;
      this.fixed = {};
      this.#summary.clear();
      this.#pictures.clear();
    }
    const { weight, inquiry, fixed } = this;
    if (weight === null || inquiry === null || weight.problem !== null || !this.open) return;
    if (!this.asked && weight.bytes > READ_UNASKED) return;
    const version = keyOf(weight);
    this.#summary.fetch(version, (signal) => inquiry.weightSummary(weight.key, signal));
    this.#pictures.fetch(`${version}|${JSON.stringify(fixed)}`, (signal) =>
      inquiry.pictures({ of: 'weight', name: weight.key, fixed }, signal),
    );
  }

  override render(): unknown {
    const { weight } = this;
    if (weight === null) return nothing;
    const type = `${weight.dtype} ${formatShape(weight.dims)}`;
    return html`
      <button
        class="quiet row"
        aria-expanded=${String(this.open)}
        title="${weight.name} ${type}, ${formatBytes(weight.bytes)}, ${weight.where}"
        @click=${() => {
          this.open = !this.open;
        }}
      >
        <span class="twist" aria-hidden="true">${this.open ? '▾' : '▸'}</span>
        <span class="name"><bdi>${weight.name}</bdi></span>
        <span class="type">${type}</span>
      </button>
      ${this.open ? this.#body(weight) : nothing}
    `;
  }

  #body(weight: WeightFact): unknown {
    if (weight.problem !== null) return html`<div class="body problem" role="alert">${weight.problem}</div>`;
    const { state } = this.#summary;
    return html`<div class="body">
      <div class="faint">${formatBytes(weight.bytes)}, ${weight.where}</div>
      ${
        state.kind === 'idle'
          ? html`<button
              class="link"
              @click=${() => {
                this.asked = true;
              }}
            >
              ${word('show')} (${formatBytes(weight.bytes)})
            </button>`
          : nothing
      }
      ${state.kind === 'pending' ? html`<div class="faint" role="status">${word('loading')}</div>` : nothing}
      ${state.kind === 'failed' ? html`<div class="problem" role="alert">${state.sentence}</div>` : nothing}
      ${
        state.kind === 'ready'
          ? html`<pc-distribution heading=${word('distribution')} .summary=${state.value}></pc-distribution>`
          : nothing
      }
      ${pictureList(this.#pictures.state, (axis, index) => {
        this.fixed = { ...this.fixed, [axis]: index };
      })}
      <div class="actions">
        <button class="link" @click=${() => void this.inquiry?.exportWeight(weight.key)}>
          ${word('export')}
        </button>
      </div>
    </div>`;
  }
}

/** One weight of one version of the model. */
function keyOf(weight: WeightFact | null | undefined): string {
  return weight === null || weight === undefined ? '' : `${weight.version}|${weight.key}`;
}

define('pc-weight-card', PcWeightCard);

declare global {
  interface HTMLElementTagNameMap {
    'pc-weight-card': PcWeightCard;
  }
}
