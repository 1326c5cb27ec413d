/**
 * Skeleton + ScopeTree -> GraphModel: the columns that the layout and the webview draw. Rows: the main graph's inputs,
 * then every node of the skeleton in id order (bodies and functions lie in scopes of their own), then the outputs.
 */
import { NodeKind, type GraphModel } from '../contract/graphModel';
import type { InferredValue } from '../contract/engineApi';
import type { ScopeTree } from '../contract/scopes';
import type { Skeleton, ValueType, WeightRef } from '../contract/skeleton';
import { formatType, weightType } from './describe';
import { detailOf } from './detail';
import { weightsOfNode } from './scopes/parameters';
import { wire, type Value, type Wiring } from './wiring';

/** `id` of the i-th graph output's row is `OUTPUT_ID - i`; of the i-th input's, `-1 - i`. */
const OUTPUT_ID = -1_000_001;

/** Builds the columns. `wiring` may be handed in when it is at hand. */
export function buildGraphModel(
  skeleton: Skeleton,
  scopes: ScopeTree,
  wiring: Wiring = wire(skeleton),
): GraphModel {
  const strings = new StringTable();
  const inputs = wiring.graphInputs.length;
  const nodeCount = skeleton.nodes.length;
  const values = keepValues(wiring);
  return {
    nodes: nodeColumns(skeleton, scopes, wiring, strings),
    scopes: scopeColumns(scopes, strings),
    edges: edgeColumns(skeleton, wiring, values.row, inputs, nodeCount),
    values: valueColumns(wiring, values.ids, strings, inputs),
    strings: strings.list,
  };
}

/**
 * The same graph with the types the runtime inferred for top-level values. Types the model states itself stay, unless
 * the runtime knows more dimensions.
 */
export function withInferredTypes(model: GraphModel, inferred: readonly InferredValue[]): GraphModel {
  const strings = new StringTable(model.strings);
  const byName = new Map(inferred.map((value) => [value.name, value]));
  const type = model.values.type.slice();
  const seen = new Set<string>();
  for (let row = 0; row < model.values.count; row++) {
    const name = model.strings[model.values.name[row] ?? 0] ?? '';
    const known = byName.get(name);
    // Top-level values come first: a body's value of the same name is another one.
    if (known === undefined || seen.has(name)) continue;
    seen.add(name);
    type[row] = strings.add(formatType({ kind: 'tensor', dtype: known.dtype, shape: known.shape }));
  }
  return { ...model, strings: strings.list, values: { ...model.values, type } };
}

class StringTable {
  readonly list: string[];
  readonly #index: Map<string, number>;

  constructor(start: readonly string[] = []) {
    this.list = [...start];
    this.#index = new Map(this.list.map((text, index) => [text, index]));
  }

  add(text: string): number {
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    const index = this.list.length;
    this.list.push(text);
    this.#index.set(text, index);
    return index;
  }
}

/** Weights are no rows of their own: they belong to the nodes that read them. */
function keepValues(wiring: Wiring): { readonly ids: readonly number[]; readonly row: Int32Array } {
  const ids: number[] = [];
  const row = new Int32Array(wiring.values.length).fill(-1);
  wiring.values.forEach((value, id) => {
    if (value.weight !== null) return;
    row[id] = ids.length;
    ids.push(id);
  });
  return { ids, row };
}

function nodeColumns(
  skeleton: Skeleton,
  scopes: ScopeTree,
  wiring: Wiring,
  strings: StringTable,
): GraphModel['nodes'] {
  const { graph, nodes } = skeleton;
  const inputs = graph.inputs.length;
  const count = inputs + nodes.length + graph.outputs.length;
  const columns = {
    count,
    id: new Int32Array(count),
    kind: new Uint8Array(count),
    name: new Int32Array(count),
    op: new Int32Array(count),
    scope: new Int32Array(count),
    weightBytes: new Float64Array(count),
    detail: new Int32Array(count).fill(-1),
  };
  const put = (row: number, id: number, kind: NodeKind, name: string, op: string, detail: string): void => {
    columns.id[row] = id;
    columns.kind[row] = kind;
    columns.name[row] = strings.add(name);
    columns.op[row] = strings.add(op);
    if (detail !== '') columns.detail[row] = strings.add(detail);
  };
  graph.inputs.forEach(({ name, type }, i) =>
    put(i, -1 - i, NodeKind.Input, name, 'Input', formatType(type)),
  );
  for (const node of nodes) {
    const row = inputs + node.id;
    const weights = weightsOfNode(wiring, node);
    const constant = node.op === 'Constant' && node.domain === '';
    const kind = constant ? NodeKind.Constant : NodeKind.Operator;
    put(
      row,
      node.id,
      kind,
      node.name,
      node.domain === '' ? node.op : `${node.domain}.${node.op}`,
      detailOf(node, weights),
    );
    columns.scope[row] = scopes.scopeOf[node.id] ?? 0;
    columns.weightBytes[row] = bytesOf(weights);
  }
  graph.outputs.forEach(({ name, type }, i) => {
    put(inputs + nodes.length + i, OUTPUT_ID - i, NodeKind.Output, name, 'Output', formatType(type));
  });
  return columns;
}

function bytesOf(weights: readonly WeightRef[]): number {
  return weights.reduce(
    (sum, weight, i) => (weights.indexOf(weight) === i ? sum + weight.byteLength : sum),
    0,
  );
}

function scopeColumns({ scopes }: ScopeTree, strings: StringTable): GraphModel['scopes'] {
  const signatures = new Map<string, number>();
  const signature = Int32Array.from(scopes, ({ signature: text }) => {
    if (text === '') return -1;
    const known = signatures.get(text) ?? signatures.size;
    signatures.set(text, known);
    return known;
  });
  return {
    count: scopes.length,
    parent: Int32Array.from(scopes, ({ parent }) => parent),
    name: Int32Array.from(scopes, ({ name }) => strings.add(name)),
    path: Int32Array.from(scopes, ({ path }) => strings.add(path)),
    className: Int32Array.from(scopes, ({ className }) => (className === null ? -1 : strings.add(className))),
    kind: Int32Array.from(scopes, ({ kind }) => strings.add(kind)),
    inferred: Uint8Array.from(scopes, ({ inferred }) => (inferred ? 1 : 0)),
    parameters: Float64Array.from(scopes, ({ parameters }) => parameters),
    signature,
  };
}

function valueColumns(
  wiring: Wiring,
  ids: readonly number[],
  strings: StringTable,
  inputs: number,
): GraphModel['values'] {
  const count = ids.length;
  const columns = {
    count,
    name: new Int32Array(count),
    producer: new Int32Array(count),
    type: new Int32Array(count),
  };
  for (let row = 0; row < count; row++) {
    const value = wiring.values[ids[row] ?? -1];
    if (value === undefined) continue;
    columns.name[row] = strings.add(value.name);
    columns.producer[row] = producerRow(wiring, value, inputs);
    const type = typeOf(wiring, value);
    columns.type[row] = type === null || type.kind === 'unknown' ? -1 : strings.add(formatType(type));
  }
  return columns;
}

/** Row of the node that makes a value: its producer, the graph input, or whatever a body's formal input stands for. */
function producerRow(wiring: Wiring, value: Value, inputs: number): number {
  const source = sourceOf(wiring, value);
  if (source.producer >= 0) return inputs + source.producer;
  return source.input;
}

/** Follows aliases (bounded: hostile models may close them into a ring). */
function sourceOf(wiring: Wiring, value: Value): Value {
  let at = value;
  for (let hops = 0; at.alias >= 0 && hops < 100; hops++) {
    const next = wiring.values[at.alias];
    if (next === undefined) break;
    at = next;
  }
  return at;
}

function typeOf(wiring: Wiring, value: Value): ValueType | null {
  if (value.type !== null && value.type.kind !== 'unknown') return value.type;
  const source = sourceOf(wiring, value);
  if (source.weight !== null) return weightType(source.weight);
  return source.type;
}

function edgeColumns(
  skeleton: Skeleton,
  wiring: Wiring,
  rowOfValue: Int32Array,
  inputs: number,
  nodeCount: number,
): GraphModel['edges'] {
  const from: number[] = [];
  const to: number[] = [];
  const value: number[] = [];
  const add = (id: number, consumer: number): void => {
    const found = wiring.values[id];
    const row = rowOfValue[id] ?? -1;
    if (found === undefined || row < 0) return;
    const producer = producerRow(wiring, found, inputs);
    if (producer < 0 || producer === consumer) return;
    from.push(producer);
    to.push(consumer);
    value.push(row);
  };
  for (const { id } of skeleton.nodes) {
    const end = wiring.inputStart[id + 1] ?? 0;
    for (let at = wiring.inputStart[id] ?? 0; at < end; at++) add(wiring.inputs[at] ?? -1, inputs + id);
  }
  // What a body or a function called once gives flows back into the node that holds it.
  for (const [path, owner] of wiring.owners) {
    for (const id of wiring.bodyOutputs.get(path) ?? []) add(id, inputs + owner.id);
  }
  wiring.graphOutputs.forEach((id, index) => add(id, inputs + nodeCount + index));
  return {
    count: from.length,
    from: Int32Array.from(from),
    to: Int32Array.from(to),
    value: Int32Array.from(value),
  };
}
