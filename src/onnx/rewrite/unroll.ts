/**
 * Control flow written out as it goes for one input: an `If` becomes the branch it takes, a `Loop` or `Scan` its turns
 * one after another. What the bodies compute become plain values of the graph: `n12.body.0/h` is `h` of the first turn of
 * node 12. Which way it goes is for the caller to find out. Pure.
 */
import { must } from '../../base/assert';
import { Failure } from '../../base/errors';
import type { Attribute, Graph, GraphPath, Node, Skeleton, WeightRef } from '../../contract/skeleton';
import { describeNode } from '../names';
import { bodiesOf } from '../walk';
import { renamed, type Call } from './inline';
import { definedNames } from './names';
import { insertedNode } from './nodes';

/** How a node went: the branch an `If` took, or how many turns a `Loop` or `Scan` made. */
export type Course =
  | { readonly kind: 'branch'; readonly taken: 'then_branch' | 'else_branch' }
  | { readonly kind: 'turns'; readonly count: number };

export interface Unrolled {
  readonly skeleton: Skeleton;
  /** Values whose contents decide the way: with others the graph is another one. */
  readonly steering: readonly string[];
}

/** Graphs that would grow beyond this many nodes are refused. */
const MOST_NODES = 20_000;

/** Writes out the nodes (by index in the main graph) whose course is given. */
export function unroll(skeleton: Skeleton, courses: ReadonlyMap<number, Course>): Unrolled {
  const { graph } = skeleton;
  const opset = skeleton.opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1;
  const out = new Output(graph, opset);
  for (const node of graph.nodes) {
    const course = courses.get(node.index);
    if (course === undefined) out.nodes.push(node);
    else if (course.kind === 'branch') writeBranch(out, node, course.taken);
    else if (node.op === 'Loop') writeLoop(out, node, course.count);
    else writeScan(out, node, course.count);
    if (out.nodes.length > MOST_NODES) throw tooLong(node, course);
  }
  const nodes = out.nodes.map((node, index) => ({ ...node, index, graph: '' }));
  const main = placed({ ...graph, nodes, initializers: out.initializers }, '');
  const graphs = new Map<GraphPath, Graph>();
  const collect = (current: Graph): void => {
    graphs.set(current.path, current);
    for (const node of current.nodes) bodiesOf(node).forEach(collect);
  };
  collect(main);
  return { skeleton: { ...skeleton, graph: main, graphs }, steering: out.steering };
}

class Output {
  readonly nodes: Node[] = [];
  readonly initializers: Map<string, WeightRef>;
  readonly steering: string[] = [];

  constructor(
    graph: Graph,
    readonly opset: number,
  ) {
    this.initializers = new Map(graph.initializers);
  }

  /** A body's nodes under a prefix, its inputs given; the names of its outputs. */
  body(body: Graph, prefix: string, inputs: readonly string[]): string[] {
    const names = new Map<string, string>();
    for (const name of definedNames(body)) names.set(name, `${prefix}/${name}`);
    body.inputs.forEach(({ name }, i) => names.set(name, inputs[i] ?? ''));
    for (const [name, ref] of body.initializers) {
      const own = names.get(name) ?? name;
      this.initializers.set(own, { ...ref, name: own });
    }
    const call: Call = { prefix, names, attributes: new Map() };
    for (const node of body.nodes) this.nodes.push(renamed(node, call));
    return body.outputs.map(({ name }) => names.get(name) ?? name);
  }

  /** `from` under another name. */
  name(from: string, to: string): void {
    if (to !== '') this.nodes.push(insertedNode('Identity', [from], [to]));
  }

  integers(name: string, dims: readonly number[], numbers: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(numbers, (number) => BigInt(number)).buffer);
    const ref = { name, dtype: 'int64', dims, count: numbers.length, byteLength: bytes.length } as const;
    this.initializers.set(name, { ...ref, where: { kind: 'inline', bytes }, origin: 'initializer' });
    return name;
  }

  truth(name: string): string {
    const ref = { name, dtype: 'bool', dims: [], count: 1, byteLength: 1 } as const;
    const where = { kind: 'inline', bytes: Uint8Array.of(1) } as const;
    this.initializers.set(name, { ...ref, where, origin: 'initializer' });
    return name;
  }

  /** Values of all turns, one after another along a new axis. */
  stack(turns: readonly string[], axis: number, to: string, prefix: string): void {
    if (to === '') return;
    const rows = turns.map((turn, i) => {
      const row = `${prefix}/${to}~${String(i)}`;
      const axes: Attribute = { name: 'axes', value: { type: 'ints', value: [axis] } };
      const at = this.opset < 13 ? [turn] : [turn, this.integers(`${row}~axis`, [1], [axis])];
      this.nodes.push(insertedNode('Unsqueeze', at, [row], this.opset < 13 ? [axes] : []));
      return row;
    });
    this.nodes.push(
      insertedNode('Concat', rows, [to], [{ name: 'axis', value: { type: 'int', value: axis } }]),
    );
  }
}

function writeBranch(out: Output, node: Node, taken: 'then_branch' | 'else_branch'): void {
  out.steering.push(node.inputs[0] ?? '');
  const made = out.body(bodyOf(node, taken), `${prefixOf(node)}.${taken}`, []);
  node.outputs.forEach((output, i) => out.name(made[i] ?? '', output));
}

function writeLoop(out: Output, node: Node, count: number): void {
  const [most = '', first = '', ...initial] = node.inputs;
  const body = bodyOf(node, 'body');
  const prefix = `${prefixOf(node)}.body`;
  if (most !== '') out.steering.push(most);
  let condition = first === '' ? out.truth(`${prefix}/true`) : first;
  if (first !== '') out.steering.push(first);
  let carried: readonly string[] = initial;
  const stacked: string[][] = [];
  for (let turn = 0; turn < count; turn++) {
    const own = `${prefix}.${String(turn)}`;
    const number = out.integers(`${own}/turn`, [], [turn]);
    const [next = condition, ...rest] = out.body(body, own, [number, condition, ...carried]);
    condition = next;
    out.steering.push(condition);
    carried = rest.slice(0, initial.length);
    stacked.push(rest.slice(initial.length));
  }
  finish(out, node, carried, stacked, initial.length, () => ({ axis: 0, reverse: false }));
}

function writeScan(out: Output, node: Node, count: number): void {
  const body = bodyOf(node, 'body');
  if (out.opset < 9) throw oldScan(node);
  const scanned = ints(node, 'num_scan_inputs')[0] ?? 0;
  const states = node.inputs.length - scanned;
  const prefix = `${prefixOf(node)}.body`;
  let carried: readonly string[] = node.inputs.slice(0, states);
  const stacked: string[][] = [];
  for (let turn = 0; turn < count; turn++) {
    const own = `${prefix}.${String(turn)}`;
    const elements = node.inputs.slice(states).map((input, i) => {
      const reverse = (ints(node, 'scan_input_directions')[i] ?? 0) === 1;
      const place = out.integers(`${own}/place~${String(i)}`, [], [reverse ? count - 1 - turn : turn]);
      const element = `${own}/element~${String(i)}`;
      const axis: Attribute = {
        name: 'axis',
        value: { type: 'int', value: ints(node, 'scan_input_axes')[i] ?? 0 },
      };
      out.nodes.push(insertedNode('Gather', [input, place], [element], [axis]));
      return element;
    });
    const made = out.body(body, own, [...carried, ...elements]);
    carried = made.slice(0, states);
    stacked.push(made.slice(states));
  }
  finish(out, node, carried, stacked, states, (i) => ({
    axis: ints(node, 'scan_output_axes')[i] ?? 0,
    reverse: (ints(node, 'scan_output_directions')[i] ?? 0) === 1,
  }));
}

function finish(
  out: Output,
  node: Node,
  carried: readonly string[],
  stacked: readonly (readonly string[])[],
  states: number,
  how: (output: number) => { readonly axis: number; readonly reverse: boolean },
): void {
  node.outputs.slice(0, states).forEach((output, i) => out.name(carried[i] ?? '', output));
  node.outputs.slice(states).forEach((output, i) => {
    if (output !== '' && stacked.length === 0) throw noTurns(node);
    const { axis, reverse } = how(i);
    const turns = stacked.map((turn) => turn[i] ?? '');
    out.stack(reverse ? turns.reverse() : turns, axis, output, prefixOf(node));
  });
}

/** The body of a node by its attribute. */
export function bodyOf(node: Node, attribute: string): Graph {
  const value = node.attributes.find(({ name }) => name === attribute)?.value;
  return must(value?.type === 'graph' ? value.value : undefined, `${node.op} has a ${attribute}`);
}

function prefixOf(node: Node): string {
  return `n${String(node.index)}`;
}

function ints(node: Node, name: string): readonly number[] {
  const value = node.attributes.find((attribute) => attribute.name === name)?.value;
  if (value?.type === 'int') return [Number(value.value)];
  return value?.type === 'ints' ? value.value.map(Number) : [];
}

/** The graph with the paths of its bodies as the places of their nodes now have them. */
function placed(graph: Graph, path: GraphPath): Graph {
  const nodes = graph.nodes.map((node): Node => {
    if (bodiesOf(node).length === 0) return { ...node, graph: path };
    const base = `${path === '' ? '' : `${path}/`}n${String(node.index)}`;
    const attributes = node.attributes.map(({ name, value }): Attribute => {
      if (value.type === 'graph')
        return { name, value: { type: 'graph', value: placed(value.value, `${base}.${name}`) } };
      return { name, value };
    });
    return { ...node, graph: path, attributes };
  });
  return { ...graph, path, nodes };
}

function oldScan(node: Node): Failure {
  return new Failure({
    code: 'no-gradient',
    message: `${describeNode(node)} is the batched Scan of opset 8.`,
    remedy: 'Export the model at opset 9 or later.',
  });
}

function noTurns(node: Node): Failure {
  return new Failure({
    code: 'no-gradient',
    message: `${describeNode(node)} makes no turn for this input, so it has no gradient there.`,
    remedy: 'Feed an input for which it turns at least once.',
  });
}

function tooLong(node: Node, course: Course | undefined): Failure {
  const turns = course?.kind === 'turns' ? String(course.count) : 'many';
  return new Failure({
    code: 'no-gradient',
    message: `${describeNode(node)} makes ${turns} turns; written out, the graph would pass ${String(MOST_NODES)} nodes.`,
    remedy: 'Feed a shorter input, or export the model with the recurrence as an LSTM, GRU or RNN operator.',
  });
}
