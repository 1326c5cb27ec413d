/**
 * Where two computations part: an error per value in the order of computing, what each value inherits from those above
 * it, and the first one that departs by itself. Knows nothing of where the errors come from.
 */
import type { Skeleton } from '../contract/skeleton';
import { weightsOf } from '../onnx/walk';
import type { Dtype } from '../tensor/dtype';
import type { Facts } from './facts';
import type { Numbers } from './numbers';

/** The error of one value of A against its counterpart. */
export interface Compared {
  /** A's value: a site. */
  readonly site: string;
  /** Its counterpart: a value of B, or a module's path in a recording. */
  readonly other: string;
  /** Producer in A. */
  readonly node: number;
  readonly dims: readonly number[];
  /** null where the two cannot be compared; `problem` says why. */
  readonly numbers: Numbers | null;
  readonly problem: string | null;
  /** The same measure between two computations that should not differ: the floor. null where there is none. */
  readonly floor: number | null;
}

export interface Departure extends Compared {
  readonly op: string;
  readonly name: string;
  readonly module: string;
  /** Largest relative error among the compared values that it is computed from, nearest first on each way up. */
  readonly inherited: number;
  /** Its relative error is beyond the threshold. */
  readonly departs: boolean;
  /** It departs, nothing that it is computed from does, and it is no small error grown a little. */
  readonly begins: boolean;
}

export interface Departures {
  /** In the order of computing. */
  readonly rows: readonly Departure[];
  readonly threshold: number;
  /** The first row that departs, or null. */
  readonly first: Departure | null;
}

/** Rounding moves float32 by about 1e-7 a layer; a tanh in place of an erf moves a GELU by 2e-4. */
export const DEFAULT_THRESHOLD = 1e-4;

/** Narrow floats round by this much at every step, and add up over a deep model. */
const NARROW: Partial<Record<Dtype, number>> = { float16: 5e-3, bfloat16: 4e-2 };

/** The threshold where nobody chose one: beyond what the rounding of the narrowest weights of the two explains. */
export function thresholdFor(...models: readonly Skeleton[]): number {
  let threshold = DEFAULT_THRESHOLD;
  for (const { graph } of models)
    for (const { dtype, count } of weightsOf(graph))
      if (count > 1) threshold = Math.max(threshold, NARROW[dtype] ?? 0);
  return threshold;
}

/** `threshold` is of relative L2 error; a row departs only where it is also beyond ten times its own floor. */
export function departuresOf(facts: Facts, compared: readonly Compared[], threshold: number): Departures {
  const byNode = new Map<number, Compared[]>();
  for (const row of compared) byNode.set(row.node, [...(byNode.get(row.node) ?? []), row]);
  const passedOn = new Float64Array(facts.count);
  const rows: Departure[] = [];
  for (const id of facts.order) {
    const inherited = inheritedBy(facts, id, passedOn);
    const own = byNode.get(id) ?? [];
    const errors = own.map(({ numbers }) => numbers?.relative).filter((error) => error !== undefined);
    passedOn[id] = errors.length > 0 ? Math.max(...errors) : inherited;
    const node = facts.skeleton.nodes[id];
    for (const row of own) {
      const departs = isBeyond(row, threshold);
      rows.push({
        ...row,
        op: node?.op ?? '',
        name: node?.name ?? '',
        module: facts.module[id] ?? '',
        inherited,
        departs,
        begins: departs && inherited <= threshold && (row.numbers?.relative ?? 0) > GROWTH * inherited,
      });
    }
  }
  rows.sort((x, y) => x.node - y.node);
  return {
    rows,
    threshold,
    first: rows.find(({ begins }) => begins) ?? rows.find(({ departs }) => departs) ?? null,
  };
}

/** A step that multiplies an error by less than this passes it on and does not make it. */
const GROWTH = 5;

/** A floor this high is no rounding, even in bfloat16: something random is on, and that is itself a departure. */
export const RANDOM_FLOOR = 0.05;

/** The least float32 that has all its digits: what differs by less is rounding, however small the values are. */
export const LEAST_NORMAL = 2 ** -126;

function isBeyond({ numbers, floor }: Compared, threshold: number): boolean {
  const error = numbers?.relative ?? 0;
  if (numbers !== null && numbers.notFinite === 0 && numbers.max < LEAST_NORMAL) return false;
  return error > threshold && (error > 10 * (floor ?? 0) || (floor ?? 0) > RANDOM_FLOOR);
}

/** Through the values really read, so that what passes a cast or a pair is counted as it arrives. */
function inheritedBy({ wiring, skeleton }: Facts, id: number, passedOn: Float64Array): number {
  let worst = 0;
  const to = wiring.inputStart[id + 1] ?? 0;
  for (let at = wiring.inputStart[id] ?? 0; at < to; at++) {
    const producer = wiring.values[wiring.inputs[at] ?? -1]?.producer ?? -1;
    if (producer >= 0 && skeleton.nodes[producer]?.op !== 'Constant')
      worst = Math.max(worst, passedOn[producer] ?? 0);
  }
  return worst;
}
