/**
 * Exports with a fixed batch of 1, made to take any: the inputs' first dimension is opened, and constants that repeat the
 * 1 (the target of a `Reshape`, the shape of an `Expand`, a class token that is concatenated) follow the input's size;
 * where a `Reshape` puts positions or heads of all rows below each other, the runtime counts them.
 * A guess about what the 1 stands for: whoever uses it proves it on rows that differ before believing it. Pure.
 */
import type { Graph, Node, ValueInfo, WeightRef } from '../../contract/skeleton';
import { bodiesOf } from '../walk';
import { producersOf } from './cut';
import { touchedBy } from './frontier';
import { FreshNames } from './names';
import { insertedNode, intsInitializer } from './nodes';

/** Name of the opened dimension. */
const BATCH = 'patchclamp_batch';

/** Operators that mix rows of a batch by what they are: never ridden over. */
const MIXING = new Set([
  'DynamicQuantizeLinear',
  'DynamicQuantizeMatMul',
  'DynamicQuantizeLSTM',
  'NonZero',
  'Unique',
  'NonMaxSuppression',
  'Compress',
]);
/** Operators that reduce or cut over axes: they mix rows when the first axis is among them. */
const REDUCING = /^(Reduce\w+|ArgMax|ArgMin|CumSum|Softmax|LogSoftmax|Hardmax|TopK)$/;

/**
 * The first operator that mixes rows of a batch, in bodies too, with the reason in half a sentence, or null where none is
 * known. Axes count rows in the main graph and in branches, not in what a loop goes through.
 */
export function mixesBatch(
  graph: Graph,
  ofRows = true,
): { readonly node: Node; readonly why: string } | null {
  for (const node of graph.nodes) {
    for (const body of bodiesOf(node)) {
      const inside = mixesBatch(body, ofRows && node.op === 'If');
      if (inside !== null) return inside;
    }
    if (MIXING.has(node.op)) return { node, why: 'looks at all rows at once' };
    const training = node.attributes.find(({ name }) => name === 'training_mode')?.value;
    if (node.op === 'BatchNormalization' && training?.type === 'int' && Number(training.value) !== 0) {
      return { node, why: 'is in training mode and takes its statistics over the batch' };
    }
    if (ofRows && REDUCING.test(node.op) && axesOf(graph, node)?.includes(0) === true) {
      return { node, why: 'works along the first axis' };
    }
  }
  return null;
}

/** The axes a node names, from its attributes or a constant input; null where it names none that can be read. */
function axesOf(graph: Graph, node: Node): readonly number[] | null {
  for (const { name, value } of node.attributes) {
    if (name === 'axes' && value.type === 'ints') return value.value.map(Number);
    if (name === 'axis' && value.type === 'int') return [Number(value.value)];
  }
  const given = node.inputs[1] ?? '';
  return given === '' || !/^Reduce|^CumSum$/.test(node.op) ? null : constantInts(graph, given);
}

/** Values of a small int64 constant, or null. */
function constantInts(graph: Graph, name: string): readonly number[] | null {
  const ref = graph.initializers.get(name) ?? constantOf(producersOf(graph).get(name));
  if (ref?.dtype !== 'int64' || ref.where.kind !== 'inline') return null;
  const { bytes } = ref.where;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: ref.count }, (_, index) => Number(view.getBigInt64(index * 8, true)));
}

function constantOf(node: Node | undefined): WeightRef | undefined {
  const value =
    node?.op === 'Constant' ? node.attributes.find(({ name }) => name === 'value')?.value : undefined;
  return value?.type === 'tensor' ? value.value : undefined;
}

export interface Relaxed {
  readonly graph: Graph;
  /** What was changed, a few words each; empty when only the inputs were opened. */
  readonly changes: readonly string[];
}

/** The graph with its batch opened, or null when no input has a first dimension of 1 to open. */
export function relaxBatch(graph: Graph): Relaxed | null {
  const opened = graph.inputs.map(openFirst);
  const batched = opened.find((info, index) => info !== graph.inputs[index]);
  if (batched === undefined) return null;
  const fresh = new FreshNames(graph);
  const producers = producersOf(graph);
  const sized = touchedBy(graph, new Set(graph.inputs.map(({ name }) => name)));
  const size = fresh.next('~batch');
  const nodes: Node[] = [];
  const initializers = new Map(graph.initializers);
  const constant = (values: readonly number[]): string => {
    const name = fresh.next('~ints');
    initializers.set(name, intsInitializer(name, values, [values.length]));
    return name;
  };
  const shape = fresh.next('~shape');
  const axis0 = { name: 'axis', value: { type: 'int', value: 0 } } as const;
  nodes.push(insertedNode('Shape', [batched.name], [shape]));
  nodes.push(insertedNode('Gather', [shape, constant([0])], [size], [axis0]));
  const changes: string[] = [];
  for (const node of graph.nodes) {
    const target =
      node.op === 'Reshape' || node.op === 'Expand' ? constantInts(graph, node.inputs[1] ?? '') : null;
    if (target !== null && target.length > 1 && target[0] === 1) {
      const follows = fresh.next(`${node.inputs[1] ?? ''}~batch`);
      nodes.push(insertedNode('Concat', [size, constant(target.slice(1))], [follows], [axis0]));
      nodes.push({ ...node, inputs: node.inputs.with(1, follows) });
      changes.push(`${node.op} "${node.outputs[0] ?? ''}"`);
      continue;
    }
    // Rows put one below the other (positions or heads of the whole batch): as many as there are.
    if (node.op === 'Reshape' && target !== null && target.length > 1 && target.every((size) => size > 0)) {
      nodes.push({ ...node, inputs: node.inputs.with(1, constant([-1, ...target.slice(1)])) });
      changes.push(`Reshape "${node.outputs[0] ?? ''}"`);
      continue;
    }
    nodes.push(node.op === 'Concat' ? withRepeatedTokens(node) : node);
  }
  /** Rows that are the same for the whole batch, such as a class token, are repeated to join it. */
  function withRepeatedTokens(node: Node): Node {
    const inputs = node.inputs.map((name) => {
      const ref = initializers.get(name) ?? tokenBehind(name);
      if (ref === undefined || ref.dims.length < 2 || ref.dims[0] !== 1) return name;
      const repeated = fresh.next(`${name}~rows`);
      const target = fresh.next(`${name}~target`);
      nodes.push(insertedNode('Concat', [size, constant(ref.dims.slice(1).map(() => 1))], [target], [axis0]));
      nodes.push(insertedNode('Expand', [name, target], [repeated]));
      changes.push(`Concat "${node.outputs[0] ?? ''}"`);
      return repeated;
    });
    return { ...node, inputs };
  }
  /** The token that is expanded to a size made of constants alone, as the older exporter writes `expand(1, -1, -1)`. */
  function tokenBehind(name: string): WeightRef | undefined {
    const expand = producers.get(name);
    if (expand?.op !== 'Expand' || sized.has(expand.inputs[1] ?? '')) return undefined;
    const [token = ''] = expand.inputs;
    const copy = producers.get(token);
    return initializers.get(copy?.op === 'Identity' ? (copy.inputs[0] ?? '') : token);
  }
  return {
    // Stated shapes repeat the 1 everywhere: the runtime infers them again.
    graph: {
      ...graph,
      nodes,
      initializers,
      inputs: opened,
      outputs: graph.outputs.map(forget),
      values: new Map(),
    },
    changes,
  };
}

function openFirst(info: ValueInfo): ValueInfo {
  const { type } = info;
  if (type.kind !== 'tensor' || type.shape === null || type.shape.length < 2 || type.shape[0] !== 1)
    return info;
  return { ...info, type: { ...type, shape: [BATCH, ...type.shape.slice(1)] } };
}

function forget({ name, type }: ValueInfo): ValueInfo {
  return { name, type: type.kind === 'tensor' ? { ...type, shape: null } : type };
}
