/**
 * Layers of operators that work on codes: which input is the weight, what turns its codes into numbers, and what turns
 * the sums they give into numbers. Codes are `(code - zero point) × scale`. Pure.
 */
import type { Node } from '../../contract/skeleton';
import { constant, statedCodes, type ValueCodes } from './codes';
import type { NodeFacts } from './nodeFacts';
import { dense, kernel, type WeightCodes, type Weighted } from './weighted';

/** A layer on codes, and what its numbers are. */
export interface Quantised {
  readonly weighted: Weighted;
  /** Of what it reads; null where it reads numbers. */
  readonly codes: ValueCodes | null;
  /** `rounded`: numbers, rounded to codes on the way. `codes`: no scale was found. */
  readonly measure: 'plain' | 'rounded' | 'codes';
  /** The value in which its sums of codes have become numbers, further on; '' where they are from the start. */
  readonly rescaled: string;
}

/** Where an operator keeps what: positions of its inputs. */
interface Places {
  readonly weight: number;
  readonly input: readonly [scale: number, zero: number] | null;
  readonly codes: readonly [scale: number, zero: number];
  readonly convolves: boolean;
  readonly measure: Quantised['measure'];
}

const LAYERS: Readonly<Record<string, Places>> = {
  QLinearConv: { weight: 3, input: [1, 2], codes: [4, 5], convolves: true, measure: 'rounded' },
  QLinearMatMul: { weight: 3, input: [1, 2], codes: [4, 5], convolves: false, measure: 'rounded' },
  QGemm: { weight: 3, input: [1, 2], codes: [4, 5], convolves: false, measure: 'rounded' },
  MatMulIntegerToFloat: { weight: 1, input: [2, 4], codes: [3, 5], convolves: false, measure: 'plain' },
  DynamicQuantizeMatMul: { weight: 1, input: null, codes: [2, 3], convolves: false, measure: 'rounded' },
};

export function quantisedLayer(node: Node, facts: NodeFacts): Quantised | undefined {
  const [input = ''] = node.inputs;
  if (facts.isConstant(input)) return undefined;
  if (node.op === 'MatMulInteger' || node.op === 'ConvInteger') return integerLayer(node, facts);
  const places = LAYERS[node.op];
  if (places === undefined) return undefined;
  const codes = weightCodes(node, places, facts);
  const read = places.input === null ? null : statedCodes(node, ...places.input, facts);
  if (codes === undefined || (places.input !== null && read === null)) return undefined;
  const weighted = weightedOf(node, places.weight, places.convolves, codes, facts);
  return weighted && { weighted, codes: read, measure: places.measure, rescaled: '' };
}

/** Sums of integers, which a Cast and a product with the scales turn into numbers. */
function integerLayer(node: Node, facts: NodeFacts): Quantised | undefined {
  const convolves = node.op === 'ConvInteger';
  const zero = constant(node.inputs[2] ?? '', facts);
  const own = facts.weight(node.inputs[3] ?? '');
  if (zero === undefined || ((node.inputs[3] ?? '') !== '' && own === undefined)) return undefined;
  const found = rescaling(node, facts);
  const codes: WeightCodes = { scale: found?.weight ?? null, zero: own ?? null, axis: convolves ? 0 : 1 };
  const weighted = weightedOf(node, 1, convolves, codes, facts);
  if (weighted === undefined) return undefined;
  const fits = codes.scale === null || codes.scale.count === 1 || codes.scale.count === weighted.units;
  if (found === undefined || !fits) {
    const plain = { ...weighted, codes: { ...codes, scale: null } };
    return { weighted: plain, codes: { scale: null, zero }, measure: 'codes', rescaled: '' };
  }
  return {
    weighted,
    codes: { scale: { value: found.scale }, zero },
    measure: 'plain',
    rescaled: found.output,
  };
}

interface Rescaling {
  readonly output: string;
  readonly weight: NonNullable<WeightCodes['scale']>;
  readonly scale: string;
}

/** What onnxruntime's dynamic quantisation writes: `Cast(sums) × (scale of what is read × scale of the weight)`. */
function rescaling(node: Node, facts: NodeFacts): Rescaling | undefined {
  const cast = facts.reader(node.outputs[0] ?? '');
  const product = cast?.op === 'Cast' ? facts.reader(cast.outputs[0] ?? '') : undefined;
  if (cast === undefined || product?.op !== 'Mul') return undefined;
  const by = facts.producer(product.inputs.find((name) => name !== cast.outputs[0]) ?? '');
  if (by?.op !== 'Mul') return undefined;
  const quantised = facts.producer(node.inputs[0] ?? '');
  const scale = quantised?.op === 'DynamicQuantizeLinear' ? (quantised.outputs[1] ?? '') : '';
  const weight = by.inputs.map((name) => facts.weight(name)).find((ref) => ref !== undefined);
  if (weight === undefined || scale === '' || !by.inputs.includes(scale)) return undefined;
  return { output: product.outputs[0] ?? '', weight, scale };
}

function weightCodes(node: Node, { codes, convolves }: Places, facts: NodeFacts): WeightCodes | undefined {
  const [scale, zero] = codes.map((at) => facts.weight(node.inputs[at] ?? ''));
  if (scale === undefined || ((node.inputs[codes[1]] ?? '') !== '' && zero === undefined)) return undefined;
  const rowsAreUnits = convolves || (node.op === 'QGemm' && facts.int(node, 'transB', 0) === 1);
  return { scale, zero: zero ?? null, axis: rowsAreUnits ? 0 : 1 };
}

function weightedOf(
  node: Node,
  at: number,
  convolves: boolean,
  codes: WeightCodes,
  facts: NodeFacts,
): Weighted | undefined {
  const weight = facts.weight(node.inputs[at] ?? '');
  if (weight === undefined) return undefined;
  const [input = ''] = node.inputs;
  if (convolves) return weight.dims.length < 3 ? undefined : kernel(node, input, { weight, codes }, facts);
  const turned = node.op === 'QGemm' && facts.int(node, 'transA', 0) === 1;
  if (weight.dims.length !== 2 || turned) return undefined;
  const gemm = node.op === 'QGemm';
  return dense(
    input,
    { weight, codes },
    {
      rowsAreUnits: gemm && facts.int(node, 'transB', 0) === 1,
      rank: gemm ? 2 : undefined,
      factor: gemm ? facts.float(node, 'alpha', 1) : 1,
    },
  );
}
