/**
 * A first choice for every input, so that one click runs a model: from the files beside it, from shapes and from names.
 * Every choice made here is a guess and says where it comes from. Pure.
 */
import type { FeedSpec } from '../contract/run';
import { openDimName, type FeedSource } from '../data/feed';
import { fitPreprocessing, guessTokens, type Guesses } from '../data/guess';
import type { TokenField } from '../data/tokenField';
import type { FittedArray } from '../data/nearby';
import { isFloat } from '../tensor/dtype';

export interface GuessWords {
  readonly firstImage: string;
  readonly exampleText: string;
  /** The first line of a file of prompts. */
  readonly firstPrompt: (file: string) => string;
  readonly arrayName: string;
  readonly arrayShape: string;
  readonly nothingBetter: string;
  readonly usual: string;
  readonly shape: string;
  readonly itsName: string;
  readonly emptyState: string;
}

export interface FirstChoice {
  readonly source: FeedSource;
  /** Where each part comes from; `*` for all parts without their own. */
  readonly from: Readonly<Record<string, string>>;
}

/**
 * What to feed an input when nobody has chosen yet: an array (`array`) named after the model and the input, a picture where
 * it takes pictures, a text where it takes tokens, another array near the model that fits, and numbers where nothing near
 * the model says better.
 */
export function firstChoice(
  spec: FeedSpec,
  guesses: Guesses,
  images: readonly string[],
  words: GuessWords,
  array?: FittedArray,
): FirstChoice {
  const ofArray = (fitted: FittedArray): FirstChoice => ({
    source: fitted.source,
    from: { '*': fitted.by === 'shape' ? words.arrayShape : words.arrayName },
  });
  if (array?.by === 'model') return ofArray(array);
  const how = fitPreprocessing(spec, guesses.preprocessing);
  const [image] = images;
  if (how !== null && image !== undefined) {
    return {
      source: { kind: 'image', file: image, how: how.value },
      from: {
        source: words.firstImage,
        layout: words.shape,
        ...(isFixedSize(spec) ? { size: words.shape } : {}),
        '*': how.from,
      },
    };
  }
  const field = guessTokens(spec);
  if (field !== null && guesses.tokenizer !== null) {
    return {
      source: {
        kind: 'text',
        text: guesses.prompt?.value ?? 'The capital of France is',
        tokenizer: guesses.tokenizer.value,
        field: field.value,
        special: true,
        pad: guesses.padToken?.value ?? 0,
      },
      from: {
        source: field.value === 'ids' ? textFrom(guesses, words) : field.from,
        '*': guesses.tokenizer.from,
      },
    };
  }
  if (array !== undefined) return ofArray(array);
  const fill = field === null ? undefined : WITHOUT_TOKENIZER[field.value];
  if (field !== null && fill !== undefined)
    return { source: { kind: 'literal', text: fill }, from: { '*': field.from } };
  const scalar = spec.shape !== null && spec.shape.every((dim) => dim === 1);
  if (isSampleRate(spec.name) && (scalar || spec.shape === null) && spec.dtype !== 'string')
    return { source: { kind: 'literal', text: '16000' }, from: { '*': words.itsName } };
  if (isFloat(spec.dtype) && STATE.test(spec.name))
    return { source: { kind: 'literal', text: '0' }, from: { '*': words.emptyState } };
  if (spec.dtype === 'string')
    return { source: { kind: 'literal', text: 'text' }, from: { '*': words.nothingBetter } };
  if (!isFloat(spec.dtype) && (scalar || spec.shape === null)) {
    return { source: { kind: 'literal', text: '1' }, from: { '*': words.nothingBetter } };
  }
  return {
    source: isFloat(spec.dtype)
      ? { kind: 'random', seed: 0 }
      : { kind: 'random', seed: 0, below: spec.dtype === 'bool' ? 2 : 10 },
    from: { '*': words.nothingBetter },
  };
}

/** Inputs for which neither a picture nor a text lies near the model, so that an array is worth looking for. */
export function wantsArray(spec: FeedSpec, guesses: Guesses, images: readonly string[]): boolean {
  if (images.length > 0 && fitPreprocessing(spec, guesses.preprocessing) !== null) return false;
  return guesses.tokenizer === null || guessTokens(spec) === null;
}

function textFrom({ prompt }: Guesses, words: GuessWords): string {
  return prompt === null ? words.exampleText : words.firstPrompt(prompt.from);
}

/** What stands beside token numbers that no tokenizer made: all attended to, all of one kind, in their order. */
const WITHOUT_TOKENIZER: Readonly<Partial<Record<TokenField, string>>> = {
  mask: 'ones',
  types: 'zeros',
  positions: 'arange',
};

/** Open dimensions that the chosen sources need a size for, in the order met. */
export function neededDims(
  specs: readonly FeedSpec[],
  sourceOf: (name: string) => FeedSource | undefined,
): readonly string[] {
  const names = new Set<string>();
  for (const spec of specs) {
    const source = sourceOf(spec.name);
    const fills = source?.kind === 'random' || (source?.kind === 'literal' && /^[^[:]*$/.test(source.text));
    if (!fills) continue;
    spec.shape?.forEach((_, axis) => {
      const name = openDimName(spec, axis);
      if (name !== null) names.add(name);
    });
  }
  return [...names];
}

/** What a recurrent network carries from step to step begins as zeros. */
const STATE = /(^|[._-])(state|hidden|cell|carry|[hc]_?(0|in|n|x|prev))s?($|[._-]|\d)/i;

function isSampleRate(name: string): boolean {
  return /^(sr|(input_)?sampl(e|ing)_?rate)$/i.test(name);
}

/**
 * Whether names of classes fit what a model gives: an output has as many along an axis, or none says how many and not all
 * of them are maps or volumes.
 */
export function fitsLabels(count: number, outputs: readonly FeedSpec[]): boolean {
  if (outputs.some(({ shape }) => shape?.slice(1).includes(count))) return true;
  return (
    outputs.every(({ shape }) => typeof shape?.at(-1) !== 'number') &&
    outputs.some(({ shape }) => shape === null || shape.length < 4)
  );
}

/** A usual size for an open dimension, by its name and place. */
export function usualSize(name: string, specs: readonly FeedSpec[]): number {
  if (/batch|:0$/i.test(name) || specs.some(({ shape }) => shape?.[0] === name)) return 1;
  if (/past/i.test(name)) return 0;
  // A recurrent state is layers × batch × width.
  if (specs.some((spec) => STATE.test(spec.name) && spec.shape !== null && isOpenAs(spec.shape, name, specs)))
    return 1;
  // Beside a sample rate stand samples: 32 ms at 16 kHz, the frame that speech models take.
  const sound = specs.some(({ name: other }) => isSampleRate(other));
  if (sound && specs.some(({ shape }) => shape?.length === 2 && isOpenAs(shape, name, specs))) return 512;
  const spatial = specs.some(
    ({ shape, name: input }) =>
      shape?.length === 4 &&
      shape.some((dim, axis) => axis >= 2 && (dim === name || name === `${input}:${String(axis)}`)),
  );
  return spatial ? 64 : 16;
}

function isOpenAs(shape: NonNullable<FeedSpec['shape']>, name: string, specs: readonly FeedSpec[]): boolean {
  return shape.some(
    (dim, axis) =>
      axis > 0 &&
      (dim === name || specs.some((spec) => spec.shape === shape && name === `${spec.name}:${String(axis)}`)),
  );
}

function isFixedSize({ shape }: FeedSpec): boolean {
  return shape?.filter((dim) => typeof dim === 'number' && dim > 3).length === 2;
}
