/**
 * A feed's recipe as the parts a person sees and changes one by one, and as one line for a run's name. Pure: words come
 * in, recipes are data.
 */
import type { FeedPart } from '../contract/hostApi';
import type { FeedSource } from '../data/feed';
import type { ImagePreprocessing } from '../data/preprocess';

type TextSource = Extract<FeedSource, { kind: 'text' }>;

/** Labels of parts, in the person's language. */
export interface PartWords {
  readonly source: string;
  readonly size: string;
  readonly crop: string;
  readonly channels: string;
  readonly scale: string;
  readonly mean: string;
  readonly std: string;
  readonly layout: string;
  readonly seed: string;
  readonly below: string;
  readonly tokenizer: string;
  readonly field: string;
  readonly special: string;
  readonly noSpecial: string;
  readonly pad: string;
  readonly random: string;
  readonly inverted: string;
  readonly ownSize: string;
}

/**
 * Parts by id, in reading order. `from` says where a guess comes from, by part, `*` for all; '' marks what a person chose.
 */
export function partsOf(
  source: FeedSource,
  from: Readonly<Record<string, string>>,
  words: PartWords,
): readonly FeedPart[] {
  const part = (id: string, label: string, text: string): FeedPart => {
    const guess = from[id] ?? from['*'] ?? '';
    return { id, label, text, guess: guess === '' ? null : guess };
  };
  const tokenParts = ({ tokenizer, field, special, pad }: TextSource): readonly FeedPart[] => [
    part('tokenizer', words.tokenizer, tokenizer),
    part('field', words.field, field),
    part('special', words.special, special ? words.special : words.noSpecial),
    part('pad', words.pad, `${words.pad} ${String(pad)}`),
  ];
  switch (source.kind) {
    case 'image': {
      const { how } = source;
      return [
        part('source', words.source, lastPart(source.file)),
        part('size', words.size, sizeText(how, words)),
        ...(how.crop === null
          ? []
          : [part('crop', words.crop, `${words.crop} ${String(how.crop.height)}×${String(how.crop.width)}`)]),
        part('channels', words.channels, how.channels + (how.invert ? ` ${words.inverted}` : '')),
        part('scale', words.scale, scaleText(how.scale)),
        part('mean', words.mean, `${words.mean} ${how.mean.map(short).join(' ')}`),
        part('std', words.std, `${words.std} ${how.std.map(short).join(' ')}`),
        part('layout', words.layout, how.layout),
      ];
    }
    case 'array':
      return [
        part(
          'source',
          words.source,
          source.entry === undefined ? lastPart(source.file) : `${lastPart(source.file)}:${source.entry}`,
        ),
      ];
    case 'literal':
      return [part('source', words.source, clip(source.text))];
    case 'text':
      return [
        part('source', words.source, source.field === 'ids' ? `“${clip(source.text)}”` : source.field),
        ...(source.field === 'ids' ? tokenParts(source) : []),
      ];
    case 'random':
      return [
        part('source', words.source, words.random),
        part('seed', words.seed, `${words.seed} ${String(source.seed)}`),
        ...(source.below === undefined ? [] : [part('below', words.below, `< ${String(source.below)}`)]),
      ];
  }
}

/** One line for a run: what went in. */
export function feedText(source: FeedSource, words: PartWords): string {
  switch (source.kind) {
    case 'image':
      return lastPart(source.file);
    case 'array':
      return source.entry === undefined ? lastPart(source.file) : `${lastPart(source.file)}:${source.entry}`;
    case 'literal':
      return clip(source.text);
    case 'text':
      return source.field === 'ids' ? `“${clip(source.text)}”` : source.field;
    case 'random':
      return `${words.random} ${String(source.seed)}`;
  }
}

/** A recipe read from storage, or undefined when it is none this version knows. */
export function toFeedSource(value: unknown): FeedSource | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const has = (key: string, type: string): boolean => typeof (value as Record<string, unknown>)[key] === type;
  switch (value.kind) {
    case 'image':
      return has('file', 'string') && has('how', 'object') ? (value as FeedSource) : undefined;
    case 'array':
      return has('file', 'string') ? (value as FeedSource) : undefined;
    case 'literal':
      return has('text', 'string') ? (value as FeedSource) : undefined;
    case 'text':
      return has('text', 'string') && has('tokenizer', 'string') && has('field', 'string')
        ? (value as FeedSource)
        : undefined;
    case 'random':
      return has('seed', 'number') ? (value as FeedSource) : undefined;
    default:
      return undefined;
  }
}

/** `28×28 bilinear`, `shorter edge 256 bicubic`, `own size`. */
export function sizeText({ resize, resample }: ImagePreprocessing, words: PartWords): string {
  if (resize === null) return words.ownSize;
  return 'shortest' in resize
    ? `≥ ${String(resize.shortest)} ${resample}`
    : `${String(resize.height)}×${String(resize.width)} ${resample}`;
}

function scaleText(scale: number): string {
  return Math.abs(scale * 255 - 1) < 1e-9 ? '÷255' : `×${short(scale)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function lastPart(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}

function clip(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
