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
import type { TensorData } from '../contract/tensor';
import type { FeedSource } from '../data/feed';
import type { TextEncoderFile } from '../data/text';
import { hashTensor } from '../study/feedHash';
import type { KeptFeed, KeptRun } from '../study/runs';
import { summarize } from '../tensor/stats';
import { FeedFiles } from './feedFiles';
import { feedText, partsOf, toFeedSource } from './feedParts';
import {
  filesIn,
  guessesOf,
  inputChanged,
  isChosen,
  LABELS_PART,
  settingsOf,
  shareText,
  type ModelFeeds,
  type Remembered,
} from './feedState';
import { guessWords, partWords } from './feedWords';
import { feedSpecs, outputSpecs } from './feedSpecs';
import type { OpenModel } from './openModel';
import { typeText } from './valueTypes';

/** Names of tokens: those that were fed, and any by its number. */
export interface Tokens {
  readonly tokens: readonly string[];
  readonly name: (id: number) => string;
  /** `names from tokenizer.json`, with a mark when that is a guess. */
  readonly from: string;
}

export interface BuiltFeeds {
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly kept: readonly KeptFeed[];
  readonly dims: Readonly<Record<string, number>>;
}

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
      model.name,
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
      outputs: outputSpecs(content.skeleton),
      guesses,
      choices: new Map(),
      dims: new Map(),
      labels: undefined,
      encoders: new Map(),
    };
    for (const [name, guessed] of first) {
      const known = toFeedSource(remembered.sources[name]?.source);
      const choice =
        known === undefined ? guessed : { source: known, from: remembered.sources[name]?.from ?? {} };
      feeds.choices.set(name, { ...choice, problem: null });
    }
    for (const { name } of specs.filter(({ optional }) => optional)) {
      const source = toFeedSource(remembered.sources[name]?.source);
      if (source !== undefined) feeds.choices.set(name, { source, from: {}, problem: null });
    }
    for (const [name, size] of Object.entries(remembered.dims)) feeds.dims.set(name, { size, from: null });
    if (guesses.labels !== null && fitsLabels(guesses.labels.value.length, feeds.outputs))
      feeds.labels = { names: guesses.labels.value, from: guesses.labels.from, chosen: false };
    for (const problem of guesses.problems) this.log.warn(problem);
    this.#feeds.set(model, feeds);
    if (remembered.labels === null) feeds.labels = null;
    else if (remembered.labels !== undefined) await this.#readLabels(feeds, remembered.labels);
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
      dims: settingsOf(feeds),
    };
  }

  /** Names of the classes, and the file they are from. */
  labelsOf(
    model: OpenModel,
  ): { readonly names: readonly string[]; readonly from: string; readonly file: string } | undefined {
    const labels = this.#feeds.get(model)?.labels;
    if (labels === undefined || labels === null) return undefined;
    const from = labels.chosen ? vscode.l10n.t('names from {0}', labels.from) : guessed(labels.from);
    return { names: labels.names, from, file: labels.from };
  }

  /** The tokenizer that fed these inputs, or the one that would, and the texts of the tokens that were fed. */
  async tokensOf(
    model: OpenModel,
    tensors: Readonly<Record<string, TensorData>>,
    kept: readonly KeptFeed[] = [],
  ): Promise<Tokens | undefined> {
    const feeds = this.#feeds.get(model);
    if (feeds === undefined) return undefined;
    const { guessTokens } = await import('../data/guess');
    const recipes = kept.map(({ name, recipe }) => [name, toFeedSource(recipe)] as const);
    const spoken =
      recipes.find(([, source]) => source?.kind === 'text' && source.field === 'ids') ??
      recipes.find(([, source]) => source?.kind === 'text');
    const chosen = [...feeds.choices.values()].find(({ source }) => source.kind === 'text')?.source;
    const source = spoken?.[1] ?? chosen;
    const file = source?.kind === 'text' ? source.tokenizer : feeds.guesses.tokenizer?.value;
    const input =
      spoken?.[1]?.kind === 'text' && spoken[1].field === 'ids'
        ? spoken[0]
        : feeds.specs.find((candidate) => guessTokens(candidate)?.value === 'ids')?.name;
    const ids = input === undefined ? undefined : tensors[input]?.data;
    if (file === undefined || ids === undefined || !ArrayBuffer.isView(ids) || ids.length > MOST_TOKENS)
      return undefined;
    const encoder = await this.#encoder(feeds, file);
    const from = source?.kind === 'text' ? vscode.l10n.t('names from {0}', file) : guessed(file);
    return {
      tokens: Array.from(ids as ArrayLike<number | bigint>, (id) => encoder.token(Number(id))),
      name: (id) => encoder.token(id),
      from,
    };
  }

  /** Files that the chosen inputs and labels are read from, as recipes name them. */
  filesOf(model: OpenModel): readonly string[] {
    const feeds = this.#feeds.get(model);
    if (feeds === undefined) return [];
    const labels = feeds.labels?.chosen === true ? [feeds.labels.from] : [];
    return [...[...feeds.choices.values()].flatMap(({ source }) => filesIn(source)), ...labels];
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
      let tensor: TensorData;
      try {
        tensor = await this.#make(feeds, name, choice.source, dims);
        tensors[name] = tensor;
        choice.problem = null;
      } catch (error) {
        choice.problem = describe(error);
        throw error;
      }
      const text = feedText(choice.source, words);
      kept.push({ name, recipe: choice.source, text, hash: hashTensor(tensor) });
    }
    return { tensors, kept, dims };
  }

  /**
   * Makes the tensors of a kept run again. Rejects when one would not be what was fed: its image, array or tokenizer has
   * changed since, so whatever is computed from it would stand under the wrong run's name.
   */
  async rebuild(
    model: OpenModel,
    run: Pick<KeptRun, 'name' | 'feeds' | 'dims'>,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, TensorData>>> {
    const feeds = await this.#ready(model);
    const tensors: Record<string, TensorData> = {};
    for (const { name, recipe, text, hash } of run.feeds) {
      throwIfCancelled(signal);
      const source = toFeedSource(recipe);
      const tensor = source === undefined ? undefined : await this.#make(feeds, name, source, run.dims);
      if (tensor === undefined || hash !== hashTensor(tensor)) throw inputChanged(run.name, name, text);
      tensors[name] = tensor;
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
    const { askPart } = await import('./feedPickers');
    const source = await askPart({
      spec,
      source: choice?.source,
      part,
      files: feeds.files,
      guesses: feeds.guesses,
    });
    if (source === undefined) return false;
    if (source === 'left out') {
      feeds.choices.delete(input);
      await this.#remember(model, feeds);
      return true;
    }
    const kept = choice?.source.kind === source.kind ? choice.from : guessesOf(spec, source, feeds.guesses);
    feeds.choices.set(input, { source, from: { ...kept, [part]: '' }, problem: null });
    if (source.kind === 'text') shareText(feeds, source);
    await this.#remember(model, feeds);
    return true;
  }

  /** Asks for the size of an open dimension, or for the labels. */
  async changeDim(model: OpenModel, name: string): Promise<boolean> {
    const feeds = await this.#ready(model);
    const { askDim, askLabels } = await import('./feedPickers');
    if (name === LABELS_PART) {
      const file = await askLabels(feeds.files);
      if (file === undefined) return false;
      if (file === null) feeds.labels = null;
      else await this.#readLabels(feeds, file);
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

  #encoder({ files, encoders }: ModelFeeds, file: string): Promise<TextEncoderFile> {
    let encoder = encoders.get(file);
    if (encoder === undefined) {
      encoder = (async () => {
        const { TextEncoderFile } = await import('../data/text');
        return TextEncoderFile.open(await files.read(file), file);
      })();
      encoders.set(file, encoder);
      encoder.catch(() => encoders.delete(file));
    }
    return encoder;
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
    const labels =
      feeds.labels === null
        ? { labels: null }
        : feeds.labels?.chosen === true
          ? { labels: feeds.labels.from }
          : {};
    await this.memory.update(keyOf(model), { sources, dims, ...labels } satisfies Remembered);
    this.#changed.fire(model);
  }

  #recall(model: OpenModel): Remembered {
    return this.memory.get<Remembered>(keyOf(model), { sources: {}, dims: {} });
  }
}

function guessed(file: string): string {
  return vscode.l10n.t('names from {0} (a guess)', file);
}

function keyOf(model: OpenModel): string {
  return `feeds:${model.uri.toString()}`;
}
