/**
 * What is chosen and guessed about feeding one model, as the feed book holds it, and small questions about it. Data and
 * pure functions.
 */
import { l10n } from 'vscode';
import { Failure } from '../base/errors';
import type { FeedPart } from '../contract/hostApi';
import type { FeedSpec } from '../contract/run';
import type { FeedSource } from '../data/feed';
import { fitPreprocessing, type Guesses } from '../data/guess';
import type { TextEncoderFile } from '../data/text';
import type { FeedFiles } from './feedFiles';
import { mayBeClasses } from './outputKinds';

export interface Choice {
  source: FeedSource;
  /** Where each part comes from, `*` for those without their own; '' for what the person chose. */
  from: Readonly<Record<string, string>>;
  problem: string | null;
}

export interface ChosenLabels {
  readonly names: readonly string[];
  readonly from: string;
  readonly chosen: boolean;
}

export interface ModelFeeds {
  readonly files: FeedFiles;
  readonly specs: readonly FeedSpec[];
  readonly outputs: readonly FeedSpec[];
  readonly guesses: Guesses;
  readonly choices: Map<string, Choice>;
  readonly dims: Map<string, { size: number; from: string | null }>;
  /** null: the person wants none. */
  labels: ChosenLabels | null | undefined;
  /** By the tokenizer's file. */
  readonly encoders: Map<string, Promise<TextEncoderFile>>;
}

/** What is kept of a person's choices. */
export interface Remembered {
  readonly sources: Readonly<
    Record<string, { readonly source: unknown; readonly from: Readonly<Record<string, string>> }>
  >;
  readonly dims: Readonly<Record<string, number>>;
  /** A file; null where the person wants none. */
  readonly labels?: string | null;
}

export const LABELS_PART = 'labels';

/** Sizes of open dimensions, and the labels where an output may be of classes. */
export function settingsOf({ dims, labels, outputs }: ModelFeeds): FeedPart[] {
  const parts = [...dims].map(([name, { size, from }]) => ({
    id: name,
    label: l10n.t('Size of {0}', name),
    text: `${name} = ${String(size)}`,
    guess: from,
  }));
  if ((labels === undefined || labels === null) && !outputs.some(mayBeClasses)) return parts;
  const chip = { id: LABELS_PART, label: l10n.t('Labels') };
  if (labels === undefined || labels === null)
    return [...parts, { ...chip, text: l10n.t('no labels'), guess: null }];
  const guess = labels.chosen ? null : l10n.t('its name');
  return [...parts, { ...chip, text: l10n.t('labels {0}', labels.from), guess }];
}

/** One text feeds all inputs of a tokenizer. */
export function shareText(feeds: ModelFeeds, source: Extract<FeedSource, { kind: 'text' }>): void {
  for (const choice of feeds.choices.values()) {
    if (choice.source.kind !== 'text') continue;
    const { field } = choice.source;
    choice.source = { ...source, field };
  }
}

/** True when at least one part is the person's choice. */
export function isChosen(from: Readonly<Record<string, string>>): boolean {
  const origins = Object.values(from);
  return origins.length === 0 || origins.includes('');
}

/** What is still a guess in a recipe whose source has just been chosen. */
export function guessesOf(
  spec: FeedSpec,
  source: FeedSource,
  guesses: Guesses,
): Readonly<Record<string, string>> {
  switch (source.kind) {
    case 'image':
      return { '*': fitPreprocessing(spec, guesses.preprocessing)?.from ?? '' };
    case 'text': {
      const { tokenizer, padToken } = guesses;
      return {
        ...(tokenizer?.value === source.tokenizer ? { tokenizer: tokenizer.from } : {}),
        ...(padToken?.value === source.pad ? { pad: padToken.from } : {}),
      };
    }
    case 'array':
    case 'literal':
    case 'random':
      return {};
  }
}

/** Files that a recipe reads. */
export function filesIn(source: FeedSource): readonly string[] {
  switch (source.kind) {
    case 'image':
    case 'array':
      return [source.file];
    case 'text':
      return [source.tokenizer];
    case 'literal':
    case 'random':
      return [];
  }
}

export function inputChanged(run: string, input: string, text: string): Failure {
  return new Failure({
    code: 'bad-data',
    message: l10n.t(
      'The input “{0}” of {1} was made from {2}, which is no longer what it was, so the values of that run cannot be computed again.',
      input,
      run,
      text,
    ),
    remedy: l10n.t('Run the model again on the new input; the summaries of the old run stay.'),
  });
}
