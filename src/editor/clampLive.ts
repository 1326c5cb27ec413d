/**
 * What the standing interventions do right now: after every change two runs on the chosen inputs, without and with them,
 * at the level where looking changes nothing. Nothing is kept as a run; a later change makes an earlier answer moot.
 */
import { l10n } from 'vscode';
import { delay, isCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { ClampEffect } from '../contract/clamp';
import type { Trouble } from '../contract/hostApi';
import type { RunResult } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { clampedOutput, type OutputNames } from '../study/clampEffect';
import { interventionsOf } from '../study/clamps';
import type { Clamps } from './clamps';
import type { EngineAccess } from './engineAccess';
import type { BuiltFeeds, FeedBook } from './feedBook';
import type { Models } from './models';
import type { OpenModel } from './openModel';
import { toTrouble } from './trouble';
import type { Trust } from './trust';

/** A slider moves faster than a model runs: an answer is begun when it has rested this long, in milliseconds. */
const REST = 120;
/** Outputs with more elements are judged by their summaries alone. */
const MOST = 4_000_000;

export interface Live {
  readonly busy: boolean;
  readonly effect: ClampEffect | null;
  readonly trouble: Trouble | null;
}

const NOTHING: Live = { busy: false, effect: null, trouble: null };

export class ClampLive implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<OpenModel>());
  readonly #live = new WeakMap<OpenModel, Live>();
  readonly #asking = new Map<OpenModel, AbortController>();
  readonly onDidChange = this.#changed.event;

  constructor(
    models: Models,
    private readonly clamps: Clamps,
    private readonly engine: EngineAccess,
    private readonly feeds: FeedBook,
    private readonly trust: Trust,
  ) {
    const ask = (model: OpenModel): void => void this.#ask(model);
    this.#store.add(clamps.onDidChange(ask));
    this.#store.add(feeds.onDidChange(ask));
    this.#store.add(
      models.onDidChange(({ model, aspect }) => {
        if (aspect === 'content') ask(model);
        if (aspect === 'editors' && model.editors === 0) this.#asking.get(model)?.abort();
      }),
    );
  }

  of(model: OpenModel): Live {
    return this.#live.get(model) ?? NOTHING;
  }

  dispose(): void {
    for (const asking of this.#asking.values()) asking.abort();
    this.#store.dispose();
  }

  async #ask(model: OpenModel): Promise<void> {
    this.#asking.get(model)?.abort();
    this.#asking.delete(model);
    const interventions = interventionsOf(this.clamps.of(model));
    const able = model.content !== undefined && model.editors > 0 && this.trust.cannotRun(model.uri) === null;
    if (interventions.length === 0 || !able) {
      this.#set(model, NOTHING);
      return;
    }
    const asking = new AbortController();
    this.#asking.set(model, asking);
    const { signal } = asking;
    this.#set(model, { ...this.of(model), busy: true });
    try {
      await delay(REST, signal);
      const { tensors, kept } = await this.feeds.build(model, signal);
      const base = { feeds: tensors, capture: [], level: 'disabled', keep: true } as const;
      const without = await this.engine.run(model, base, signal);
      const withThem = await this.engine.run(model, { ...base, interventions }, signal);
      const effect = await this.#compare(model, { tensors, kept }, without, withThem, signal);
      if (!signal.aborted) this.#set(model, { busy: false, effect, trouble: null });
    } catch (error) {
      if (!isCancelled(error) && !signal.aborted)
        this.#set(model, { busy: false, effect: null, trouble: toTrouble(error) });
    } finally {
      if (this.#asking.get(model) === asking) this.#asking.delete(model);
    }
  }

  async #compare(
    model: OpenModel,
    { tensors, kept }: Pick<BuiltFeeds, 'tensors' | 'kept'>,
    without: RunResult,
    withThem: RunResult,
    signal: AbortSignal,
  ): Promise<ClampEffect> {
    const handles = [...without.outputs, ...withThem.outputs].map(({ handle }) => handle ?? '');
    try {
      const text = await this.feeds.tokensOf(model, tensors, kept);
      const labels = this.feeds.labelsOf(model);
      const names: OutputNames = {
        entry: (index, length) => (length === labels?.names.length ? labels.names[index] : text?.name(index)),
        place: ([rows = 1, ...others], [row = 0, ...at]) => {
          const first = rows > 1 ? [l10n.t('row {0}', row)] : [];
          const rest = others.flatMap((size, i) => (size > 1 ? [l10n.t('position {0}', at[i] ?? 0)] : []));
          return [...first, ...rest].join(', ');
        },
        softmax: l10n.t('softmax'),
      };
      const outputs = [];
      for (const [i, before] of without.outputs.entries()) {
        const after = withThem.outputs[i];
        if (after === undefined || before.handle === null || after.handle === null) continue;
        if ((before.summary?.count ?? 0) > MOST) continue;
        const tensor = (handle: string): Promise<TensorData> => this.engine.tensor(handle, signal);
        const [a, b] = [await tensor(before.handle), await tensor(after.handle)];
        const compared = clampedOutput(before.site, a, b, names);
        if (compared !== null) outputs.push(compared);
      }
      return { outputs, notes: withThem.notes };
    } finally {
      this.engine.drop(handles);
    }
  }

  #set(model: OpenModel, live: Live): void {
    const before = this.of(model);
    if (before === live) return;
    this.#live.set(model, live);
    this.#changed.fire(model);
  }
}
