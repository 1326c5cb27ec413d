/** What a page gives `<pc-graph>`, and what the graph keeps for its own markup: the reactive properties alone. */
import { LitElement } from 'lit';
import type { GraphModel } from '../../src/contract/graphModel';
import type { Bookmark, SearchTexts, Selection } from '../../src/contract/hostApi';
import { graphStyle } from './graphStyle';
import type { MakeWorker } from './layoutClient';
import type { GraphOverlay } from './overlay';
import type { Tip } from './tips';

export abstract class GraphProperties extends LitElement {
  static override readonly properties = {
    model: { attribute: false },
    overlay: { attribute: false },
    types: { attribute: false },
    selection: { attribute: false },
    highlight: { attribute: false },
    held: { attribute: false },
    words: { attribute: false },
    makeWorker: { attribute: false },
    saved: { attribute: false },
    bookmarks: { attribute: false },
    texts: { attribute: false },
    plain: { type: Boolean },
    busy: { state: true },
    message: { state: true },
    tip: { state: true },
    outlined: { state: true },
  };
  static override readonly styles = graphStyle;

  declare model: GraphModel | null;
  declare overlay: GraphOverlay | null;
  /** Type and shape per value row as the shown run had them; '' or null where not known. */
  declare types: readonly string[] | null;
  declare selection: Selection;
  /** Ids of nodes lit from the source side. */
  declare highlight: readonly number[];
  /** Ids of nodes whose values are held or scaled. */
  declare held: readonly number[];
  declare words: Readonly<Record<string, string>>;
  /** Starts the layout worker; the page knows where its bundle lies. */
  declare makeWorker: MakeWorker;
  /** What `pc-view` gave last time. Read once per model. */
  declare saved: unknown;
  declare bookmarks: readonly Bookmark[];
  /** Attributes and source lines for the search; null until the page has them (`pc-search` asks). */
  declare texts: SearchTexts | null;
  /** Draws without WebGL. Read once. */
  declare plain: boolean;
  /** 0 idle, 1 a thin bar, 2 a note with a stop button. */
  declare busy: number;
  declare message: string;
  declare tip: Tip | null;
  declare outlined: boolean;

  constructor() {
    super();
    this.model = null;
    this.overlay = null;
    this.types = null;
    this.selection = { kind: 'none' };
    this.highlight = [];
    this.held = [];
    this.words = {};
    this.makeWorker = () => {
      throw new Error('Broken invariant: the page gives the graph its worker.');
    };
    this.saved = null;
    this.bookmarks = [];
    this.texts = null;
    this.plain = false;
    this.busy = 0;
    this.message = '';
    this.tip = null;
    this.outlined = false;
  }
}
