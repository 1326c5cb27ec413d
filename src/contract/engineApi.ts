/** What the engine child offers over RPC. Types only. One child serves many models. */
import type { Finding, Labels, Params } from './method';
import type { SiteText } from './site';
import type {
  FeedSpec,
  GradientRequest,
  GradientResult,
  NodeTime,
  RunRequest,
  RunResult,
  SweepRequest,
  SweepResult,
  TensorHandle,
} from './run';
import type { Shape, Dtype } from './skeleton';
import type { StreamId, StreamProgress, StreamRequest, StreamResult } from './stream';
import type { TensorData, TensorSummary } from './tensor';

export interface EngineInfo {
  readonly pid: number;
  readonly runtime: string;
  /** Execution providers this machine's runtime lists. */
  readonly providers: readonly string[];
  /** Those of them on which nobody has run Patchclamp's tests: to be marked where they are offered. */
  readonly untested: readonly string[];
}

/** Names an opened model in the child. */
export type ModelId = string;

export interface OpenedModel {
  readonly id: ModelId;
  readonly inputs: readonly FeedSpec[];
  readonly outputs: readonly FeedSpec[];
  /** What is odd about its file, a sentence or two each. */
  readonly warnings: readonly string[];
}

/** Type and shape the runtime infers for a value; dims are symbolic where the model leaves them open. */
export interface InferredValue {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/** A box of a tensor: per axis the first index and how many; missing axes are whole. */
export interface TensorSlice {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/** A method asked of a model with one input. */
export interface ProbeRequest {
  readonly method: string;
  /** The CommonJS file that brings the method, by its whole path; left out for Patchclamp's own. */
  readonly module?: string;
  /** Checked already: every parameter has a value of its type. */
  readonly params: Params;
  readonly feeds: Readonly<Record<string, TensorData>>;
  readonly labels?: Labels;
  /** By the names under which objectives among the parameters project on them. */
  readonly directions?: Readonly<Record<string, TensorData>>;
  readonly site?: SiteText;
  /** Its runs need not be asked about, however much memory they take. */
  readonly confirmed?: boolean;
  /** Of every random number the method draws. */
  readonly seed: number;
  /** Carried by this call's `progress` and `finding` events. */
  readonly token: string;
}

export interface ProbeResult {
  /** Findings told by events before this answer. */
  readonly findings: number;
  readonly ms: number;
}

export interface EngineApi {
  hello(): EngineInfo;
  /** Reads the skeleton of a local file and makes it ready to run. Rejects with the sentence to show. */
  open(file: string, signal?: AbortSignal): Promise<OpenedModel>;
  close(model: ModelId): Promise<void>;
  /** Every top-level value the runtime can infer at level `disabled`. */
  infer(model: ModelId, signal?: AbortSignal): Promise<readonly InferredValue[]>;
  run(model: ModelId, request: RunRequest, signal?: AbortSignal): Promise<RunResult>;
  tensor(handle: TensorHandle, slice?: TensorSlice, signal?: AbortSignal): Promise<TensorData>;
  summarize(handle: TensorHandle, slice?: TensorSlice): Promise<TensorSummary>;
  release(handles: readonly TensorHandle[]): void;
  /** Gradients by a backward graph that the runtime runs. Rejects with `no-gradient`, naming operator and node. */
  gradient(model: ModelId, request: GradientRequest, signal?: AbortSignal): Promise<GradientResult>;
  /** One question many times over, as few runs as the model allows. Progress carries the model's id as its token. */
  sweep(model: ModelId, request: SweepRequest, signal?: AbortSignal): Promise<SweepResult>;
  /** Starts a reduction over many examples. Rejects with `bad-site`. */
  stream(model: ModelId, request: StreamRequest): Promise<StreamId>;
  /** Runs more examples of a stream. A cancel is heard between runs; what ran before it stays counted. */
  push(
    stream: StreamId,
    examples: readonly RunRequest['feeds'][],
    signal?: AbortSignal,
  ): Promise<StreamProgress>;
  /** The answers so far; more can be pushed afterwards. */
  reduced(stream: StreamId): Promise<StreamResult>;
  endStream(stream: StreamId): void;
  /** Runs a method; its findings come as events. Other calls take their turns between the method's runs. */
  probe(model: ModelId, request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResult>;
  /** Time per node from the runtime's profile, in a session of its own. */
  profile(model: ModelId, request: RunRequest, signal?: AbortSignal): Promise<readonly NodeTime[]>;
}

export interface EngineEvents {
  /** Work in progress: `done` of `total` steps of the call that carried this token. */
  progress: { readonly token: string; readonly done: number; readonly total: number; readonly text: string };
  /** A finding of the probe that carries this token; `index` counts from 0. */
  finding: { readonly token: string; readonly index: number; readonly finding: Finding };
  /** The child listens. */
  ready: { readonly pid: number };
  /** The child is about to be deaf for about this long. */
  blocking: { readonly text: string; readonly predictedMs: number };
  log: { readonly level: 'info' | 'warn' | 'error'; readonly text: string };
}

/** Sites captured in one run, as the host remembers them across reloads. */
export interface StoredCapture {
  readonly site: SiteText;
  readonly dtype: Dtype;
  readonly dims: readonly number[];
  readonly summary: TensorSummary | null;
}
