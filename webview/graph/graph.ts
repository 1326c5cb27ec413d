/**
 * `<pc-graph>`: a model's graph. Composes stage (canvas), session (what is open), navigation, search, outline, minimap
 * and legend. Give it `model`; it fires `pc-select`, `pc-open` (a node was activated), `pc-hover`, `pc-context`,
 * `pc-view` (state worth keeping) and `pc-export`. Nothing here asks the host for anything.
 */
import { LitElement, html, nothing } from 'lit';
import { describe } from '../../src/base/errors';
import type { GraphModel } from '../../src/contract/graphModel';
import type { Selection } from '../../src/contract/hostApi';
import { define } from '../kit/define';
import { actionsOf } from './actions';
import { toWorld } from './camera';
import { Emphasis } from './emphasis';
import { hand, toPng, toSvg } from './export';
import { boxFacts } from './facts';
import { graphStyle } from './graphStyle';
import { commandOf, type Command } from './keys';
import type { MakeWorker } from './layoutClient';
import './minimap';
import { Navigation } from './navigation';
import { withRepeat } from './openness';
import './outline';
import type { GraphOverlay } from './overlay';
import { listenToPointer } from './pointer';
import './scaleLegend';
import type { FixedScale } from './scaleLegend';
import type { Scene } from './scene';
import './searchBox';
import { Searching } from './searching';
import { addressOf, boxOfRef, refOf } from './selecting';
import { GraphSession } from './session';
import { Stage } from './stage';
import { renderBar, renderCrumbs, renderScrubber, renderTip } from './templates';
import { Tips, type Tip } from './tips';
import { phrase } from './words';

export interface SelectionDetail {
  readonly selection: Selection;
}

export class PcGraph extends LitElement {
  static override readonly properties = {
    model: { attribute: false },
    overlay: { attribute: false },
    types: { attribute: false },
    selection: { attribute: false },
    highlight: { attribute: false },
    words: { attribute: false },
    makeWorker: { attribute: false },
    saved: { attribute: false },
    plain: { type: Boolean },
    busy: { state: true },
    message: { state: true },
    tip: { state: true },
    outlined: { state: true },
    fixed: { state: true },
  };
  static override readonly styles = graphStyle;

  declare model: GraphModel | null;
  declare overlay: GraphOverlay | null;
  /** Type and shape per value row as the shown run had them; '' or null where not known. */
  declare types: readonly string[] | null;
  declare selection: Selection;
  /** Ids of nodes lit from the source side. */
  declare highlight: readonly number[];
  declare words: Readonly<Record<string, string>>;
  /** Starts the layout worker; the page knows where its bundle lies. */
  declare makeWorker: MakeWorker;
  /** What `pc-view` gave last time. Read once per model. */
  declare saved: unknown;
  /** Draws without WebGL. Read once. */
  declare plain: boolean;
  /** 0 idle, 1 a thin bar, 2 a note with a stop button. */
  declare busy: number;
  declare message: string;
  declare tip: Tip | null;
  declare outlined: boolean;
  declare fixed: FixedScale | null;

  readonly #searching = new Searching();
  readonly #emphasis = new Emphasis();
  readonly #tips = new Tips((tip) => {
    if (tip !== this.tip) this.tip = tip;
  });
  #stage: Stage | undefined;
  #session: GraphSession | undefined;
  #navigation: Navigation | undefined;
  #listening = new AbortController();
  #busyTimers: ReturnType<typeof setTimeout>[] = [];

  constructor() {
    super();
    this.model = null;
    this.overlay = null;
    this.types = null;
    this.selection = { kind: 'none' };
    this.highlight = [];
    this.words = {};
    this.makeWorker = () => {
      throw new Error('Broken invariant: the page gives the graph its worker.');
    };
    this.saved = null;
    this.plain = false;
    this.busy = 0;
    this.message = '';
    this.tip = null;
    this.outlined = false;
    this.fixed = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening.abort();
    this.#tips.hide();
    this.#session?.dispose();
    this.#stage?.dispose();
    this.#session = undefined;
    this.#stage = undefined;
    this.#navigation = undefined;
    for (const timer of this.#busyTimers) clearTimeout(timer);
  }

  get #scene(): Scene | undefined {
    return this.#session?.scene;
  }

  override render(): unknown {
    const { model, words } = this;
    const scene = this.#scene ?? null;
    const open = this.#session?.openness;
    return html`<div class="stage ${this.outlined ? 'with-outline' : ''}">
      <canvas class="view" tabindex="0" role="application" aria-label=${phrase(words, 'graph')} aria-describedby="message"></canvas>
      ${model?.nodes.count === 0 ? html`<div class="empty">${phrase(words, 'empty')}</div>` : nothing}
      <pc-outline
        .scene=${scene}
        .expanded=${open?.expanded ?? noScopes}
        .selected=${this.#emphasis.ref}
        .label=${phrase(words, 'outline')}
        @outline-select=${({ detail }: CustomEvent<number>) => this.#navigation?.goTo(detail, false)}
        @outline-toggle=${({ detail }: CustomEvent<number>) => this.#navigation?.toggle(-1 - detail)}
        @outline-open=${({ detail }: CustomEvent<number>) => this.#openRef(detail)}
      ></pc-outline>
      <div class="top">
        ${model === null
          ? nothing
          : renderCrumbs(model, this.#emphasis.ref, words, (ref) =>
              ref === null ? this.#navigation?.select(null) : this.#navigation?.goTo(ref, true),
            )}
        <div class="side">
          ${renderBar({
            words,
            open,
            canGoBack: this.#navigation?.canGoBack ?? false,
            canGoForward: this.#navigation?.canGoForward ?? false,
            outlined: this.outlined,
            run: (command) => this.#run(command),
            save: (kind) => void this.#save(kind),
          })}
          ${this.#search()}
        </div>
      </div>
      <pc-minimap
        .scene=${scene}
        @minimap-aim=${({ detail }: CustomEvent<{ x: number; y: number }>) => this.#stage?.lookAt(detail.x, detail.y)}
      ></pc-minimap>
      ${this.overlay === null
        ? nothing
        : html`<pc-graph-legend
            .overlay=${this.overlay}
            .fixed=${this.fixed}
            .words=${words}
            @scale-fix=${({ detail }: CustomEvent<FixedScale | null>) => (this.fixed = detail)}
          ></pc-graph-legend>`}
      ${this.#scrubber()} ${this.busy > 0 ? html`<div class="progress"></div>` : nothing}
      ${this.busy > 1
        ? html`<div class="note" role="status">
            ${phrase(words, 'laying', model?.nodes.count ?? 0)}
            <button class="plain" @click=${() => this.#stop()}>${phrase(words, 'stop')}</button>
          </div>`
        : nothing}
      ${renderTip(this.tip, this.clientWidth, this.clientHeight)}
      <div id="message" class="visually-hidden" role="status" aria-live="polite">${this.message}</div>
    </div>`;
  }

  #search(): unknown {
    if (!this.#searching.open) return nothing;
    return html`<pc-graph-search
      .words=${this.words}
      .text=${this.#searching.text}
      .status=${this.#searching.status(this.words)}
      .invalid=${this.#searching.invalid}
      @search-text=${({ detail }: CustomEvent<string>) => {
        this.#searching.search(detail);
        this.#refresh();
      }}
      @search-step=${({ detail }: CustomEvent<1 | -1>) => this.#step(detail)}
      @search-close=${() => this.#closeSearch()}
    ></pc-graph-search>`;
  }

  /** Where the selection lies in a folded run of blocks: which one is shown. */
  #scrubber(): unknown {
    const scene = this.#scene;
    const { ref } = this.#emphasis;
    if (scene === undefined || ref === null) return nothing;
    const { scopes, nodes } = scene.model;
    for (let scope = ref < 0 ? -1 - ref : (nodes.scope[ref] ?? 0); scope > 0; scope = scopes.parent[scope] ?? 0) {
      const run = scene.drawing.runs.find((members) => members.includes(scope));
      if (run === undefined) continue;
      const shown = this.#session?.openness?.repeatShown.get(run[0] ?? 0) ?? 0;
      return renderScrubber(run, shown, scene.text(scopes.name[run[shown] ?? scope]), this.words, (index) => {
        this.#navigation?.change((open, model) => withRepeat(open, model, run, index), run[shown]);
        this.#navigation?.select(-1 - (run[index] ?? scope));
      });
    }
    return nothing;
  }

  protected override firstUpdated(): void {
    this.#start();
  }

  protected override updated(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('model') && this.model !== null) this.#session?.show(this.model, this.saved);
    if (changed.has('selection')) this.#navigation?.follow(this.selection);
    if (changed.has('highlight')) this.#emphasis.light(this.highlight);
    if (changed.has('overlay') || changed.has('fixed')) this.#emphasis.color(this.overlay, this.fixed);
    this.#stage?.schedule();
  }

  #start(): void {
    const canvas = this.renderRoot.querySelector<HTMLCanvasElement>('canvas.view');
    if (canvas === null) throw new Error('Broken invariant: the graph has its canvas.');
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const stage = new Stage(
      this,
      canvas,
      () => this.#emphasis.shown(this.#searching),
      () => this.#moved(),
      this.plain,
    );
    const session = new GraphSession(
      {
        onScene: (scene, before) => this.#onScene(scene, before),
        onBusy: (since) => this.#onBusy(since),
        onTrouble: (text) => (this.message = text),
      },
      () => this.makeWorker(),
    );
    this.#stage = stage;
    this.#session = session;
    this.#navigation = new Navigation({
      stage,
      session,
      emphasis: this.#emphasis,
      onSelect: (selection) => this.#onSelect(selection),
      onOpenness: (saved) => this.#fire('pc-view', saved),
    });
    listenToPointer(
      canvas,
      {
        camera: () => stage.camera,
        look: (camera) => stage.look(camera),
        click: (x, y) => this.#click(this.#boxAt(x, y)),
        doubleClick: (x, y) => this.#activate(this.#boxAt(x, y)),
        hover: (x, y) => this.#hover(x, y),
        leave: () => this.#hover(-1, -1),
        context: (x, y, { clientX, clientY }) => this.#context(this.#boxAt(x, y), clientX, clientY),
      },
      signal,
    );
    canvas.addEventListener(
      'keydown',
      (event) => {
        const command = event.defaultPrevented ? undefined : commandOf(event);
        if (command === undefined) return;
        event.preventDefault();
        this.#run(command);
      },
      { signal },
    );
    if (this.model !== null) session.show(this.model, this.saved);
  }

  #onScene(scene: Scene, before: Scene | undefined): void {
    this.#searching.use(scene.model);
    this.#emphasis.ref = refOf(scene.model, this.selection);
    this.#emphasis.use(scene);
    this.#emphasis.light(this.highlight);
    this.#emphasis.color(this.overlay, this.fixed);
    this.#navigation?.arriveAt(scene, before === undefined);
    const { cycles, result, ms } = scene.drawing;
    if (cycles.length > 0) this.message = phrase(this.words, 'cycles', cycles.length);
    this.#refresh();
    void this.updateComplete.then(() => this.#moved());
    this.dispatchEvent(new CustomEvent('pc-drawn', { detail: { boxes: result.boxes.count, ms } }));
  }

  #onBusy(since: number): void {
    for (const timer of this.#busyTimers) clearTimeout(timer);
    this.busy = 0;
    this.#busyTimers = since === 0 ? [] : [setTimeout(() => (this.busy = 1), 100), setTimeout(() => (this.busy = 2), 1000)];
  }

  #moved(): void {
    const stage = this.#stage;
    if (stage === undefined) return;
    this.#tips.hide();
    this.renderRoot.querySelector('pc-minimap')?.follow(stage.camera, stage.width, stage.height, stage.theme);
  }

  #onSelect(selection: Selection): void {
    this.selection = selection;
    const scene = this.#scene;
    const box = this.#emphasis.selected;
    if (scene !== undefined && box >= 0) {
      const { title, lines } = boxFacts(scene, box, this.words, (value) => this.#typeOf(value));
      this.message = [title, ...lines].join(', ');
    }
    this.#fire('pc-select', { selection });
  }

  #boxAt(x: number, y: number): number {
    if (this.#stage === undefined) return -1;
    const world = toWorld(this.#stage.camera, x, y);
    return this.#scene?.boxAt(world.x, world.y) ?? -1;
  }

  #click(box: number): void {
    this.#tips.hide();
    const scene = this.#scene;
    if (scene !== undefined) this.#navigation?.select(box < 0 ? null : scene.refOf(box));
  }

  /** Enter and double click: a module opens or closes, a node is shown in its source. */
  #activate(box: number): void {
    if (this.#scene !== undefined && box >= 0) this.#openRef(this.#scene.refOf(box));
  }

  #openRef(ref: number): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    if (boxOfRef(scene, ref) < 0 || scene.refOf(boxOfRef(scene, ref)) !== ref) this.#navigation?.goTo(ref, true);
    else if (ref < 0) this.#navigation?.toggle(-1 - ref);
    else this.#fire('pc-open', { selection: scene.selectionOf(boxOfRef(scene, ref)) });
  }

  #hover(x: number, y: number): void {
    const scene = this.#scene;
    const stage = this.#stage;
    if (scene === undefined || stage === undefined) return;
    const box = x < 0 ? -1 : this.#boxAt(x, y);
    if (x < 0) this.#tips.hide();
    else this.#tips.move(scene, stage, { x, y }, box, this.words, (value) => this.#typeOf(value));
    if (box === this.#emphasis.hovered) return;
    this.#emphasis.hovered = box;
    this.#fire('pc-hover', { selection: box < 0 ? { kind: 'none' } : scene.selectionOf(box) });
    stage.schedule();
  }

  #context(box: number, x: number, y: number): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    this.#click(box);
    this.#fire('pc-context', { selection: box < 0 ? { kind: 'none' } : scene.selectionOf(box), x, y });
  }

  #typeOf(value: number): string {
    const known = this.types?.[value] ?? '';
    return known === '' ? (this.#scene?.text(this.model?.values.type[value]) ?? '') : known;
  }

  #step(step: 1 | -1): void {
    const ref = this.#searching.step(step, this.#emphasis.ref);
    if (ref !== null) this.#navigation?.goTo(ref, true);
    this.#refresh();
  }

  #closeSearch(): void {
    this.#searching.open = false;
    this.#refresh();
    this.focus();
  }

  /** Ends a layout that takes too long; the model is shown collapsed. */
  #stop(): void {
    this.#session?.stop();
    this.message = phrase(this.words, 'stopped');
  }

  override focus(): void {
    this.#stage?.canvas.focus();
  }

  #run(command: Command): void {
    const scene = this.#scene;
    const stage = this.#stage;
    const navigation = this.#navigation;
    if (scene === undefined || stage === undefined || navigation === undefined) return;
    const emphasis = this.#emphasis;
    actionsOf({
      scene,
      stage,
      navigation,
      emphasis,
      activate: (box) => this.#activate(box),
      trace: (downstream) => {
        this.message = phrase(this.words, downstream ? 'downstream' : 'upstream', emphasis.trace(downstream));
      },
      toggleOutline: () => (this.outlined = !this.outlined),
      copy: () => void this.#copy(),
      table: () => this.#fire('pc-table', null),
      menu: () => {
        const rect = emphasis.selected < 0 ? { x: 0, y: 0 } : scene.rect(emphasis.selected);
        const { left, top } = this.getBoundingClientRect();
        this.#context(emphasis.selected, left + rect.x * stage.camera.zoom + stage.camera.x, top + rect.y * stage.camera.zoom + stage.camera.y);
      },
      search: () => {
        this.#searching.open = true;
        this.requestUpdate();
        void this.updateComplete.then(() => this.renderRoot.querySelector('pc-graph-search')?.focus());
      },
      clear: () => (this.#searching.open ? this.#closeSearch() : navigation.select(null)),
      step: (step) => this.#step(step),
    })[command]();
    this.#refresh();
  }

  async #copy(): Promise<void> {
    const { ref } = this.#emphasis;
    if (this.model === null || ref === null) return;
    const address = addressOf(this.model, ref);
    await navigator.clipboard.writeText(address).catch((error: unknown) => (this.message = describe(error)));
    this.message = phrase(this.words, 'copied', address);
  }

  async #save(kind: 'svg' | 'png'): Promise<void> {
    const shown = this.#emphasis.shown(this.#searching);
    const stage = this.#stage;
    if (shown === undefined || stage === undefined) return;
    const look = { ...shown, camera: stage.camera, theme: stage.theme, width: stage.width, height: stage.height, ratio: 1 };
    const area = shown.scene.bounds;
    try {
      const content = kind === 'svg' ? new Blob([toSvg(look, area)], { type: 'image/svg+xml' }) : await toPng(look, area);
      hand(this, { name: `graph.${kind}`, mime: content.type, content });
    } catch (error) {
      this.message = describe(error);
    }
  }

  #refresh(): void {
    this.requestUpdate();
    this.#stage?.schedule();
  }

  #fire(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

const noScopes: ReadonlySet<number> = new Set();

define('pc-graph', PcGraph);

declare global {
  interface HTMLElementTagNameMap {
    'pc-graph': PcGraph;
  }
}
