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
    const { spec, name, value } = splitFeed(text, inputs);
    if (Object.hasOwn(feeds, name)) throw usage(`The input "${name}" was fed twice.`, 'Feed it once.');
    feeds[name] = await resolveFeed(spec, feedSource(spec, value, guesses, guessed), open, files);
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
    if (Object.hasOwn(open, name)) throw usage(`The dimension "${name}" was given twice.`, 'Give it once.');
    open[name] = Number(size);
  }
  return open;
}

/** The longest input name before a `=`; names may hold `=` themselves. Elements of a sequence are `name[0]`, `name[1]`, …. */
function splitFeed(
  text: string,
  inputs: readonly FeedSpec[],
): { readonly spec: FeedSpec; readonly name: string; readonly value: string } {
  const named = inputs
    .flatMap((spec) => {
      const after = text.startsWith(spec.name) ? text.slice(spec.name.length) : '';
      const index = isSequence(spec) ? (/^\[\d+\](?==)/.exec(after)?.[0] ?? '') : '';
      const name = spec.name + index;
      return text.startsWith(`${name}=`) ? [{ spec, name }] : [];
    })
    .sort((a, b) => b.name.length - a.name.length);
  const [found] = named;
  if (found !== undefined) {
    const { spec, name } = found;
    if (isSequence(spec) && name === spec.name)
      throw usage(
        `The input "${name}" is a sequence.`,
        `Feed its elements one by one: --feed '${name}[0]=…', --feed '${name}[1]=…'.`,
      );
    return { spec, name, value: text.slice(name.length + 1) };
  }
  if (!text.includes('=')) throw usage(`"${text}" is not a feed.`, 'Write --feed NAME=FILE.npy.');
  const list = inputs.map(({ name, dtype, shape }) => `${name} (${dtype} ${formatShape(shape)})`).join(', ');
  throw usage(
    `The model has no input "${text.slice(0, text.indexOf('='))}".`,
    `Its inputs are ${list || 'none'}.`,
  );
}

function isSequence({ container }: FeedSpec): boolean {
  return container === 'sequence' || container === 'optional-sequence';
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
