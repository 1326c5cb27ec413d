/**
 * Getting a model ready to run, step by step: its kept runs, what was looked at last, guesses about its inputs, and, where
 * it may run, the types the runtime infers. A step counts as done only when it succeeded, for the version it was done for;
 * what failed is tried again at the next occasion.
 */
import type { LogOutputChannel } from 'vscode';
import { isCancelled } from '../base/cancel';
import { describe } from '../base/errors';
import type { EngineAccess } from './engineAccess';
import type { FeedBook } from './feedBook';
import type { OpenModel } from './openModel';
import type { RunBook } from './runBook';
import type { RunMemory } from './runMemory';
import type { Trust } from './trust';
import { ValueTypes } from './valueTypes';

interface Parts {
  readonly engine: EngineAccess;
  readonly feeds: FeedBook;
  readonly trust: Trust;
  readonly memory: RunMemory;
  readonly log: LogOutputChannel;
}

export class Preparation {
  #busy = false;
  #again = false;
  #loaded = false;
  #recalled = false;
  /** Versions of the model. */
  #fed: object | undefined;
  #inferred: object | undefined;

  constructor(
    private readonly model: OpenModel,
    private readonly book: RunBook,
    private readonly parts: Parts,
  ) {}

  /** True once what was looked at before is shown again: from then on it may be remembered anew. */
  get recalled(): boolean {
    return this.#recalled;
  }

  /** Does what can be done now. Never rejects; calls while it is busy make it look again afterwards. */
  async go(): Promise<void> {
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#step();
      }
    } catch (error) {
      if (!isCancelled(error)) this.parts.log.warn(`Preparing ${this.model.relativePath}:`, describe(error));
    } finally {
      this.#busy = false;
    }
  }

  async #step(): Promise<void> {
    const { model, book } = this;
    const { engine, feeds, trust, memory } = this.parts;
    const { content } = model;
    if (content === undefined) return;
    const { skeleton } = content;
    if (!this.#loaded) {
      await book.store.load();
      this.#loaded = true;
      const looking = memory.recall(model);
      if (book.shown === undefined) {
        book.show(book.store.get(looking?.shown ?? '')?.id ?? book.store.runs[0]?.id ?? null);
        book.compareWith(book.store.get(looking?.other ?? '')?.id ?? null);
      }
      model.touch('runs');
    }
    if (model.editors === 0) return;
    if (!this.#recalled) {
      this.#recalled = true;
      const selection = memory.recall(model)?.selection ?? model.selection;
      if (model.selection.kind === 'none' && selection.kind !== 'none') model.select(selection, 'command');
    }
    if (this.#fed !== skeleton) {
      await feeds.prepare(model);
      this.#fed = skeleton;
      model.touch('runs');
    }
    if (this.#inferred === skeleton || trust.cannotRun(model.uri) !== null) return;
    const inferred = await engine.infer(model);
    if (model.content?.skeleton !== skeleton) return;
    const { withInferredTypes } = await import('../onnx/graphModel');
    this.#inferred = skeleton;
    model.setTypes(new ValueTypes(skeleton, inferred), withInferredTypes(content.graph, inferred));
  }
}
