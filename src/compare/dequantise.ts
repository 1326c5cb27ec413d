/**
 * A quantised weight as the floats it stands for: what the DequantizeLinear above an operand makes of it, piece by
 * piece. Knows scales per tensor and per axis; not those per block.
 */
import type { WeightRef } from '../contract/skeleton';
import type { WeightReader } from '../onnx/weights';
import { toNumbers } from '../tensor/buffers';
import { sizeOf } from '../tensor/shape';
import { weightAt } from './codes';
import type { Facts } from './facts';
import { readsCodes, weightScaleOf } from './operators';

export interface Quantisation {
  readonly scale: WeightRef;
  readonly zero: WeightRef | null;
  readonly axis: number;
}

/** How the operand at a position of a node was quantised, or null where it is not, or not in a way known here. */
export function quantisationOf(facts: Facts, owner: number, port: number): Quantisation | null {
  const { wiring, skeleton } = facts;
  const reader = skeleton.nodes[owner];
  if (port < 0 || reader === undefined) return null;
  if (readsCodes(reader.op, port)) {
    const beside = (input: number): WeightRef | null =>
      weightAt(facts, wiring.inputs[(wiring.inputStart[owner] ?? 0) + port + input] ?? -1);
    const scale = beside(1);
    // Kernels on codes scale along the channels that come out: first of a convolution's weights, last of a product's.
    return scale === null ? null : { scale, zero: beside(2), axis: reader.op === 'QLinearConv' ? 0 : -1 };
  }
  const codes = weightScale(facts, owner, port);
  if (codes !== null) return codes;
  let value = wiring.values[wiring.inputs[(wiring.inputStart[owner] ?? 0) + port] ?? -1];
  for (let steps = 0; value !== undefined && value.producer >= 0 && steps < 8; steps++) {
    const { producer } = value;
    const node = skeleton.nodes[producer];
    const read = (index: number): number => wiring.inputs[(wiring.inputStart[producer] ?? 0) + index] ?? -1;
    if (node?.op === 'DequantizeLinear') {
      const scale = weightAt(facts, read(1));
      const zero = node.inputs.length > 2 ? weightAt(facts, read(2)) : null;
      const axis = node.attributes.find(({ name }) => name === 'axis')?.value;
      const block = node.attributes.find(({ name }) => name === 'block_size')?.value;
      if (scale === null || (block?.type === 'int' && Number(block.value) !== 0)) return null;
      return { scale, zero, axis: axis?.type === 'int' ? Number(axis.value) : 1 };
    }
    if (facts.through[producer] === 0) return null;
    value = wiring.values[read(facts.passes[producer] ?? 0)];
  }
  return lookedUp(facts, owner, port);
}

/** Of a table of codes whose rows become floats once they are looked up: one scale for all. */
function lookedUp(facts: Facts, owner: number, port: number): Quantisation | null {
  const decoder = facts.skeleton.nodes[facts.decoders.get(owner) ?? -1];
  if (port !== 0 || decoder === undefined || facts.skeleton.nodes[owner]?.op !== 'Gather') return null;
  const [scale = null, zero = null] = decoder.inputs
    .slice(1)
    .map((_name, at) =>
      weightAt(facts, facts.wiring.inputs[(facts.wiring.inputStart[decoder.id] ?? 0) + 1 + at] ?? -1),
    );
  return scale?.count === 1 ? { scale, zero, axis: 0 } : null;
}

/** Of the weight of an operator that reads codes and gives floats, by itself or by the products after it. */
function weightScale(facts: Facts, owner: number, port: number): Quantisation | null {
  const node = facts.skeleton.nodes[owner];
  if (port !== 1 || node === undefined) return null;
  const beside = (input: number): WeightRef | null =>
    weightAt(facts, facts.wiring.inputs[(facts.wiring.inputStart[owner] ?? 0) + input] ?? -1);
  const zeroAt = (input: number): WeightRef | null => (input < node.inputs.length ? beside(input) : null);
  const after = facts.rescalings.get(owner);
  if (after !== undefined)
    return { scale: after.scale, zero: zeroAt(3), axis: node.op === 'ConvInteger' ? 0 : -1 };
  const [scale, zero] = weightScaleOf(node.op) ?? [];
  const own = scale === undefined ? null : beside(scale);
  return own === null || zero === undefined ? null : { scale: own, zero: zeroAt(zero), axis: -1 };
}

/** The floats of a quantised weight, in order. */
export async function* dequantised(
  reader: WeightReader,
  ref: WeightRef,
  { scale, zero, axis }: Quantisation,
  signal?: AbortSignal,
): AsyncIterable<ArrayLike<number>> {
  const numbers = async (weight: WeightRef): Promise<ArrayLike<number>> => {
    const { dtype, data } = await reader.read(weight, signal);
    return ArrayBuffer.isView(data) ? toNumbers(dtype, data) : [];
  };
  const scales = await numbers(scale);
  const zeros = zero === null ? [] : await numbers(zero);
  const place = axis < 0 ? axis + ref.dims.length : axis;
  const inner = scales.length === 1 ? 1 : sizeOf(ref.dims.slice(place + 1));
  let at = 0;
  for await (const codes of reader.numbers(ref, signal)) {
    const floats = new Float64Array(codes.length);
    for (let i = 0; i < codes.length; i++, at++) {
      const channel = scales.length === 1 ? 0 : Math.floor(at / inner) % scales.length;
      // As the runtime does it: in single precision.
      floats[i] = Math.fround(((codes[i] ?? 0) - (zeros[channel] ?? 0)) * (scales[channel] ?? 0));
    }
    yield floats;
  }
}
