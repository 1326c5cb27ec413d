/**
 * `<pc-app>`: the model editor. Run bar on top, graph at the left, inspector at the right with a movable border. It
 * holds the latest snapshots and passes them down; components below never touch the transport.
 */
import { LitElement, html, nothing } from 'lit';
import type { HostApi, Inspection, ModelSnapshot, OverlayKind, RunSnapshot, RunState, Selection } from '../../src/contract/hostApi';
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';
import type { Remote } from '../../src/base/rpc';
import '../inspector/inspector';
import type { Inquiry } from '../inspector/inquiry';
import { define } from '../kit/define';
import { appStyle } from './appStyle';
import type { Connection } from './connection';
import './graphPane';
import './runBar';
import { shared } from './style';
import './trouble';
import { DEFAULT_STATE, readViewState, type ViewState } from './viewState';
import { setWords, word } from './words';

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
  #connection: Connection | undefined;
  #inquiry: Inquiry | null = null;
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
    const { model, runs, run } = await host.ready();
    this.runs = runs;
    this.run = run;
    this.selection = model.selection;
    this.#setModel(model);
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
      <div class="panes">
        <pc-graph-pane
          aria-label=${word('graph')}
          .graph=${model.graph}
          .overlay=${this.run?.overlays.find(({ kind }) => kind === this.#overlayKind()) ?? null}
          .types=${this.run?.types ?? null}
          .selection=${this.selection}
          .highlight=${this.highlight}
          .view=${this.view.graph}
          @pc-graph-select=${({ detail }: CustomEvent<Selection>) => {
            this.#select(detail);
          }}
          @pc-graph-reveal=${({ detail }: CustomEvent<Selection>) => this.#host((host) => host.reveal(detail, 'call'))}
          @pc-graph-view=${({ detail }: CustomEvent<unknown>) => {
            this.#remember({ graph: detail });
          }}
        ></pc-graph-pane>
        <div
          class="sash"
          role="separator"
          tabindex="0"
          aria-orientation="vertical"
          aria-label=${word('resize')}
          aria-valuenow=${this.view.inspectorWidth}
          aria-valuemin="200"
          aria-valuemax="900"
          @pointerdown=${this.#drag}
          @keydown=${this.#resizeByKey}
        ></div>
        <pc-inspector
          role="region"
          aria-label=${word('inspector')}
          tabindex="-1"
          .style=${`width:${String(this.view.inspectorWidth)}px`}
          .inspection=${this.inspection}
          .inquiry=${this.#inquiry}
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
    if (kinds.includes('difference')) return kinds.includes(wanted) && wanted !== 'magnitude' ? wanted : 'difference';
    return kinds.includes(wanted) ? wanted : (kinds[0] ?? null);
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
      ${warnings.length < 2
        ? nothing
        : html`<button class="link" aria-expanded=${String(this.warningsOpen)} @click=${() => {
            this.warningsOpen = !this.warningsOpen;
          }}>${this.warningsOpen ? '–' : word('showAll', warnings.length)}</button>`}
    </div>`;
  }

  #trouble(): unknown {
    const trouble = this.runs?.trouble;
    if (trouble === undefined || trouble === null) return this.#notes();
    return html`<div class="warnings" role="alert"><span class="problem">${trouble.what}</span> ${trouble.remedy}
      <button class="link" @click=${() => this.#host((host) => host.showLog())}>${word('showLog')}</button></div>`;
  }

  #notes(): unknown {
    const notes = this.run?.notes ?? [];
    return notes.length === 0 ? nothing : html`<div class="warnings" role="note" aria-label=${word('notes')}>${notes.join(' ')}</div>`;
  }

  readonly #drag = (event: PointerEvent): void => {
    const sash = event.currentTarget as HTMLElement;
    sash.setPointerCapture(event.pointerId);
    const start = event.clientX;
    const width = this.view.inspectorWidth;
    const move = (moved: PointerEvent): void => {
      this.#remember({ inspectorWidth: clampWidth(width + start - moved.clientX) });
    };
    sash.addEventListener('pointermove', move);
    sash.addEventListener('pointerup', () => sash.removeEventListener('pointermove', move), { once: true });
  };

  readonly #resizeByKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: 16, ArrowRight: -16 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.#remember({ inspectorWidth: clampWidth(this.view.inspectorWidth + step) });
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

function clampWidth(width: number): number {
  return Math.round(Math.min(900, Math.max(200, width)));
}

define('pc-app', PcApp);

declare global {
  interface HTMLElementTagNameMap {
    'pc-app': PcApp;
  }
}
