/** Fourier transforms as the products with cosines and sines that they are. Length n costs n² numbers here. */
import type { Builder, Value } from '../builder';
import { normalizeAxis } from '../dims';
import type { RuleContext } from '../rule';
import { decompose, ZERO, type RuleTable } from './define';

/** Longer transforms would take a matrix of more than 64 million numbers. */
const LONGEST = 8192;

export const spectral: RuleTable = {
  DFT: decompose((c) => [dft(c)]),
  STFT: decompose((c) => [stft(c)]),
  MelWeightMatrix: ZERO,
  HannWindow: ZERO,
  HammingWindow: ZERO,
  BlackmanWindow: ZERO,
};

interface Complex {
  readonly re: Value;
  /** null where it is zero. */
  readonly im: Value | null;
}

/** `[…, n, 1 or 2]` as its parts, without the last axis. */
function parts(b: Builder, x: Value): Complex {
  const last = x.dims.length - 1;
  const dims = x.dims.slice(0, -1);
  const part = (i: number): Value => b.reshape(b.slice(x, last, i, i + 1), dims);
  return { re: part(0), im: x.dims[last] === 2 ? part(1) : null };
}

/** The real signal of `n` numbers whose first half of a spectrum this is: the rest is its mirror image. */
function fromHalf(b: Builder, { re, im }: Complex, n: number): Value {
  const { dtype } = re;
  const bins = re.dims.at(-1) ?? 1;
  const turns = b.one(
    'Mod',
    [b.mul(b.reshape(b.range(bins), [bins, 1]), b.reshape(b.range(n), [1, n])), b.scalar(n, 'int64')],
    'int64',
    [bins, n],
  );
  const angle = b.scale(b.cast(turns, dtype), (2 * Math.PI) / n);
  // All but the first bin, and the middle one of an even length, stand for two.
  const weights = Array.from({ length: bins }, (_, k) => (k === 0 || 2 * k === n ? 1 : 2) / n);
  const weight = b.constant(dtype, [bins, 1], weights);
  const real = b.matmul(re, b.mul(weight, b.unary('Cos', angle)));
  return im === null ? real : b.sub(real, b.matmul(im, b.mul(weight, b.unary('Sin', angle))));
}

function joined(b: Builder, { re, im }: { re: Value; im: Value }): Value {
  const dims = [...re.dims, 1];
  return b.concat([b.reshape(re, dims), b.reshape(im, dims)], dims.length - 1);
}

/** The transform along the last axis, of length `n`; `bins` of its results. */
function transform(
  b: Builder,
  { re, im }: Complex,
  n: number,
  bins: number,
  inverse: boolean,
): { re: Value; im: Value } {
  const { dtype } = re;
  const turns = b.one(
    'Mod',
    [b.mul(b.reshape(b.range(n), [n, 1]), b.reshape(b.range(bins), [1, bins])), b.scalar(n, 'int64')],
    'int64',
    [n, bins],
  );
  const angle = b.scale(b.cast(turns, dtype), ((inverse ? 2 : -2) * Math.PI) / n);
  const [cos, sin] = [b.unary('Cos', angle), b.unary('Sin', angle)];
  const times = (x: Value, matrix: Value): Value => {
    const product = b.matmul(x.dims.length === 1 ? b.reshape(x, [1, n]) : x, matrix);
    const dims = [...x.dims.slice(0, -1), bins];
    return b.scale(b.reshape(product, dims), inverse ? 1 / n : 1);
  };
  if (im === null) return { re: times(re, cos), im: times(re, sin) };
  return { re: b.sub(times(re, cos), times(im, sin)), im: b.add(times(re, sin), times(im, cos)) };
}

function dft(c: RuleContext): Value {
  const { b } = c;
  const x = c.x();
  const rank = x.dims.length;
  const axis =
    c.opset >= 20
      ? normalizeAxis(c.maybeInputInts(2)?.[0] ?? -2, rank)
      : normalizeAxis(c.int('axis', 1), rank);
  const had = x.dims[axis] ?? 1;
  const n = c.maybeInputInts(1)?.[0] ?? had;
  refuseLong(c, n);
  const bins = c.y().dims[axis] ?? n;
  const last = rank - 2;
  const order = Array.from({ length: rank - 1 }, (_, i) => i)
    .with(axis, last)
    .with(last, axis);
  const fitted = (value: Value): Value => {
    const moved = b.transpose(value, order);
    const zeros = moved.dims.map(() => 0);
    return b.pad(moved, zeros, zeros.with(last, n - had));
  };
  const { re, im } = parts(b, x);
  if (c.int('inverse', 0) === 1 && c.int('onesided', 0) === 1) {
    const half = Math.floor(bins / 2) + 1;
    const cut = (value: Value): Value => {
      const moved = b.transpose(value, order);
      const zeros = moved.dims.map(() => 0);
      return b.pad(moved, zeros, zeros.with(last, half - had));
    };
    const signal = fromHalf(b, { re: cut(re), im: im === null ? null : cut(im) }, bins);
    return b.reshape(b.transpose(signal, order), c.y().dims);
  }
  const given = { re: fitted(re), im: im === null ? null : fitted(im) };
  const made = transform(b, given, n, bins, c.int('inverse', 0) === 1);
  return joined(b, { re: b.transpose(made.re, order), im: b.transpose(made.im, order) });
}

function stft(c: RuleContext): Value {
  const { b } = c;
  const signal = c.x();
  const [rows = 1, length = 1] = signal.dims;
  const step = c.maybeInputInts(1)?.[0] ?? 1;
  const window = c.maybeX(2);
  const [, frames = 1, bins = 1] = c.y().dims;
  const n = c.maybeInputInts(3)?.[0] ?? window?.dims[0] ?? length;
  refuseLong(c, n);
  const places = b.add(
    b.reshape(b.mul(b.range(frames), b.scalar(step, 'int64')), [frames, 1]),
    b.reshape(b.range(n), [1, n]),
  );
  const framed = (value: Value): Value => {
    const cut = b.gather(b.reshape(value, [rows, length]), places, 1);
    return window === null ? cut : b.mul(cut, b.reshape(window, [1, 1, n]));
  };
  const whole = signal.dims.length === 2 ? { re: signal, im: null } : parts(b, signal);
  const given = { re: framed(whole.re), im: whole.im === null ? null : framed(whole.im) };
  return joined(b, transform(b, given, n, bins, false));
}

function refuseLong(c: RuleContext, n: number): void {
  if (n > LONGEST) throw c.broken(`transforms ${String(n)} numbers, more than ${String(LONGEST)}`);
}
