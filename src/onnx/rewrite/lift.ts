/**
 * Bringing values out of bodies, so that they can be outputs of the model.
 * Out of an `If`: an extra output on the node, and an empty tensor of the same type from the branch that does not make
 * the value. Out of a `Loop` or `Scan`: one more scan output, stacked along a new first axis. Pure.
 */
import { must } from '../../base/assert';
import { Failure } from '../../base/errors';
import type { Attribute, Graph, GraphPath, Node, ValueInfo } from '../../contract/skeleton';
import type { Dtype } from '../../tensor/dtype';
import { describeNode } from '../names';
import { bodyOf, changeGraph, graphAt, parentOf, withBody } from './graphPath';
import type { FreshNames } from './names';
import { emptyConstant, insertedNode } from './nodes';

export interface InnerValue {
  readonly path: GraphPath;
  readonly value: string;
}

export interface LiftedValue {
  /** Its name in the main graph. */
  readonly name: string;
  /** True when a Loop or Scan around it stacked it: axes in front count iterations. */
  readonly stacked: number;
  /** Values of the main graph that say whether it was computed: each has to be `expected`. */
  readonly guards: readonly { readonly name: string; readonly expected: boolean }[];
}

export interface Lifted {
  readonly graph: Graph;
  /** In the order of the request. */
  readonly values: readonly LiftedValue[];
}

/** Type of an inner value; undefined where nobody knows. */
export type DtypeOf = (inner: InnerValue) => Dtype | undefined;

/**
 * Makes every asked value a value of the main graph. Throws `unsupported` where a body does not let its values out, and
 * where the type of a value inside an `If` is unknown.
 */
export function liftValues(
  graph: Graph,
  asked: readonly InnerValue[],
  fresh: FreshNames,
  dtypeOf: DtypeOf,
): Lifted {
  const wanted = new Map<GraphPath, Map<string, { name: string; dtype: Dtype | undefined }>>();
  /** Asks for a value of a body, and says its name in the graph around it. */
  const ask = ({ path, value }: InnerValue, dtype: Dtype | undefined): string => {
    const values = wanted.get(path) ?? new Map<string, { name: string; dtype: Dtype | undefined }>();
    wanted.set(path, values);
    const known = values.get(value);
    if (known !== undefined) return known.name;
    const name = fresh.next(`${value}~lifted`);
    values.set(value, { name, dtype });
    return name;
  };
  const toMain = (inner: InnerValue, dtype: Dtype | undefined): LiftedValue => {
    let { path, value } = inner;
    let stacked = 0;
    const guards: { name: string; expected: boolean }[] = [];
    while (path !== '') {
      const { path: outer, step } = parentOf(path);
      const node = nodeAt(graph, outer, step.node);
      value = ask({ path, value }, dtype);
      if (node.op === 'If') {
        const condition = must(node.inputs[0], 'an If has a condition');
        if (stacked === 0 && !insideLoop(graph, outer)) {
          const name = outer === '' ? condition : toMain({ path: outer, value: condition }, 'bool').name;
          guards.push({ name, expected: step.attribute === 'then_branch' });
        }
      } else {
        stacked++;
      }
      path = outer;
    }
    return { name: value, stacked, guards };
  };
  const values = asked.map((inner) => toMain(inner, inner.path === '' ? undefined : dtypeOf(inner)));
  const deepestFirst = [...wanted].sort(([a], [b]) => b.split('/').length - a.split('/').length);
  let result = graph;
  for (const [path, inner] of deepestFirst) result = letOut(result, path, inner, fresh);
  return { graph: result, values };
}

function nodeAt(graph: Graph, path: GraphPath, index: number): Node {
  return must(
    graphAt(graph, path).nodes.find((node) => node.index === index),
    `node ${String(index)} is in its graph`,
  );
}

function insideLoop(graph: Graph, path: GraphPath): boolean {
  if (path === '') return false;
  const { path: outer, step } = parentOf(path);
  return nodeAt(graph, outer, step.node).op !== 'If' || insideLoop(graph, outer);
}

type Wanted = ReadonlyMap<string, { readonly name: string; readonly dtype: Dtype | undefined }>;

function letOut(graph: Graph, path: GraphPath, wanted: Wanted, fresh: FreshNames): Graph {
  const { path: outer, step } = parentOf(path);
  return changeGraph(graph, outer, (around) => {
    const at = around.nodes.findIndex((node) => node.index === step.node);
    const node = must(around.nodes[at], 'the node of the body is there');
    const names = [...wanted].map(([value, { name, dtype }]) => ({
      value,
      name,
      dtype,
      inner: fresh.next(`${value}~out`),
    }));
    const body = bodyOf(node, step);
    const opened: Graph = {
      ...body,
      // Through an Identity, because a body may not give out its own input or a value of the graph around it.
      nodes: [...body.nodes, ...names.map(({ value, inner }) => insertedNode('Identity', [value], [inner]))],
      outputs: [...body.outputs, ...names.map(({ inner }) => untyped(inner))],
    };
    let changed = withBody(node, step, opened);
    changed = { ...changed, outputs: [...changed.outputs, ...names.map(({ name }) => name)] };
    if (node.op === 'If') changed = withPlaceholders(changed, step.attribute, names, fresh);
    else if (node.op === 'Scan') changed = withScanOutputs(changed, names.length);
    else if (node.op !== 'Loop') throw closedBody(node, names[0]?.value ?? '');
    return { ...around, nodes: around.nodes.with(at, changed) };
  });
}

function untyped(name: string): ValueInfo {
  return { name, type: { kind: 'unknown' } };
}

function withPlaceholders(
  node: Node,
  taken: string,
  names: readonly { readonly value: string; readonly dtype: Dtype | undefined }[],
  fresh: FreshNames,
): Node {
  const other = taken === 'then_branch' ? 'else_branch' : 'then_branch';
  const step = { node: node.index, attribute: other, place: 0 };
  const body = bodyOf(node, step);
  const placeholders = names.map(({ value, dtype }) => {
    if (dtype === undefined) throw unknownType(node, value);
    return emptyConstant(fresh.next(`${value}~none`), dtype);
  });
  return withBody(node, step, {
    ...body,
    nodes: [...body.nodes, ...placeholders],
    outputs: [...body.outputs, ...placeholders.map(({ outputs }) => untyped(outputs[0] ?? ''))],
  });
}

/** Lists of axes and directions, where they are stated, have an entry per scan output. */
function withScanOutputs(node: Node, count: number): Node {
  const attributes = node.attributes.map((attribute): Attribute => {
    const { name, value } = attribute;
    if (value.type !== 'ints' || !/^scan_output_(axes|directions)$/.test(name)) return attribute;
    return { name, value: { type: 'ints', value: [...value.value, ...new Array<number>(count).fill(0)] } };
  });
  return { ...node, attributes };
}

function closedBody(node: Node, value: string): Failure {
  return new Failure({
    code: 'unsupported',
    message: `The value "${value}" lies in the body of ${describeNode(node)}, which lets no inner value out.`,
    remedy: 'Choose a value outside that body.',
  });
}

function unknownType(node: Node, value: string): Failure {
  return new Failure({
    code: 'unsupported',
    message: `The value "${value}" in a branch of ${describeNode(node)} has a type that cannot be inferred.`,
    remedy: 'Choose another value of the branch, or export the model with shape inference.',
  });
}
