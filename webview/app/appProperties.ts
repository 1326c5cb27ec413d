/** What `<pc-app>` holds: the latest snapshots of the host and the choices of view; the reactive properties alone. */
import { LitElement } from 'lit';
import type {
  Bookmark,
  ClampState,
  Inspection,
  ModelSnapshot,
  NodeTimes,
  RunSnapshot,
  RunState,
  SearchTexts,
  Selection,
} from '../../src/contract/hostApi';
import { appStyle } from './appStyle';
import { shared } from './style';
import { DEFAULT_STATE, type ViewState } from './viewState';

export abstract class AppProperties extends LitElement {
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
    times: { state: true },
    bookmarks: { state: true },
    clamps: { state: true },
    searchTexts: { state: true },
    tabled: { state: true },
    neuronsAt: { state: true },
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
  declare times: NodeTimes | null;
  declare bookmarks: readonly Bookmark[];
  declare clamps: ClampState | null;
  declare searchTexts: SearchTexts | null;
  /** The table of nodes is open. */
  declare tabled: boolean;
  /** What the neuron graph was opened at; null while the graph of nodes is shown. */
  declare neuronsAt: Selection | null;

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
    this.context = '';
    this.times = null;
    this.bookmarks = [];
    this.clamps = null;
    this.searchTexts = null;
    this.tabled = false;
    this.neuronsAt = null;
  }
}
