/** Dense layers and convolutions: which weight, and how an element of it is found from two units. Pure. */
import type { Node, WeightRef } from '../../contract/skeleton';
import type { NodeFacts } from './nodeFacts';

export interface Weighted {
  readonly kind: 'dense' | 'convolution';
  /** The value it reads. */
  readonly input: string;
  readonly weight: WeightRef;
  /** How the weight's integers become numbers, where it is quantised. */
  readonly codes: WeightCodes | null;
  /** Elements along the input's axis, and units. */
  readonly inputs: number;
  readonly units: number;
  readonly inputAxis: number;
  readonly axis: number;
  /** Axes of what it reads and makes, where the operator fixes them. */
  readonly rank: number | undefined;
  /** Dense: whether the weight's rows are units. A kernel's always are. */
  readonly rowsAreUnits: boolean;
  /** Factor of every element (`alpha` of Gemm). */
  readonly factor: number;
  /** Convolution: groups, taps of one kernel, and how the kernel is laid over the input. */
  readonly groups: number;
  readonly taps: number;
  readonly window: Window | null;
}

/** One scale and zero point for all, or one each along an axis of the weight. */
export interface WeightCodes {
  /** null: 1, where no scale is known. */
  readonly scale: WeightRef | null;
  readonly zero: WeightRef | null;
  /** From the front. */
  readonly axis: number;
}

export interface Held {
  readonly weight: WeightRef;
  readonly codes: WeightCodes | null;
}

/** The weight behind a name, also one that a DequantizeLinear unpacks; scales per block are not known here. */
function heldWeight(name: string, facts: NodeFacts): Held | undefined {
  const plain = facts.weight(name);
  if (plain !== undefined) return { weight: plain, codes: null };
  const node = facts.producer(name);
  if (node?.op !== 'DequantizeLinear') return undefined;
  const [weight, scale, zero] = node.inputs.map((input) => facts.weight(input));
  if (weight === undefined || scale === undefined || ((node.inputs[2] ?? '') !== '' && zero === undefined))
    return undefined;
  if (facts.int(node, 'block_size', 0) !== 0 || scale.dims.length > 1) return undefined;
  const axis = facts.int(node, 'axis', 1);
  return {
    weight,
    codes: { scale, zero: zero ?? null, axis: axis < 0 ? axis + weight.dims.length : axis },
  };
}

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begins, then ends. null: `SAME_UPPER` or `SAME_LOWER`, told by `auto`. */
  readonly pads: readonly number[] | null;
  readonly auto: string;
}

/** A Gemm or MatMul whose second factor is a matrix of weights. */
export function denseWeight(node: Node, facts: NodeFacts): Weighted | undefined {
  if (node.domain === 'com.microsoft' || (node.op !== 'Gemm' && node.op !== 'MatMul')) return undefined;
  const [input = '', second = ''] = node.inputs;
  if (facts.isConstant(input)) return undefined;
  let held = heldWeight(second, facts);
  let rowsAreUnits = node.op === 'Gemm' && facts.int(node, 'transB', 0) === 1;
  const turned = facts.producer(second);
  if (held === undefined && turned?.op === 'Transpose') {
    held = heldWeight(turned.inputs[0] ?? '', facts);
    rowsAreUnits = !rowsAreUnits;
  }
  if (held?.weight.dims.length !== 2 || (node.op === 'Gemm' && facts.int(node, 'transA', 0) === 1))
    return undefined;
  const gemm = node.op === 'Gemm';
  const factor = gemm ? facts.float(node, 'alpha', 1) : 1;
  return dense(input, held, { rowsAreUnits, rank: gemm ? 2 : undefined, factor });
}

/** A layer whose weight is this matrix. */
export function dense(
  input: string,
  { weight, codes }: Held,
  { rowsAreUnits, rank, factor }: Pick<Weighted, 'rowsAreUnits' | 'rank' | 'factor'>,
): Weighted {
  const [rows = 0, columns = 0] = weight.dims;
  return {
    kind: 'dense',
    input,
    weight,
    codes,
    inputs: rowsAreUnits ? columns : rows,
    units: rowsAreUnits ? rows : columns,
    inputAxis: -1,
    axis: -1,
    rank,
    rowsAreUnits,
    factor,
    groups: 1,
    taps: 1,
    window: null,
  };
}

/** A Conv whose kernels are weights. */
export function kernelOf(node: Node, facts: NodeFacts): Weighted | undefined {
  if (node.op !== 'Conv' || node.domain === 'com.microsoft') return undefined;
  const [input = '', second = ''] = node.inputs;
  const held = heldWeight(second, facts);
  if (held === undefined || held.weight.dims.length < 3 || facts.isConstant(input)) return undefined;
  return kernel(node, input, held, facts);
}

/** A layer whose kernels are these: their first axis is units. */
export function kernel(node: Node, input: string, { weight, codes }: Held, facts: NodeFacts): Weighted {
  const [units = 0, perGroup = 0, ...size] = weight.dims;
  const groups = facts.int(node, 'group', 1);
  const rank = weight.dims.length;
  const ones = size.map(() => 1);
  const auto = node.attributes.find(({ name }) => name === 'auto_pad')?.value;
  const mode = auto?.type === 'string' ? auto.value : 'NOTSET';
  return {
    kind: 'convolution',
    input,
    weight,
    codes,
    inputs: perGroup * groups,
    units,
    inputAxis: 1 - rank,
    axis: 1 - rank,
    rank,
    rowsAreUnits: true,
    factor: 1,
    groups,
    taps: size.reduce((all, length) => all * length, 1),
    window: {
      kernel: size,
      strides: facts.intsAttribute(node, 'strides') ?? ones,
      dilations: facts.intsAttribute(node, 'dilations') ?? ones,
      pads: mode.startsWith('SAME')
        ? null
        : (facts.intsAttribute(node, 'pads') ?? [...ones, ...ones].map(() => 0)),
      auto: mode,
    },
  };
}
