/**
 * Many cells' interventions as the steps of one run, each on a row of its own: factors and terms get a row per cell,
 * elements are scattered into their cell's row. A row without interventions stays what it was, bit for bit. Pure.
 */
import { must } from '../../base/assert';
import type { TensorData } from '../../contract/tensor';
import type { Step } from '../../onnx/rewrite/intervene';
import { sizeOf } from '../../tensor/shape';
import { stackRows } from './batch';
import type { PlannedStep } from './request';
import { broadcastTo, constant, type StepNumbers } from './stepNumbers';

/** A step of the run with the numbers of all rows. */
export interface RiddenStep {
  readonly step: Step;
  readonly numbers: StepNumbers;
}

/** How a planned step rides: what it does, and for scattering how many axes its places name. */
interface Share {
  readonly row: number;
  readonly planned: PlannedStep;
}

/** The steps of a run over `cells`, each cell one row, in a stated order per row. */
export function rideTogether(cells: readonly (readonly PlannedStep[])[]): RiddenStep[] {
  const groups = new Map<string, { readonly step: Step; readonly shares: Share[] }>();
  for (const [row, steps] of cells.entries()) {
    // The n-th step of a cell on a value joins the n-th steps of other cells there, so that order holds in every row.
    const order = new Map<string, number>();
    for (const planned of steps) {
      const { step } = planned;
      const turn = (order.get(step.value) ?? -1) + 1;
      order.set(step.value, turn);
      const step_ = step.form === 'swap' ? ({ ...step, form: 'scatter' } as const) : step;
      const key = JSON.stringify([step.value, turn, step_.form, placesDepth(planned)]);
      const group = groups.get(key) ?? { step: step_, shares: [] };
      group.shares.push({ row, planned });
      groups.set(key, group);
    }
  }
  const ordered = [...groups].sort(([a], [b]) => turnOf(a) - turnOf(b));
  return ordered.map(([, { step, shares }]) => ({
    step,
    numbers: step.form === 'scatter' ? scattered(shares) : spreadOut(step, shares, cells.length),
  }));
}

function turnOf(key: string): number {
  return (JSON.parse(key) as [string, number])[1];
}

function placesDepth({ step, numbers }: PlannedStep): number {
  return step.form === 'swap' ? 1 : step.form === 'scatter' ? (numbers.choice?.dims[1] ?? 0) : 0;
}

function scattered(shares: readonly Share[]): StepNumbers {
  const places = shares.map(({ row, planned }) => placesIn(planned, row));
  const operands = shares.map(({ planned }) => planned.numbers.operand);
  return { operand: stackRows(operands), choice: stackRows(places) };
}

function placesIn({ step, numbers }: PlannedStep, row: number): TensorData {
  if (step.form === 'swap') return { dtype: 'int64', dims: [1, 1], data: BigInt64Array.of(BigInt(row)) };
  const choice = must(numbers.choice, 'a scatter has places');
  const [count = 0, depth = 1] = choice.dims;
  const moved = BigInt64Array.from(choice.data as BigInt64Array);
  // The places of a single row all name row 0.
  for (let i = 0; i < count; i++) moved[i * depth] = BigInt(row);
  return { ...choice, data: moved };
}

function spreadOut(step: Step, shares: readonly Share[], rows: number): StepNumbers {
  const rank = Math.max(1, ...shares.map(({ planned }) => planned.dims?.length ?? 1));
  const padded = shares.map(({ planned }) => {
    const { dims } = planned.numbers.operand;
    return [...new Array<number>(rank - dims.length).fill(1), ...dims];
  });
  const common = Array.from({ length: rank }, (_, axis) =>
    Math.max(1, ...padded.map((dims) => dims[axis] ?? 1)),
  );
  const row = [1, ...common.slice(1)];
  const idle = constant(step.dtype, row, step.form === 'multiply' ? 1 : -0);
  const byRow = new Map(
    shares.map((share, index) => [
      share.row,
      broadcastTo({ ...share.planned.numbers.operand, dims: must(padded[index], 'as many') }, row),
    ]),
  );
  const all = Array.from({ length: rows }, (_, index) => byRow.get(index) ?? idle);
  return { operand: stackRows(all), choice: null };
}

/** Bytes that one more row of these values takes. */
export function rowBytes(values: readonly TensorData[]): number {
  return values.reduce(
    (sum, { dims, data }) => sum + (ArrayBuffer.isView(data) ? data.byteLength : sizeOf(dims) * 8),
    0,
  );
}
