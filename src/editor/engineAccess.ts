/**
 * The engine as the editor uses it: one child for the window, started when a model first needs it, and models opened in
 * it again whenever it was replaced. Everything a person has lives outside the child.
 */
import type { Remote } from '../base/rpc';
import type { EngineApi, InferredValue, OpenedModel } from '../contract/engineApi';
import type { RunRequest, RunResult } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import type { OpenModel } from './openModel';

/** What the editor needs of `engine/client.ts`. */
export interface EnginePort {
  /** The child's API; starts it when there is none. Rejects with the sentence to show. */
  api(): Promise<Remote<EngineApi>>;
  /** Counts the children there have been: a model opened in an earlier one must be opened again. */
  readonly generation: number;
}

interface Opened {
  readonly generation: number;
  readonly content: unknown;
  readonly model: Promise<OpenedModel>;
}

export class EngineAccess {
  readonly #opened = new WeakMap<OpenModel, Opened>();

  constructor(private readonly port: EnginePort) {}

  /** The model as the child knows it; opens it when it does not, or when its file has changed. */
  async open(model: OpenModel): Promise<{ readonly api: Remote<EngineApi>; readonly opened: OpenedModel }> {
    const api = await this.port.api();
    let entry = this.#opened.get(model);
    if (entry === undefined || entry.generation !== this.port.generation || entry.content !== model.content?.skeleton) {
      if (entry !== undefined && entry.generation === this.port.generation) {
        void entry.model.then(({ id }) => api.close(id)).catch(() => undefined);
      }
      entry = { generation: this.port.generation, content: model.content?.skeleton, model: api.open(model.uri.fsPath) };
      this.#opened.set(model, entry);
      entry.model.catch(() => this.#opened.delete(model));
    }
    return { api, opened: await entry.model };
  }

  async infer(model: OpenModel, signal?: AbortSignal): Promise<readonly InferredValue[]> {
    const { api, opened } = await this.open(model);
    return signal === undefined ? api.infer(opened.id) : api.infer(opened.id, signal);
  }

  async run(model: OpenModel, request: RunRequest, signal: AbortSignal): Promise<RunResult> {
    const { api, opened } = await this.open(model);
    return api.run(opened.id, request, signal);
  }

  /** A box of a value, captured by a run that computes only what lies upstream of it. */
  async value(
    model: OpenModel,
    request: Pick<RunRequest, 'feeds'>,
    site: string,
    slice: Parameters<EngineApi['tensor']>[1],
    signal: AbortSignal,
  ): Promise<TensorData> {
    const { api, opened } = await this.open(model);
    const { captures } = await api.run(opened.id, { ...request, capture: [site], outputs: [], keep: true }, signal);
    const handle = captures[0]?.handle;
    if (handle === undefined || handle === null) throw new Error(`The engine kept no tensor for ${site}.`);
    try {
      return await api.tensor(handle, slice, signal);
    } finally {
      void api.release([handle]).catch(() => undefined);
    }
  }
}
