/**
 * `<pc-neuron-layer>`: one layer: a header that leads to its line, and a cell for every unit, coloured by what the unit
 * did. Drawn on a canvas; to a screen reader it is a list with the current unit. Fires `unit-pick` with a unit,
 * `layer-select` and `layer-open` with nothing.
 */
import { LitElement, html, nothing } from 'lit';
import type { ShownLayer } from '../../src/contract/hostApi';
import type { UnitActivity } from '../../src/contract/neurons';
import { formatInteger, formatNumber } from '../../src/tensor/format';
import { word } from '../app/words';
import { onThemeChange, ramps } from '../figures/ramp';
import { define } from '../kit/define';
import { unitName } from './linkList';
import { centreOf, placeCells, unitAt, type Cells } from './geometry';
import { layerStyle } from './neuronStyle';
import { paintCells } from './painting';

export class PcNeuronLayer extends LitElement {
  static override readonly properties = {
    layer: { attribute: false },
    activity: { attribute: false },
    room: { type: Number },
    chosen: { type: Number },
    lit: { attribute: false },
    current: { state: true },
  };
  static override readonly styles = layerStyle;

  declare layer: ShownLayer;
  declare activity: UnitActivity;
  /** CSS pixels there are for the cells, from top to bottom. */
  declare room: number;
  /** The unit whose connections are drawn, or -1. */
  declare chosen: number;
  /** Units that a drawn connection leads to, with its signed strength. */
  declare lit: ReadonlyMap<number, number>;
  /** Where the arrow keys are. */
  declare current: number;
  #cells: Cells = placeCells(1, 1);
  #stop: (() => void) | undefined;

  constructor() {
    super();
    this.activity = null;
    this.room = 300;
    this.chosen = -1;
    this.lit = new Map();
    this.current = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onThemeChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    super.disconnectedCallback();
  }

  /** Where a unit's cell is, in CSS pixels from this element's corner. */
  place(unit: number): { readonly x: number; readonly y: number } {
    const canvas = this.renderRoot.querySelector('canvas');
    const { x, y } = centreOf(this.#cells, unit);
    return { x: (canvas?.offsetLeft ?? 0) + x, y: (canvas?.offsetTop ?? 0) + y };
  }

  /** Half a cell. */
  get reach(): number {
    return this.#cells.size / 2;
  }

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('.cells')?.focus();
  }

  protected override willUpdate(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('layer') || changed.has('room')) {
      this.#cells = placeCells(this.layer.units, this.room, this.layer.heads?.size);
    }
    if (changed.has('chosen') && this.chosen >= 0) this.current = this.chosen;
  }

  override render(): unknown {
    const { layer, current } = this;
    const { width, height } = this.#cells;
    const what = layer.op === '' ? word('neurons.input') : layer.op;
    return html`<div class="head">
        <button class="title" title=${layer.title} @click=${() => this.#fire('layer-select')}>
          <bdi>${layer.title}</bdi>
        </button>
        <span class="faint"
          >${what} ·
          ${layer.units === 1 ? word('neurons.oneUnit') : word('neurons.units', formatInteger(layer.units))}
          ${layer.heads === null ? nothing : html`· <span title=${word('neurons.headKeys')}>${word('neurons.heads', layer.heads.count, layer.heads.size)}</span>`}
          ${
            layer.measure === 'plain'
              ? nothing
              : html`·
                  <span title=${word(`neurons.${layer.measure}.why`)}
                    >${word(`neurons.${layer.measure}`)}</span
                  >`
          }</span
        >
        ${
          layer.line === ''
            ? html`<span class="faint">${this.#range()}</span>`
            : html`<span class="faint"
                ><button
                  class="line"
                  title=${word('neurons.openLine', layer.line)}
                  @click=${() => this.#fire('layer-open')}
                >
                  ${layer.line}
                </button>
                ${this.#range()}</span
              >`
        }
      </div>
      <div
        class="cells"
        role="listbox"
        tabindex="0"
        aria-label=${`${layer.title}, ${what}`}
        aria-activedescendant="unit"
        @keydown=${this.#key}
        @click=${this.#click}
        @pointermove=${this.#hover}
      >
        <canvas aria-hidden="true" .style=${`width:${String(width)}px;height:${String(height)}px`}></canvas>
        <div
          id="unit"
          class="unseen"
          role="option"
          aria-selected=${String(current === this.chosen)}
          aria-setsize=${layer.units}
          aria-posinset=${current + 1}
        >
          ${this.#describe(current)}
        </div>
      </div>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    if (canvas === null) return;
    const style = getComputedStyle(this);
    paintCells(canvas, this.#cells, {
      units: this.layer.units,
      activity: this.activity,
      chosen: this.chosen,
      current: this.matches(':focus-within') ? this.current : -1,
      lit: this.lit,
      ramps: ramps(),
      plain: style.getPropertyValue('--cell').trim(),
      focus: style.getPropertyValue('--focus').trim(),
      line: style.color,
    });
  }

  #describe(unit: number): string {
    const did = this.activity?.[unit];
    const name = unitName(this.layer, unit);
    return did === undefined ? name : `${name}: ${formatNumber(did)}`;
  }

  /** The scale of the cells' colours. */
  #range(): unknown {
    if (this.activity === null) return nothing;
    let least = Infinity;
    let most = -Infinity;
    for (const value of this.activity) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return most < least
      ? nothing
      : html`<span class="range" title=${word('neurons.range')}
          >${formatNumber(least)} … ${formatNumber(most)}</span
        >`;
  }

  readonly #click = (event: MouseEvent): void => {
    const unit = this.#unitUnder(event);
    if (unit >= 0) this.#pick(unit);
  };

  readonly #hover = (event: PointerEvent): void => {
    const unit = this.#unitUnder(event);
    const canvas = this.renderRoot.querySelector('canvas');
    if (canvas !== null) canvas.title = unit < 0 ? '' : this.#describe(unit);
  };

  readonly #key = (event: KeyboardEvent): void => {
    const { columns, rows, group } = this.#cells;
    const { current } = this;
    const page = group > 0 ? group : columns * Math.ceil(rows / 4);
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: current - 1,
      ArrowRight: current + 1,
      ArrowUp: current - columns,
      ArrowDown: current + columns,
      Home: 0,
      End: this.layer.units - 1,
      PageUp: current - page,
      PageDown: current + page,
      Enter: current,
      ' ': current,
    };
    const to = moves[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#pick(Math.max(0, Math.min(this.layer.units - 1, to)));
  };

  #pick(unit: number): void {
    this.current = unit;
    this.dispatchEvent(new CustomEvent('unit-pick', { detail: unit }));
  }

  #unitUnder(event: MouseEvent): number {
    const canvas = this.renderRoot.querySelector('canvas');
    if (canvas === null) return -1;
    const { left, top } = canvas.getBoundingClientRect();
    return unitAt(this.#cells, this.layer.units, event.clientX - left, event.clientY - top);
  }

  #fire(name: 'layer-select' | 'layer-open'): void {
    this.dispatchEvent(new CustomEvent(name));
  }
}

define('pc-neuron-layer', PcNeuronLayer);

declare global {
  interface HTMLElementTagNameMap {
    'pc-neuron-layer': PcNeuronLayer;
  }
}
