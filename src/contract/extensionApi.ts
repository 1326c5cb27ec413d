/**
 * What other extensions get from Patchclamp: `extensions.getExtension('patchclamp.patchclamp').activate()` gives an
 * `Exports`, and that gives the API of a version. Types only. Within a version nothing is taken away or changes meaning.
 */
import type { InferredValue, TensorSlice } from './engineApi';
import type {
  FeedSpec,
  GradientRequest,
  GradientResult,
  Intervention,
  RunRequest,
  RunResult,
  SweepRequest,
  SweepResult,
  TensorHandle,
} from './run';
import type { SiteText } from './site';
import type { StreamProgress, StreamRequest, StreamResult } from './stream';
import type { TensorData } from './tensor';

export interface Exports {
  /** Throws for a version this Patchclamp does not have. */
  getApi(version: 1): PatchclampApi;
}

export interface PatchclampApi {
  readonly version: 1;
  /**
   * Opens a local model in the engine, which starts when it is first needed. Rejects with the sentence to show where the
   * workspace is not trusted or the file cannot be read. Open models stay until they are disposed.
   */
  open(file: { readonly scheme: string; readonly fsPath: string }): Promise<ApiModel>;
  /**
   * Adds the methods of a CommonJS file, named by its whole path, until the result is disposed: they stand in *Ask a
   * Model…* with their forms, in experiment files and in reports like Patchclamp's own. The file exports `methods`, an array
   * of `Method` (`contract/method.ts`); it is loaded in this window to be listed, and in the engine's process to run. Throws
   * the sentence to show where it cannot be loaded, is no such module, or brings an id that there is already.
   */
  registerMethods(file: string): { dispose(): void };
}

/** Tensors by the name of an output or the text of a site, as asked. */
export type Tensors = Readonly<Record<string, TensorData>>;

export interface Intervened {
  readonly outputs: Tensors;
  /** The same outputs without the interventions, from the same feeds. */
  readonly baseline: Tensors;
  /** Sentences a person should read: sites without effect, random nodes, … */
  readonly notes: readonly string[];
}

/**
 * A model in the engine. Every call takes a signal; a cancelled one rejects with an `AbortError`. Other errors carry a
 * `code` and a sentence that says what happened, to what, and what to do.
 */
export interface ApiModel {
  readonly inputs: readonly FeedSpec[];
  readonly outputs: readonly FeedSpec[];
  /** Types and shapes of every value, as the runtime infers them. */
  infer(signal?: AbortSignal): Promise<readonly InferredValue[]>;
  /** As the editor runs: tensors stay in the engine under handles. */
  run(request: RunRequest, signal?: AbortSignal): Promise<RunResult>;
  tensor(handle: TensorHandle, slice?: TensorSlice, signal?: AbortSignal): Promise<TensorData>;
  release(handles: readonly TensorHandle[]): void;
  /** Values at sites, handed over. Only what they need is computed. */
  capture(feeds: RunRequest['feeds'], sites: readonly SiteText[], signal?: AbortSignal): Promise<Tensors>;
  /** Outputs with and without interventions, handed over. */
  intervene(
    feeds: RunRequest['feeds'],
    interventions: readonly Intervention[],
    signal?: AbortSignal,
  ): Promise<Intervened>;
  gradient(request: GradientRequest, signal?: AbortSignal): Promise<GradientResult>;
  sweep(request: SweepRequest, signal?: AbortSignal): Promise<SweepResult>;
  /** Many examples, reduced as they pass. `examples` may be gone through more than once. */
  stream(
    request: StreamRequest,
    examples: () => AsyncIterable<RunRequest['feeds']> | Iterable<RunRequest['feeds']>,
    onProgress?: (progress: StreamProgress) => void,
    signal?: AbortSignal,
  ): Promise<StreamResult>;
  dispose(): void;
}
