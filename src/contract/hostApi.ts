/**
 * What the model editor's webview asks of the extension host, and what it is told. Types only.
 * Payloads are JSON, ArrayBuffers and typed arrays; events carry complete snapshots with a revision, never deltas.
 * Every text in here is already in the person's language.
 */
import type { Clamp, ClampEffect, ClampWay } from './clamp';
import type { GraphModel } from './graphModel';
import type { NodeLink, SourcePlace } from './link';
import type { NeuronLayer, NeuronLinks, NeuronQuestion, UnitActivity } from './neurons';
import type { FeedSpec } from './run';
import type { TensorSummary } from './tensor';

/** What is selected: a node row's id, a scope path, or a value name. */
export type Selection =
  | { readonly kind: 'node'; readonly id: number }
  | { readonly kind: 'scope'; readonly path: string }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'none' };

/** Why something cannot be shown or done: two sentences. */
export interface Trouble {
  readonly what: string;
  readonly remedy: string;
  readonly code: string;
}

/** Why a model cannot run here, and what the person can do about it, if anything. */
export interface CannotRun {
  readonly reason: string;
  /** `trust`: trust the workspace. `copy`: make a copy on this machine's disk. */
  readonly action: 'trust' | 'copy' | null;
}

export interface ModelSnapshot {
  readonly revision: number;
  readonly file: string;
  /** null when nothing of the model can be shown: then `trouble` says why. */
  readonly graph: GraphModel | null;
  readonly trouble: Trouble | null;
  readonly warnings: readonly string[];
  readonly inputs: readonly FeedSpec[];
  readonly outputs: readonly FeedSpec[];
  /** null when it can run. */
  readonly cannotRun: CannotRun | null;
  readonly selection: Selection;
  readonly words: Readonly<Record<string, string>>;
}

/** One part of an input's recipe (its file, size, mean, seed, …): one click changes it. */
export interface FeedPart {
  readonly id: string;
  readonly label: string;
  readonly text: string;
  /** Where the guess comes from, or null when a person chose it or nothing was to guess. */
  readonly guess: string | null;
}

export interface FeedChoice {
  readonly name: string;
  /** `float32 1×1×28×28`. */
  readonly type: string;
  readonly optional: boolean;
  /** The source and how it is prepared; empty when nothing is chosen yet. */
  readonly parts: readonly FeedPart[];
  /** The sentence that says why this choice cannot be fed, or null. */
  readonly problem: string | null;
}

export interface RunHeader {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly when: number;
  /** Wall time in the engine. */
  readonly ms: number;
  readonly pinned: boolean;
  readonly note: string;
  /** One line: what went in. */
  readonly inputs: string;
  /** The interventions it was made with, as the command line writes them. */
  readonly clamps: readonly string[];
  /** True when the model file has changed since. */
  readonly stale: boolean;
}

/** Everything about running: what would go in, what is going on, what is kept. */
export interface RunState {
  readonly revision: number;
  readonly feeds: readonly FeedChoice[];
  /** Open dimensions, remembered per model. */
  readonly dims: readonly FeedPart[];
  readonly running: { readonly text: string; readonly since: number } | null;
  readonly runs: readonly RunHeader[];
  /** Id of the run whose values are on the graph. */
  readonly shown: string | null;
  readonly comparedWith: string | null;
  /** The last failed run, until the next one starts. */
  readonly trouble: Trouble | null;
}

/** The standing interventions, and what they do to the outputs on the chosen inputs. */
export interface ClampState {
  readonly revision: number;
  readonly clamps: readonly Clamp[];
  /** Ids of the nodes that make what is clamped. */
  readonly nodes: readonly number[];
  readonly busy: boolean;
  /** null until it is known, or while none is active. */
  readonly effect: ClampEffect | null;
  readonly trouble: Trouble | null;
}

/** Overlays of a kept run. */
export type RunOverlayKind = 'magnitude' | 'zeros' | 'spread' | 'difference';
/** `weights` is known of every model; `time` once it has been measured, `finding` once a method has given an overlay. */
export type OverlayKind = RunOverlayKind | 'weights' | 'time' | 'finding';

/** Time per node from the runtime's own profile. */
export interface NodeTimes {
  readonly revision: number;
  /** Microseconds by row in `GraphModel.nodes`; NaN where the runtime says nothing. */
  readonly byNode: Float32Array;
  /** Microseconds of the profiled run in all kernels. */
  readonly total: number;
  /** Microseconds of kernels that no node of the file stands for. */
  readonly elsewhere: number;
}

/** A place a person wants to find again; addressed so that it survives a new export. */
export interface Bookmark {
  readonly selection: Selection;
  readonly label: string;
}

/** What a search reads beyond the graph itself. By row in `GraphModel.nodes`: an index into `strings`, or -1. */
export interface SearchTexts {
  readonly strings: readonly string[];
  /** `kernel_shape=[3, 3] pads=[1, 1, 1, 1]`. */
  readonly attributes: Int32Array;
  /** `model.py:42 return self.norm(self.conv(x))`. */
  readonly source: Int32Array;
}

/** A number per value, for the graph. */
export interface OverlayColumn {
  readonly kind: OverlayKind;
  readonly title: string;
  readonly unit: string;
  readonly signed: boolean;
  /** By row in `GraphModel.values`; NaN where nothing was recorded. */
  readonly byValue: Float32Array;
  /** Scale of the colours: where they start and end. */
  readonly from: number;
  readonly to: number;
  /** True when some values lie beyond the scale's end: few outliers do not flatten the rest. */
  readonly clipped: boolean;
}

/** The values of the run that is shown. */
export interface RunSnapshot {
  readonly revision: number;
  readonly id: string;
  readonly name: string;
  readonly overlays: readonly OverlayColumn[];
  /** Shape and type each value had in this run, by row in `GraphModel.values`; '' where not recorded. */
  readonly types: readonly string[];
  readonly notes: readonly string[];
}

/** One line of the inspector: a label, its value as shown, and the full value on hover and copy. */
export interface Fact {
  readonly label: string;
  readonly text: string;
  readonly full?: string;
}

/** A value that goes into or comes out of what is inspected. */
export interface ValueFact {
  readonly name: string;
  readonly site: string;
  /** `float32 1×8×28×28`, as recorded in the shown run, else as inferred, else ''. */
  readonly type: string;
  /** What the shown run recorded, or null. */
  readonly summary: TensorSummary | null;
  /** The shown run recorded texts: there is no summary of those. */
  readonly texts: boolean;
  /** Why it cannot be recorded now, or null. */
  readonly unrecordable: string | null;
  /** A number of it can be asked about: *What Drives This?* */
  readonly drivable: boolean;
  /** True when the model's files have changed since that run: `summary` is of another version, `type` of this one. */
  readonly stale: boolean;
  /** Changes when the same tensor would be drawn otherwise: with other labels. */
  readonly drawnWith: string;
  /** The same of the run it is compared with. */
  readonly other: TensorSummary | null;
  /** What makes or uses it, to select by a click. */
  readonly peers: readonly { readonly label: string; readonly selection: Selection }[];
}

export interface WeightFact {
  readonly name: string;
  /** Names it to the host: two bodies may each have a weight of this name. */
  readonly key: string;
  /** Changes with the model's files: what was read of it before is of another version. */
  readonly version: string;
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly bytes: number;
  /** Where its bytes lie, one phrase. */
  readonly where: string;
  /** Statistics when they have been read already. */
  readonly summary: TensorSummary | null;
  /** Why it cannot be read, or null. */
  readonly problem: string | null;
}

export interface Inspection {
  readonly selection: Selection;
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly attributes: readonly Fact[];
  readonly inputs: readonly ValueFact[];
  readonly outputs: readonly ValueFact[];
  readonly weights: readonly WeightFact[];
  readonly link: NodeLink | null;
  /** Frames of a node's trace that lie in libraries, the innermost first: `torch/nn/modules/linear.py:134`. */
  readonly frames: readonly string[];
  /** For a scope: the distinct places of its nodes, most nodes first. */
  readonly places: readonly { readonly place: SourcePlace; readonly text: string; readonly nodes: number }[];
  /** For a model of which no node leads to source: why. The view offers to write an export script. */
  readonly unlinked: string | null;
}

/** A drawing of a tensor, already cut to what a screen can show. `note` says what was cut, or is ''. */
export type Picture = {
  readonly title: string;
  readonly note: string;
  readonly dims: readonly number[];
  /** Axes that are not drawn, with the index that is shown. */
  readonly fixed: readonly { readonly axis: number; readonly size: number; readonly index: number }[];
  /** What the site of one item (image, token, bar) begins with; its index ends it. Missing where none can be held. */
  readonly pick?: string;
} & (
  | {
      /** Equal images, one per channel, head or example, on one scale. */
      readonly kind: 'grid';
      readonly count: number;
      readonly rows: number;
      readonly columns: number;
      /** What one image is: `channel`. */
      readonly item: string;
      /** count × rows × columns. */
      readonly data: Float32Array;
      /** Three channels 0..1 that make one picture in colour. */
      readonly color: boolean;
    }
  | {
      readonly kind: 'matrix';
      readonly rows: number;
      readonly columns: number;
      readonly rowItem: string;
      readonly columnItem: string;
      readonly rowNames: readonly string[] | null;
      readonly data: Float32Array;
    }
  | {
      readonly kind: 'bars';
      readonly item: string;
      readonly names: readonly string[] | null;
      readonly data: Float32Array;
    }
  | {
      /** A number per token: the length of its vector. */
      readonly kind: 'tokens';
      readonly tokens: readonly string[];
      readonly data: Float32Array;
      readonly measure: string;
    }
  | {
      readonly kind: 'ranking';
      readonly entries: readonly {
        readonly name: string;
        readonly index: number;
        readonly value: number;
        readonly share: number | null;
      }[];
      /** What `share` is: `softmax of the output`; '' when there is none. */
      readonly shareIs: string;
      readonly labelsFrom: string;
    }
  | { readonly kind: 'text'; readonly text: string }
);

/** Which slice of a tensor to draw: a fixed index for each axis that is not drawn. Missing: the host's choice. */
export interface PictureRequest {
  readonly of: 'weight' | 'activation';
  /** A value's name, or a weight's key. */
  readonly name: string;
  /** Index by axis, for axes that are not drawn; the host's choice for those left out. */
  readonly fixed: Readonly<Record<number, number>>;
}

/** A layer of the neuron graph as a page shows it. */
export interface ShownLayer extends NeuronLayer {
  /** Module path, else the operator, else the input's name. */
  readonly title: string;
  readonly op: string;
  readonly selection: Selection;
  /** `model.py:42`, or ''. */
  readonly line: string;
  /** What the site of one of its units begins with; the unit's number ends it. */
  readonly address: string;
}

export interface NeuronMap {
  readonly revision: number;
  readonly layers: readonly ShownLayer[];
  /** The layer of what was asked for, or -1 where the model has none. */
  readonly start: number;
}

export interface HostApi {
  ready(): Promise<{
    readonly model: ModelSnapshot;
    readonly runs: RunState;
    readonly run: RunSnapshot | null;
    readonly times: NodeTimes | null;
    readonly bookmarks: readonly Bookmark[];
    /** A command asked for the neuron graph here before the page was there. */
    readonly neurons: Selection | null;
    readonly clamps: ClampState;
  }>;
  inspect(selection: Selection, signal?: AbortSignal): Promise<Inspection>;
  /** A person selected something in the graph. */
  select(selection: Selection): void;
  /** Opens the line and moves focus there. */
  reveal(selection: Selection, what: 'call' | 'definition'): Promise<void>;
  openPlace(place: SourcePlace): Promise<void>;
  /** Opens a frame of `Inspection.frames`, or the one outside the workspace, which is asked about first. */
  openFrame(selection: Selection, frame: number | 'outside'): Promise<void>;
  record(site: string): Promise<void>;
  /** *What Drives This Output?* of a value; of one number of it where an objective names it. */
  whatDrives(value: string, objective: string | null): Promise<void>;
  /** *Write Export Script…* for this model's class. */
  writeExportScript(): Promise<void>;
  /** By the weight's key. */
  weightSummary(key: string, signal?: AbortSignal): Promise<TensorSummary>;
  pictures(request: PictureRequest, signal?: AbortSignal): Promise<readonly Picture[]>;
  exportWeight(key: string): Promise<void>;
  /** Asks the person for this part of an input's recipe, with VS Code's own pickers. */
  changeFeed(input: string, part: string): Promise<void>;
  changeDim(name: string): Promise<void>;
  run(): Promise<void>;
  stopRun(): Promise<void>;
  showRun(id: string | null): Promise<void>;
  compareWith(id: string | null): Promise<void>;
  /** Profiles the chosen inputs in a session of its own; the times come as an event. */
  measureTimes(): Promise<void>;
  /** Holds a site, or with null what is selected, at a number, at 0, or multiplies it: asks for the number. */
  clamp(site: string | null, how: ClampWay): Promise<void>;
  /** Puts a standing intervention in the place of the one with its id. */
  putClamp(clamp: Clamp): Promise<void>;
  /** Asks the person for another site, so that one unit or position can be held. */
  editClamp(id: string): Promise<void>;
  removeClamp(id: string): Promise<void>;
  clearClamps(): Promise<void>;
  /** Layers of units, with the one that belongs to what is selected. */
  neurons(selection: Selection): Promise<NeuronMap>;
  neuronActivity(layer: number, signal?: AbortSignal): Promise<UnitActivity>;
  neuronLinks(question: NeuronQuestion, signal?: AbortSignal): Promise<NeuronLinks>;
  setBookmarks(bookmarks: readonly Bookmark[]): Promise<void>;
  searchTexts(signal?: AbortSignal): Promise<SearchTexts>;
  /** Asks where to, and writes a file. False when the person decided not to. */
  saveFile(name: string, content: Uint8Array): Promise<boolean>;
  manageTrust(): Promise<void>;
  showLog(): Promise<void>;
  report(text: string): void;
}

export interface ViewEvents {
  model: ModelSnapshot;
  runs: RunState;
  run: RunSnapshot | null;
  times: NodeTimes | null;
  bookmarks: readonly Bookmark[];
  /** Places in source were found again: what was read of them is old. */
  links: { readonly revision: number };
  /** A command asks for the neuron graph. */
  neurons: { readonly selection: Selection };
  clamps: ClampState;
  selection: {
    readonly revision: number;
    readonly selection: Selection;
    readonly origin: 'graph' | 'source' | 'tree' | 'command';
  };
  /** Nodes the cursor's line made: lit in the graph, nothing moves. */
  highlight: { readonly revision: number; readonly nodes: readonly number[] };
}
