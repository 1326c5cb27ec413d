/**
 * `<pc-graph>`: a model's graph. Composes stage (canvas), session (what is open), navigation, search, outline, minimap
 * and legend. Give it `model`; it fires `pc-select`, `pc-open` (a node was activated), `pc-hover`, `pc-context`,
 * `pc-view` (state worth keeping) and `pc-export`. Nothing here asks the host for anything.
 */
import { html, nothing } from 'lit';
import type { Selection } from '../../src/contract/hostApi';
import { define } from '../kit/define';
import { actionsOf } from './actions';
import { Busyness } from './busyness';
import { Emphasis } from './emphasis';
import { boxFacts } from './facts';
import { Interaction } from './interaction';
import { toggleBookmark, without } from './bookmarking';
import { GraphProperties } from './graphProperties';
import { commandOf, type Command } from './keys';
import type { PcGraphMenu } from './menu';
import type { PcGraphLegend } from './scaleLegend';
import './minimap';
import { Navigation } from './navigation';
import { saveOpenness, withRepeat } from './openness';
import './outline';
import { listenToPointer } from './pointer';
import type { Scene } from './scene';
import { Scales } from './scales';
import { Searching } from './searching';
import { refOf, runAround } from './selecting';
import { GraphSession } from './session';
import { copyAddress, saveDrawing, type Saving } from './sharing';
import { Stage } from './stage';
import {
  renderBar,
  renderBusy,
  renderCrumbs,
  renderLegend,
  renderScrubber,
  renderSearch,
  renderTip,
} from './templates';
import { phrase } from './words';

export class PcGraph extends GraphProperties {
  readonly #searching = new Searching();
  readonly #emphasis = new Emphasis();
  readonly #scales = new Scales();
  #stage: Stage | undefined;
  #session: GraphSession | undefined;
  #navigation: Navigation | undefined;
  #interaction: Interaction | undefined;
  #listening = new AbortController();
  readonly #busyness = new Busyness((busy) => (this.busy = busy));

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listening.abort();
    this.#interaction?.hideTip();
    this.#session?.dispose();
    this.#stage?.dispose();
    this.#session = undefined;
    this.#stage = undefined;
    this.#navigation = undefined;
    this.#interaction = undefined;
    this.#busyness.stop();
  }

  get #scene(): Scene | undefined {
    return this.#session?.scene;
  }

  override render(): unknown {
    const { model, words } = this;
    const scene = this.#scene ?? null;
    const open = this.#session?.openness;
    return html`<div class="stage ${this.outlined ? 'with-outline' : ''}">
      <canvas
        class="view"
        tabindex="0"
        role="application"
        aria-label=${phrase(words, 'graph')}
        aria-describedby="message"
        aria-busy=${model !== null && scene === null ? 'true' : 'false'}
        @keydown=${this.#key}
      ></canvas>
      ${model?.nodes.count === 0 ? html`<div class="empty">${phrase(words, 'empty')}</div>` : nothing}
      <pc-outline
        .scene=${scene}
        .expanded=${open?.expanded ?? new Set()}
        .selected=${this.#emphasis.ref}
        .label=${phrase(words, 'outline')}
        @outline-select=${({ detail }: CustomEvent<number>) => this.#navigation?.goTo(detail, false)}
        @outline-toggle=${({ detail }: CustomEvent<number>) => this.#navigation?.toggle(-1 - detail)}
        @outline-open=${({ detail }: CustomEvent<number>) => this.#interaction?.open(detail)}
      ></pc-outline>
      <div class="top">
        ${
          model === null
            ? nothing
            : renderCrumbs(model, this.#emphasis.ref, words, (ref) =>
                ref === null ? this.#navigation?.select(null) : this.#navigation?.goTo(ref, true),
              )
        }
        <div class="side">
          ${renderBar({
            words,
            open,
            canGoBack: this.#navigation?.canGoBack ?? false,
            canGoForward: this.#navigation?.canGoForward ?? false,
            outlined: this.outlined,
            run: (command) => this.#run(command),
            save: (saving) => void this.#save(saving),
            bookmarks: this.bookmarks,
            mark: () => this.#run('bookmark'),
            goTo: (bookmark) => {
              const ref = model === null ? null : refOf(model, bookmark.selection);
              if (ref !== null) this.#navigation?.goTo(ref, true);
              this.focus();
            },
            isGone: (bookmark) => model !== null && refOf(model, bookmark.selection) === null,
            forget: (bookmark) => this.#fire('pc-bookmarks', without(this.bookmarks, bookmark)),
          })}
          ${this.#search()}
        </div>
      </div>
      <pc-minimap
        .scene=${scene}
        @minimap-aim=${({ detail }: CustomEvent<{ x: number; y: number }>) => this.#stage?.lookAt(detail.x, detail.y)}
      ></pc-minimap>
      <div class="foot">${this.#legend()} ${this.#scrubber()}</div>
      ${renderBusy(this.busy, model?.nodes.count ?? 0, words, () => this.#stop())}
      ${renderTip(this.tip, this.clientWidth, this.clientHeight)}
      <div id="message" class="visually-hidden" role="status" aria-live="polite">${this.message}</div>
    </div>`;
  }

  #search(): unknown {
    const searching = this.#searching;
    return renderSearch(searching, this.words, {
      text: (text) => {
        searching.search(text);
        this.#refresh();
      },
      step: (step) => this.#step(step),
      close: () => this.#closeSearch(),
    });
  }

  #legend(): unknown {
    const { overlay } = this;
    return renderLegend(overlay, this.#scales.of(overlay), this.words, (fixed) => {
      if (overlay === null) return;
      this.#scales.fix(overlay, fixed);
      this.#color();
      this.#keep();
      this.#refresh();
    });
  }

  /** Where the selection lies in a folded run of blocks: which one is shown. */
  #scrubber(): unknown {
    const scene = this.#scene;
    const open = this.#session?.openness;
    const run = scene === undefined ? undefined : runAround(scene, this.#emphasis.ref);
    if (scene === undefined || open === undefined || run === undefined) return nothing;
    const shown = open.repeatShown.get(run[0] ?? 0) ?? 0;
    const name = scene.text(scene.model.scopes.name[run[shown] ?? 0]);
    return renderScrubber(run, shown, name, this.words, (index) => {
      this.#navigation?.change((state, model) => withRepeat(state, model, run, index), run[shown]);
      this.#navigation?.select(-1 - (run[index] ?? 0));
    });
  }

  /** The worker begins to lay out before the page is made and the graphics card set up: these take about as long. */
  protected override willUpdate(): void {
    if (!this.hasUpdated) this.#open();
  }

  protected override firstUpdated(): void {
    this.#start();
  }

  protected override updated(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('saved')) this.#scales.load(this.saved);
    if (changed.has('model') && this.model !== null) this.#session?.show(this.model, this.saved);
    if (changed.has('texts')) {
      this.#searching.read(this.texts);
      this.requestUpdate();
    }
    if (changed.has('selection')) this.#navigation?.follow(this.selection);
    if (changed.has('highlight')) this.#emphasis.light(this.highlight);
    if (changed.has('held')) this.#emphasis.hold(this.held);
    if (changed.has('overlay')) this.#color();
    if (changed.has('bookmarks')) this.#emphasis.mark(this.bookmarks);
    this.#stage?.schedule();
  }

  #open(): GraphSession {
    this.#session = new GraphSession(
      {
        onScene: (scene, before) => this.#onScene(scene, before),
        onBusy: (since) => this.#busyness.set(since > 0),
        onTrouble: (text) => (this.message = text),
      },
      () => this.makeWorker(),
    );
    if (this.model !== null) this.#session.show(this.model, this.saved);
    return this.#session;
  }

  #start(): void {
    const session = this.#session ?? this.#open();
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
    this.#stage = stage;
    this.#navigation = new Navigation({
      stage,
      session,
      emphasis: this.#emphasis,
      onSelect: (selection) => this.#onSelect(selection),
      onOpenness: () => this.#keep(),
    });
    this.#interaction = new Interaction({
      stage,
      navigation: this.#navigation,
      emphasis: this.#emphasis,
      typeOf: (value) => this.#typeOf(value),
      scene: () => this.#scene,
      words: () => this.words,
      showTip: (tip) => {
        if (tip !== this.tip) this.tip = tip;
      },
      fire: (name, detail) => this.#fire(name, detail),
    });
    listenToPointer(canvas, this.#interaction.target(), signal);
  }

  #onScene(scene: Scene, before: Scene | undefined): void {
    this.#searching.use(scene.model);
    this.#emphasis.ref = refOf(scene.model, this.selection);
    this.#emphasis.use(scene);
    this.#emphasis.light(this.highlight);
    this.#emphasis.hold(this.held);
    this.#emphasis.mark(this.bookmarks);
    this.#color();
    this.#navigation?.arriveAt(scene, before === undefined);
    const { cycles, result, ms } = scene.drawing;
    if (cycles.length > 0) this.message = phrase(this.words, 'cycles', cycles.length);
    this.#refresh();
    void this.updateComplete.then(() => this.#moved());
    this.dispatchEvent(new CustomEvent('pc-drawn', { detail: { boxes: result.boxes.count, ms } }));
  }

  #moved(): void {
    const stage = this.#stage;
    if (stage === undefined) return;
    this.#interaction?.hideTip();
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

  /** Milliseconds the last frame took to prepare and submit: for benches. */
  get frameTime(): number {
    return this.#stage?.lastFrame ?? 0;
  }

  readonly #key = (event: KeyboardEvent): void => {
    const command = event.defaultPrevented ? undefined : commandOf(event);
    if (command === undefined) return;
    event.preventDefault();
    this.#run(command);
  };

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
      activate: (box) => this.#interaction?.activate(box),
      trace: (downstream) => {
        this.message = phrase(this.words, downstream ? 'downstream' : 'upstream', emphasis.trace(downstream));
      },
      toggleOutline: () => (this.outlined = !this.outlined),
      copy: () => void copyAddress({ scene }, emphasis.ref, this.words).then((said) => (this.message = said)),
      tell: (name) => this.#fire(name, null),
      bookmark: () => {
        if (emphasis.ref !== null)
          this.#fire('pc-bookmarks', toggleBookmark(scene.model, this.bookmarks, emphasis.ref));
      },
      show: (part) => this.renderRoot.querySelector<PcGraphMenu | PcGraphLegend>(`.shows-${part}`)?.show(),
      menu: () => {
        const { x, y } = stage.toPage(emphasis.selected < 0 ? scene.bounds : scene.rect(emphasis.selected));
        this.#interaction?.context(emphasis.selected, x, y);
      },
      search: () => {
        this.#searching.begin();
        this.#fire('pc-search', null);
        this.requestUpdate();
        void this.updateComplete.then(() => this.renderRoot.querySelector('pc-graph-search')?.focus());
      },
      clear: () => (this.#searching.open ? this.#closeSearch() : navigation.select(null)),
      step: (step) => this.#step(step),
    })[command]();
    this.#refresh();
  }

  async #save(saving: Saving): Promise<void> {
    const shown = this.#emphasis.shown(this.#searching);
    if (shown === undefined || this.#stage === undefined) return;
    const legend = this.#scales.legend(this.overlay);
    this.message = await saveDrawing(this, this.#stage.lookOf(shown), legend, saving);
  }

  #color(): void {
    this.#emphasis.color(this.overlay, this.#scales.of(this.overlay));
  }

  /** Hands over what is worth keeping: what is open, and scales that were fixed. */
  #keep(): void {
    const open = this.#session?.openness;
    if (open === undefined || this.model === null) return;
    this.#fire('pc-view', { ...saveOpenness(open, this.model), scales: this.#scales.save() });
  }

  #refresh(): void {
    this.requestUpdate();
    this.#stage?.schedule();
  }

  #fire(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

define('pc-graph', PcGraph);

declare global {
  interface HTMLElementTagNameMap {
    'pc-graph': PcGraph;
  }
}
