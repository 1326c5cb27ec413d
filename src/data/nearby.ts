/**
 * What lies near a model and could be fed to it without being asked for: arrays whose type and shape fit an input, and
 * the first of the prompts that people keep beside language models. Guesses all, each with its reason; nothing is made.
 */
import { describe } from '../base/errors';
import type { FeedSpec } from '../contract/run';
import type { Dtype } from '../tensor/dtype';
import { sizeOf } from '../tensor/shape';
import type { FeedSource } from './feed';
import type { DataFiles } from './files';
import { parseJson } from './labels';
import { arrayTypes } from './npz';

/** One array of a file: what it is, without its elements. */
export interface NearArray {
  readonly file: string;
  /** Its name within a .npz. */
  readonly entry?: string;
  readonly dtype: Dtype;
  readonly dims: readonly number[];
}

export interface FittedArray {
  readonly source: Extract<FeedSource, { kind: 'array' }>;
  /** Whether the array has the model's and the input's name, the input's, or only its type and shape. */
  readonly by: 'model' | 'name' | 'shape';
}

/** The types and shapes of the arrays in these files; a file that cannot be read is a problem told. */
export async function readNearArrays(
  files: DataFiles,
  names: readonly string[],
): Promise<{ readonly arrays: readonly NearArray[]; readonly problems: readonly string[] }> {
  const arrays: NearArray[] = [];
  const problems: string[] = [];
  for (const file of names) {
    try {
      for (const { entry, dtype, dims } of arrayTypes(await files.read(file), file))
        arrays.push({ file, ...(entry === undefined ? {} : { entry }), dtype, dims });
    } catch (error) {
      problems.push(describe(error));
    }
  }
  return { arrays, problems };
}

/**
 * An array for each input that one fits, by the input's name. One named after the model and the input comes first, then
 * one of the input's own name; then one that fits by type and shape and is named after no other input: the fewest
 * elements, so that a first run is short. Open dimensions of one name are one size in all inputs. No array is taken
 * twice, and none by a shape that says nothing.
 *
 * @param model the model's file name
 * @param wants false of an input that something else near the model is better for: it takes only what is named after both
 */
export function fitArrays(
  specs: readonly FeedSpec[],
  arrays: readonly NearArray[],
  model = '',
  wants: (spec: FeedSpec) => boolean = () => true,
): ReadonlyMap<string, FittedArray> {
  const found = new Map<string, FittedArray>();
  const used = new Set<NearArray>();
  const sizes = new Map<string, number>();
  const take = (spec: FeedSpec, array: NearArray | undefined, by: FittedArray['by']): void => {
    if (array === undefined) return;
    used.add(array);
    bind(spec, array.dims, sizes);
    const { file, entry } = array;
    found.set(spec.name, { by, source: { kind: 'array', file, ...(entry === undefined ? {} : { entry }) } });
  };
  const fitting = (spec: FeedSpec): NearArray[] =>
    arrays.filter((array) => !used.has(array) && fits(spec, array) && agrees(spec, array.dims, sizes));
  for (const spec of specs) {
    const fit = fitting(spec);
    const own = fit.find((array) => isNamedAfter(array, model, spec));
    if (own !== undefined) take(spec, own, 'model');
    else if (wants(spec))
      take(
        spec,
        fit.find((array) => isNamed(array, spec)),
        'name',
      );
  }
  for (const spec of specs) {
    if (found.has(spec.name) || !wants(spec) || !tells(spec)) continue;
    const free = fitting(spec).filter((array) => !specs.some((other) => isNamed(array, other)));
    take(spec, [...free].sort((a, b) => sizeOf(a.dims) - sizeOf(b.dims))[0], 'shape');
  }
  return found;
}

/** A list of prompts by its file's name. */
const PROMPT_FILES = /^(prompts?|examples?|questions?|sentences?|texts?|inputs?)\.(jsonl|json|txt)$/i;
const PROMPT_FIELDS = ['text', 'prompt', 'question', 'sentence', 'input'];

/** The first prompts of the first such file beside the model that has any. Throws `bad-data` for one that is damaged. */
export async function readPrompts(
  files: DataFiles,
  names: readonly string[],
  most: number,
): Promise<{ readonly values: readonly string[]; readonly from: string } | null> {
  for (const name of names.filter((candidate) => PROMPT_FILES.test(candidate)).sort()) {
    const values = promptsIn(new TextDecoder().decode(await files.read(name)), name, most);
    if (values.length > 0) return { values, from: name };
  }
  return null;
}

function promptsIn(text: string, name: string, most: number): readonly string[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (/\.txt$/i.test(name)) return lines.slice(0, most).map((line) => line.trim());
  if (/\.jsonl$/i.test(name)) return texts(lines.slice(0, most).map((line) => parseJson(line, name)));
  const value = parseJson(text, name);
  return texts(Array.isArray(value) ? (value as readonly unknown[]).slice(0, most) : [value]);
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.map(promptIn).filter((text) => text !== undefined);
}

function promptIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const field of PROMPT_FIELDS) {
    const text = (value as Readonly<Record<string, unknown>>)[field];
    if (typeof text === 'string' && text.trim() !== '') return text;
  }
  return undefined;
}

/** As feeding takes it: the input's own type, or one of numpy's defaults that is narrowed to it. */
function fits({ dtype: wanted, shape }: FeedSpec, { dtype, dims }: NearArray): boolean {
  const taken: readonly Dtype[] =
    wanted === 'float32'
      ? ['float32', 'float64']
      : wanted === 'int32' || wanted === 'int64'
        ? ['int32', 'int64']
        : [wanted];
  return (
    taken.includes(dtype) &&
    sizeOf(dims) > 0 &&
    shape?.length === dims.length &&
    shape.every((dim, axis) => typeof dim !== 'number' || dim === dims[axis])
  );
}

/** `input_ids`, `input-ids.npy` and `Input IDs` are one name. */
function isNamed({ file, entry }: Pick<NearArray, 'file' | 'entry'>, spec: FeedSpec): boolean {
  return wordsOf(entry ?? stemOf(file)).join('') === wordsOf(spec.name).join('');
}

/** `whisper.mel.npy` is the input `mel` of `whisper.onnx`, and of `whisper_int8.onnx`. */
function isNamedAfter({ file, entry }: NearArray, model: string, spec: FeedSpec): boolean {
  const words = wordsOf(stemOf(file));
  const input = entry === undefined ? wordsOf(spec.name) : [];
  if (entry !== undefined && !isNamed({ file, entry }, spec)) return false;
  const before = words.slice(0, words.length - input.length);
  const whole = wordsOf(stemOf(model));
  return (
    before.length > 0 &&
    words.slice(before.length).join(' ') === input.join(' ') &&
    whole.slice(0, before.length).join(' ') === before.join(' ')
  );
}

function wordsOf(name: string): readonly string[] {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function stemOf(file: string): string {
  return file
    .slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
    .replace(/\.(npy|npz|onnx)$/i, '');
}

/** Whether a shape says enough to choose an array by it: a fixed dimension other than 1. */
function tells({ shape }: FeedSpec): boolean {
  return shape?.some((dim) => typeof dim === 'number' && dim > 1) === true;
}

function bind({ shape }: FeedSpec, dims: readonly number[], sizes: Map<string, number>): void {
  shape?.forEach((dim, axis) => {
    if (typeof dim === 'string' && dim !== '') sizes.set(dim, dims[axis] ?? 0);
  });
}

function agrees({ shape }: FeedSpec, dims: readonly number[], sizes: ReadonlyMap<string, number>): boolean {
  return (shape ?? []).every(
    (dim, axis) => typeof dim !== 'string' || (sizes.get(dim) ?? dims[axis]) === dims[axis],
  );
}
