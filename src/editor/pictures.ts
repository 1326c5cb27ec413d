/**
 * Draws tensors for the inspector: slices of weights from the file, slices of activations from the engine. What an axis
 * means is guessed from the shape and from what was fed, and named in the figure.
 */
import * as vscode from 'vscode';
import { Failure } from '../base/errors';
import type { Picture, PictureRequest } from '../contract/hostApi';
import type { TensorSlice } from '../contract/engineApi';
import type { TensorData } from '../contract/tensor';
import { toNumbers } from '../tensor/buffers';
import { formatNumber } from '../tensor/format';
import { sliceTensor } from '../tensor/slice';
import type { EngineAccess } from './engineAccess';
import type { FeedBook } from './feedBook';
import type { OpenModel } from './openModel';
import {
  plan,
  rowNorms,
  toPicture,
  type PictureHints,
  type PicturePlan,
  type PictureWords,
} from './picturing';
import { ranking } from './ranking';
import type { RunController } from './runController';
import type { Weights } from './weights';

const RANKED = 10;

/** Names of classes, and where they are from. */
interface Labels {
  readonly names: readonly string[];
  readonly from: string;
}

export class Pictures {
  constructor(
    private readonly engine: EngineAccess,
    private readonly runs: RunController,
    private readonly feeds: FeedBook,
    private readonly weights: Weights,
  ) {}

  draw(model: OpenModel, request: PictureRequest, signal?: AbortSignal): Promise<readonly Picture[]> {
    const abort = signal ?? new AbortController().signal;
    return request.of === 'weight'
      ? this.#weight(model, request, abort)
      : this.#activation(model, request, abort);
  }

  async #weight(
    model: OpenModel,
    { name, fixed }: PictureRequest,
    signal: AbortSignal,
  ): Promise<readonly Picture[]> {
    const ref = model.content?.names.weightNamed(name);
    if (ref === undefined || ref.dtype === 'string' || ref.count < 2) return [];
    const hints: PictureHints = { of: 'weight', title: vscode.l10n.t('Values') };
    const layout = plan(ref.dims, fixed, hints, words());
    const box = await this.weights.slice(model, ref, layout.slice, signal);
    return [toPicture(ref.dims, layout, toFloats(box), hints)];
  }

  async #activation(
    model: OpenModel,
    { name, fixed }: PictureRequest,
    signal: AbortSignal,
  ): Promise<readonly Picture[]> {
    const run = this.runs.shown(model);
    const stored = run?.values.find(({ site }) => site === name);
    if (run === undefined || stored === undefined) return [];
    if (this.runs.isStale(model, run)) {
      throw new Failure({
        code: 'bad-data',
        message: vscode.l10n.t(
          'The model file has changed since this run, so only its summaries can be shown.',
        ),
        remedy: vscode.l10n.t('Run the model again to see its values.'),
      });
    }
    const feeds = await this.runs.feedsOf(model, run, signal);
    const { dims } = stored;
    const fed = feeds[name];
    const text = await this.feeds.tokensOf(model, feeds);
    const hints: PictureHints = {
      of: 'activation',
      title: vscode.l10n.t('Values'),
      attention: model.content?.names.producer(name)?.op === 'Softmax',
      image: fed !== undefined,
      ...(text === undefined ? {} : { tokens: text.tokens }),
    };
    const layout = plan(dims, fixed, hints, words());
    const fetch = (slice: TensorSlice): Promise<TensorData> =>
      fed === undefined
        ? this.engine.value(model, feeds, name, slice, signal)
        : Promise.resolve(sliceTensor(fed, slice));
    const box = await fetch(layout.slice);
    if (!ArrayBuffer.isView(box.data))
      return [{ ...texts(box), title: hints.title, note: '', dims, fixed: [] }];
    const data = toFloats(box);
    const shared = { note: '', dims, fixed: layout.fixed };
    const pictures: Picture[] = [];
    const labels = this.feeds.labelsOf(model);
    const isOutput = run.outputs.includes(name);
    if (isOutput && labels !== undefined && labels.names.length === dims.at(-1)) {
      if (layout.form === 'bars')
        pictures.push({ ...classes(data, labels), ...shared, title: vscode.l10n.t('Classes') });
      else if (dims.length === 2) pictures.push(await this.#rowClasses(dims, fixed, labels, fetch));
    }
    if (layout.form === 'matrix' && text?.tokens.length === layout.rows) {
      if (isOutput && dims.length === 3) pictures.push(await this.#nextTokens(dims, fixed, text, fetch));
      const norms = rowNorms(data, layout.rows, layout.columns);
      pictures.push({
        ...shared,
        kind: 'tokens',
        title: vscode.l10n.t('Tokens'),
        tokens: text.tokens,
        data: norms,
        measure: vscode.l10n.t('norm'),
      });
    }
    const picture = toPicture(dims, layout, data, hints);
    pictures.push(pictures.length === 0 ? picture : { ...picture, fixed: [] });
    const difference = await this.#difference(model, name, layout, data, signal);
    if (difference !== undefined) pictures.push(difference);
    return pictures;
  }

  /** Element by element, the shown run less the one it is compared with, where both have this box. */
  async #difference(
    model: OpenModel,
    name: string,
    layout: PicturePlan,
    shown: Float32Array,
    signal: AbortSignal,
  ): Promise<Picture | undefined> {
    const other = this.runs.other(model);
    const run = this.runs.shown(model);
    const stored = other?.values.find(({ site }) => site === name);
    const dims = run?.values.find(({ site }) => site === name)?.dims;
    if (
      other === undefined ||
      run === undefined ||
      stored === undefined ||
      dims?.join() !== stored.dims.join()
    )
      return undefined;
    if (this.runs.isStale(model, other)) return undefined;
    const feeds = await this.runs.feedsOf(model, other, signal);
    const fed = feeds[name];
    const box =
      fed === undefined
        ? await this.engine.value(model, feeds, name, layout.slice, signal)
        : sliceTensor(fed, layout.slice);
    const before = toFloats(box);
    const data = shown.map((value, i) => value - (before[i] ?? Number.NaN));
    const most = data.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    const hints: PictureHints = {
      of: 'activation',
      title: vscode.l10n.t('{0} less {1}', run.name, other.name),
    };
    const note = vscode.l10n.t('Largest difference {0}.', formatNumber(most));
    return { ...toPicture(dims, layout, data, hints), fixed: [], note };
  }

  /** What is ranked highest in one row of a batch; the first, unless another is asked for. */
  async #rowClasses(
    dims: readonly number[],
    fixed: PictureRequest['fixed'],
    labels: Labels,
    fetch: (slice: TensorSlice) => Promise<TensorData>,
  ): Promise<Picture> {
    const [rows = 1, columns = 1] = dims;
    const row = Math.min(rows - 1, fixed[0] ?? 0);
    const data = toFloats(await fetch({ start: [row, 0], size: [1, columns] }));
    return {
      ...classes(data, labels),
      title: vscode.l10n.t('Classes of row {0}', row),
      note: '',
      dims,
      fixed: [{ axis: 0, size: rows, index: row }],
    };
  }

  /** What a language model's output ranks highest after one of its tokens; the last, unless another is asked for. */
  async #nextTokens(
    dims: readonly number[],
    fixed: PictureRequest['fixed'],
    text: {
      readonly tokens: readonly string[];
      readonly name: (id: number) => string;
      readonly from: string;
    },
    fetch: (slice: TensorSlice) => Promise<TensorData>,
  ): Promise<Picture> {
    const length = dims[1] ?? 1;
    const position = Math.min(length - 1, fixed[1] ?? length - 1);
    const row = toFloats(await fetch({ start: [fixed[0] ?? 0, position, 0], size: [1, 1, dims[2] ?? 1] }));
    return {
      ...ranking(row, (id) => text.name(id), RANKED, vscode.l10n.t('softmax of the output')),
      title: vscode.l10n.t('Next after “{0}”, at position {1}', text.tokens[position] ?? '', position),
      note: '',
      dims,
      fixed: [{ axis: 1, size: length, index: position }],
      labelsFrom: vscode.l10n.t('names from {0} (a guess)', text.from),
    };
  }
}

function classes(
  data: Float32Array,
  { names, from }: Labels,
): Omit<Extract<Picture, { kind: 'ranking' }>, 'title' | 'note' | 'dims' | 'fixed'> {
  const softmax = vscode.l10n.t('softmax of the output');
  return { ...ranking(data, (index) => names[index] ?? String(index), RANKED, softmax), labelsFrom: from };
}

function toFloats({ dtype, data }: TensorData): Float32Array {
  return ArrayBuffer.isView(data) ? Float32Array.from(toNumbers(dtype, data)) : new Float32Array();
}

function texts({ data }: TensorData): { readonly kind: 'text'; readonly text: string } {
  return { kind: 'text', text: Array.from(data.slice(0, 100), String).join('\n') };
}

function words(): PictureWords {
  const { l10n } = vscode;
  return {
    channel: l10n.t('channel'),
    head: l10n.t('head'),
    filter: l10n.t('filter'),
    token: l10n.t('token'),
    unit: l10n.t('unit'),
    row: l10n.t('row'),
    column: l10n.t('column'),
    firstOf: (shown, total, item) => l10n.t('The first {0} of {1} ({2}).', shown, total, item),
  };
}
