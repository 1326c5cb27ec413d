/**
 * `<pc-graph>`: a model's graph on a canvas. Holds what is open and where one looks; a worker lays out, a renderer
 * draws. Give it `model`; it fires `pc-select`, `pc-open` (a node was activated), `pc-hover`, `pc-context` and `pc-view`
 * (state worth keeping). Nothing here asks the host for anything.
 */
import { LitElement, html, nothing } from 'lit';
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';
import type { GraphModel } from '../../src/contract/graphModel';
import type { Selection } from '../../src/contract/hostApi';
import { BoxKind } from '../../src/contract/layout';
import { define } from '../kit/define';
import { between, firstLook, fit, reveal, toWorld, zoomAt, type Camera } from './camera';
import { graphStyle } from './graphStyle';
import type { Drawing } from './layoutApi';
import { LayoutClient, type MakeWorker } from './layoutClient';
import type { BoxColors, Look, Renderer } from './look';
import { makeRenderer } from './makeRenderer';
import { initialOpenness, loadOpenness, saveOpenness, withAll, withAncestors, withOpen, type Openness } from './openness';
import { byBox, colorsOf, type GraphOverlay } from './overlay';
import { listenToPointer } from './pointer';
import { Scene } from './scene';
import { onThemeChange, readTheme, type GraphTheme } from './theme';
import { outOf, walk, type Step } from './walk';
import { phrase, type GraphWord } from './words';

export interface HoverDetail {
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
    busy: { state: true },
    message: { state: true },
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
  declare busy: boolean;
  declare message: string;

  #client: LayoutClient | undefined;
  #renderer: Renderer | undefined;
  #theme: GraphTheme | undefined;
  #scene: Scene | undefined;
  #open: Openness | undefined;
  #camera: Camera = { x: 0, y: 0, zoom: 1 };
  #hasLooked = false;
  #selected = -1;
  #hovered = -1;
  #strong: readonly number[] = [];
  #lit: ReadonlySet<number> = new Set();
  #colors: BoxColors | null = null;
  #frame = 0;
  #stopListening = new AbortController();
  #stopTheme: (() => void) | undefined;
  #resize: ResizeObserver | undefined;
  #revision = 0;

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
    this.busy = false;
    this.message = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopTheme = onThemeChange(() => {
      this.#theme = undefined;
      this.#schedule();
    });
    this.#resize = new ResizeObserver(() => {
      if (!this.#hasLooked) this.#firstLook();
      this.#schedule();
    });
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopTheme?.();
    this.#resize?.disconnect();
    this.#client?.stop();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  override render(): unknown {
    const word = (key: GraphWord): string => phrase(this.words, key);
    const button = (key: GraphWord, sign: string, act: () => void, pressed?: boolean): unknown =>
      html`<button
        title=${word(key)}
        aria-label=${word(key)}
        aria-pressed=${pressed === undefined ? nothing : String(pressed)}
        @click=${act}
      >
        ${sign}
      </button>`;
    return html`<div class="stage">
      <canvas class="view" tabindex="0" role="application" aria-label=${word('graph')} @keydown=${this.#key}></canvas>
      <div class="bar" role="toolbar" aria-label=${word('graph')}>
        ${button('expandAll', '⊞', () => this.#setOpen((open, model) => withAll(open, model, true)))}
        ${button('collapseAll', '⊟', () => this.#setOpen((open, model) => withAll(open, model, false)))}
        ${button('repeats', '×n', () => this.#setOpen((open) => ({ ...open, foldRepeats: !open.foldRepeats })), this.#open?.foldRepeats)}
        ${button('plumbing', 'c', () => this.#setOpen((open) => ({ ...open, foldPlumbing: !open.foldPlumbing })), this.#open?.foldPlumbing === false)}
        ${button('zoomIn', '+', () => this.#zoom(1.4))} ${button('zoomOut', '−', () => this.#zoom(1 / 1.4))}
        ${button('fit', '□', () => this.#fit())}
      </div>
      ${this.busy
        ? html`<div class="note" role="status">
            ${phrase(this.words, 'laying', this.model?.nodes.count ?? 0)}
            <button class="plain" @click=${() => this.#stop()}>${word('stop')}</button>
          </div>`
        : nothing}
      <div class="visually-hidden" role="status" aria-live="polite">${this.message}</div>
    </div>`;
  }

  protected override firstUpdated(): void {
    const canvas = this.#canvas();
    this.#renderer = makeRenderer(canvas, () => this.#schedule());
    listenToPointer(
      canvas,
      {
        camera: () => this.#camera,
        look: (camera) => this.#look(camera),
        click: (x, y) => this.#click(x, y),
        doubleClick: (x, y) => this.#activate(this.#boxAt(x, y)),
        hover: (x, y) => this.#hover(this.#boxAt(x, y)),
        leave: () => this.#hover(-1),
        context: (x, y, event) => {
          const box = this.#boxAt(x, y);
          if (box >= 0) this.#select(box);
          this.#fire('pc-context', { selection: this.#selectionOf(box), x: event.clientX, y: event.clientY });
        },
      },
      this.#stopListening.signal,
    );
  }

  protected override updated(changed: ReadonlyMap<PropertyKey, unknown>): void {
    if (changed.has('model')) this.#setModel();
    if (changed.has('selection')) this.#showSelection();
    if (changed.has('highlight')) this.#light();
    if (changed.has('overlay')) this.#color();
    this.#schedule();
  }

  #canvas(): HTMLCanvasElement {
    const canvas = this.renderRoot.querySelector('canvas');
    if (canvas === null) throw new Error('Broken invariant: the graph has a canvas.');
    return canvas;
  }

  #setModel(): void {
    const { model } = this;
    this.#scene = undefined;
    this.#hasLooked = false;
    if (model === null) return;
    this.#client ??= new LayoutClient(() => this.makeWorker());
    this.#client.open(model);
    this.#open = loadOpenness(this.saved, model) ?? initialOpenness(model);
    void this.#layOut();
  }

  #setOpen(change: (open: Openness, model: GraphModel) => Openness, anchor?: number): void {
    if (this.#open === undefined || this.model === null) return;
    this.#open = change(this.#open, this.model);
    this.#remember();
    void this.#layOut(anchor);
  }

  /** Lays out what is open; the box of scope `anchor` keeps its corner. */
  async #layOut(anchor?: number): Promise<void> {
    const open = this.#open;
    const model = this.model;
    if (open === undefined || model === null || this.#client === undefined) return;
    const revision = ++this.#revision;
    const timer = setTimeout(() => (this.busy = revision === this.#revision), 150);
    const { foldRepeats, foldPlumbing, repeatShown, expanded } = open;
    const box = anchor === undefined ? -1 : (this.#scene?.ownBoxOfScope(anchor) ?? -1);
    const rect = box < 0 ? undefined : this.#scene?.rect(box);
    try {
      const drawing = await this.#client.layout({
        expanded,
        foldRepeats,
        foldPlumbing,
        repeatShown,
        ...(anchor === undefined || rect === undefined ? {} : { anchor: { scope: anchor, x: rect.x, y: rect.y } }),
      });
      if (revision === this.#revision) this.#setDrawing(model, drawing);
    } catch (error) {
      if (!isCancelled(error)) this.message = describe(error);
    } finally {
      clearTimeout(timer);
      if (revision === this.#revision) this.busy = false;
    }
  }

  #setDrawing(model: GraphModel, drawing: Drawing): void {
    this.#scene = new Scene(model, drawing);
    this.#hovered = -1;
    if (!this.#hasLooked) this.#firstLook();
    this.#light();
    this.#color();
    this.#selected = this.#boxOf(this.selection);
    this.#emphasise();
    this.#schedule();
    this.dispatchEvent(new CustomEvent('pc-drawn', { detail: { boxes: drawing.result.boxes.count, ms: drawing.ms } }));
  }

  /** Stops a layout that takes too long and shows the model collapsed. */
  #stop(): void {
    this.#client?.stop();
    this.message = phrase(this.words, 'stopped');
    this.#setOpen((open) => ({ ...open, expanded: new Set() }));
  }

  #firstLook(): void {
    const { clientWidth, clientHeight } = this;
    if (this.#scene === undefined || clientWidth === 0 || clientHeight === 0) return;
    this.#hasLooked = true;
    this.#camera = firstLook(this.#scene.bounds, clientWidth, clientHeight);
  }

  #look(camera: Camera): void {
    this.#camera = camera;
    this.#schedule();
  }

  /** Moves the view within 150 ms; at once with reduced motion. */
  #glide(to: Camera): void {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || document.body.classList.contains('vscode-reduce-motion')) {
      this.#look(to);
      return;
    }
    const from = this.#camera;
    const start = performance.now();
    const step = (now: number): void => {
      const t = Math.min(1, (now - start) / 140);
      this.#look(between(from, to, 1 - (1 - t) * (1 - t)));
      if (t < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #zoom(factor: number): void {
    this.#glide(zoomAt(this.#camera, factor, this.clientWidth / 2, this.clientHeight / 2));
  }

  #fit(): void {
    if (this.#scene !== undefined) this.#glide(fit(this.#scene.bounds, this.clientWidth, this.clientHeight));
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const scene = this.#scene;
    if (scene === undefined || this.clientWidth === 0) return;
    this.#theme ??= readTheme(this);
    const look: Look = {
      scene,
      camera: this.#camera,
      theme: this.#theme,
      width: this.clientWidth,
      height: this.clientHeight,
      ratio: devicePixelRatio,
      selected: this.#selected,
      hovered: this.#hovered,
      strong: this.#strong,
      lit: this.#lit,
      matches: new Set(),
      colors: this.#colors,
    };
    this.#renderer?.draw(look);
  }

  #boxAt(x: number, y: number): number {
    const world = toWorld(this.#camera, x, y);
    return this.#scene?.boxAt(world.x, world.y) ?? -1;
  }

  #click(x: number, y: number): void {
    const box = this.#boxAt(x, y);
    if (box < 0) {
      this.#selected = -1;
      this.#announce({ kind: 'none' });
      return;
    }
    this.#select(box);
  }

  /** Enter and double click: a module opens or closes, a node is shown in its source. */
  #activate(box: number): void {
    const scene = this.#scene;
    if (scene === undefined || box < 0) return;
    const scope = scene.scopeOf(box);
    if (scope < 0) {
      this.#fire('pc-open', { selection: scene.selectionOf(box) });
      return;
    }
    const opens = scene.result.boxes.kind[box] === BoxKind.Scope;
    this.#setOpen((open) => withOpen(open, scope, opens), scope);
  }

  #select(box: number): void {
    this.#selected = box;
    this.#emphasise();
    this.#announce(this.#selectionOf(box));
  }

  #selectionOf(box: number): Selection {
    return box < 0 || this.#scene === undefined ? { kind: 'none' } : this.#scene.selectionOf(box);
  }

  #announce(selection: Selection): void {
    this.selection = selection;
    if (this.#selected >= 0 && this.#scene !== undefined) {
      const { title, facts } = this.#scene.label(this.#selected);
      this.message = `${title} ${facts}`;
    }
    this.#fire('pc-select', { selection });
    this.#schedule();
  }

  #hover(box: number): void {
    if (box === this.#hovered) return;
    this.#hovered = box;
    this.#fire('pc-hover', { selection: this.#selectionOf(box) });
    this.#schedule();
  }

  /** The box of a selection; for something inside a closed module, that module. */
  #boxOf(selection: Selection): number {
    const scene = this.#scene;
    const { model } = this;
    if (scene === undefined || model === null) return -1;
    switch (selection.kind) {
      case 'node':
        return scene.boxOfNode(model.nodes.id.indexOf(selection.id));
      case 'scope':
        return scene.boxOfScope(scopeByPath(model, selection.path));
      case 'value':
        return scene.boxOfNode(producerOf(model, selection.name));
      case 'none':
        return -1;
    }
  }

  /** Someone else selected: open what hides it, and bring it into view only where it is not. */
  #showSelection(): void {
    const { model } = this;
    if (this.#scene === undefined || model === null) return;
    const box = this.#boxOf(this.selection);
    if (box === this.#selected) return;
    this.#selected = box;
    this.#emphasise();
    if (box >= 0) this.#glide(reveal(this.#camera, this.#scene.rect(box), this.clientWidth, this.clientHeight));
  }

  /** Opens every module around a node, so that it is drawn itself. */
  openTo(node: number): void {
    const scope = this.model?.nodes.scope[node] ?? 0;
    this.#setOpen((open, model) => withAncestors(open, model, scope));
  }

  #emphasise(): void {
    const scene = this.#scene;
    if (scene === undefined || this.#selected < 0) {
      this.#strong = [];
      return;
    }
    const list: number[] = [];
    for (const groups of [scene.outOf, scene.into]) {
      for (let k = groups.start[this.#selected] ?? 0; k < (groups.start[this.#selected + 1] ?? 0); k++) list.push(groups.rows[k] ?? 0);
    }
    this.#strong = list;
  }

  #light(): void {
    const { model } = this;
    const scene = this.#scene;
    if (model === null || scene === undefined || this.highlight.length === 0) {
      this.#lit = new Set();
      return;
    }
    const wanted = new Set(this.highlight);
    const boxes = new Set<number>();
    model.nodes.id.forEach((id, node) => {
      if (wanted.has(id)) boxes.add(scene.boxOfNode(node));
    });
    boxes.delete(-1);
    this.#lit = boxes;
  }

  #color(): void {
    this.#colors =
      this.overlay === null || this.#scene === undefined ? null : colorsOf(byBox(this.#scene, this.overlay), this.overlay);
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (this.#command(event)) event.preventDefault();
  };

  #command(event: KeyboardEvent): boolean {
    const steps: Readonly<Record<string, Step>> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' };
    const step = event.ctrlKey || event.metaKey || event.altKey ? undefined : steps[event.key];
    if (step !== undefined) {
      if (event.shiftKey) this.#pan(step);
      else if (this.#scene !== undefined) this.#go(walk(this.#scene, this.#selected, step));
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const commands: Readonly<Record<string, () => void>> = {
      Enter: () => this.#activate(this.#selected),
      Backspace: () => this.#up(),
      Escape: () => this.#go(-1),
      '+': () => this.#zoom(1.4),
      '=': () => this.#zoom(1.4),
      '-': () => this.#zoom(1 / 1.4),
      '0': () => this.#fit(),
      E: () => this.#setOpen((open, model) => withAll(open, model, true)),
      C: () => this.#setOpen((open, model) => withAll(open, model, false)),
      r: () => this.#setOpen((open) => ({ ...open, foldRepeats: !open.foldRepeats })),
      p: () => this.#setOpen((open) => ({ ...open, foldPlumbing: !open.foldPlumbing })),
    };
    const command = commands[event.key];
    command?.();
    return command !== undefined;
  }

  #pan(step: Step): void {
    const by = 80;
    const [dx, dy] = { up: [0, by], down: [0, -by], left: [by, 0], right: [-by, 0] }[step] as [number, number];
    this.#look({ ...this.#camera, x: this.#camera.x + dx, y: this.#camera.y + dy });
  }

  #go(box: number): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    this.#selected = box;
    this.#emphasise();
    this.#announce(this.#selectionOf(box));
    if (box >= 0) this.#look(reveal(this.#camera, scene.rect(box), this.clientWidth, this.clientHeight));
  }

  #up(): void {
    const scene = this.#scene;
    if (scene === undefined || this.#selected < 0) return;
    const frame = outOf(scene, this.#selected);
    if (frame >= 0) this.#go(frame);
  }

  #remember(): void {
    if (this.#open !== undefined && this.model !== null) this.#fire('pc-view', saveOpenness(this.#open, this.model));
  }

  #fire(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

function scopeByPath(model: GraphModel, path: string): number {
  for (let scope = 0; scope < model.scopes.count; scope++) {
    if (model.strings[model.scopes.path[scope] ?? 0] === path) return scope;
  }
  return -1;
}

function producerOf(model: GraphModel, name: string): number {
  for (let value = 0; value < model.values.count; value++) {
    if (model.strings[model.values.name[value] ?? 0] === name) return model.values.producer[value] ?? -1;
  }
  return -1;
}

define('pc-graph', PcGraph);

declare global {
  interface HTMLElementTagNameMap {
    'pc-graph': PcGraph;
  }
}
