/** Values that are kept as codes (uint8, int8) between kernels that read codes: the scale that makes floats of them. */
import type { WeightRef } from '../contract/skeleton';
import type { TensorData } from '../contract/tensor';
import { tensorsOf } from '../onnx/walk';
import { fromRaw, toNumbers } from '../tensor/buffers';
import type { Facts } from './facts';
import { keepsScale, outputScaleOf } from './operators';

export interface Codes {
  readonly scale: number;
  readonly zero: number;
}

/** The scale of a value that is made by a node, one for the whole tensor; null where it holds no codes, or none is known. */
export function codesOf(facts: Facts, made: number): Codes | null {
  const { wiring, skeleton } = facts;
  let producer = made;
  for (let steps = 0; producer >= 0 && steps < 64; steps++) {
    const node = skeleton.nodes[producer];
    if (node === undefined) return null;
    const read = (input: number): number => wiring.inputs[(wiring.inputStart[producer] ?? 0) + input] ?? -1;
    const at = outputScaleOf(node.op);
    if (at !== undefined) {
      const scale = numberIn(weightAt(facts, read(at)));
      const zero = node.inputs[at + 1] === undefined ? 0 : (numberIn(weightAt(facts, read(at + 1))) ?? 0);
      return scale === null ? null : { scale, zero };
    }
    if (!keepsScale(node.op)) return null;
    producer = wiring.values[read(0)]?.producer ?? -1;
  }
  return null;
}

/** The weight a value is: an initializer or a `Constant`. */
export function weightAt({ wiring, skeleton }: Facts, id: number): WeightRef | null {
  const value = wiring.values[id];
  if (value === undefined) return null;
  const node = skeleton.nodes[value.producer];
  return value.weight ?? (node?.op === 'Constant' ? (tensorsOf(node)[0] ?? null) : null);
}

function numberIn(ref: WeightRef | null): number | null {
  if (ref?.count !== 1 || ref.where.kind !== 'inline') return null;
  return toNumbers(ref.dtype, fromRaw(ref.dtype, ref.where.bytes, 1))[0] ?? null;
}

/** The floats that a tensor of codes stands for; any other tensor as it is. */
export function decoded(tensor: TensorData, codes: Codes | null): TensorData {
  const { dtype, data, dims } = tensor;
  if (codes === null || !ArrayBuffer.isView(data) || !/^u?int8$/.test(dtype)) return tensor;
  const floats = Float32Array.from(toNumbers(dtype, data), (code) => (code - codes.zero) * codes.scale);
  return { dtype: 'float32', dims, data: floats };
}
