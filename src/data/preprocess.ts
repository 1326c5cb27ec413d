/**
 * From pixels to the tensor a vision model takes, every step stated and editable: resize, crop, channel order, scale,
 * mean and deviation, layout. The steps and their order are those of Hugging Face image processors.
 */
import { sizeOf } from '../tensor/shape';
import { toRawTyped } from './typed';
import type { TensorData } from '../contract/tensor';
import type { Dtype } from '../tensor/dtype';
import { badData } from './errors';
import type { Pixels } from './image';
import { resize, type Resample } from './resize';

export type ChannelOrder = 'RGB' | 'BGR' | 'gray';
export type Layout = 'NCHW' | 'NHWC' | 'CHW' | 'HWC' | 'HW';

export interface ImagePreprocessing {
  /** Exact size, or the length of the shorter edge; null leaves the size as it is. */
  readonly resize: { readonly width: number; readonly height: number } | { readonly shortest: number } | null;
  readonly resample: Resample;
  /** Centre crop after the resize, or null. */
  readonly crop: { readonly width: number; readonly height: number } | null;
  readonly channels: ChannelOrder;
  /** Bytes are multiplied by this: 1/255 gives 0 to 1. */
  readonly scale: number;
  /** Per channel in the order above, or one for all; taken off after scaling. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** White on black to black on white, and back: 255 - byte, before scaling. */
  readonly invert: boolean;
  readonly layout: Layout;
}

export const PLAIN: ImagePreprocessing = {
  resize: null,
  resample: 'bilinear',
  crop: null,
  channels: 'RGB',
  scale: 1 / 255,
  mean: [0],
  std: [1],
  invert: false,
  layout: 'NCHW',
};

/** The tensor, with a batch of 1 where the layout has a batch. Transparent pixels are laid over white. */
export function preprocess(pixels: Pixels, how: ImagePreprocessing, dtype: Dtype = 'float32'): TensorData {
  check(how);
  const count = how.channels === 'gray' ? 1 : 3;
  const packed = toChannels(pixels, how.channels);
  const size = targetSize(pixels, how);
  const resized = resize(packed, count, pixels, size, how.resample);
  const { data, width, height } = crop(resized, count, size, how.crop);
  const planar = how.layout === 'NCHW' || how.layout === 'CHW' || how.layout === 'HW';
  const values = new Float64Array(width * height * count);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < count; c++) {
      const byte = data[i * count + c] ?? 0;
      const value = (how.invert ? 255 - byte : byte) * how.scale;
      const at = planar ? c * width * height + i : i * count + c;
      values[at] = (value - perChannel(how.mean, c, 0)) / perChannel(how.std, c, 1);
    }
  }
  const dims = dimsOf(how.layout, count, width, height);
  return { dtype, dims, data: toRawTyped(dtype, values, sizeOf(dims)) };
}

/** One line that states everything: `28×28 bilinear, gray, ×1/255, mean 0.131, std 0.308, NCHW`. */
export function describePreprocessing(how: ImagePreprocessing): string {
  const size =
    how.resize === null
      ? 'own size'
      : 'shortest' in how.resize
        ? `shorter edge ${String(how.resize.shortest)} ${how.resample}`
        : `${String(how.resize.height)}×${String(how.resize.width)} ${how.resample}`;
  const crop = how.crop === null ? [] : [`crop ${String(how.crop.height)}×${String(how.crop.width)}`];
  const scale = how.scale === 1 / 255 ? '×1/255' : `×${String(how.scale)}`;
  const invert = how.invert ? ['inverted'] : [];
  return [
    size,
    ...crop,
    how.channels,
    ...invert,
    scale,
    `mean ${how.mean.join(' ')}`,
    `std ${how.std.join(' ')}`,
    how.layout,
  ].join(', ');
}

function check(how: ImagePreprocessing): void {
  if (how.std.some((std) => !(std > 0))) {
    throw badData(
      'A standard deviation of the image preprocessing is not positive.',
      'Use 1 to leave values as they are.',
    );
  }
  if (how.layout === 'HW' && how.channels !== 'gray') {
    throw badData('The layout HW has no room for colour.', 'Choose gray, or another layout.');
  }
}

function perChannel(values: readonly number[], c: number, fallback: number): number {
  return (values.length === 1 ? values[0] : values[c]) ?? fallback;
}

/** Interleaved channels in the order asked for; gray by ITU-R 601-2 luma, as Pillow does it. */
function toChannels({ rgba, width, height }: Pixels, order: ChannelOrder): Uint8Array {
  const count = order === 'gray' ? 1 : 3;
  const result = new Uint8Array(width * height * count);
  for (let i = 0; i < width * height; i++) {
    const alpha = (rgba[i * 4 + 3] ?? 255) / 255;
    const over = (c: number): number => Math.round((rgba[i * 4 + c] ?? 0) * alpha + 255 * (1 - alpha));
    const [r, g, b] = [over(0), over(1), over(2)];
    if (order === 'gray') result[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else result.set(order === 'RGB' ? [r, g, b] : [b, g, r], i * 3);
  }
  return result;
}

function targetSize(pixels: Pixels, how: ImagePreprocessing): { width: number; height: number } {
  if (how.resize === null) return { width: pixels.width, height: pixels.height };
  if (!('shortest' in how.resize)) return how.resize;
  const factor = how.resize.shortest / Math.min(pixels.width, pixels.height);
  return { width: Math.trunc(pixels.width * factor), height: Math.trunc(pixels.height * factor) };
}

/** Crops around the centre; what lies outside the image is black. */
function crop(
  data: Uint8Array,
  count: number,
  size: { readonly width: number; readonly height: number },
  to: ImagePreprocessing['crop'],
): { data: Uint8Array; width: number; height: number } {
  if (to === null) return { data, ...size };
  const top = Math.floor((size.height - to.height) / 2);
  const left = Math.floor((size.width - to.width) / 2);
  const result = new Uint8Array(to.width * to.height * count);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      const [sy, sx] = [y + top, x + left];
      if (sy < 0 || sx < 0 || sy >= size.height || sx >= size.width) continue;
      for (let c = 0; c < count; c++) {
        result[(y * to.width + x) * count + c] = data[(sy * size.width + sx) * count + c] ?? 0;
      }
    }
  }
  return { data: result, width: to.width, height: to.height };
}

function dimsOf(layout: Layout, count: number, width: number, height: number): number[] {
  switch (layout) {
    case 'NCHW':
      return [1, count, height, width];
    case 'NHWC':
      return [1, height, width, count];
    case 'CHW':
      return [count, height, width];
    case 'HWC':
      return [height, width, count];
    case 'HW':
      return [height, width];
  }
}
