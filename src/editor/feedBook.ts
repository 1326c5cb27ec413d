/**
 * What would go into each model: a recipe per input, sizes for open dimensions, labels. Recipes that nobody chose are
 * guesses and are marked as such, part by part; choices are remembered per model. Tensors are made when a run starts.
 */
import * as vscode from 'vscode';
import { throwIfCancelled } from '../base/cancel';
import { DisposableStore, type Disposable } from '../base/disposable';
import { describe } from '../base/errors';
import { Emitter } from '../base/event';
import type { StoredCapture } from '../contract/engineApi';
import type { FeedChoice, FeedPart } from '../contract/hostApi';
import type { FeedSpec } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import type { FeedSource } from '../data/feed';
import { fitPreprocessing, type Guesses } from '../data/guess';
import type { TextEncoderFile } from '../data/text';
import type { KeptFeed } from '../study/runs';
import { summarize } from '../tensor/stats';
import { FeedFiles } from './feedFiles';
import { feedText, partsOf, toFeedSource } from './feedParts';
import { askDim, askLabels, askPart } from './feedPickers';
import { guessWords, partWords } from './feedWords';
import { feedSpecs, outputSpecs } from './feedSpecs';
import type { OpenModel } from './openModel';
import { typeText } from './valueTypes';

interface Choice {
  source: FeedSource;
  /** Where each part comes from, `*` for those without their own; '' for what the person chose. */
  from: Readonly<Record<string, string>>;
  problem: string | null;
}

interface ModelFeeds {
  readonly files: FeedFiles;
  readonly specs: readonly FeedSpec[];
  readonly guesses: Guesses;
  readonly choices: Map<string, Choice>;
  readonly dims: Map<string, { size: number; from: string | null }>;
  labels: { names: readonly string[]; from: string; chosen: boolean } | undefined;
  encoder: Promise<TextEncoderFile> | undefined;
}

interface Remembered {
  readonly sources: Readonly<
    Record<string, { readonly source: unknown; readonly from: Readonly<Record<string, string>> }>
  >;
  readonly dims: Readonly<Record<string, number>>;
  readonly labels?: string;
}

export interface BuiltFeeds {
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly kept: readonly KeptFeed[];
  readonly dims: Readonly<Record<string, number>>;
}

export const LABELS_PART = 'labels';
const MOST_TOKENS = 10_000;

export class FeedBook implements Disposable {
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<OpenModel>());
  readonly #feeds = new WeakMap<OpenModel, ModelFeeds>();
  readonly onDidChange = this.#changed.event;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Guesses what to feed a model, and brings back what was chosen before. */
  async prepare(model: OpenModel): Promise<void> {
    const { content } = model;
    if (content === undefined) return;
    const { guessFrom } = await import('../data/guess');
    const files = FeedFiles.of(model.uri);
    const guesses = await guessFrom(files);
    const { firstChoices } = await import('./feedGuesses');
    const { fitsLabels } = await import('./feedDefaults');
    const specs = feedSpecs(content.skeleton);
    const first = await firstChoices(
      files,
      specs.filter(({ optional }) => !optional),
      guesses,
      (problem) => {
        this.log.warn(problem);
      },
    );
    const remembered = this.#recall(model);
    const feeds: ModelFeeds = {
      files,
      specs,
      guesses,
      choices: new Map(),
      dims: new Map(),
      labels: undefined,
      encoder: undefined,
    };
    for (const [name, guessed] of first) {
      const known = toFeedSource(remembered.sources[name]?.source);
      const choice =
        known === undefined ? guessed : { source: known, from: remembered.sources[name]?.from ?? {} };
      feeds.choices.set(name, { ...choice, problem: null });
    }
    for (const [name, size] of Object.entries(remembered.dims)) feeds.dims.set(name, { size, from: null });
    if (guesses.labels !== null && fitsLabels(guesses.labels.value.length, outputSpecs(content.skeleton)))
      feeds.labels = { names: guesses.labels.value, from: guesses.labels.from, chosen: false };
    for (const problem of guesses.problems) this.log.warn(problem);
    this.#feeds.set(model, feeds);
    if (remembered.labels !== undefined) await this.#readLabels(feeds, remembered.labels);
    await this.#completeDims(feeds);
    this.#changed.fire(model);
  }

  /** Resolves when a model's first choices are there. */
  async prepared(model: OpenModel): Promise<void> {
    await this.#ready(model);
  }

  state(model: OpenModel): { readonly feeds: readonly FeedChoice[]; readonly dims: readonly FeedPart[] } {
    const feeds = this.#feeds.get(model);
    if (feeds === undefined) return { feeds: [], dims: [] };
    const words = partWords();
    return {
      feeds: feeds.specs.map((spec) => {
        const choice = feeds.choices.get(spec.name);
        return {
          name: spec.name,
          type: typeText(spec.dtype, spec.shape),
          optional: spec.optional,
          parts: choice === undefined ? [] : partsOf(choice.source, choice.from, words),
          problem: choice?.problem ?? null,
        };
      }),
      dims: this.#settings(feeds),
    };
  }

  /** Names of the classes, and the file they are from. */
  labelsOf(model: OpenModel): { readonly names: readonly string[]; readonly from: string } | undefined {
    const labels = this.#feeds.get(model)?.labels;
    if (labels === undefined) return undefined;
    const from = labels.chosen
      ? vscode.l10n.t('names from {0}', labels.from)
      : vscode.l10n.t('names from {0} (a guess)', labels.from);
    return { names: labels.names, from };
  }

  /** The tokenizer beside the model, and the texts of the tokens that were fed. */
  async tokensOf(
    model: OpenModel,
    tensors: Readonly<Record<string, TensorData>>,
  ): Promise<
    | { readonly tokens: readonly string[]; readonly name: (id: number) => string; readonly from: string }
    | undefined
  > {
    const feeds = this.#feeds.get(model);
    if (feeds === undefined || feeds.guesses.tokenizer === null) return undefined;
    const { guessTokens } = await import('../data/guess');
    const spec = feeds.specs.find((candidate) => guessTokens(candidate)?.value === 'ids');
    const ids = spec === undefined ? undefined : tensors[spec.name]?.data;
    if (ids === undefined || !ArrayBuffer.isView(ids) || ids.length > MOST_TOKENS) return undefined;
    const encoder = await (feeds.encoder ??= this.#encoder(feeds.files, feeds.guesses.tokenizer.value));
    return {
      tokens: Array.from(ids as ArrayLike<number | bigint>, (id) => encoder.token(Number(id))),
      name: (id) => encoder.token(id),
      from: feeds.guesses.tokenizer.value,
    };
  }

  /** Makes every tensor. Rejects with the sentence to show, and marks the input it is about. */
  async build(model: OpenModel, signal: AbortSignal): Promise<BuiltFeeds> {
    const feeds = await this.#ready(model);
    const dims = Object.fromEntries([...feeds.dims].map(([name, { size }]) => [name, size]));
    const tensors: Record<string, TensorData> = {};
    const kept: KeptFeed[] = [];
    const words = partWords();
    for (const [name, choice] of feeds.choices) {
      throwIfCancelled(signal);
      try {
        tensors[name] = await this.#make(feeds, name, choice.source, dims);
        choice.problem = null;
      } catch (error) {
        choice.problem = describe(error);
        throw error;
      }
      kept.push({ name, recipe: choice.source, text: feedText(choice.source, words) });
    }
    return { tensors, kept, dims };
  }

  /** Makes the tensors of a kept run again. */
  async rebuild(
    model: OpenModel,
    kept: readonly KeptFeed[],
    dims: Readonly<Record<string, number>>,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, TensorData>>> {
    const feeds = await this.#ready(model);
    const tensors: Record<string, TensorData> = {};
    for (const { name, recipe } of kept) {
      throwIfCancelled(signal);
      const source = toFeedSource(recipe);
      if (source !== undefined) tensors[name] = await this.#make(feeds, name, source, dims);
    }
    return tensors;
  }

  /** Takes the inputs of a kept run as the choice. */
  async restore(
    model: OpenModel,
    kept: readonly KeptFeed[],
    dims: Readonly<Record<string, number>>,
  ): Promise<void> {
    const feeds = await this.#ready(model);
    for (const { name, recipe } of kept) {
      const source = toFeedSource(recipe);
      if (source !== undefined) feeds.choices.set(name, { source, from: {}, problem: null });
    }
    for (const [name, size] of Object.entries(dims)) feeds.dims.set(name, { size, from: null });
    await this.#remember(model, feeds);
  }

  summarize(site: string, tensor: TensorData): StoredCapture {
    return { site, dtype: tensor.dtype, dims: tensor.dims, summary: summarize(tensor) };
  }

  /** Asks for one part of an input's recipe. False when the person backed out. */
  async change(model: OpenModel, input: string, part: string): Promise<boolean> {
    const feeds = await this.#ready(model);
    const spec = feeds.specs.find(({ name }) => name === input);
    if (spec === undefined) return false;
    const choice = feeds.choices.get(input);
    const source = await askPart({
      spec,
      source: choice?.source,
      part,
      files: feeds.files,
      guesses: feeds.guesses,
    });
    if (source === undefined) return false;
    const kept = choice?.source.kind === source.kind ? choice.from : guessesOf(spec, source, feeds.guesses);
    feeds.choices.set(input, { source, from: { ...kept, [part]: '' }, problem: null });
    if (source.kind === 'text') shareText(feeds, source);
    await this.#remember(model, feeds);
    return true;
  }

  /** Asks for the size of an open dimension, or for the labels. */
  async changeDim(model: OpenModel, name: string): Promise<boolean> {
    const feeds = await this.#ready(model);
    if (name === LABELS_PART) {
      const file = await askLabels(feeds.files);
      if (file === undefined) return false;
      await this.#readLabels(feeds, file);
    } else {
      const size = await askDim(name, feeds.dims.get(name)?.size);
      if (size === undefined) return false;
      feeds.dims.set(name, { size, from: null });
    }
    await this.#remember(model, feeds);
    return true;
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #ready(model: OpenModel): Promise<ModelFeeds> {
    if (!this.#feeds.has(model)) await this.prepare(model);
    const feeds = this.#feeds.get(model);
    if (feeds === undefined) throw new Error('A model that was not read has no inputs.');
    return feeds;
  }

  async #make(
    feeds: ModelFeeds,
    name: string,
    source: FeedSource,
    dims: Readonly<Record<string, number>>,
  ): Promise<TensorData> {
    const spec = feeds.specs.find((candidate) => candidate.name === name);
    if (spec === undefined) throw new Error(`The model has no input "${name}" any more.`);
    const { resolveFeed } = await import('../data/feed');
    return resolveFeed(spec, source, dims, feeds.files);
  }

  #settings(feeds: ModelFeeds): FeedPart[] {
    const parts = [...feeds.dims].map(([name, { size, from }]) => ({
      id: name,
      label: vscode.l10n.t('Size of {0}', name),
      text: `${name} = ${String(size)}`,
      guess: from,
    }));
    const { labels } = feeds;
    if (labels === undefined) return parts;
    const text = vscode.l10n.t('labels {0}', labels.from);
    return [
      ...parts,
      {
        id: LABELS_PART,
        label: vscode.l10n.t('Labels'),
        text,
        guess: labels.chosen ? null : vscode.l10n.t('its name'),
      },
    ];
  }

  /** Gives every open dimension that a recipe needs a usual size, and forgets guesses nobody needs. */
  async #completeDims(feeds: ModelFeeds): Promise<void> {
    const { neededDims, usualSize } = await import('./feedDefaults');
    const needed = neededDims(feeds.specs, (name) => feeds.choices.get(name)?.source);
    for (const [name, { from }] of [...feeds.dims])
      if (from !== null && !needed.includes(name)) feeds.dims.delete(name);
    for (const name of needed) {
      if (!feeds.dims.has(name))
        feeds.dims.set(name, { size: usualSize(name, feeds.specs), from: guessWords().usual });
    }
  }

  async #encoder(files: FeedFiles, name: string): Promise<TextEncoderFile> {
    const { TextEncoderFile } = await import('../data/text');
    return TextEncoderFile.open(await files.read(name), name);
  }

  async #readLabels(feeds: ModelFeeds, file: string): Promise<void> {
    const { parseLabels } = await import('../data/labels');
    try {
      feeds.labels = { names: parseLabels(await feeds.files.read(file), file), from: file, chosen: true };
    } catch (error) {
      void vscode.window.showWarningMessage(describe(error));
    }
  }

  async #remember(model: OpenModel, feeds: ModelFeeds): Promise<void> {
    await this.#completeDims(feeds);
    const sources = Object.fromEntries(
      [...feeds.choices]
        .filter(([, { from }]) => isChosen(from))
        .map(([name, { source, from }]) => [name, { source, from }]),
    );
    const dims = Object.fromEntries(
      [...feeds.dims].filter(([, { from }]) => from === null).map(([name, { size }]) => [name, size]),
    );
    const labels = feeds.labels?.chosen === true ? { labels: feeds.labels.from } : {};
    await this.memory.update(keyOf(model), { sources, dims, ...labels } satisfies Remembered);
    this.#changed.fire(model);
  }

  #recall(model: OpenModel): Remembered {
    return this.memory.get<Remembered>(keyOf(model), { sources: {}, dims: {} });
  }
}

/** One text feeds all inputs of a tokenizer. */
function shareText(feeds: ModelFeeds, source: Extract<FeedSource, { kind: 'text' }>): void {
  for (const choice of feeds.choices.values()) {
    if (choice.source.kind !== 'text') continue;
    const { field } = choice.source;
    choice.source = { ...source, field };
  }
}

/** True when at least one part is the person's choice. */
function isChosen(from: Readonly<Record<string, string>>): boolean {
  const origins = Object.values(from);
  return origins.length === 0 || origins.includes('');
}

/** What is still a guess in a recipe whose source has just been chosen. */
function guessesOf(spec: FeedSpec, source: FeedSource, guesses: Guesses): Readonly<Record<string, string>> {
  switch (source.kind) {
    case 'image':
      return { '*': fitPreprocessing(spec, guesses.preprocessing)?.from ?? '' };
    case 'text':
      return { tokenizer: guesses.tokenizer?.from ?? '' };
    case 'array':
    case 'literal':
    case 'random':
      return {};
  }
}

function keyOf(model: OpenModel): string {
  return `feeds:${model.uri.toString()}`;
}
