/**
 * Feeds and interventions as they are written on the command line, into data. A feed is `NAME=` and an array file, an
 * image, `random:SEED`, `text:…` or a literal; what is guessed on the way is said.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FeedSpec, Intervention } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { openDimName, resolveFeed, type FeedSource, type OpenDims } from '../data/feed';
import type { DataFiles } from '../data/files';
import { fitPreprocessing, guessFrom, guessTokens, type Guesses } from '../data/guess';
import { isImageName } from '../data/image';
import { readArray } from '../data/npz';
import { fileUnreadable } from '../onnx/errors';
import { formatShape } from '../tensor/shape';
import { usage } from './options';

/** Files named on the command line are relative to where it was started; those beside the model, to its folder. */
export function commandFiles(model: string): DataFiles {
  const folder = dirname(model);
  return {
    read: async (file) => {
      const beside = join(folder, file);
      const path = (await isFile(file)) || !(await isFile(beside)) ? file : beside;
      return readFile(path).catch((error: unknown) => {
        throw fileUnreadable(file, error);
      });
    },
    beside: () => readdir(folder),
  };
}

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() === true;
}

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

/** `scale SITE 0.5`, `set SITE 0`, `add SITE FILE.npy`, `replace SITE FILE.npy`; a number does for a file. */
export async function parseIntervention(text: string, files: DataFiles): Promise<Intervention> {
  const match = /^(\w+)\s+(.+)\s+(\S+)$/s.exec(text.trim());
  const [, kind = '', site = '', operand = ''] = match ?? [];
  const number = operand.trim() === '' ? NaN : Number(operand);
  switch (kind) {
    case 'scale':
    case 'set': {
      if (Number.isNaN(number) && operand.toLowerCase() !== 'nan') {
        throw usage(
          `"${operand}" is not a number to ${kind} by.`,
          `Write --intervene '${kind} SITE NUMBER'.`,
        );
      }
      return kind === 'scale' ? { kind, site, factor: number } : { kind, site, value: number };
    }
    case 'add':
    case 'replace': {
      const value: TensorData = Number.isNaN(number)
        ? readArray(await files.read(operand), operand)
        : { dtype: 'float32', dims: [], data: Float32Array.of(number) };
      return { kind, site, value };
    }
    default:
      throw usage(
        `"${text}" is not an intervention.`,
        "Write 'scale SITE NUMBER', 'set SITE NUMBER', 'add SITE FILE.npy' or 'replace SITE FILE.npy'.",
      );
  }
}
