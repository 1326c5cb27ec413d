/** Asks for one step of an image's preparation. Every step is a few choices or a few numbers. */
import * as vscode from 'vscode';
import type { ChannelOrder, ImagePreprocessing, Layout } from '../data/preprocess';
import type { Resample } from '../data/resize';

/** The preprocessing with one step changed, or undefined when the person backed out. */
export async function askImagePart(
  how: ImagePreprocessing,
  part: string,
): Promise<ImagePreprocessing | undefined> {
  switch (part) {
    case 'size':
      return askSize(how);
    case 'crop':
      return askCrop(how);
    case 'channels':
      return askChannels(how);
    case 'scale': {
      const scale = await pick(vscode.l10n.t('Bytes are multiplied by'), [
        { label: '÷255', description: vscode.l10n.t('0 to 1'), value: 1 / 255 },
        { label: '×1', description: vscode.l10n.t('0 to 255'), value: 1 },
      ]);
      return scale === undefined ? undefined : { ...how, scale };
    }
    case 'mean':
    case 'std': {
      const list = await askNumbers(
        part === 'mean'
          ? vscode.l10n.t('Mean per channel, after scaling')
          : vscode.l10n.t('Standard deviation per channel, after scaling'),
        how[part],
        part === 'std',
      );
      return list === undefined ? undefined : { ...how, [part]: list };
    }
    case 'layout': {
      const layouts: readonly Layout[] = ['NCHW', 'NHWC', 'CHW', 'HWC', 'HW'];
      const layout = await pick(
        vscode.l10n.t('Order of the axes'),
        layouts.map((value) => ({ label: value, value })),
      );
      return layout === undefined ? undefined : { ...how, layout };
    }
    default:
      return undefined;
  }
}

async function askSize(how: ImagePreprocessing): Promise<ImagePreprocessing | undefined> {
  const { resize } = how;
  const value =
    resize === null
      ? ''
      : 'shortest' in resize
        ? `>=${String(resize.shortest)}`
        : `${String(resize.height)}x${String(resize.width)}`;
  const text = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    prompt: vscode.l10n.t(
      'Height x width (28x28), or >=256 for the shorter edge, or empty for the image’s own size',
    ),
    value,
    validateInput: (typed) =>
      parseSize(typed) === undefined
        ? vscode.l10n.t('Write it like 224x224, >=256, or leave it empty.')
        : undefined,
  });
  if (text === undefined) return undefined;
  const size = parseSize(text);
  if (size === undefined) return undefined;
  if (size === null) return { ...how, resize: null };
  const resamples: readonly Resample[] = ['bilinear', 'bicubic', 'nearest', 'lanczos'];
  const resample = await pick(
    vscode.l10n.t('Resampling'),
    resamples.map((name) => ({ label: name, value: name })),
  );
  return resample === undefined ? undefined : { ...how, resize: size, resample };
}

/** `28x28`, `>=256`, or '' for none; undefined for anything else. */
export function parseSize(text: string): ImagePreprocessing['resize'] | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const edge = /^(?:>=|≥)\s*(\d{1,5})$/.exec(trimmed)?.[1];
  if (edge !== undefined) return Number(edge) > 0 ? { shortest: Number(edge) } : undefined;
  const [, height, width] = /^(\d{1,5})\s*[x×,]\s*(\d{1,5})$/i.exec(trimmed) ?? [];
  if (height === undefined || width === undefined || Number(height) * Number(width) === 0) return undefined;
  return { height: Number(height), width: Number(width) };
}

async function askCrop(how: ImagePreprocessing): Promise<ImagePreprocessing | undefined> {
  const text = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    prompt: vscode.l10n.t('Centre crop, height x width, or empty for none'),
    value: how.crop === null ? '' : `${String(how.crop.height)}x${String(how.crop.width)}`,
    validateInput: (typed) => {
      const size = parseSize(typed);
      return size === undefined || (size !== null && 'shortest' in size)
        ? vscode.l10n.t('Write it like 224x224, or leave it empty.')
        : undefined;
    },
  });
  if (text === undefined) return undefined;
  const size = parseSize(text);
  return size === undefined || (size !== null && 'shortest' in size) ? undefined : { ...how, crop: size };
}

async function askChannels(how: ImagePreprocessing): Promise<ImagePreprocessing | undefined> {
  const orders: readonly ChannelOrder[] = ['RGB', 'BGR', 'gray'];
  const items = orders.flatMap((channels) => [
    { label: channels, value: { channels, invert: false } },
    {
      label: vscode.l10n.t('{0}, inverted', channels),
      description: vscode.l10n.t('255 − byte'),
      value: { channels, invert: true },
    },
  ]);
  const chosen = await pick(vscode.l10n.t('Channels'), items);
  return chosen === undefined ? undefined : { ...how, ...chosen };
}

async function askNumbers(
  prompt: string,
  values: readonly number[],
  positive: boolean,
): Promise<readonly number[] | undefined> {
  const parse = (text: string): readonly number[] | undefined => {
    const list = text
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    const fits =
      (list.length === 1 || list.length === 3) &&
      list.every((number) => Number.isFinite(number) && (!positive || number > 0));
    return fits ? list : undefined;
  };
  const text = await vscode.window.showInputBox({
    ignoreFocusOut: true,
    prompt,
    value: values.join(' '),
    validateInput: (typed) =>
      parse(typed) === undefined ? vscode.l10n.t('One number, or three: 0.485 0.456 0.406') : undefined,
  });
  return text === undefined ? undefined : parse(text);
}

async function pick<T>(
  placeHolder: string,
  items: readonly (vscode.QuickPickItem & { readonly value: T })[],
): Promise<T | undefined> {
  return (await vscode.window.showQuickPick(items, { placeHolder, ignoreFocusOut: true }))?.value;
}
