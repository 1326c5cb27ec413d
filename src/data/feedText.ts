/**
 * A feed as a short text, into a tensor: an array file, a picture, `random:SEED`, `text:…` or numbers. The command line
 * and experiment files write feeds like this. What is guessed on the way is said.
 */
import { Failure } from '../base/errors';
import type { FeedSpec } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { formatShape } from '../tensor/shape';
import { openDimName, resolveFeed, type FeedSource, type OpenDims } from './feed';
import type { DataFiles } from './files';
import { fitPreprocessing, guessFrom, guessTokens, type Guesses } from './guess';
import { isImageName } from './image';

export interface MadeFeeds {
  readonly feeds: Readonly<Record<string, TensorData>>;
  /** What was guessed, a sentence each. */
  readonly guessed: readonly string[];
}

/** Makes every feed. Throws `usage` for what cannot be read as a feed, `bad-feed` and `bad-data` for what does not fit. */
export async function makeFeeds(
  texts: readonly string[],
  dims: readonly string[],
  inputs: readonly FeedSpec[],
  files: DataFiles,
): Promise<MadeFeeds> {
  const open = parseDims(dims, inputs);
  const guesses = await guessFrom(files);
  const guessed: string[] = [];
  const feeds: Record<string, TensorData> = {};
  for (const text of texts) {
    const { spec, value } = splitFeed(text, inputs);
    if (Object.hasOwn(feeds, spec.name))
      throw usage(`The input "${spec.name}" was fed twice.`, 'Feed it once.');
    feeds[spec.name] = await resolveFeed(spec, feedSource(spec, value, guesses, guessed), open, files);
  }
  return { feeds, guessed };
}

/** Sizes of open dimensions: `--dim batch=1`. */
function parseDims(texts: readonly string[], inputs: readonly FeedSpec[]): OpenDims {
  const names = new Set(
    inputs
      .flatMap((spec) => (spec.shape ?? []).map((_, axis) => openDimName(spec, axis)))
      .filter((name) => name !== null),
  );
  const open: Record<string, number> = {};
  for (const text of texts) {
    const match = /^(.*)=(\d+)$/s.exec(text);
    if (match === null) throw usage(`"${text}" is not a dimension.`, 'Write --dim NAME=SIZE.');
    const [, name = '', size = ''] = match;
    if (!names.has(name)) {
      const list = [...names].join(', ');
      throw usage(
        `No input has an open dimension "${name}".`,
        list === '' ? 'All are fixed.' : `There are ${list}.`,
      );
    }
    open[name] = Number(size);
  }
  return open;
}

/** The longest input name before a `=`; names may hold `=` themselves. */
function splitFeed(
  text: string,
  inputs: readonly FeedSpec[],
): { readonly spec: FeedSpec; readonly value: string } {
  const named = inputs
    .filter(({ name }) => text.startsWith(`${name}=`))
    .sort((a, b) => b.name.length - a.name.length);
  const [spec] = named;
  if (spec !== undefined) return { spec, value: text.slice(spec.name.length + 1) };
  if (!text.includes('=')) throw usage(`"${text}" is not a feed.`, 'Write --feed NAME=FILE.npy.');
  const list = inputs.map(({ name, dtype, shape }) => `${name} (${dtype} ${formatShape(shape)})`).join(', ');
  throw usage(
    `The model has no input "${text.slice(0, text.indexOf('='))}".`,
    `Its inputs are ${list || 'none'}.`,
  );
}

function feedSource(spec: FeedSpec, value: string, guesses: Guesses, guessed: string[]): FeedSource {
  const random = /^random(?::(-?\d+))?$/.exec(value);
  if (random !== null) return { kind: 'random', seed: Number(random[1] ?? 0) };
  if (/\.npy$/i.test(value)) return { kind: 'array', file: value };
  const archive = /^(.*\.npz)(?::(.+))?$/is.exec(value);
  if (archive !== null) {
    const [, file = '', entry] = archive;
    return entry === undefined ? { kind: 'array', file } : { kind: 'array', file, entry };
  }
  if (isImageName(value)) {
    const how = fitPreprocessing(spec, guesses.preprocessing);
    if (how === null) {
      throw usage(
        `The input "${spec.name}" does not look like one for pictures.`,
        'Feed it an array (.npy).',
      );
    }
    guessed.push(
      `"${spec.name}": the picture is prepared as guessed from ${how.from}: ${JSON.stringify(how.value)}`,
    );
    return { kind: 'image', file: value, how: how.value };
  }
  if (value.startsWith('text:')) {
    const field = guessTokens(spec);
    if (field === null || guesses.tokenizer === null) {
      const why =
        field === null
          ? `The input "${spec.name}" does not look like one for tokens`
          : 'No tokenizer.json lies beside the model';
      throw usage(`${why}.`, 'Feed it an array (.npy).');
    }
    guessed.push(
      `"${spec.name}": the tokenizer's ${field.value}, as guessed from ${field.from}, by ${guesses.tokenizer.from}`,
    );
    const pad = guesses.padToken?.value ?? 0;
    return {
      kind: 'text',
      text: value.slice(5),
      tokenizer: guesses.tokenizer.value,
      field: field.value,
      special: true,
      pad,
    };
  }
  return { kind: 'literal', text: value };
}

function usage(message: string, remedy: string): Failure {
  return new Failure({ code: 'usage', message, remedy });
}
