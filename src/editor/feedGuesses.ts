/**
 * The first choices for all of a model's inputs, from what lies near it: looks for pictures and arrays, and lets
 * `feedDefaults` choose. Only files small enough are looked into.
 */
import type { FeedSpec } from '../contract/run';
import type { Guesses } from '../data/guess';
import type { FittedArray } from '../data/nearby';
import { firstChoice, wantsArray, type FirstChoice } from './feedDefaults';
import { ARRAYS, IMAGES, type FeedFiles } from './feedFiles';
import { guessWords } from './feedWords';

/** By input; `model` is the model's file name, `warn` is told of files that were found and could not be used. */
export async function firstChoices(
  files: FeedFiles,
  model: string,
  specs: readonly FeedSpec[],
  guesses: Guesses,
  warn: (problem: string) => void,
): Promise<ReadonlyMap<string, FirstChoice>> {
  const words = guessWords();
  const images = await files.nearby(IMAGES);
  const arrays = await arraysFor(files, model, specs, (spec) => wantsArray(spec, guesses, images), warn);
  return new Map(
    specs.map((spec) => [spec.name, firstChoice(spec, guesses, images, words, arrays.get(spec.name))]),
  );
}

async function arraysFor(
  files: FeedFiles,
  model: string,
  specs: readonly FeedSpec[],
  wants: (spec: FeedSpec) => boolean,
  warn: (problem: string) => void,
): Promise<ReadonlyMap<string, FittedArray>> {
  if (specs.length === 0) return new Map();
  const { fitArrays, readNearArrays } = await import('../data/nearby');
  const { arrays, problems } = await readNearArrays(files, await files.small(await files.nearby(ARRAYS)));
  problems.forEach(warn);
  return fitArrays(specs, arrays, model, wants);
}
