/**
 * Many rows in one run: where a model lets rows ride together (proved by `judgeBatch`), several objectives or steps of an
 * integral share a forward and a backward run, each on a row of its own.
 */
import { must } from '../../../base/assert';
import { throwIfCancelled } from '../../../base/cancel';
import type { TensorData } from '../../../contract/tensor';
import { sitesOf } from '../../../onnx/objective';
import { relaxBatch } from '../../../onnx/rewrite/relaxBatch';
import { judgeBatch, stackRows } from '../batch';
import type { Executor } from '../executor';
import type { EngineModel } from '../model';
import { workBetween } from '../work';
import type { Feeds, Once, Question } from './question';
import type { Observed } from './graph';

/**
 * Multiply-adds of the forward that the rows of one run may take together: with the backward some 200 ms on two slow cores,
 * so that a cancel is heard between runs.
 */
const MOST_WORK = 5e8;
/** Bytes of forward values that one run may hold. */
const MOST_BYTES = 256 << 20;
const MOST_ROWS = 128;
/** Where the runtime tells no shapes. */
const UNTOLD_ROWS = 4;

type Ride = { readonly model: EngineModel } | { readonly why: string };

export class Rows {
  readonly #known = new Map<string, Ride>();

  constructor(private readonly executor: Executor) {}

  /** The model to run rows through, or the sentence that says why they cannot share a run. */
  async of(
    { model, feeds, settings, signal, sites, objectives }: Question,
    observed: ReadonlyMap<string, Observed>,
  ): Promise<Ride> {
    const names = [...sites, ...objectives.flatMap(sitesOf)];
    const single = names.find((name) => observed.get(name)?.dims[0] !== 1);
    if (single !== undefined) return { why: `"${single}" has no batch of 1 in front.` };
    const key = JSON.stringify([model.id, Object.entries(feeds).map(([name, { dims }]) => [name, dims])]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const verdict = await judgeBatch(this.executor, model, feeds, settings, signal);
    const ride: Ride = !verdict.rides
      ? { why: verdict.why }
      : { model: verdict.relaxed ? relaxed(model) : model };
    if (this.#known.size > 64) this.#known.clear();
    this.#known.set(key, ride);
    return ride;
  }
}

function relaxed(model: EngineModel): EngineModel {
  const { skeleton } = model;
  const open = relaxBatch(skeleton.graph);
  if (open === null) return model;
  const graphs = new Map(skeleton.graphs).set('', open.graph);
  return model.withSkeleton(`${model.id}~rows`, { ...skeleton, graph: open.graph, graphs });
}

/** How many rows one run takes, when a single one holds these values: the same on every machine and at any time. */
export async function rowsPerRun(
  { model, feeds, objectives, signal }: Question,
  at: ReadonlyMap<string, TensorData>,
): Promise<number> {
  let bytes = 1;
  for (const { data } of at.values()) if (ArrayBuffer.isView(data)) bytes += data.byteLength;
  const work = await workBetween(model, feeds, [], objectives.flatMap(sitesOf), signal);
  const most = work === null ? UNTOLD_ROWS : MOST_WORK / Math.max(1, work);
  return Math.max(1, Math.floor(Math.min(MOST_ROWS, most, MOST_BYTES / bytes)));
}

/** The same feeds in every row. */
export function tiled(feeds: Feeds, rows: number): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [name, stackRows(new Array<TensorData>(rows).fill(feed))]),
  );
}

/** Several objectives: together where rows ride, else one by one. Gradients get a first axis that counts them. */
export async function inRows(
  question: Question,
  observed: ReadonlyMap<string, Observed>,
  rows: Rows,
  once: (question: Question) => Promise<Once>,
): Promise<Omit<Once, 'at'>> {
  const { objectives, sites, signal } = question;
  const one = (index: number): Question => ({ ...question, objectives: objectives.slice(index, index + 1) });
  const first = await once(one(0));
  const answers: Once[] = [];
  const notes: string[] = [];
  const ride = objectives.length < 2 ? { why: '' } : await rows.of(question, observed);
  if ('why' in ride) {
    if (ride.why !== '') notes.push(`${ride.why} Objectives ran one by one.`);
    answers.push(first);
    for (let i = 1; i < objectives.length; i++) {
      throwIfCancelled(signal);
      answers.push(await once(one(i)));
    }
  } else {
    const most = Math.min(objectives.length, await rowsPerRun(question, first.at));
    for (let i = 0; i < objectives.length; i += most) {
      throwIfCancelled(signal);
      const some = objectives.slice(i, i + most);
      const feeds = tiled(question.feeds, some.length);
      answers.push(await once({ ...question, model: ride.model, feeds, objectives: some, rows: true }));
    }
  }
  return {
    values: answers.flatMap(({ values }) => values),
    gradients: sites.map((_, i) =>
      counted(
        answers.map(({ gradients }) => must(gradients[i], 'one per site')),
        'why' in ride,
      ),
    ),
    notes: [...notes, ...new Set(answers.flatMap((answer) => answer.notes))],
  };
}

/** Rows of a batch of 1 lose it: what counts objectives stands in its place. */
function counted(parts: readonly TensorData[], alone: boolean): TensorData {
  const rows = alone ? parts.map((part) => ({ ...part, dims: [1, ...part.dims] })) : parts;
  const all = stackRows(rows);
  const [count = 1, ...dims] = all.dims;
  return alone && dims[0] !== 1 ? all : { ...all, dims: alone ? [count, ...dims] : [count, 1, ...dims] };
}
