/**
 * `<pc-app>`: the model editor. Run bar on top, graph at the left, inspector at the right with a movable border. It
 * holds the latest snapshots and passes them down; components below never touch the transport.
 */
import { html, nothing } from 'lit';
import type { Clamp } from '../../src/contract/clamp';
import type { Bookmark, HostApi, ModelSnapshot, OverlayKind, Selection } from '../../src/contract/hostApi';
import { isCancelled } from '../../src/base/cancel';
import { describe } from '../../src/base/errors';
import type { Remote } from '../../src/base/rpc';
import '../graph/graph';
import type { Exported } from '../graph/export';
import type { GraphOverlay } from '../graph/overlay';
import { refOf } from '../graph/selecting';
import '../inspector/inspector';
import type { Inquiry } from '../inspector/inquiry';
import { define } from '../kit/define';
import '../neurons/neurons';
import type { NeuronPort } from '../neurons/neuronProperties';
import { AppProperties } from './appProperties';
import './clamps';
import { chosenKind, Columns, type NumberColumn } from './columns';
import type { Connection } from './connection';
import { prepareLayoutWorker } from './layoutWorker';
import './nodeTable';
import { renderTrouble, renderWarnings } from './notices';
import { inquiryOf, neuronPortOf } from './ports';
import './runBar';
import './sash';
import './trouble';
import { EXTENT, readViewState, type ViewState } from './viewState';
import { setWords, word } from './words';

const NARROW = 720;
const NOBODY: readonly number[] = [];

interface SelectionDetail {
  readonly selection: Selection;
}

export class PcApp extends AppProperties {
  readonly #columns = new Columns();
  #connection: Connection | undefined;
  #inquiry: Inquiry | null = null;
  #neuronPort: NeuronPort | null = null;
  #makeWorker: (() => Worker) | undefined;
  #inspecting: AbortController | undefined;
  /** A selection was made since this page began: an older one no longer counts. */
  #chosen = false;

  constructor() {
    super();
    this.context = contextOf({ kind: 'none' });
    new ResizeObserver(() => {
      this.narrow = this.clientWidth < NARROW;
    }).observe(this);
  }

  /** Starts talking to the host. Once. */
  async start(connection: Connection): Promise<void> {
    this.#connection = connection;
    const { host } = connection;
    this.#inquiry = inquiryOf(host, (work) => this.#tell(work));
    this.#neuronPort = neuronPortOf(host, (work) => this.#tell(work));
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
    connection.on('times', (times) => {
      this.times = times;
    });
    connection.on('bookmarks', (bookmarks) => {
      this.bookmarks = bookmarks;
    });
    connection.on('clamps', (clamps) => {
      this.clamps = clamps;
    });
    connection.on('links', () => {
      if (this.searchTexts !== null) void this.#tell(this.#fetchTexts());
    });
    connection.on('neurons', ({ selection }) => {
      this.neuronsAt = selection;
    });
    connection.on('selection', ({ selection, origin }) => {
      if (origin !== 'graph') {
        this.#chosen = true;
        this.selection = selection;
      }
      this.#inspect();
    });
    connection.on('highlight', ({ nodes }) => {
      this.highlight = nodes;
    });
    const worker = prepareLayoutWorker(document.body.dataset['worker'] ?? '').then((make) => {
      this.#makeWorker = make;
      this.requestUpdate();
    });
    const both = Promise.all([host.ready(), worker]);
    const [{ model, runs, run, times, bookmarks, clamps, neurons }] = await both;
    this.runs = runs;
    this.run = run;
    this.times = times;
    this.bookmarks = bookmarks;
    this.clamps = clamps;
    // Events may overtake the answer: what the person chose meanwhile stands, and a newer model does too.
    if (!this.#chosen) this.selection = model.selection;
    this.neuronsAt = neurons;
    if (this.model === null || this.model.revision <= model.revision) this.#setModel(model);
    else this.#inspect();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute('role', 'main');
  }

  override render(): unknown {
    const { model } = this;
    if (model === null || (model.graph !== null && this.#makeWorker === undefined))
      return html`<div class="reading" role="status">${word('reading')}</div>`;
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
        .overlay=${this.#kind()}
        .columns=${this.#numbers()}
        .canTime=${this.times === null}
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
          if (detail.kind === 'time' && this.times === null) this.#host((host) => host.measureTimes());
        }}
      ></pc-run-bar>
      ${this.#clamps()}
      ${renderWarnings(model.warnings, this.warningsOpen, () => (this.warningsOpen = !this.warningsOpen))}
      ${renderTrouble(this.runs, this.run, this.#kind() === 'time' ? this.times : null, () => this.#host((host) => host.showLog()))}
      <div class="panes ${this.narrow ? 'narrow' : ''}">
        <div class="main">
          ${this.neuronsAt === null ? nothing : this.#neurons(this.neuronsAt)}
          <pc-graph
            ?hidden=${this.neuronsAt !== null}
            data-vscode-context=${this.context}
            .makeWorker=${this.#makeWorker}
            .words=${model.words}
            .model=${model.graph}
            .overlay=${this.#overlay()}
            .types=${this.run?.types ?? null}
            .selection=${this.selection}
            .highlight=${this.highlight}
            .held=${this.clamps?.nodes ?? NOBODY}
            .saved=${this.view.graph}
            .bookmarks=${this.bookmarks}
            .texts=${this.searchTexts}
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
            @pc-bookmarks=${({ detail }: CustomEvent<readonly Bookmark[]>) => {
              this.bookmarks = detail;
              this.#host((host) => host.setBookmarks(detail));
            }}
            @pc-search=${() => void this.#tell(this.#fetchTexts())}
            @pc-export=${this.#save}
            @pc-table=${() => void this.#openTable()}
            @pc-overlays=${() => this.renderRoot.querySelector('pc-run-bar')?.chooseOverlay()}
            @pc-neurons=${() => (this.neuronsAt = this.selection)}
            @pc-clamp=${() => this.#host((host) => host.clamp(null, 'set'))}
          ></pc-graph>
          ${this.tabled && this.neuronsAt === null ? this.#table(model) : nothing}
        </div>
        <pc-sash
          ?level=${this.narrow}
          label=${word('resize')}
          .extent=${this.#extent()}
          .least=${EXTENT.least}
          .most=${EXTENT.most}
          @pc-extent=${({ detail }: CustomEvent<number>) => {
            this.#remember(this.narrow ? { inspectorHeight: detail } : { inspectorWidth: detail });
          }}
        ></pc-sash>
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

  /** Nothing where nothing stands, so that it takes no room and no landmark. */
  #clamps(): unknown {
    if (this.clamps === null || this.clamps.clamps.length === 0) return nothing;
    return html`<pc-clamps
      role="region"
      aria-label=${word('clamps')}
      .state=${this.clamps}
      @pc-put-clamp=${({ detail }: CustomEvent<Clamp>) => this.#host((host) => host.putClamp(detail))}
      @pc-edit-clamp=${({ detail }: CustomEvent<string>) => this.#host((host) => host.editClamp(detail))}
      @pc-remove-clamp=${({ detail }: CustomEvent<string>) => this.#host((host) => host.removeClamp(detail))}
      @pc-clear-clamps=${() => this.#host((host) => host.clearClamps())}
    ></pc-clamps>`;
  }

  #setModel(model: ModelSnapshot): void {
    setWords(model.words);
    this.model = model;
    this.#inspect();
  }

  #numbers(): readonly NumberColumn[] {
    const graph = this.model?.graph;
    if (graph === undefined || graph === null) return [];
    const titles = { weights: word('overlayWeights'), time: word('overlayTime') };
    return this.#columns.of(graph, this.run, this.times, titles);
  }

  #kind(): OverlayKind | null {
    return chosenKind(this.view.overlay, this.#numbers());
  }

  #overlay(): GraphOverlay | null {
    const kind = this.#kind();
    return this.#numbers().find((column) => column.kind === kind)?.overlay ?? null;
  }

  #neurons(at: Selection): unknown {
    return html`<pc-neurons
      .port=${this.#neuronPort}
      .selection=${this.selection.kind === 'none' ? at : this.selection}
      .runId=${this.run?.id ?? ''}
      @pc-select=${({ detail }: CustomEvent<SelectionDetail>) => {
        this.#select(detail.selection);
      }}
      @pc-open=${({ detail }: CustomEvent<SelectionDetail>) => this.#host((host) => host.reveal(detail.selection, 'call'))}
      @pc-close=${() => {
        this.neuronsAt = null;
        void this.updateComplete.then(() => this.renderRoot.querySelector('pc-graph')?.focus());
      }}
    ></pc-neurons>`;
  }

  #table({ graph }: ModelSnapshot): unknown {
    const ref = graph === null ? null : refOf(graph, this.selection);
    const idOf = (row: number): Selection => ({ kind: 'node', id: graph?.nodes.id[row] ?? 0 });
    return html`<pc-sash
        level
        label=${word('resizeTable')}
        .extent=${this.view.tableHeight}
        .least=${EXTENT.least}
        .most=${EXTENT.most}
        @pc-extent=${({ detail }: CustomEvent<number>) => {
          this.#remember({ tableHeight: detail });
        }}
      ></pc-sash>
      <pc-node-table
        .style=${`height:${String(this.view.tableHeight)}px`}
        .model=${graph}
        .columns=${this.#numbers()}
        .types=${this.run?.types ?? null}
        .texts=${this.searchTexts}
        .selected=${ref === null || ref < 0 ? -1 : ref}
        @pc-row=${({ detail }: CustomEvent<number>) => {
          this.#select(idOf(detail));
        }}
        @pc-row-open=${({ detail }: CustomEvent<number>) => this.#host((host) => host.reveal(idOf(detail), 'call'))}
        @pc-close=${() => {
          this.tabled = false;
          this.renderRoot.querySelector('pc-graph')?.focus();
        }}
      ></pc-node-table>`;
  }

  async #openTable(): Promise<void> {
    this.tabled = true;
    void this.#tell(this.#fetchTexts());
    await this.updateComplete;
    const table = this.renderRoot.querySelector('pc-node-table');
    await table?.updateComplete;
    table?.focus();
  }

  async #fetchTexts(): Promise<void> {
    this.searchTexts = (await this.#connection?.host.searchTexts()) ?? null;
  }

  /** A drawing goes where the person wants it; the host asks. */
  readonly #save = (event: CustomEvent<Exported>): void => {
    event.preventDefault();
    const { name, content } = event.detail;
    this.#host(async (host) => host.saveFile(name, new Uint8Array(await content.arrayBuffer())));
  };

  #select(selection: Selection): void {
    this.#chosen = true;
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

  #extent(): number {
    return this.narrow ? this.view.inspectorHeight : this.view.inspectorWidth;
  }

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
