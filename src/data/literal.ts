/**
 * Tensors as a person types them.
 *
 *     3                          a scalar, or that number in every element of the input's shape
 *     [[1, 2], [3, 4]]           nested lists
 *     float32[1,3]: 1 2 3        type and shape first, then the elements
 *     zeros, ones, arange        filled to the input's shape
 */
import type { TensorData } from '../contract/tensor';
import { maybeDtypeNamed, wholeRange, type Dtype } from '../tensor/dtype';
import { sizeOf } from '../tensor/shape';
import { badFeed } from './errors';
import { filledTyped, madeSize, toRawTyped } from './typed';

const EXAMPLE = 'Write it like 3, [[1, 2], [3, 4]], float32[1,3]: 1 2 3, zeros, ones or arange.';

/** @param dims the shape to fill where the text gives none; null when it is not known */
export function parseLiteral(text: string, dtype: Dtype, dims: readonly number[] | null): TensorData {
  const trimmed = text.trim();
  const typed = /^([a-z]+\d*)?\s*\[([\d,\s]*)\]\s*:\s*(.*)$/is.exec(trimmed);
  if (typed !== null) return explicit(typed[1], typed[2] ?? '', typed[3] ?? '', dtype);
  if (/^(zeros|ones|arange)$/i.test(trimmed)) return filled(trimmed.toLowerCase(), dtype, dims);
  if (dtype === 'string') return strings(trimmed);
  if (trimmed.startsWith('[')) return nested(trimmed, dtype);
  const number = parseNumber(trimmed);
  if (number === undefined) throw badFeed(`"${clip(trimmed)}" is not a tensor.`, EXAMPLE);
  const shape = dims ?? [];
  refuseUnheld(dtype, [number]);
  return { dtype, dims: shape, data: filledTyped(dtype, number, shape) };
}

function explicit(type: string | undefined, shape: string, elements: string, fallback: Dtype): TensorData {
  const dtype = type === undefined ? fallback : maybeDtypeNamed(type.toLowerCase());
  if (dtype === undefined)
    throw badFeed(`"${type ?? ''}" is not an element type.`, 'Use float32, int64, bool, ….');
  const dims = shape.trim() === '' ? [] : shape.split(',').map((part) => Number(part));
  const words = elements.split(/[\s,]+/).filter((word) => word !== '');
  const numbers = words.map((word) => {
    const number = parseNumber(word);
    if (number === undefined) throw badFeed(`"${clip(word)}" is not a number.`, EXAMPLE);
    return number;
  });
  const [first] = numbers;
  const count = sizeOf(dims);
  if (numbers.length === 1 && first !== undefined && count !== 1) {
    refuseUnheld(dtype, numbers);
    return { dtype, dims, data: filledTyped(dtype, first, dims) };
  }
  if (numbers.length !== count) {
    throw badFeed(
      `The shape [${dims.join(', ')}] has ${String(count)} elements; ${String(numbers.length)} were given.`,
      'Give one for each, or a single one for all.',
    );
  }
  return make(dtype, dims, numbers);
}

function filled(word: string, dtype: Dtype, dims: readonly number[] | null): TensorData {
  if (dims === null)
    throw badFeed(`"${word}" needs a shape, and this input's is not known.`, 'Write float32[1,3]: 0.');
  if (word !== 'arange') return { dtype, dims, data: filledTyped(dtype, word === 'ones' ? 1 : 0, dims) };
  return make(
    dtype,
    dims,
    Array.from({ length: madeSize(dims) }, (_, i) => i),
  );
}

function nested(text: string, dtype: Dtype): TensorData {
  const { dims, flat } = flatten(parseJson(text));
  const numbers = flat.map((item) => {
    if (typeof item === 'number') return item;
    if (typeof item === 'boolean') return item ? 1 : 0;
    throw badFeed(`${JSON.stringify(item)} is not a number.`, EXAMPLE);
  });
  return make(dtype, dims, numbers);
}

function strings(text: string): TensorData {
  if (!/^[["]/.test(text)) return { dtype: 'string', dims: [1], data: [text] };
  const { dims, flat } = flatten(parseJson(text));
  return { dtype: 'string', dims, data: flat.map(String) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badFeed(`"${clip(text)}" is not a list (${error instanceof Error ? error.message : ''}).`, EXAMPLE);
  }
}

function flatten(value: unknown): { dims: number[]; flat: unknown[] } {
  if (!Array.isArray(value)) return { dims: [], flat: [value] };
  const parts = value.map(flatten);
  const [first] = parts;
  const inner = first?.dims ?? [];
  if (parts.some((part) => part.dims.join() !== inner.join())) {
    throw badFeed('The rows of the list are not of equal length.', 'Make every row as long as the first.');
  }
  return { dims: [value.length, ...inner], flat: parts.flatMap((part) => part.flat) };
}

function make(dtype: Dtype, dims: readonly number[], numbers: readonly number[]): TensorData {
  refuseUnheld(dtype, numbers);
  return { dtype, dims, data: toRawTyped(dtype, numbers, numbers.length) };
}

/** Throws for a number that would be rounded or wrap around; a truth is what is not 0. */
function refuseUnheld(dtype: Dtype, numbers: readonly number[]): void {
  const range = dtype === 'bool' ? undefined : wholeRange(dtype);
  if (range === undefined) return;
  const [least, most] = range.map((bound) => Math.sign(bound) * Math.min(Math.abs(bound), 2 ** 53 - 1));
  const odd = numbers.find(
    (number) => !(Number.isInteger(number) && number >= Number(least) && number <= Number(most)),
  );
  if (odd === undefined) return;
  throw badFeed(
    `${String(odd)} is no ${dtype}: typed, it takes whole numbers from ${String(least)} to ${String(most)}.`,
    'Write another number, or feed it from a .npy file.',
  );
}

function parseNumber(word: string): number | undefined {
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) return Number(word);
  if (/^(true|false)$/i.test(word)) return word.toLowerCase() === 'true' ? 1 : 0;
  if (/^nan$/i.test(word)) return NaN;
  const infinite = /^([-+]?)inf(inity)?$/i.exec(word);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return undefined;
}

function clip(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
