/**
 * Whether many rows may ride in one run of a model. Operators that mix rows are known and never ridden over; everything
 * else is proved on two rows that differ, against each row alone, before it is believed.
 */
import { must } from '../../base/assert';
import { isFailure } from '../../base/errors';
import type { TensorBuffer, TensorData } from '../../contract/tensor';
import { mixesBatch, relaxBatch } from '../../onnx/rewrite/relaxBatch';
import { describeNode } from '../../onnx/names';
import { toNumbers } from '../../tensor/buffers';
import { isFloat } from '../../tensor/dtype';
import { floatToHalf } from '../../tensor/half';
import { sizeOf } from '../../tensor/shape';
import { randomNodes, TOLERANCE } from './check';
import { relativeDifference } from './compare';
import type { Executor, Settings } from './executor';
import type { Allowance } from './memory';
import type { EngineModel } from './model';
import { isCarried } from './runtime';
import { takeSlices } from './take';

export type Feeds = Readonly<Record<string, TensorData>>;

/** `rides`: rows may share a run, `relaxed` when the batch had to be opened. Otherwise the sentence that says why not. */
export type BatchVerdict =
  | { readonly rides: true; readonly relaxed: boolean; readonly changes: readonly string[] }
  | { readonly rides: false; readonly why: string };

const SHORT: BatchVerdict = { rides: false, why: 'Two rows at a time may not fit in memory.' };

const judged = new WeakMap<EngineModel, Map<string, BatchVerdict>>();

/**
 * Decides for a model, by trying it on these feeds (one row each) and on a second row made from them. What was found holds
 * for feeds of the same types and shapes. Throws `would-not-fit` where not even one row fits into the allowance.
 */
export async function judgeBatch(
  executor: Executor,
  model: EngineModel,
  feeds: Feeds,
  settings: Settings,
  signal?: AbortSignal,
  allowance?: Allowance,
): Promise<BatchVerdict> {
  const shapes = Object.entries(feeds).map(([name, { dtype, dims }]) => [name, dtype, dims]);
  const key = JSON.stringify([settings, shapes]);
  const known = judged.get(model) ?? new Map<string, BatchVerdict>();
  judged.set(model, known);
  const verdict = known.get(key) ?? (await judge(executor, model, feeds, settings, signal, allowance));
  // What is free is another tomorrow, and for who said to run it anyway.
  if (verdict !== SHORT) known.set(key, verdict);
  return verdict;
}

async function judge(
  executor: Executor,
  model: EngineModel,
  feeds: Feeds,
  settings: Settings,
  signal: AbortSignal | undefined,
  allowance: Allowance | undefined,
): Promise<BatchVerdict> {
  const { graph } = model.skeleton;
  const no = (why: string): BatchVerdict => ({ rides: false, why });
  const mixing = mixesBatch(graph);
  if (mixing !== null) return no(`${describeNode(mixing.node)} ${mixing.why}, so rows cannot share a run.`);
  const random = randomNodes(model);
  if (random.length > 0)
    return no(`The model draws random numbers (${random.join(', ')}), so rows cannot share a run.`);
  const fixed = graph.inputs.some(({ type }) => type.kind === 'tensor' && type.shape?.[0] === 1);
  const relaxation = fixed ? relaxBatch(graph) : null;
  const relaxed = relaxation !== null;
  if (Object.values(feeds).some(({ dims }) => dims[0] !== 1)) {
    return no('An input does not start with a batch of 1, so there is no batch to ride on.');
  }
  const other = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, anotherRow(feed)]));
  const both = Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [name, stackRows([feed, other[name] ?? feed])]),
  );
  const outputs = graph.outputs.map(({ name }) => name);
  if (outputs.length === 0) return no('The model has no outputs to tell whether rows meet.');
  const plan = { outputs, captures: [], steps: [], given: [], overridden: [] };
  if (allowance !== undefined) {
    const whole = { plan, given: new Map<string, TensorData>() };
    const one = await executor.estimate(model, whole, [], feeds, settings, signal);
    allowance.ask(one);
    if (allowance.rows(one).most < 2) return SHORT;
  }
  const run = async (rows: Feeds, open: boolean): Promise<ReadonlyMap<string, TensorData>> => {
    const planned = { plan: open ? { ...plan, relaxed } : plan, given: new Map<string, TensorData>() };
    return (await executor.run(model, planned, [], rows, settings, signal)).outputs;
  };
  const alone = [await run(feeds, false)];
  let together: ReadonlyMap<string, TensorData>;
  try {
    alone.push(await run(other, false));
  } catch (error) {
    if (!isFailure(error)) throw error;
    return no(`No second row could be made to prove that rows do not meet: ${error.what}`);
  }
  try {
    together = await run(both, true);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return no(`A batch of two does not run: ${error.what}`);
  }
  for (const [index, single] of alone.entries()) {
    for (const [name, reference] of single) {
      const batched = together.get(name);
      if (batched?.dims[0] !== 2 || reference.dims[0] !== 1)
        return no(`The output "${name}" has no batch axis in front.`);
      const row = takeSlices(batched, [{ axis: 0, indices: [index] }]);
      if (relativeDifference(row, reference) > TOLERANCE)
        return no(`In a batch of two, "${name}" depends on the other row.`);
    }
  }
  return { rides: true, relaxed, changes: relaxation?.changes ?? [] };
}

/**
 * A row of the same type and size with other numbers: the same elements back to front, and floats scaled, numbers above 1
 * one less (tokens and positions stay what a model knows), so that neither a row that reads the same from both ends nor
 * what is taken over all elements hides that rows meet.
 */
function anotherRow(feed: TensorData): TensorData {
  const { data, dtype } = feed;
  if (!ArrayBuffer.isView(data)) return { ...feed, data: [...data].reverse() };
  const reversed = data.slice().reverse();
  if (dtype === 'bool' || !isCarried(dtype)) return { ...feed, data: reversed };
  const numbers = toNumbers(dtype, reversed);
  for (let i = 0; i < reversed.length; i++) {
    const x = numbers[i] ?? 0;
    if (dtype === 'float16') Reflect.set(reversed, i, floatToHalf(x * 0.75 + 0.01));
    else if (isFloat(dtype)) Reflect.set(reversed, i, x * 0.75 + 0.01);
    else if (x > 1) Reflect.set(reversed, i, typeof reversed[i] === 'bigint' ? BigInt(x - 1) : x - 1);
  }
  return { ...feed, data: reversed };
}

/** Rows one below the other, along the first axis. All of one type. */
export function stackRows(rows: readonly TensorData[]): TensorData {
  const first = must(rows[0], 'there is a row to stack');
  const { dtype, data } = first;
  const dims = [rows.reduce((sum, row) => sum + (row.dims[0] ?? 1), 0), ...first.dims.slice(1)];
  if (!ArrayBuffer.isView(data)) {
    return { dtype, dims, data: rows.flatMap((row) => (ArrayBuffer.isView(row.data) ? [] : [...row.data])) };
  }
  const make = data.constructor as new (length: number) => TensorBuffer;
  const stacked = new make(sizeOf(dims));
  const bytes = new Uint8Array(stacked.buffer);
  let at = 0;
  for (const row of rows) {
    if (!ArrayBuffer.isView(row.data)) continue;
    bytes.set(new Uint8Array(row.data.buffer, row.data.byteOffset, row.data.byteLength), at);
    at += row.data.byteLength;
  }
  return { dtype, dims, data: stacked };
}
