/**
 * `<pc-app>`: the model editor. Run bar on top, graph at the left, inspector at the right with a movable border. It
 * holds the latest snapshots and passes them down; components below never touch the transport.
 */
import { LitElement, html, nothing } from 'lit';
import type {
  HostApi,
  Inspection,
  ModelSnapshot,
  OverlayKind,
  RunSnapshot,
  RunState,
  Selection,
} from '../../src/contract/hostApi';
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';
import type { Remote } from '../../src/base/rpc';
import '../graph/graph';
import { byProducer, type GraphOverlay } from '../graph/overlay';
import '../inspector/inspector';
import type { Inquiry } from '../inspector/inquiry';
import { define } from '../kit/define';
import { appStyle } from './appStyle';
import type { Connection } from './connection';
import { prepareLayoutWorker } from './layoutWorker';
import './runBar';
import { shared } from './style';
import './trouble';
import { DEFAULT_STATE, EXTENT, readViewState, type ViewState } from './viewState';
import { setWords, word } from './words';

const NARROW = 720;

interface SelectionDetail {
  readonly selection: Selection;
}

export class PcApp extends LitElement {
  static override readonly properties = {
    model: { state: true },
    runs: { state: true },
    run: { state: true },
    selection: { state: true },
    inspection: { state: true },
    highlight: { state: true },
    view: { state: true },
    warningsOpen: { state: true },
    message: { state: true },
    narrow: { state: true },
    context: { state: true },
  };
  static override readonly styles = [shared, appStyle];

  declare model: ModelSnapshot | null;
  declare runs: RunState | null;
  declare run: RunSnapshot | null;
  declare selection: Selection;
  declare inspection: Inspection | null;
  declare highlight: readonly number[];
  declare view: ViewState;
  declare warningsOpen: boolean;
  declare message: string;
  /** Panes stand one above the other where there is no room side by side. */
  declare narrow: boolean;
  /** What VS Code's context menu is about. */
  declare context: string;
  #connection: Connection | undefined;
  #inquiry: Inquiry | null = null;
  #makeWorker: (() => Worker) | undefined;
  #shownOverlay:
    { readonly run: RunSnapshot; readonly kind: OverlayKind; readonly overlay: GraphOverlay } | undefined;
  #inspecting: AbortController | undefined;

  constructor() {
    super();
    this.model = null;
    this.runs = null;
    this.run = null;
    this.selection = { kind: 'none' };
    this.inspection = null;
    this.highlight = [];
    this.view = DEFAULT_STATE;
    this.warningsOpen = false;
    this.message = '';
    this.narrow = false;
    this.context = contextOf({ kind: 'none' });
    new ResizeObserver(() => {
      this.narrow = this.clientWidth < NARROW;
    }).observe(this);
  }

  /** Starts talking to the host. Once. */
  async start(connection: Connection): Promise<void> {
    this.#connection = connection;
    const { host } = connection;
    this.#inquiry = {
      weightSummary: (name, signal) => host.weightSummary(name, signal),
      pictures: (request, signal) => host.pictures(request, signal),
      exportWeight: (name) => this.#tell(host.exportWeight(name)),
      openPlace: (place) => this.#tell(host.openPlace(place)),
    };
    this.view = readViewState(connection.loadState());
    connection.on('model', (model) => {
      this.#setModel(model);
    });
    connection.on('runs', (runs) => {
      this.runs = runs;
    });
    connection.on('run', (run) => {
      this.run = run;
      this.#inspect();
    });
    connection.on('selection', ({ selection, origin }) => {
      if (origin !== 'graph') this.selection = selection;
      this.#inspect();
    });
    connection.on('highlight', ({ nodes }) => {
      this.highlight = nodes;
    });
    this.#makeWorker = await prepareLayoutWorker(document.body.dataset['worker'] ?? '');
    const { model, runs, run } = await host.ready();
    this.runs = runs;
    this.run = run;
    this.selection = model.selection;
    this.#setModel(model);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'main');
  }

  override render(): unknown {
    const { model } = this;
    if (model === null) return html`<div class="reading" role="status">${word('reading')}</div>`;
    if (model.graph === null) {
      return html`<pc-trouble
        heading=${word('cannotShow')}
        .trouble=${model.trouble}
        @pc-show-log=${() => this.#host((host) => host.showLog())}
      ></pc-trouble>`;
    }
    return html`
      <h1 class="unseen">${model.file}</h1>
      <pc-run-bar
        .state=${this.runs}
        .run=${this.run}
        .cannotRun=${model.cannotRun}
        .overlay=${this.#overlayKind()}
        @pc-run=${() => this.#host((host) => host.run())}
        @pc-stop=${() => this.#host((host) => host.stopRun())}
        @pc-trust=${() => this.#host((host) => host.manageTrust())}
        @pc-change-feed=${({ detail }: CustomEvent<{ input: string; part: string }>) =>
          this.#host((host) => host.changeFeed(detail.input, detail.part))}
        @pc-change-dim=${({ detail }: CustomEvent<{ name: string }>) => this.#host((host) => host.changeDim(detail.name))}
        @pc-show-run=${({ detail }: CustomEvent<{ id: string }>) => this.#host((host) => host.showRun(detail.id))}
        @pc-compare=${({ detail }: CustomEvent<{ id: string | null }>) => this.#host((host) => host.compareWith(detail.id))}
        @pc-overlay=${({ detail }: CustomEvent<{ kind: OverlayKind | null }>) => {
          this.#remember({ overlay: detail.kind });
        }}
      ></pc-run-bar>
      ${this.#warnings(model)} ${this.#trouble()}
      <div class="panes ${this.narrow ? 'narrow' : ''}">
        <pc-graph
          data-vscode-context=${this.context}
          .makeWorker=${this.#makeWorker}
          .words=${model.words}
          .model=${model.graph}
          .overlay=${this.#overlay()}
          .types=${this.run?.types ?? null}
          .selection=${this.selection}
          .highlight=${this.highlight}
          .saved=${this.view.graph}
          @pc-select=${({ detail }: CustomEvent<SelectionDetail>) => {
            this.#select(detail.selection);
          }}
          @pc-open=${({ detail }: CustomEvent<SelectionDetail>) => this.#host((host) => host.reveal(detail.selection, 'call'))}
          @pc-context=${({ detail }: CustomEvent<SelectionDetail>) => {
            this.context = contextOf(detail.selection);
          }}
          @pc-view=${({ detail }: CustomEvent<unknown>) => {
            this.#remember({ graph: detail });
          }}
        ></pc-graph>
        <div
          class="sash"
          role="separator"
          tabindex="0"
          aria-orientation=${this.narrow ? 'horizontal' : 'vertical'}
          aria-label=${word('resize')}
          aria-valuenow=${this.#extent()}
          aria-valuemin=${EXTENT.least}
          aria-valuemax=${EXTENT.most}
          @pointerdown=${this.#drag}
          @keydown=${this.#resizeByKey}
        ></div>
        <pc-inspector
          role="region"
          aria-label=${word('inspector')}
          tabindex="-1"
          .style=${`${this.narrow ? 'height' : 'width'}:${String(this.#extent())}px`}
          .inspection=${this.inspection}
          .inquiry=${this.#inquiry}
          .otherName=${this.runs?.runs.find(({ id }) => id === this.runs?.comparedWith)?.name ?? ''}
          .runId=${this.run === null ? '' : `${this.run.id}/${this.runs?.comparedWith ?? ''}`}
          @pc-select-other=${({ detail }: CustomEvent<Selection>) => {
            this.selection = detail;
            this.#select(detail);
          }}
        ></pc-inspector>
      </div>
      <div class="visually-hidden" role="status" aria-live="polite">${this.message}</div>
    `;
  }

  #setModel(model: ModelSnapshot): void {
    setWords(model.words);
    this.model = model;
    this.#inspect();
  }

  #overlayKind(): OverlayKind | null {
    const wanted = this.view.overlay;
    if (wanted === null) return null;
    const kinds = this.run?.overlays.map(({ kind }) => kind) ?? [];
    if (kinds.includes('difference'))
      return kinds.includes(wanted) && wanted !== 'magnitude' ? wanted : 'difference';
    return kinds.includes(wanted) ? wanted : (kinds[0] ?? null);
  }

  /** The overlay by node; the same object while run and kind stay. */
  #overlay(): GraphOverlay | null {
    const kind = this.#overlayKind();
    const { run } = this;
    const graph = this.model?.graph;
    if (kind === null || run === null || graph === undefined || graph === null) return null;
    const column = run.overlays.find((overlay) => overlay.kind === kind);
    if (column === undefined) return null;
    if (this.#shownOverlay?.run !== run || this.#shownOverlay.kind !== kind) {
      const { title, unit, signed, from, to, clipped } = column;
      const byNode = byProducer(graph, column.byValue);
      this.#shownOverlay = {
        run,
        kind,
        overlay: { title, unit, signed, from, to, clipped, byNode, combine: signed ? 'largest' : 'mean' },
      };
    }
    return this.#shownOverlay.overlay;
  }

  #select(selection: Selection): void {
    this.selection = selection;
    this.#host((host) => host.select(selection));
    this.#inspect();
  }

  #inspect(): void {
    const host = this.#connection?.host;
    if (host === undefined || this.model === null || this.model.graph === null) return;
    this.#inspecting?.abort();
    const inspecting = new AbortController();
    this.#inspecting = inspecting;
    host.inspect(this.selection, inspecting.signal).then(
      (inspection) => {
        if (!inspecting.signal.aborted) this.inspection = inspection;
      },
      (error: unknown) => {
        this.#report(error);
      },
    );
  }

  #warnings({ warnings }: ModelSnapshot): unknown {
    const [first] = warnings;
    if (first === undefined) return nothing;
    const shown = this.warningsOpen ? warnings.slice(0, 200) : [first];
    return html`<div class="warnings" role="note" aria-label=${word('warnings')}>
      <ul>
        ${shown.map((warning) => html`<li>${warning}</li>`)}
      </ul>
      ${
        warnings.length < 2
          ? nothing
          : html`<button
              class="link"
              aria-expanded=${String(this.warningsOpen)}
              @click=${() => {
                this.warningsOpen = !this.warningsOpen;
              }}
            >
              ${this.warningsOpen ? '–' : word('showAll', warnings.length)}
            </button>`
      }
    </div>`;
  }

  #trouble(): unknown {
    const trouble = this.runs?.trouble;
    if (trouble === undefined || trouble === null) return this.#notes();
    return html`<div class="warnings" role="alert">
      <span class="problem">${trouble.what}</span> ${trouble.remedy}
      <button class="link" @click=${() => this.#host((host) => host.showLog())}>${word('showLog')}</button>
    </div>`;
  }

  #notes(): unknown {
    const notes = this.run?.notes ?? [];
    return notes.length === 0
      ? nothing
      : html`<div class="warnings" role="note" aria-label=${word('notes')}>${notes.join(' ')}</div>`;
  }

  #extent(): number {
    return this.narrow ? this.view.inspectorHeight : this.view.inspectorWidth;
  }

  #setExtent(extent: number): void {
    const kept = Math.round(Math.min(EXTENT.most, Math.max(EXTENT.least, extent)));
    this.#remember(this.narrow ? { inspectorHeight: kept } : { inspectorWidth: kept });
  }

  readonly #drag = (event: PointerEvent): void => {
    const sash = event.currentTarget as HTMLElement;
    sash.setPointerCapture(event.pointerId);
    const place = (at: PointerEvent): number => (this.narrow ? at.clientY : at.clientX);
    const start = place(event);
    const extent = this.#extent();
    const move = (moved: PointerEvent): void => {
      this.#setExtent(extent + start - place(moved));
    };
    sash.addEventListener('pointermove', move);
    sash.addEventListener('pointerup', () => sash.removeEventListener('pointermove', move), { once: true });
  };

  readonly #resizeByKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: 16, ArrowUp: 16, ArrowRight: -16, ArrowDown: -16 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#setExtent(this.#extent() + step);
  };

  #remember(change: Partial<ViewState>): void {
    this.view = { ...this.view, ...change };
    this.#connection?.saveState(this.view);
  }

  #host(call: (host: Remote<HostApi>) => Promise<unknown>): void {
    const host = this.#connection?.host;
    if (host !== undefined) void this.#tell(call(host));
  }

  async #tell(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#report(error);
    }
  }

  /** The host shows its own failures; what arrives here is for the log and the live region. */
  #report(error: unknown): void {
    if (isCancelled(error)) return;
    this.message = describe(error);
    void this.#connection?.host.report(describe(error)).catch(() => undefined);
  }
}

/** Read by VS Code when a context menu opens, and handed to the command. */
function contextOf(selection: Selection): string {
  return JSON.stringify({
    preventDefaultContextMenuItems: true,
    patchclampNode: selection.kind !== 'none',
    selection,
  });
}

define('pc-app', PcApp);

declare global {
  interface HTMLElementTagNameMap {
    'pc-app': PcApp;
  }
}
