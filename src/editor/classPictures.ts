/**
 * An output as ranked classes: the whole of its last axis, however wide, at one place of a batch or a sequence, with
 * names where labels fit, and a sentence where they do not.
 */
import { l10n } from 'vscode';
import type { TensorSlice } from '../contract/engineApi';
import type { Picture, PictureRequest } from '../contract/hostApi';
import type { TensorData } from '../contract/tensor';
import { toNumbers } from '../tensor/buffers';
import { formatInteger } from '../tensor/format';
import type { Tokens } from './feedBook';
import { ranking } from './ranking';

const RANKED = 10;

export interface Labels {
  readonly names: readonly string[];
  /** `names from labels.txt`. */
  readonly from: string;
  readonly file: string;
}

type Fetch = (slice: TensorSlice) => Promise<TensorData>;

/** Whether an output is ranked by these labels: one or two axes always, three where the labels fit the last. */
export function isRanked(dims: readonly number[], { names }: Labels): boolean {
  const size = dims.at(-1) ?? 0;
  return size > 1 && (dims.length <= 2 || (dims.length === 3 && names.length === size));
}

/** What is ranked highest at one place; the first of each axis, unless another is asked for. */
export async function classPicture(
  dims: readonly number[],
  fixed: PictureRequest['fixed'],
  labels: Labels,
  fetch: Fetch,
): Promise<Picture> {
  const size = dims.at(-1) ?? 1;
  const fits = labels.names.length === size;
  const { slice, places } = rowAt(dims, (axis) => fixed[axis] ?? 0);
  const data = toFloats(await fetch(slice));
  const nameOf = (index: number): string => (fits ? (labels.names[index] ?? '') : `#${String(index)}`);
  const at = places.map(({ index }) => index).join(', ');
  return {
    ...ranking(data, nameOf, RANKED, l10n.t('softmax of the output')),
    title: places.length === 0 ? l10n.t('Classes') : l10n.t('Classes of row {0}', at),
    note: fits
      ? ''
      : l10n.t(
          '{0} names {1} classes and this output has {2}, so they are shown by number.',
          labels.file,
          formatInteger(labels.names.length),
          formatInteger(size),
        ),
    dims,
    fixed: places,
    labelsFrom: fits ? labels.from : '',
  };
}

/** What a language model's output ranks highest after one of its tokens; the last, unless another is asked for. */
export async function nextTokens(
  dims: readonly number[],
  fixed: PictureRequest['fixed'],
  text: Tokens,
  fetch: Fetch,
): Promise<Picture> {
  const { slice, places } = rowAt(dims, (axis, length) => fixed[axis] ?? (axis === 1 ? length - 1 : 0));
  const position = slice.start[1] ?? 0;
  const row = toFloats(await fetch(slice));
  return {
    ...ranking(row, (id) => text.name(id), RANKED, l10n.t('softmax of the output')),
    title: l10n.t('Next after “{0}”, at position {1}', text.tokens[position] ?? '', position),
    note: '',
    dims,
    fixed: places,
    labelsFrom: text.from,
  };
}

/** The box of the whole last axis at one index of each other. */
function rowAt(
  dims: readonly number[],
  wanted: (axis: number, length: number) => number,
): { readonly slice: TensorSlice; readonly places: Picture['fixed'] } {
  const last = dims.length - 1;
  const start = dims.map((size, axis) =>
    axis === last ? 0 : Math.min(Math.max(0, wanted(axis, size)), size - 1),
  );
  const places = dims
    .map((size, axis) => ({ axis, size, index: start[axis] ?? 0 }))
    .filter(({ axis, size }) => axis !== last && size > 1);
  return { slice: { start, size: dims.map((size, axis) => (axis === last ? size : 1)) }, places };
}

function toFloats({ dtype, data }: TensorData): Float32Array {
  return ArrayBuffer.isView(data) ? Float32Array.from(toNumbers(dtype, data)) : new Float32Array();
}
