/** Convolutions and poolings, in any number of dimensions, grouped, dilated, with every kind of padding. */
import { sizeOf } from '../../../../tensor/shape';
import { sameDims, type Builder, type Value } from '../builder';
import type { RuleContext } from '../rule';
import { decompose, rule, type RuleTable } from './define';
import { correlate, correlateForWeights, filled, spatial, spread, windowOf, type Window } from './window';

export const convolution: RuleTable = {
  Conv: rule((c) => {
    const { b } = c;
    const [x, w, g] = [c.x(0), c.x(1), c.g()];
    const group = c.int('group', 1);
    const window = windowOf(c, spatial(w), spatial(x), spatial(g));
    return [
      c.wants(0) ? spread(b, ...intoWeights(b, g, w), window, group, spatial(x)) : null,
      c.wants(1) ? correlateForWeights(b, x, g, window, group) : null,
      c.wants(2) ? b.reshape(b.sum(g, channelsApart(g)), c.x(2).dims) : null,
    ];
  }),
  ConvTranspose: rule((c) => {
    const { b } = c;
    const [x, w, g] = [c.x(0), c.x(1), c.g()];
    const group = c.int('group', 1);
    const window = transposedWindow(c, spatial(w), spatial(x), spatial(g));
    return [
      c.wants(0) ? correlate(b, g, w, window, group, spatial(x)) : null,
      c.wants(1) ? correlateForWeights(b, g, x, window, group) : null,
      c.wants(2) ? b.reshape(b.sum(g, channelsApart(g)), c.x(2).dims) : null,
    ];
  }),
  Col2Im: rule((c) => [columnsOf(c), null, null]),
  MaxPool: rule((c) => [maxPool(c)]),
  AveragePool: rule((c) => [averagePool(c)]),
  GlobalAveragePool: rule((c) => {
    const x = c.x();
    return [c.b.expand(c.b.scale(c.g(), 1 / sizeOf(spatial(x))), x.dims)];
  }),
  GlobalMaxPool: decompose((c) => {
    const { b } = c;
    const x = c.x();
    return b.emit('MaxPool', [x], { kernel_shape: spatial(x) }, [{ dtype: x.dtype, dims: c.y().dims }]);
  }),
  GlobalLpPool: decompose((c) => {
    const axes = spatial(c.x()).map((_, axis) => axis + 2);
    return [lpNorm(c, (powered) => c.b.sum(powered, axes))];
  }),
  LpPool: decompose((c) => {
    const { b } = c;
    const kernel = c.ints('kernel_shape') ?? [];
    const window = windowOf(c, kernel, spatial(c.x()), spatial(c.y()));
    const channels = c.x().dims[1] ?? 1;
    const ones = b.full([channels, 1, ...kernel], 1, c.x().dtype);
    return [lpNorm(c, (powered) => correlate(b, powered, ones, window, channels, spatial(c.y())))];
  }),
};

/** A gradient [N, M, …] that is scaled channel by channel, by a batch norm's slope, as it was, and the scaled weights [M, …]. */
function intoWeights(b: Builder, g: Value, w: Value): [Value, Value] {
  const { op, inputs } = b.makerOf(g) ?? { op: '', inputs: [] };
  const [plain, slope] = inputs.map((name) => b.maybeValue(name));
  if (op !== 'Mul' || plain === undefined || slope === undefined) return [g, w];
  const perChannel = sameDims(plain.dims, g.dims) && sameDims(slope.dims, channelwise(g));
  if (!perChannel || !b.isFixed(slope) || !b.isFixed(w)) return [g, w];
  return [
    plain,
    b.mul(
      w,
      b.reshape(
        slope,
        w.dims.map((dim, axis) => (axis === 0 ? dim : 1)),
      ),
    ),
  ];
}

function channelwise({ dims }: Value): number[] {
  return dims.map((dim, axis) => (axis === 1 ? dim : 1));
}

function channelsApart(g: Value): number[] {
  return g.dims.map((_, axis) => axis).filter((axis) => axis !== 1);
}

function lpNorm(c: RuleContext, total: (powered: Value) => Value): Value {
  const { b } = c;
  const p = c.int('p', 2);
  const x = b.unary('Abs', c.x());
  return b.pow(total(b.pow(x, b.scalar(p, x))), b.scalar(1 / p, x));
}

/** How a gradient at what a pool reads came about. */
interface Unpooled {
  readonly of: Value;
  /** What won in each window, and the gradient there. */
  readonly best: Value;
  readonly grad: Value;
  readonly spread: (grad: Value) => Value;
}

/** By the gradient, where it comes from one maximum pool alone. */
export const unpooled = new WeakMap<Value, Unpooled>();

/** Each window's gradient at its winner, which the runtime names by its position in the whole tensor: the first, as in PyTorch. */
function maxPool(c: RuleContext): Value {
  const { b } = c;
  const [x, y, g] = [c.x(), c.y(), c.g()];
  const rowFirst = c.node.attributes.filter(({ name }) => name !== 'storage_order');
  const outputs = [y, { ...y, dtype: 'int64' as const }];
  const [best, winners] = b.copyNodeOutputs({ ...c.node, attributes: rowFirst }, [x], outputs);
  if (best === undefined || winners === undefined) throw c.broken('names no winners');
  const { kernel, strides, dilations } = windowOf(c, c.ints('kernel_shape') ?? [], spatial(x), spatial(y));
  const apart = kernel.every((size, i) => (size - 1) * (dilations[i] ?? 1) < (strides[i] ?? 1));
  const spread = (grad: Value): Value => {
    if (!apart || x.dtype !== 'float32')
      return b.reshape(b.scatterAdd(sizeOf(x.dims), b.flat(winners), b.flat(grad)), x.dims);
    // Nothing wins twice, so that nothing is added. A kernel would only say how large the answer is, which is said already.
    const sizes = { kernel_shape: kernel.map(() => 1) };
    return b.one('MaxUnpool', [grad, winners, b.ints(x.dims)], x.dtype, x.dims, sizes);
  };
  const given = spread(g);
  unpooled.set(given, { of: x, best, grad: g, spread });
  return given;
}

/** Each window's gradient, divided by what the window counted, spread evenly over it. */
function averagePool(c: RuleContext): Value {
  const { b } = c;
  const [x, g] = [c.x(), c.g()];
  const kernel = c.ints('kernel_shape') ?? [];
  const window = windowOf(c, kernel, spatial(x), spatial(g));
  const channels = x.dims[1] ?? 1;
  const counts = b.constant(x.dtype, [1, 1, ...spatial(g)], windowCounts(c, window, spatial(x), spatial(g)));
  const ones = b.full([channels, 1, ...kernel], 1, x.dtype);
  return spread(b, b.div(g, counts), ones, window, channels, spatial(x));
}

/** Elements that each window averages over, row-major: the padding counts when the node says so. */
function windowCounts(
  c: RuleContext,
  window: Window,
  input: readonly number[],
  output: readonly number[],
): number[] {
  const withPadding = c.int('count_include_pad', 0) === 1;
  const declaredEnd = (c.ints('pads') ?? filled(2 * input.length, 0)).slice(input.length);
  const perAxis = output.map((size, axis) => {
    const padded = (input[axis] ?? 0) + (withPadding ? (declaredEnd[axis] ?? 0) : 0);
    const first = withPadding ? -(window.begin[axis] ?? 0) : 0;
    return Array.from({ length: size }, (_, position) => {
      const start = position * (window.strides[axis] ?? 1) - (window.begin[axis] ?? 0);
      const taps = Array.from(
        { length: window.kernel[axis] ?? 1 },
        (__, k) => start + k * (window.dilations[axis] ?? 1),
      );
      return taps.filter((tap) => tap >= first && tap < padded).length;
    });
  });
  return perAxis.reduce<number[]>(
    (product, counts) => product.flatMap((outer) => counts.map((inner) => outer * inner)),
    [1],
  );
}

/** ConvTranspose is `spread`; its window is that of the correlation it transposes. */
function transposedWindow(
  c: RuleContext,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Window {
  const rank = kernel.length;
  const strides = c.ints('strides') ?? filled(rank, 1);
  const dilations = c.ints('dilations') ?? filled(rank, 1);
  const extra = c.ints('output_padding') ?? filled(rank, 0);
  const span = input.map(
    (size, axis) =>
      (size - 1) * (strides[axis] ?? 1) + ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1,
  );
  const total = span.map((length, axis) => length + (extra[axis] ?? 0) - (output[axis] ?? 0));
  const auto = c.string('auto_pad', 'NOTSET');
  const shared = auto === 'SAME_UPPER' || auto === 'SAME_LOWER' || c.ints('output_shape') !== undefined;
  const half = (amount: number): number =>
    auto === 'SAME_UPPER' ? Math.floor(amount / 2) : amount - Math.floor(amount / 2);
  const begin = shared ? total.map(half) : (c.ints('pads') ?? filled(2 * rank, 0)).slice(0, rank);
  const end = span.map((length, axis) => length - (output[axis] ?? 0) - (begin[axis] ?? 0));
  return { kernel, strides, dilations, begin, end };
}

/** Every column of the image's gradient: a window slides over it again, and what lies in the padding is 0. */
function columnsOf(c: RuleContext): Value {
  const { b } = c;
  const [image, block] = [c.maybeInputInts(1) ?? [], c.maybeInputInts(2) ?? []];
  const rank = image.length;
  const strides = c.ints('strides') ?? filled(rank, 1);
  const dilations = c.ints('dilations') ?? filled(rank, 1);
  const pads = c.ints('pads') ?? filled(2 * rank, 0);
  const steps = image.map((size, axis) => {
    const reach = ((block[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    return (
      Math.floor((size + (pads[axis] ?? 0) + (pads[rank + axis] ?? 0) - reach) / (strides[axis] ?? 1)) + 1
    );
  });
  const outside = sizeOf(image);
  const places: number[] = [];
  for (const inner of positions(block)) {
    for (const step of positions(steps)) {
      const at = image.map(
        (_, axis) =>
          (step[axis] ?? 0) * (strides[axis] ?? 1) -
          (pads[axis] ?? 0) +
          (inner[axis] ?? 0) * (dilations[axis] ?? 1),
      );
      const inside = at.every((place, axis) => place >= 0 && place < (image[axis] ?? 0));
      places.push(inside ? at.reduce((flat, place, axis) => flat * (image[axis] ?? 1) + place, 0) : outside);
    }
  }
  const [batch = 1, channels = 1] = c.y().dims;
  const flat = b.pad(b.reshape(c.g(), [batch, channels, outside]), [0, 0, 0], [0, 0, 1]);
  return b.reshape(b.gather(flat, b.ints(places), 2), c.x().dims);
}

/** Every index into a box of these sizes, in row-major order. */
function positions(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((at) => Array.from({ length: size }, (_, i) => [...at, i])),
    [[]],
  );
}
