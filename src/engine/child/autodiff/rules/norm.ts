/** Normalisations. Those that are hot have a closed form; the rest are said with simpler operators. */
import { sizeOf } from '../../../../tensor/shape';
import type { Builder, Value } from '../builder';
import { normalizeAxis } from '../dims';
import type { RuleContext } from '../rule';
import { decompose, EVAL, rule, type RuleTable } from './define';

/** (x - mean) / sqrt(var + eps) over `axes`, with the mean and the inverse deviation. */
function standardize(
  b: Builder,
  x: Value,
  axes: readonly number[],
  epsilon: number,
): { normal: Value; mean: Value; inverse: Value } {
  const mean = b.mean(x, axes);
  const centred = b.sub(x, mean);
  const variance = b.mean(b.square(centred), axes);
  const inverse = b.reciprocal(b.sqrt(b.plus(variance, epsilon)));
  return { normal: b.mul(centred, inverse), mean, inverse };
}

/** x / sqrt(mean(x^2) + eps) over `axes`. Zhang & Sennrich (2019). */
function rootMeanSquare(b: Builder, x: Value, axes: readonly number[], epsilon: number): Value {
  return b.mul(x, b.reciprocal(b.sqrt(b.plus(b.mean(b.square(x), axes), epsilon))));
}

/** A per-channel vector as [1, C, 1, …], to broadcast over N x C x …. */
function perChannel(c: RuleContext, vector: Value): Value {
  return c.b.reshape(
    vector,
    c.x().dims.map((_, axis) => (axis === 1 ? sizeOf(vector.dims) : 1)),
  );
}

function affine(c: RuleContext, normal: Value, scale: Value | null, bias: Value | null): Value {
  const scaled = scale === null ? normal : c.b.mul(normal, scale);
  return bias === null ? scaled : c.b.add(scaled, bias);
}

/** All axes from `axis` on. */
function trailing(c: RuleContext, fallback: number): number[] {
  const rank = c.x().dims.length;
  const first = normalizeAxis(c.int('axis', fallback), rank);
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

/** A skip connection, an optional bias, then the norm: the fused form transformer optimisers leave. */
function skipSum(c: RuleContext, biasInput: number): Value {
  const sum = c.b.add(c.x(0), c.x(1));
  const bias = c.maybeX(biasInput);
  return bias === null ? sum : c.b.add(sum, bias);
}

const simplifiedLayerNorm = decompose((c) => {
  const normal = rootMeanSquare(c.b, c.x(), trailing(c, -1), c.float('epsilon', 1e-5));
  return [c.b.mul(normal, c.x(1))];
});

/** Layer norm with its statistics as outputs. Ba, Kiros & Hinton (2016). */
function layerNorm(c: RuleContext): Value[] {
  const { normal, mean, inverse } = standardize(c.b, c.x(), trailing(c, -1), c.float('epsilon', 1e-5));
  return [affine(c, normal, c.x(1), c.maybeX(2)), mean, inverse];
}

/** Batch norm with the statistics it has learned. Ioffe & Szegedy (2015). */
function batchNorm(c: RuleContext): Value[] {
  const { b } = c;
  const at = (i: number): Value => perChannel(c, c.x(i));
  const inverse = b.reciprocal(b.sqrt(b.plus(at(4), c.float('epsilon', 1e-5))));
  return [affine(c, b.mul(b.sub(c.x(), at(3)), inverse), at(1), at(2))];
}

export const norm: RuleTable = {
  LayerNormalization: rule((c) => {
    if (c.maybeG(1) !== null || c.maybeG(2) !== null) return c.through(layerNorm);
    const { b } = c;
    const axes = trailing(c, -1);
    const g = c.g();
    const { normal, inverse } = standardize(b, c.x(), axes, c.float('epsilon', 1e-5));
    const gNormal = b.mul(g, c.x(1));
    const centred = b.sub(gNormal, b.mean(gNormal, axes));
    const along = b.mul(normal, b.mean(b.mul(gNormal, normal), axes));
    return [
      c.wants(0) ? b.mul(inverse, b.sub(centred, along)) : null,
      c.wants(1) ? b.mul(g, normal) : null,
      g,
    ];
  }),
  BatchNormalization: rule((c) => {
    if (c.int('training_mode', 0) === 1) throw c.broken('normalises over its batch (training mode)', EVAL);
    if ([1, 2, 3, 4].some((i) => c.wants(i))) return c.through(batchNorm);
    const { b } = c;
    const spread = b.sqrt(b.plus(c.x(4), c.float('epsilon', 1e-5)));
    return [b.mul(c.g(), perChannel(c, b.div(c.x(1), spread)))];
  }),
  InstanceNormalization: decompose((c) => {
    const axes = c
      .x()
      .dims.map((_, axis) => axis)
      .slice(2);
    const { normal } = standardize(c.b, c.x(), axes, c.float('epsilon', 1e-5));
    return [affine(c, normal, perChannel(c, c.x(1)), perChannel(c, c.x(2)))];
  }),
  GroupNormalization: decompose((c) => {
    const { b } = c;
    const { dims } = c.x();
    const groups = c.int('num_groups', 1);
    const [n = 1, channels = 1] = dims;
    const grouped = b.reshape(c.x(), [n, groups, sizeOf(dims.slice(1)) / groups]);
    const normal = b.reshape(standardize(b, grouped, [2], c.float('epsilon', 1e-5)).normal, dims);
    const spread = (vector: Value): Value => {
      const count = sizeOf(vector.dims);
      const wide = b.expand(b.reshape(vector, [count, 1]), [count, channels / count]);
      return perChannel(c, b.reshape(wide, [channels]));
    };
    return [affine(c, normal, spread(c.x(1)), spread(c.x(2)))];
  }),
  RMSNormalization: simplifiedLayerNorm,
  SimplifiedLayerNormalization: simplifiedLayerNorm,
  'com.microsoft::SimplifiedLayerNormalization': simplifiedLayerNorm,
  'com.microsoft::SkipSimplifiedLayerNormalization': decompose((c) => {
    const sum = skipSum(c, 3);
    const normal = rootMeanSquare(c.b, sum, [sum.dims.length - 1], c.float('epsilon', 1e-5));
    return [c.b.mul(normal, c.x(2)), null, null, sum];
  }),
  'com.microsoft::SkipLayerNormalization': decompose((c) => {
    const sum = skipSum(c, 4);
    const { normal } = standardize(c.b, sum, [sum.dims.length - 1], c.float('epsilon', 1e-5));
    return [affine(c, normal, c.x(2), c.maybeX(3)), null, null, sum];
  }),
  MeanVarianceNormalization: decompose((c) => {
    const axes = (c.ints('axes') ?? [0, 2, 3]).map((axis) => normalizeAxis(axis, c.x().dims.length));
    const { b } = c;
    const centred = b.sub(c.x(), b.mean(c.x(), axes));
    return [b.div(centred, b.plus(b.sqrt(b.mean(b.square(centred), axes)), 1e-9))];
  }),
  LpNormalization: decompose((c) => {
    const axes = [c.axis('axis', -1)];
    return [c.b.div(c.x(), c.b.reduce(c.int('p', 2) === 1 ? 'ReduceL1' : 'ReduceL2', c.x(), axes))];
  }),
  LRN: decompose((c) => {
    // b_c = x_c / (bias + alpha / size * sum of squares of the channels around c)^beta. Krizhevsky et al. (2012).
    const { b } = c;
    const { dims } = c.x();
    const size = c.int('size', 1);
    const [n = 1, channels = 1] = dims;
    const before = Math.floor((size - 1) / 2);
    const squares = b.reshape(b.square(c.x()), [n, channels, sizeOf(dims.slice(2))]);
    const padded = b.pad(squares, [0, before, 0], [0, size - 1 - before, 0]);
    const windows = Array.from({ length: size }, (_, i) => b.slice(padded, 1, i, i + channels));
    const total = b.reshape(
      windows.reduce((sum, next) => b.add(sum, next)),
      dims,
    );
    const base = b.plus(b.scale(total, c.float('alpha', 1e-4) / size), c.float('bias', 1));
    return [b.div(c.x(), b.pow(base, b.scalar(c.float('beta', 0.75), base)))];
  }),
};
