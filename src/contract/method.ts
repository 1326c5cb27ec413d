/** The one interface for interpretability methods, and the closed set of figures they give. Types only. */
import type { GradientRequest, GradientResult, RunRequest, RunResult, TensorHandle } from './run';
import type { Skeleton } from './skeleton';
import type { Site, SiteText } from './site';
import type { TensorData } from './tensor';

export type ParamSpec =
  | {
      readonly name: string;
      readonly type: 'number' | 'integer';
      readonly default: number;
      readonly min?: number;
      readonly max?: number;
      readonly description: string;
    }
  | {
      readonly name: string;
      readonly type: 'string' | 'site' | 'objective';
      readonly default: string;
      readonly description: string;
    }
  | {
      readonly name: string;
      readonly type: 'sites';
      readonly default: readonly string[];
      readonly description: string;
    }
  | {
      readonly name: string;
      readonly type: 'choice';
      readonly default: string;
      readonly choices: readonly string[];
      readonly description: string;
    }
  | {
      readonly name: string;
      readonly type: 'boolean';
      readonly default: boolean;
      readonly description: string;
    };

export type ParamValue = number | string | boolean | readonly string[];
export type Params = Readonly<Record<string, ParamValue>>;

export type FigureKind =
  'table' | 'heatmap' | 'curves' | 'bars' | 'scatter' | 'images' | 'tokens' | 'tree' | 'scalars';

export type Cell = string | number | null;

/** Every figure is a table first; `kind` says how to draw it. `control` is drawn with it, never on another tab. */
export interface Figure {
  readonly kind: FigureKind;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Same columns; null only with the words *no control* shown where it would be. */
  readonly control: { readonly title: string; readonly rows: readonly (readonly Cell[])[] } | null;
  readonly unit?: string;
}

/** Numbers per node or per site, for the graph. */
export interface Overlay {
  readonly title: string;
  readonly unit: string;
  readonly signed: boolean;
  readonly values: readonly { readonly site: SiteText; readonly value: number }[];
  /** The scale's end is at least this: what is far below it stays pale, and marks no line of source. */
  readonly least?: number;
}

export interface Provenance {
  readonly model: string;
  readonly modelHash: string;
  readonly params: Params;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly feeds: Readonly<Record<string, string>>;
}

export interface Finding {
  readonly method: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly overlay: Overlay | null;
  /** What was controlled for, one sentence each. */
  readonly controls: readonly string[];
  readonly caveats: readonly string[];
  readonly provenance: Provenance;
}

export interface Progress {
  readonly progress: { readonly done: number; readonly total: number; readonly text: string };
}

/** Words for the elements along a value's last axis, or for the positions of an input of tokens, by the value's name. */
export type Labels = Readonly<Record<string, readonly string[]>>;

export interface MethodContext {
  readonly model: Skeleton;
  readonly site?: Site;
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly labels: Labels;
  /** To go into findings, with the parameters. */
  readonly provenance: Omit<Provenance, 'params'>;
  readonly signal: AbortSignal;
  run(request: RunRequest): Promise<RunResult>;
  gradient(request: GradientRequest): Promise<GradientResult>;
  /** Hands the tensor over and lets go of the handle. */
  tensor(handle: TensorHandle): Promise<TensorData>;
  /** Lets tensors go that nobody will ask for. */
  release(handles: readonly TensorHandle[]): void;
  /**
   * The same question put to a copy of the model in which the elements of each of these weights (names of the main
   * graph's initializers and constants) stand in a seeded random order. For controls; `work` may not keep the copy.
   */
  shuffled<T>(weights: readonly string[], work: (copy: MethodContext) => Promise<T>): Promise<T>;
  log(text: string): void;
  /** Uniform in [0, 1), seeded. */
  random(): number;
}

export interface Method {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly title: string;
  /** One sentence a newcomer understands. */
  readonly summary: string;
  readonly paper: { readonly title: string; readonly url: string } | null;
  readonly params: readonly ParamSpec[];
  readonly needs?: readonly ('gradients' | 'two-inputs' | 'labels')[];
  /** A string says why not. */
  appliesTo(model: Skeleton, site?: Site): true | string;
  run(context: MethodContext, params: Params): AsyncIterable<Progress | Finding>;
}
