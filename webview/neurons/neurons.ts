/**
 * `<pc-neurons>`: the neuron graph. Layers as columns around one of them, units as cells, the strongest connections of
 * the chosen unit as lines and in figures; `?` lists its keys. Fires `pc-select` and `pc-open` with a layer's selection, `pc-close`. Asks
 * through `port`; knows nothing of the transport.
 */
import { html, nothing, type PropertyValues } from 'lit';
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';
import type { Selection, ShownLayer } from '../../src/contract/hostApi';
import type { NeuronLinks, NeuronQuestion } from '../../src/contract/neurons';
import { clampKeys } from '../app/clampKeys';
import { word } from '../app/words';
import { onThemeChange, ramps } from '../figures/ramp';
import { define } from '../kit/define';
import { icons } from '../graph/icons';
import '../graph/menu';
import { explore, type By, type UnitRef } from './exploring';
import { columnsAround } from './geometry';
import { keysWord, neuronCommandOf, neuronKeyList, type NeuronCommand } from './keys';
import './layerElement';
import type { PcNeuronLayer } from './layerElement';
import { renderLinks } from './linkList';
import { NeuronProperties } from './neuronProperties';
import { paintStrokes, type Stroke } from './painting';

/** Connections listed each way, and hops at most. */
const listed = 12;
const farthest = 3;
/** Height of a layer's header with its margin, in CSS pixels. */
const header = 62;

export class PcNeurons extends NeuronProperties {
  #exploring: AbortController | undefined;
  #fetching = new AbortController();
  #asked = new Set<number>();
  #resize: ResizeObserver | undefined;
  #stop: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onThemeChange(() => this.requestUpdate());
    this.#resize = new ResizeObserver(() => this.#measure());
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    this.#stop?.();
    this.#resize?.disconnect();
    this.#exploring?.abort();
    this.#fetching.abort();
    super.disconnectedCallback();
  }

  override focus(): void {
    this.#element(this.chosen?.layer ?? this.middle)?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('port') && this.port !== null) void this.#load();
    if (changed.has('runId') && changed.get('runId') !== undefined) this.#again();
    if (changed.has('selection') && this.layers !== null) void this.#follow();
    if (changed.has('middle') || changed.has('hops') || changed.has('layers') || changed.has('runId'))
      this.#fetch();
  }

  override render(): unknown {
    const { layers } = this;
    if (layers === null) return html`<div class="empty" role="status">${word('loading')}</div>`;
    if (layers.length === 0)
      return html`${this.#bar()}
        <div class="empty">${word('neurons.empty')}</div>`;
    const columns = this.#columns();
    const lit = this.#lit();
    return html`${this.#bar()}
      <div class="scroll" @keydown=${this.#key}>
        <div class="columns">
          ${columns.map(
            (column) =>
              html`<div class="column">
                ${column.map((id) => this.#layer(layers, id, column.length, lit))}
              </div>`,
          )}
          <canvas class="threads" aria-hidden="true"></canvas>
        </div>
      </div>
      ${renderLinks(this.explored?.first ?? null, layers, this.by, this.chosen !== null, (unit) => this.#go(unit))}
      <div class="visually-hidden" role="status" aria-live="polite">${this.message}</div>`;
  }

  #bar(): unknown {
    const key = (label: string, pressed: boolean | undefined, act: () => void): unknown =>
      html`<button
        class="key"
        aria-pressed=${pressed === undefined ? nothing : String(pressed)}
        @click=${act}
      >
        ${label}
      </button>`;
    return html`<div class="bar" role="toolbar" aria-label=${word('neurons.title')}>
      ${key(word('neurons.back'), undefined, () => this.#fire('pc-close', null))}
      <span class="address" title=${word('neurons.copy')}>${this.#address()}</span>
      ${this.chosen === null ? nothing : clampKeys(this.#address(), (site, how) => void this.port?.clamp(site, how))}
      <span class="grow"></span>
      ${key(word('neurons.byWeight'), this.by === 'weight', () => this.#judge('weight'))}
      ${key(word('neurons.byContribution'), this.by === 'contribution', () => this.#judge('contribution'))}
      <span class="faint">${word('neurons.hops')}</span>
      ${[1, 2, farthest].map((hops) => key(String(hops), this.hops === hops, () => this.#reach(hops)))}
      <pc-graph-menu
        .label=${word(keysWord)}
        .icon=${icons.keys}
        .items=${neuronKeyList.map(([command, label]) => ({ key: command, label: word(label) }))}
        @menu-choose=${({ detail }: CustomEvent<NeuronCommand>) => {
          // The list is gone, and with it the focus.
          this.focus();
          this.#run(detail);
        }}
      ></pc-graph-menu>
    </div>`;
  }

  #layer(
    layers: readonly ShownLayer[],
    id: number,
    together: number,
    lit: ReadonlyMap<number, ReadonlyMap<number, number>>,
  ): unknown {
    const layer = layers[id];
    if (layer === undefined) return nothing;
    return html`<pc-neuron-layer
      data-layer=${id}
      .layer=${layer}
      .activity=${this.activities.get(id) ?? null}
      .room=${Math.max(40, this.room / together - header)}
      .chosen=${this.chosen?.layer === id ? this.chosen.unit : -1}
      .lit=${lit.get(id) ?? none}
      @unit-pick=${({ detail }: CustomEvent<number>) => this.#choose({ layer: id, unit: detail })}
      @layer-select=${() => this.#centre(id)}
      @layer-open=${() => this.#fire('pc-open', { selection: layer.selection })}
    ></pc-neuron-layer>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    void this.#drawThreads();
    this.#measure();
    if (changed.has('middle') || changed.has('hops') || changed.has('layers'))
      this.#element(this.middle)?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }

  async #load(): Promise<void> {
    await this.#safely(async () => {
      const map = await this.port?.map(this.selection);
      if (map === undefined) return;
      this.layers = map.layers;
      this.middle = map.start;
      await this.updateComplete;
      this.focus();
    });
  }

  /** Someone else selected a node: its layer comes to the middle. */
  async #follow(): Promise<void> {
    const { selection } = this;
    if (selection.kind === 'none' || this.layers?.[this.middle]?.node === idOf(selection)) return;
    if (this.chosen !== null && this.layers?.[this.chosen.layer]?.node === idOf(selection)) return;
    await this.#safely(async () => {
      const map = await this.port?.map(selection);
      if (map === undefined || map.start < 0 || this.selection !== selection) return;
      this.layers = map.layers;
      this.middle = map.start;
    });
  }

  #columns(): readonly (readonly number[])[] {
    return columnsAround(this.layers ?? [], this.middle, this.hops);
  }

  /** What the layers in view did; each is asked for once a run. */
  #fetch(): void {
    const { port } = this;
    if (port === null || this.runId === '') return;
    const { signal } = this.#fetching;
    for (const id of this.#columns().flat()) {
      if (this.#asked.has(id)) continue;
      this.#asked.add(id);
      void this.#safely(async () => {
        const activity = await port.activity(id, signal);
        if (!signal.aborted) this.activities = new Map([...this.activities, [id, activity]]);
      });
    }
  }

  /** Another run: what was known of the last one is gone. */
  #again(): void {
    this.#fetching.abort();
    this.#fetching = new AbortController();
    this.#asked = new Set();
    this.activities = new Map();
    if (this.chosen !== null) this.#explore(this.chosen);
  }

  #choose(unit: UnitRef): void {
    const before = this.chosen?.layer;
    this.chosen = unit;
    const layer = this.layers?.[unit.layer];
    if (layer !== undefined && before !== unit.layer) this.#fire('pc-select', { selection: layer.selection });
    this.#explore(unit);
  }

  /** To a unit of a list: its layer comes into view where it is not. */
  #go(unit: UnitRef): void {
    if (!this.#columns().flat().includes(unit.layer)) this.middle = unit.layer;
    this.#choose(unit);
    void this.updateComplete.then(() => this.focus());
  }

  #centre(id: number): void {
    this.middle = id;
    const layer = this.layers?.[id];
    if (layer !== undefined) this.#fire('pc-select', { selection: layer.selection });
  }

  #judge(by: By): void {
    this.by = by;
    if (this.chosen !== null) this.#explore(this.chosen);
  }

  #reach(hops: number): void {
    this.hops = Math.max(1, Math.min(farthest, hops));
    if (this.chosen !== null) this.#explore(this.chosen);
  }

  #explore(unit: UnitRef): void {
    const { port } = this;
    if (port === null) return;
    this.#exploring?.abort();
    const { signal } = (this.#exploring = new AbortController());
    const ask = (question: NeuronQuestion, until: AbortSignal): Promise<NeuronLinks> =>
      port.links(question, until);
    void this.#safely(() =>
      explore(ask, unit, this.by, listed, this.hops, signal, (explored) => {
        if (signal.aborted) return;
        this.explored = explored;
        const { incoming, outgoing } = explored.first;
        this.message = word('neurons.found', this.#address(), incoming.length, outgoing.length);
      }),
    );
  }

  /** Units that lines lead to, by layer. */
  #lit(): ReadonlyMap<number, ReadonlyMap<number, number>> {
    const lit = new Map<number, Map<number, number>>();
    for (const { from, to, strength } of this.explored?.threads ?? []) {
      for (const { layer, unit } of [from, to]) {
        const units = lit.get(layer) ?? new Map<number, number>();
        lit.set(layer, units);
        if (!units.has(unit)) units.set(unit, strength);
      }
    }
    return lit;
  }

  async #drawThreads(): Promise<void> {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>('canvas.threads');
    const columns = this.renderRoot.querySelector<HTMLElement>('.columns');
    if (canvas === null || columns === null) return;
    const elements = [...this.renderRoot.querySelectorAll('pc-neuron-layer')];
    await Promise.all(elements.map((element) => element.updateComplete));
    const strokes: Stroke[] = [];
    for (const { from, to, strength, hop } of this.explored?.threads ?? []) {
      const [a, b] = [this.#element(from.layer), this.#element(to.layer)];
      if (a === undefined || b === undefined) continue;
      const start = a.place(from.unit);
      const end = b.place(to.unit);
      strokes.push({
        x1: a.offsetLeft + start.x + a.reach,
        y1: a.offsetTop + start.y,
        x2: b.offsetLeft + end.x - b.reach,
        y2: b.offsetTop + end.y,
        strength,
        hop,
      });
    }
    const { scrollWidth: width, clientHeight: height } = columns;
    canvas.style.width = `${String(width)}px`;
    canvas.style.height = `${String(height)}px`;
    paintStrokes(canvas, width, height, strokes, ramps(), getComputedStyle(this).color);
  }

  readonly #key = (event: KeyboardEvent): void => {
    const command = neuronCommandOf(event);
    if (command === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#run(command);
  };

  #run(command: NeuronCommand): void {
    const { chosen } = this;
    const act: Readonly<Record<NeuronCommand, () => void>> = {
      strongestIn: () => this.#across(-1),
      strongestOut: () => this.#across(1),
      judge: () => this.#judge(this.by === 'weight' ? 'contribution' : 'weight'),
      farther: () => this.#reach(this.hops + 1),
      nearer: () => this.#reach(this.hops - 1),
      centre: () => chosen !== null && this.#centre(chosen.layer),
      copy: () => void this.#safely(() => this.#copy()),
      clamp: () => chosen !== null && void this.port?.clamp(this.#address(), 'set'),
      line: () => {
        const layer = this.layers?.[chosen?.layer ?? this.middle];
        if (layer !== undefined) this.#fire('pc-open', { selection: layer.selection });
      },
      back: () => this.#fire('pc-close', null),
      keys: () => this.renderRoot.querySelector('pc-graph-menu')?.show(),
    };
    act[command]();
  }

  /** Along the strongest connection to the column before or behind. */
  #across(step: -1 | 1): void {
    const links = step < 0 ? this.explored?.first.incoming : this.explored?.first.outgoing;
    const [strongest] = links ?? [];
    if (strongest !== undefined) this.#go({ layer: strongest.layer, unit: strongest.unit });
  }

  async #copy(): Promise<void> {
    const address = this.#address();
    await navigator.clipboard.writeText(address);
    this.message = word('copied', address);
  }

  /** The chosen unit as a site. */
  #address(): string {
    const { chosen } = this;
    const layer = chosen === null ? undefined : this.layers?.[chosen.layer];
    return chosen === null || layer === undefined ? '' : `${layer.address}${String(chosen.unit)}`;
  }

  #measure(): void {
    const height = this.renderRoot.querySelector('.scroll')?.clientHeight ?? 0;
    if (height > 0 && Math.abs(height - 16 - this.room) > 1) this.room = height - 16;
  }

  #element(layer: number): PcNeuronLayer | undefined {
    return (
      this.renderRoot.querySelector<PcNeuronLayer>(`pc-neuron-layer[data-layer="${String(layer)}"]`) ??
      undefined
    );
  }

  async #safely(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isCancelled(error)) this.message = describe(error);
    }
  }

  #fire(name: 'pc-select' | 'pc-open' | 'pc-close', detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const none: ReadonlyMap<number, number> = new Map();

function idOf(selection: Selection): number | undefined {
  return selection.kind === 'node' ? selection.id : undefined;
}

define('pc-neurons', PcNeurons);

declare global {
  interface HTMLElementTagNameMap {
    'pc-neurons': PcNeurons;
  }
}
