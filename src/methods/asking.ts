/**
 * What a question is about when a person leaves it open: the objective (the largest number of the first output) and the
 * sites where the model's input first is a float (its float inputs, and what an embedding makes of its tokens).
 */
import { Failure } from '../base/errors';
import type { MethodContext } from '../contract/method';
import type { Graph, Skeleton } from '../contract/skeleton';
import { parseObjective, sitesOf } from '../onnx/objective';
import { toNumbers } from '../tensor/buffers';
import { isFloat } from '../tensor/dtype';
import { sizeOf } from '../tensor/shape';

/** A value where attribution starts, and the input whose content it carries. */
export interface Entry {
  readonly site: string;
  readonly input: string;
}

/** Float inputs as they are; tokens by the rows that an embedding picks for them. */
export function entriesOf({ graph }: Skeleton): Entry[] {
  const entries: Entry[] = [];
  for (const { name, type } of graph.inputs) {
    if (type.kind !== 'tensor') continue;
    if (isFloat(type.dtype)) entries.push({ site: name, input: name });
    else for (const site of embeddingsOf(graph, name)) entries.push({ site, input: name });
  }
  return entries;
}

/** Operators that hand integers on as they are. */
const CARRIES =
  /^(Cast|Identity|Reshape|Flatten|Squeeze|Unsqueeze|Slice|Gather|Expand|Transpose|Concat|Split)$/;

/** Outputs of the Gathers that look rows up in a table of floats by this input's numbers. */
function embeddingsOf(graph: Graph, input: string): string[] {
  const carried = new Set([input]);
  const tables = new Set(graph.initializers.keys());
  const found: string[] = [];
  for (const node of graph.nodes) {
    const [data = '', indices = ''] = node.inputs;
    const [output = ''] = node.outputs;
    if (node.op === 'Gather' && tables.has(data) && carried.has(indices)) {
      if (isFloat(graph.initializers.get(data)?.dtype ?? 'int64')) found.push(output);
    } else if (CARRIES.test(node.op) && carried.has(data)) {
      for (const name of node.outputs) carried.add(name);
    }
  }
  return found;
}

/** Every value of the main graph by name. */
export function valueNames({ graph }: Skeleton): ReadonlySet<string> {
  return new Set([...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap((node) => node.outputs)]);
}

/** Values that an objective's text reads. Throws `bad-objective`. */
export function objectiveSites(model: Skeleton, text: string): readonly string[] {
  const names = valueNames(model);
  return sitesOf(parseObjective(text, (name) => names.has(name)));
}

export interface Asked {
  readonly objective: string;
  /** The objective with the class's or token's word, where there is one: `logits[0,7] ("seven")`. */
  readonly words: string;
}

/** The objective a person wrote, or the largest element of the first float output: its last position, its first row. */
export async function objectiveOf(context: MethodContext, text: string): Promise<Asked> {
  if (text.trim() !== '') return { objective: text, words: withWord(text, context) };
  const outputs = context.model.graph.outputs.map(({ name }) => name);
  const { outputs: made } = await context.run({ feeds: context.feeds, capture: [], outputs });
  const chosen = made.find(({ dtype, dims }) => isFloat(dtype) && sizeOf(dims) > 0);
  context.release(
    made.flatMap(({ handle }) => (handle === null || handle === chosen?.handle ? [] : [handle])),
  );
  if (chosen?.handle === null || chosen === undefined) {
    throw new Failure({
      code: 'bad-objective',
      message: 'No output of this model is made of floats, so there is nothing to ask about.',
      remedy: 'Name a float value inside it as the objective.',
    });
  }
  const { data, dtype, dims } = await context.tensor(chosen.handle);
  const numbers = ArrayBuffer.isView(data) ? toNumbers(dtype, data) : [];
  const indices = largest(numbers, dims);
  const objective = indices.length === 0 ? chosen.site : `${chosen.site}[${indices.join(',')}]`;
  return { objective, words: withWord(objective, context) };
}

/** Indices of the largest element: of the last position for [row, position, word], else of the first row. */
function largest(numbers: ArrayLike<number>, dims: readonly number[]): number[] {
  if (dims.length === 0) return [];
  const lead = dims.length === 3 ? [0, (dims[1] ?? 1) - 1] : dims.length === 1 ? [] : [0];
  const size = sizeOf(dims.slice(lead.length));
  const start = lead.reduce((at, index, axis) => at * (dims[axis] ?? 1) + index, 0) * size;
  let best = 0;
  for (let i = 1; i < size; i++)
    if ((numbers[start + i] ?? -Infinity) > (numbers[start + best] ?? -Infinity)) best = i;
  const rest: number[] = [];
  for (let axis = dims.length - 1; axis >= lead.length; axis--) {
    rest.unshift(best % (dims[axis] ?? 1));
    best = Math.floor(best / (dims[axis] ?? 1));
  }
  return [...lead, ...rest];
}

/** Adds the word for a single element's last index. */
function withWord(objective: string, { labels }: MethodContext): string {
  const match = /^(?:\w+\()?([^()]+?)\)?\[(?:[^\]]*,)?(\d+)\]$/.exec(objective.trim());
  const word = labels[match?.[1] ?? '']?.[Number(match?.[2])];
  return word === undefined ? objective : `${objective} (“${word}”)`;
}
