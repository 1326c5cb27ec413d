/**
 * From what a person chose for an input to the tensor that is fed. The choice is data: it is shown, edited, kept with the
 * run and repeated by the command line.
 */
import { assertNever } from '../base/assert';
import { breathe } from '../base/cancel';
import type { FeedSpec } from '../contract/run';
import type { TensorData } from '../contract/tensor';
import { isFloat } from '../tensor/dtype';
import { formatShape } from '../tensor/shape';
import { badFeed } from './errors';
import type { DataFiles } from './files';
import { decodeImage } from './image';
import { parseLiteral } from './literal';
import { readArray } from './npz';
import { preprocess, type ImagePreprocessing } from './preprocess';
import { normal, uniform } from './random';
import { TextEncoderFile, tokenTensor } from './text';
import type { TokenField } from './tokenField';
import { madeSize, toRawTyped } from './typed';

export type FeedSource =
  | { readonly kind: 'image'; readonly file: string; readonly how: ImagePreprocessing }
  /** A .npy file, or one array of a .npz. */
  | { readonly kind: 'array'; readonly file: string; readonly entry?: string }
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly tokenizer: string;
      readonly field: TokenField;
      readonly special: boolean;
      readonly pad: number;
    }
  /** Mulberry32 and Box-Muller: standard normal for floats, 0 up to `below` for integers. */
  | { readonly kind: 'random'; readonly seed: number; readonly below?: number };

/** Sizes chosen for a model's open dimensions, by their name; unnamed ones are `input:axis`. */
export type OpenDims = Readonly<Record<string, number>>;

/** The name under which an open dimension is asked for, or null when it is fixed. */
export function openDimName(spec: FeedSpec, axis: number): string | null {
  const dim = spec.shape?.[axis];
  if (typeof dim === 'number') return null;
  return typeof dim === 'string' && dim !== '' ? dim : `${spec.name}:${String(axis)}`;
}

/** The input's shape with open dimensions filled in, or null where one is still open. */
export function boundShape(spec: FeedSpec, open: OpenDims): readonly number[] | null {
  if (spec.shape === null) return null;
  const dims = spec.shape.map((dim, axis) => {
    const name = openDimName(spec, axis);
    return name === null ? Number(dim) : open[name];
  });
  return dims.every((dim) => dim !== undefined) ? dims : null;
}

/** Makes the tensor for one input. Throws `bad-feed` or `bad-data` with the sentence to show. */
export async function resolveFeed(
  spec: FeedSpec,
  source: FeedSource,
  open: OpenDims,
  files: DataFiles,
): Promise<TensorData> {
  const tensor = await make(spec, source, open, files);
  checkFeed(spec, tensor);
  return tensor;
}

async function make(
  spec: FeedSpec,
  source: FeedSource,
  open: OpenDims,
  files: DataFiles,
): Promise<TensorData> {
  switch (source.kind) {
    case 'image':
      return preprocess(decodeImage(await files.read(source.file), source.file), source.how, spec.dtype);
    case 'array':
      return fitted(spec, readArray(await files.read(source.file), source.file, source.entry));
    case 'literal':
      return parseLiteral(source.text, spec.dtype, boundShape(spec, open));
    case 'text': {
      const encoder = TextEncoderFile.open(await files.read(source.tokenizer), source.tokenizer);
      const last = spec.shape?.at(-1);
      const encoding = encoder.encode(source.text, source.special);
      return tokenTensor(
        encoding,
        source.field,
        spec.dtype,
        typeof last === 'number' ? last : null,
        source.pad,
        spec.shape?.length,
      );
    }
    case 'random':
      return random(spec, source.seed, source.below, open);
    default:
      return assertNever(source);
  }
}

async function random(
  spec: FeedSpec,
  seed: number,
  below: number | undefined,
  open: OpenDims,
): Promise<TensorData> {
  const dims = boundShape(spec, open);
  if (dims === null) {
    throw badFeed(
      `The input "${spec.name}" has the shape ${formatShape(spec.shape)}: its open dimensions have no size yet.`,
      'Give each a size; on the command line with --dim NAME=SIZE.',
    );
  }
  const count = madeSize(dims);
  const draw = isFloat(spec.dtype) ? normal(seed) : uniform(seed);
  const most = below ?? (spec.dtype === 'bool' ? 2 : 10);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (i % BREATH === BREATH - 1) await breathe();
    values[i] = isFloat(spec.dtype) ? draw() : Math.floor(draw() * most);
  }
  return { dtype: spec.dtype, dims, data: toRawTyped(spec.dtype, values, count) };
}

/** Numbers drawn between two chances for others to go on: a few milliseconds' worth. */
const BREATH = 2 ** 17;

/**
 * numpy's default types, narrowed to the input's where nothing is lost: float64 to float32, int64 to int32. Bfloat16, which
 * numpy has no type for, is rounded to here.
 */
function fitted(spec: FeedSpec, tensor: TensorData): TensorData {
  const { dtype, dims, data } = tensor;
  const narrow =
    (dtype === 'float64' && spec.dtype === 'float32') ||
    (/^float(32|64)$/.test(dtype) && spec.dtype === 'bfloat16') ||
    (dtype === 'int64' && spec.dtype === 'int32') ||
    (dtype === 'int32' && spec.dtype === 'int64');
  if (!narrow || typeof data[0] === 'string') return tensor;
  const numbers = Array.from(data as ArrayLike<number | bigint>, Number);
  if (spec.dtype === 'int32' && numbers.some((number) => number !== (number | 0))) return tensor;
  return { dtype: spec.dtype, dims, data: toRawTyped(spec.dtype, numbers, numbers.length) };
}

/** Type and shape against what the model declares. Throws `bad-feed`. */
export function checkFeed(spec: FeedSpec, { dtype, dims }: TensorData): void {
  if (dtype !== spec.dtype) {
    throw badFeed(
      `The input "${spec.name}" takes ${spec.dtype}; ${dtype} was given.`,
      `Save the array as ${spec.dtype}.`,
    );
  }
  if (spec.shape === null) return;
  const fits =
    spec.shape.length === dims.length &&
    spec.shape.every((dim, axis) => typeof dim !== 'number' || dim === dims[axis]);
  if (fits) return;
  throw badFeed(
    `The input "${spec.name}" has the shape ${formatShape(spec.shape)}; ${formatShape(dims)} was given.`,
    'Give it the shape the model was exported with.',
  );
}
