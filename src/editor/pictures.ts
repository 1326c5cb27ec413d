/**
 * Draws tensors for the inspector: slices of weights from the file, slices of activations from the engine. What an axis
 * means is guessed from the shape and from what was fed, and named in the figure.
 */
import * as vscode from 'vscode';
import { Failure, isFailure } from '../base/errors';
import type { Picture, PictureRequest } from '../contract/hostApi';
import type { TensorSlice } from '../contract/engineApi';
import type { TensorData } from '../contract/tensor';
import { interventionsOf } from '../study/clamps';
import { toNumbers } from '../tensor/buffers';
import { isFloat } from '../tensor/dtype';
import { formatNumber } from '../tensor/format';
import { sliceTensor } from '../tensor/slice';
import { classPicture, isRanked, nextTokens } from './classPictures';
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
import type { RunController } from './runController';
import type { Weights } from './weights';

/** Names of classes, and where they are from. */
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
    if (this.runs.isStale(model, run)) throw changedSince(run.name);
    const feeds = await this.runs.feedsOf(model, run, signal);
    const { dims } = stored;
    const fed = feeds[name];
    const text = await this.feeds.tokensOf(model, feeds, run.feeds);
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
        ? this.engine.value(model, feeds, name, slice, signal, interventionsOf(run.clamps ?? []))
        : Promise.resolve(sliceTensor(fed, slice));
    const box = await fetch(layout.slice);
    if (!ArrayBuffer.isView(box.data))
      return [{ ...texts(box), title: hints.title, note: '', dims, fixed: [] }];
    const data = toFloats(box);
    const shared = { note: '', dims, fixed: layout.fixed };
    const { sitePrefix } = await import('../onnx/site');
    const skeleton = model.content?.skeleton;
    const pickOf = (axis: number | undefined): string | undefined =>
      axis === undefined || skeleton === undefined
        ? undefined
        : sitePrefix(skeleton, name, axis, dims.length);
    const pictures: Picture[] = [];
    const labels = this.feeds.labelsOf(model);
    const isOutput = run.outputs.includes(name);
    if (isOutput && labels !== undefined && isFloat(stored.dtype) && isRanked(dims, labels))
      pictures.push(await classPicture(dims, fixed, labels, fetch));
    if (layout.form === 'matrix' && text?.tokens.length === layout.rows) {
      if (isOutput && dims.length === 3) pictures.push(await nextTokens(dims, fixed, text, fetch));
      const norms = rowNorms(data, layout.rows, layout.columns);
      const pick = pickOf(layout.rowAxis);
      pictures.push({
        ...shared,
        ...(pick === undefined ? {} : { pick }),
        kind: 'tokens',
        title: vscode.l10n.t('Tokens'),
        tokens: text.tokens,
        data: norms,
        measure: vscode.l10n.t('norm'),
      });
    }
    const pick = pickOf(layout.itemAxis);
    const picture = toPicture(dims, layout, data, pick === undefined ? hints : { ...hints, pick });
    pictures.push(pictures.length === 0 ? picture : { ...picture, fixed: [] });
    const difference = await this.#difference(model, name, layout, data, signal).catch(inWords);
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
    if (this.runs.isStale(model, other)) throw changedSince(other.name);
    const feeds = await this.runs.feedsOf(model, other, signal);
    const fed = feeds[name];
    const box =
      fed === undefined
        ? await this.engine.value(
            model,
            feeds,
            name,
            layout.slice,
            signal,
            interventionsOf(other.clamps ?? []),
          )
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
}

function changedSince(run: string): Failure {
  return new Failure({
    code: 'bad-data',
    message: vscode.l10n.t('The model has changed since {0}, so only its summaries can be shown.', run),
    remedy: vscode.l10n.t('Run the model again to see its values.'),
  });
}

/** The sentence in the picture's place: what cannot be compared does not take the values away. */
function inWords(error: unknown): Picture {
  if (!isFailure(error)) throw error;
  const title = vscode.l10n.t('Difference');
  return { kind: 'text', text: error.message, title, note: '', dims: [], fixed: [] };
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
