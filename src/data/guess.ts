/**
 * What can be guessed about feeding a model from the files beside it: image preprocessing, labels, tokenizer. Each guess
 * says where it comes from; a person changes it with one click. A file that cannot be read is a problem told, not a stop.
 */
import { describe } from '../base/errors';
import type { FeedSpec } from '../contract/run';
import type { DataFiles } from './files';
import { maybeLabels, parseJson, parseLabels } from './labels';
import { PLAIN, type ImagePreprocessing, type Layout } from './preprocess';
import type { Resample } from './resize';
import { guessTokenField, type TokenField } from './tokenField';

/** A value with the place it was read from. */
export interface Guess<T> {
  readonly value: T;
  /** A file's name, or words such as "the input's shape". */
  readonly from: string;
}

export interface Guesses {
  readonly preprocessing: Guess<ImagePreprocessing> | null;
  readonly labels: Guess<readonly string[]> | null;
  /** Name of a `tokenizer.json`. */
  readonly tokenizer: Guess<string> | null;
  /** The first prompt that lies beside the model. */
  readonly prompt: Guess<string> | null;
  /** Token that fills a row, where the configuration names it. */
  readonly padToken: Guess<number> | null;
  /** Files that were found and could not be used, a sentence each. */
  readonly problems: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const LABEL_FILES =
  /^(labels?|classes|class_names|categories|vocab_labels|.*_keys_v\d+|.*labels?)\.(txt|json|names)$/i;
const RESAMPLES: readonly Resample[] = ['nearest', 'lanczos', 'bilinear', 'bicubic'];

export async function guessFrom(files: DataFiles): Promise<Guesses> {
  const names = await files.beside();
  const problems: string[] = [];
  const json = async (name: string): Promise<Json | null> => {
    if (!names.includes(name)) return null;
    try {
      const value = parseJson(new TextDecoder().decode(await files.read(name)), name);
      return isObject(value) ? value : null;
    } catch (error) {
      problems.push(describe(error));
      return null;
    }
  };
  const prompt = async (): Promise<Guess<string> | null> => {
    try {
      const { readPrompts } = await import('./nearby');
      const prompts = await readPrompts(files, names, 1);
      const [value] = prompts?.values ?? [];
      return prompts === null || value === undefined ? null : { value, from: prompts.from };
    } catch (error) {
      problems.push(describe(error));
      return null;
    }
  };
  const processor = await json('preprocessor_config.json');
  const config = await json('config.json');
  const pad = config === null ? undefined : config['pad_token_id'];
  return {
    preprocessing:
      processor === null ? null : { value: fromProcessor(processor), from: 'preprocessor_config.json' },
    labels: await guessLabels(files, names, config, problems),
    tokenizer: names.includes('tokenizer.json') ? { value: 'tokenizer.json', from: 'tokenizer.json' } : null,
    prompt: await prompt(),
    padToken: typeof pad === 'number' ? { value: pad, from: 'config.json' } : null,
    problems,
  };
}

async function guessLabels(
  files: DataFiles,
  names: readonly string[],
  config: Json | null,
  problems: string[],
): Promise<Guess<readonly string[]> | null> {
  for (const name of names.filter((candidate) => LABEL_FILES.test(candidate)).sort()) {
    try {
      return { value: parseLabels(await files.read(name), name), from: name };
    } catch (error) {
      problems.push(describe(error));
    }
  }
  const labels = config === null ? undefined : maybeLabels(config['id2label']);
  return labels === undefined ? null : { value: labels, from: 'config.json' };
}

/** Reads a Hugging Face image processor's configuration. */
export function fromProcessor(config: Json): ImagePreprocessing {
  const channels = config['num_channels'] === 1 ? 'gray' : 'RGB';
  const resizes = config['do_resize'] !== false;
  const crops = config['do_center_crop'] === true;
  const code = config['resample'];
  return {
    ...PLAIN,
    channels,
    resize: resizes ? sizeFrom(config['size']) : null,
    resample: (typeof code === 'number' ? RESAMPLES[code] : undefined) ?? 'bilinear',
    crop: crops ? boxFrom(config['crop_size']) : null,
    scale: config['do_rescale'] === false ? 1 : numberOr(config['rescale_factor'], 1 / 255),
    mean: config['do_normalize'] === false ? [0] : numbersOr(config['image_mean'], [0]),
    std: config['do_normalize'] === false ? [1] : numbersOr(config['image_std'], [1]),
  };
}

/** Whether an input takes pictures, and how they would be laid out, from its shape alone. */
export function guessImage(spec: FeedSpec): Guess<ImagePreprocessing> | null {
  const { shape, dtype } = spec;
  if (shape === null || !/^float|^uint8$/.test(dtype)) return null;
  const plausible = (size: unknown): boolean => typeof size !== 'number' || size >= 8;
  const [a, b, c, d] = shape;
  const found = ((): { layout: Layout; channels: unknown; height: unknown; width: unknown } | null => {
    if (shape.length === 4 && (b === 1 || b === 3) && plausible(c) && plausible(d)) {
      return { layout: 'NCHW', channels: b, height: c, width: d };
    }
    if (shape.length === 4 && (d === 1 || d === 3) && plausible(b) && plausible(c)) {
      return { layout: 'NHWC', channels: d, height: b, width: c };
    }
    if (shape.length === 3 && (a === 1 || a === 3) && plausible(b) && plausible(c)) {
      return { layout: 'CHW', channels: a, height: b, width: c };
    }
    return null;
  })();
  if (found === null) return null;
  const { height, width } = found;
  return {
    from: "the input's shape",
    value: {
      ...PLAIN,
      layout: found.layout,
      channels: found.channels === 1 ? 'gray' : 'RGB',
      resize: typeof height === 'number' && typeof width === 'number' ? { width, height } : null,
      scale: dtype === 'uint8' ? 1 : 1 / 255,
    },
  };
}

/**
 * The preprocessing for one input: what a file says, fitted to the input's own shape (layout, channels, fixed sizes),
 * which wins where the two disagree.
 */
export function fitPreprocessing(
  spec: FeedSpec,
  said: Guess<ImagePreprocessing> | null,
): Guess<ImagePreprocessing> | null {
  const shaped = guessImage(spec);
  if (shaped === null || said === null) return shaped;
  const { layout, channels, resize } = shaped.value;
  return { from: said.from, value: { ...said.value, layout, channels, resize: resize ?? said.value.resize } };
}

/** Which field of a tokenizer an input takes, from its name and type. */
export function guessTokens(spec: FeedSpec): Guess<TokenField> | null {
  if (!/^int(32|64)$/.test(spec.dtype) || spec.shape?.length !== 2) return null;
  const field = guessTokenField(spec.name);
  return field === undefined ? null : { value: field, from: "the input's name" };
}

function sizeFrom(size: unknown): ImagePreprocessing['resize'] {
  if (typeof size === 'number') return { shortest: size };
  if (!isObject(size)) return null;
  const edge = size['shortest_edge'];
  return typeof edge === 'number' ? { shortest: edge } : boxFrom(size);
}

function boxFrom(size: unknown): { width: number; height: number } | null {
  if (typeof size === 'number') return { width: size, height: size };
  if (!isObject(size)) return null;
  const { width, height } = size;
  return typeof width === 'number' && typeof height === 'number' ? { width, height } : null;
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

function numbersOr(value: unknown, fallback: readonly number[]): readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number') ? value : fallback;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
