/**
 * How dynamic quantisation makes floats of sums of codes: `Cast(MatMulInteger(codes, weight)) × (scale of what is read ×
 * scale of the weight)`. Both products only undo what the codes did: a comparison looks through them.
 */
import type { Node, Skeleton, WeightRef } from '../contract/skeleton';
import type { Wiring } from '../onnx/wiring';
import { tensorsOf } from '../onnx/walk';

export interface Rescaling {
  /** Node ids: the operator on codes, the product that gives floats, and the product of the two scales. */
  readonly kernel: number;
  readonly product: number;
  readonly scales: number;
  /** Which input of the product the sums are. */
  readonly input: number;
  /** Of the operator's weight: one number, or one per unit. */
  readonly scale: WeightRef;
}

const KERNELS = /^(MatMul|Conv)Integer$/;

/** All of a model, by the operator on codes. */
export function rescalingsOf({ nodes }: Skeleton, wiring: Wiring): ReadonlyMap<number, Rescaling> {
  const found = new Map<number, Rescaling>();
  const operand = (id: number, input: number): Wiring['values'][number] | undefined =>
    wiring.values[wiring.inputs[(wiring.inputStart[id] ?? 0) + input] ?? -1];
  const maker = (id: number, input: number): Node | undefined => nodes[operand(id, input)?.producer ?? -1];
  /** The weight's scale, where a node is its product with the scale that a DynamicQuantizeLinear found. */
  const scaleIn = (id: number): WeightRef | null => {
    for (const dynamic of [0, 1]) {
      const from = operand(id, dynamic);
      if (from?.slot !== 1 || maker(id, dynamic)?.op !== 'DynamicQuantizeLinear') continue;
      const other = maker(id, 1 - dynamic);
      return (
        operand(id, 1 - dynamic)?.weight ?? (other?.op === 'Constant' ? (tensorsOf(other)[0] ?? null) : null)
      );
    }
    return null;
  };
  for (const { id, op } of nodes) {
    if (op !== 'Mul') continue;
    for (const input of [0, 1]) {
      const cast = maker(id, input);
      const kernel = cast?.op === 'Cast' ? maker(cast.id, 0) : undefined;
      const scales = maker(id, 1 - input);
      if (kernel === undefined || !KERNELS.test(kernel.op) || scales?.op !== 'Mul') continue;
      const scale = scaleIn(scales.id);
      if (scale !== null)
        found.set(kernel.id, { kernel: kernel.id, product: id, scales: scales.id, input, scale });
    }
  }
  return found;
}
