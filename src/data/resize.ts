/**
 * Resizing as Pillow does it: a separable filter whose support widens when the image shrinks (antialiasing), pixels
 * rounded to eight bits after each pass. Pure.
 */

export type Resample = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos';

interface Filter {
  /** Half width at scale 1. */
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const FILTERS: Readonly<Record<Exclude<Resample, 'nearest'>, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (x) => {
      const a = -0.5;
      const d = Math.abs(x);
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Resizes interleaved 8-bit channels. */
export function resize(
  data: Uint8Array,
  channels: number,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
  resample: Resample,
): Uint8Array {
  if (from.width === to.width && from.height === to.height) return data;
  if (resample === 'nearest') return nearest(data, channels, from, to);
  const filter = FILTERS[resample];
  const across = horizontally(data, channels, from.width, from.height, taps(from.width, to.width, filter));
  return vertically(across, channels, to.width, taps(from.height, to.height, filter));
}

function taps(from: number, to: number, filter: Filter): Taps[] {
  const scale = from / to;
  const widen = Math.max(scale, 1);
  const support = filter.support * widen;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(from, Math.trunc(centre + support + 0.5));
    const weights = new Float64Array(Math.max(0, last - first));
    let total = 0;
    for (let k = 0; k < weights.length; k++) {
      const weight = filter.weight((k + first - centre + 0.5) / widen);
      weights[k] = weight;
      total += weight;
    }
    if (total !== 0) for (let k = 0; k < weights.length; k++) weights[k] = (weights[k] ?? 0) / total;
    return { first, weights };
  });
}

function horizontally(
  data: Uint8Array,
  channels: number,
  width: number,
  height: number,
  columns: readonly Taps[],
): Uint8Array {
  const result = new Uint8Array(columns.length * height * channels);
  for (let y = 0; y < height; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += (weights[k] ?? 0) * (data[(y * width + first + k) * channels + c] ?? 0);
        }
        result[(y * columns.length + x) * channels + c] = toByte(sum);
      }
    });
  }
  return result;
}

function vertically(data: Uint8Array, channels: number, width: number, rows: readonly Taps[]): Uint8Array {
  const stride = width * channels;
  const result = new Uint8Array(rows.length * stride);
  rows.forEach(({ first, weights }, y) => {
    for (let i = 0; i < stride; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++)
        sum += (weights[k] ?? 0) * (data[(first + k) * stride + i] ?? 0);
      result[y * stride + i] = toByte(sum);
    }
  });
  return result;
}

function nearest(
  data: Uint8Array,
  channels: number,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Uint8Array {
  const result = new Uint8Array(to.width * to.height * channels);
  for (let y = 0; y < to.height; y++) {
    const row = Math.min(from.height - 1, Math.floor(((y + 0.5) * from.height) / to.height));
    for (let x = 0; x < to.width; x++) {
      const column = Math.min(from.width - 1, Math.floor(((x + 0.5) * from.width) / to.width));
      for (let c = 0; c < channels; c++) {
        result[(y * to.width + x) * channels + c] = data[(row * from.width + column) * channels + c] ?? 0;
      }
    }
  }
  return result;
}

function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.floor(value + 0.5)));
}
