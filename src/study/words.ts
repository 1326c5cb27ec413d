/**
 * Words for a method's figures: the tokens that were fed, and the names of an output's classes or tokens. All guessed
 * from the files beside the model, as the rest of feeding is; none is needed.
 */
import type { Labels } from '../contract/method';
import type { FeedSpec } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import type { DataFiles } from '../data/files';
import { guessFrom, guessTokens } from '../data/guess';
import { TextEncoderFile } from '../data/text';
import { isFloat } from '../tensor/dtype';

/** An output over more words than this is a vocabulary that nobody reads. */
const MOST_WORDS = 300_000;

/** By input: a word per position; by output: a word per element of its last axis. */
export async function wordsFor(
  inputs: readonly FeedSpec[],
  outputs: readonly FeedSpec[],
  feeds: Readonly<Record<string, TensorData>>,
  files: DataFiles,
): Promise<Labels> {
  const guesses = await guessFrom(files);
  const words: Record<string, readonly string[]> = {};
  const last = (spec: FeedSpec): number => Number(spec.shape?.at(-1) ?? 0);
  const classes = guesses.labels?.value;
  for (const output of outputs) {
    if (classes !== undefined && isFloat(output.dtype) && last(output) === classes.length)
      words[output.name] = classes;
  }
  if (guesses.tokenizer === null) return words;
  const name = guesses.tokenizer.value;
  const tokenizer = TextEncoderFile.open(await files.read(name), name);
  const spoken = inputs.filter((spec) => guessTokens(spec)?.value === 'ids');
  for (const { name: input } of spoken) {
    const data = feeds[input]?.data;
    if (ArrayBuffer.isView(data))
      words[input] = Array.from(data as ArrayLike<number | bigint>, (id) => tokenizer.token(Number(id)));
  }
  if (spoken.length === 0) return words;
  for (const output of outputs) {
    const size = last(output);
    if (output.shape?.length === 3 && isFloat(output.dtype) && size > 1 && size <= MOST_WORDS)
      words[output.name] ??= Array.from({ length: size }, (_, id) => tokenizer.token(id));
  }
  return words;
}
