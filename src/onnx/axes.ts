/**
 * What the axes of a value mean (batch, channel, head, position, unit, …), as far as the operators say: from the node
 * that makes it, looking through elementwise ones. A guess by rank where they say nothing. Pure.
 */
import type { AxisSlice } from '../contract/site';
import type { Graph, Node } from '../contract/skeleton';
import { Failure } from '../base/errors';
import { producersOf } from './rewrite/cut';

export type Layout = 'image' | 'sequence' | 'heads' | 'scores' | 'rows';

const IMAGE = new Set(
  (
    'Conv ConvTranspose ConvInteger QLinearConv DeformConv MaxPool AveragePool GlobalAveragePool GlobalMaxPool LpPool ' +
    'BatchNormalization InstanceNormalization GroupNormalization LRN Resize Upsample DepthToSpace SpaceToDepth MaxUnpool ' +
    'GlobalLpPool RoiAlign'
  ).split(' '),
);
const SEQUENCE = new Set(
  (
    'MatMul LayerNormalization SkipLayerNormalization RMSNormalization SimplifiedLayerNormalization Gather ' +
    'MatMulInteger EmbedLayerNormalization'
  ).split(' '),
);
const THROUGH = new Set(
  (
    'Relu LeakyRelu Sigmoid Tanh Elu Selu Celu Gelu FastGelu BiasGelu HardSigmoid HardSwish Swish Mish Softplus Softsign PRelu Clip ' +
    'Add Sub Mul Div Pow Sqrt Erf Exp Neg Abs Cast Identity Dropout QuantizeLinear DequantizeLinear Where Min Max Sum ' +
    'Concat Pad ThresholdedRelu'
  ).split(' '),
);

/** The layout of a value of `rank` axes. */
export function layoutOf(graph: Graph, value: string, rank: number): Layout {
  const producers = producersOf(graph);
  let node = producers.get(value);
  for (let steps = 0; node !== undefined && steps < 64; steps++) {
    if (IMAGE.has(node.op)) return rank >= 3 ? 'image' : 'rows';
    if (node.op === 'Softmax' && rank === 4) return 'scores';
    if (rank === 4 && (node.op === 'Transpose' || node.op === 'MatMul')) return 'heads';
    if (node.op === 'Gemm' || SEQUENCE.has(node.op)) return rank === 3 ? 'sequence' : 'rows';
    if (!THROUGH.has(node.op)) break;
    node = nextUp(node, producers);
  }
  if (rank >= 4) return 'image';
  return rank === 3 ? 'sequence' : 'rows';
}

function nextUp(node: Node, producers: ReadonlyMap<string, Node>): Node | undefined {
  for (const name of node.inputs) {
    const producer = producers.get(name);
    if (producer !== undefined && producer.op !== 'Constant') return producer;
  }
  return undefined;
}

/** Names of the axes, first to last. */
export function axisNames(layout: Layout, rank: number): string[] {
  switch (layout) {
    case 'image': {
      const places = ['depth', 'height', 'width'].slice(-(rank - 2));
      return ['batch', 'channel', ...(rank === 3 ? ['position'] : rank <= 5 ? places : [])].slice(0, rank);
    }
    case 'sequence':
      return ['batch', 'position', 'unit'];
    case 'heads':
      return ['batch', 'head', 'position', 'unit'];
    case 'scores':
      return ['batch', 'head', 'position', 'key'];
    case 'rows':
      return rank === 0
        ? []
        : rank === 1
          ? ['unit']
          : ['batch', ...new Array<string>(rank - 2).fill('position'), 'unit'];
  }
}

/** A slice with its axis as a number and its indices from 0. */
export interface PlacedSlice {
  readonly axis: number;
  readonly indices: readonly number[];
}

/**
 * Places slices on the axes of a value with these dims. `unit` is the unit axis, or the channels, or the last axis.
 * Throws `bad-site` for an axis the value has not, and an index beyond its end.
 */
export function placeSlices(
  slices: readonly AxisSlice[],
  dims: readonly number[],
  names: readonly string[],
  site: string,
): PlacedSlice[] {
  return slices.map(({ axis, indices }) => {
    const place =
      typeof axis === 'number'
        ? axis < 0
          ? dims.length + axis
          : axis
        : axisCalled(axis, names, dims.length);
    const size = dims[place];
    if (size === undefined) throw noAxis(site, axis, dims, names);
    const counted = indices.map((index) => {
      const at = index < 0 ? size + index : index;
      if (at < 0 || at >= size) throw noIndex(site, axis, index, size);
      return at;
    });
    return { axis: place, indices: counted };
  });
}

/** Where the axis of that name is: `unit` is the channels or the last axis where none is called so; -1 for none. */
export function axisCalled(name: string, names: readonly string[], rank: number): number {
  const at = names.lastIndexOf(name);
  if (at >= 0 || name !== 'unit') return at;
  const channel = names.indexOf('channel');
  return channel >= 0 ? channel : rank - 1;
}

function noAxis(
  site: string,
  axis: string | number,
  dims: readonly number[],
  names: readonly string[],
): Failure {
  const has = names.map((name, index) => `${name} (${String(dims[index] ?? '?')})`).join(', ');
  return new Failure({
    code: 'bad-site',
    message: `The site "${site}" asks for the axis ${String(axis)}, which the value has not.`,
    remedy:
      has === ''
        ? 'The value is a single number.'
        : `Its axes are ${has}; a number from 0 to ${String(dims.length - 1)} works too.`,
  });
}

function noIndex(site: string, axis: string | number, index: number, size: number): Failure {
  return new Failure({
    code: 'bad-site',
    message: `The site "${site}" asks for index ${String(index)} on the axis ${String(axis)}, which has ${String(size)}.`,
    remedy: `Choose 0 to ${String(size - 1)}, or count from the end with -1 to -${String(size)}.`,
  });
}
