/**
 * Bringing values out of bodies, so that they can be outputs of the model.
 * Out of an `If`: an extra output on the node, and an empty tensor of the same type from the branch that does not make
 * the value. Out of a `Loop` or `Scan`: one more scan output, stacked along a new first axis; out of an `If` in there what
 * the other branch gives has to be of the value's own dims. Pure.
 */
import { must } from '../../base/assert';
import { Failure } from '../../base/errors';
import type { Attribute, Graph, GraphPath, Node, ValueInfo } from '../../contract/skeleton';
import type { Dtype } from '../../tensor/dtype';
import type { Shape } from '../../tensor/shape';
import { describeNode } from '../names';
import { bodyOf, changeGraph, graphAt, parentOf, withBody } from './graphPath';
import type { FreshNames } from './names';
import { constantNode, emptyConstant, insertedNode, intsInitializer, zeros } from './nodes';

export interface InnerValue {
  readonly path: GraphPath;
  readonly value: string;
}

/**
 * How a value comes out of an `If` inside a loop, whose iterations are stacked and so have to be of one shape whichever
 * branch they take. `rank`, `measure`: instead of the value 1 and how many axes it has, or 1 and its dims; zeros from the
 * branch not taken. `dims`: the value, or zeros of these dims.
 */
export type BranchForm =
  | { readonly kind: 'rank' }
  | { readonly kind: 'measure'; readonly rank: number }
  | { readonly kind: 'dims'; readonly dims: readonly number[] };

export interface AskedValue extends InnerValue {
  readonly branch?: BranchForm;
}

/** Whether a body is a branch, and between it and the main graph there is a loop. */
export function isBranchInLoop(graph: Graph, path: GraphPath): boolean {
  if (path === '') return false;
  const { path: outer, step } = parentOf(path);
  return nodeAt(graph, outer, step.node).op === 'If' && insideLoop(graph, outer);
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

/** Type of an inner value; undefined where nobody knows or it is no tensor. */
export type TypeOf = (inner: InnerValue) => { readonly dtype: Dtype; readonly shape: Shape } | undefined;

/**
 * Makes every asked value a value of the main graph. Throws `unsupported` where a body does not let its values out, and
 * where the type of a value inside an `If` is unknown.
 */
export function liftValues(
  graph: Graph,
  asked: readonly AskedValue[],
  fresh: FreshNames,
  typeOf: TypeOf,
): Lifted {
  const wanted = new Map<GraphPath, Map<string, Leaving>>();
  /** Asks for a value of a body, and says its name in the graph around it. */
  const ask = ({ path, value }: InnerValue, how: Omit<Leaving, 'value' | 'name'>): string => {
    const values = wanted.get(path) ?? new Map<string, Leaving>();
    wanted.set(path, values);
    const key = JSON.stringify([value, how.measured, how.otherwise]);
    const known = values.get(key);
    if (known !== undefined) return known.name;
    const name = fresh.next(`${value}~lifted`);
    values.set(key, { ...how, value, name });
    return name;
  };
  const toMain = (inner: AskedValue, own: ReturnType<TypeOf>): LiftedValue => {
    let { path, value } = inner;
    const { branch } = inner;
    let measured = branch !== undefined && branch.kind !== 'dims' ? branch.kind : undefined;
    const dtype = measured === undefined ? own?.dtype : 'int64';
    const size = branch === undefined ? undefined : sizeFrom(branch);
    let rank = size?.length ?? own?.shape?.length;
    let stacked = 0;
    const guards: { name: string; expected: boolean }[] = [];
    while (path !== '') {
      const { path: outer, step } = parentOf(path);
      const node = nodeAt(graph, outer, step.node);
      // Of a loop inside a branch nobody knows how often it would have turned.
      const otherwise = node.op === 'If' && stacked === 0 ? size : undefined;
      value = ask({ path, value }, { dtype, rank, measured, otherwise });
      measured = undefined;
      if (node.op === 'If') {
        const condition = must(node.inputs[0], 'an If has a condition');
        if (stacked === 0 && !insideLoop(graph, outer)) {
          const name = outer === '' ? condition : toMain({ path: outer, value: condition }, CONDITION).name;
          guards.push({ name, expected: step.attribute === 'then_branch' });
        }
      } else {
        stacked++;
        if (rank !== undefined) rank++;
      }
      path = outer;
    }
    return { name: value, stacked, guards };
  };
  const values = asked.map((inner) => toMain(inner, inner.path === '' ? undefined : typeOf(inner)));
  const deepestFirst = [...wanted].sort(([a], [b]) => b.split('/').length - a.split('/').length);
  let result = graph;
  for (const [path, inner] of deepestFirst) result = letOut(result, path, inner, fresh);
  return { graph: result, values };
}

const CONDITION = { dtype: 'bool', shape: null } as const;

/** Dims of what leaves a branch. */
function sizeFrom(branch: BranchForm): readonly number[] {
  return branch.kind === 'rank' ? [2] : branch.kind === 'measure' ? [1 + branch.rank] : branch.dims;
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

/** A value on its way out of a body. */
interface Leaving {
  readonly value: string;
  /** In the graph around. */
  readonly name: string;
  readonly dtype: Dtype | undefined;
  /** How many axes it has, where that is known. */
  readonly rank: number | undefined;
  /** What is said of it instead of itself. */
  readonly measured: 'rank' | 'measure' | undefined;
  /** Dims of what the branch not taken gives; empty where left out. */
  readonly otherwise: readonly number[] | undefined;
}

function letOut(
  graph: Graph,
  path: GraphPath,
  wanted: ReadonlyMap<string, Leaving>,
  fresh: FreshNames,
): Graph {
  const { path: outer, step } = parentOf(path);
  return changeGraph(graph, outer, (around) => {
    const at = around.nodes.findIndex((node) => node.index === step.node);
    const node = must(around.nodes[at], 'the node of the body is there');
    const names = [...wanted.values()].map((leaving) => ({
      ...leaving,
      inner: fresh.next(`${leaving.value}~out`),
    }));
    const body = bodyOf(node, step);
    const opened: Graph = {
      ...body,
      // Through an Identity, because a body may not give out its own input or a value of the graph around it.
      nodes: [...body.nodes, ...names.flatMap((leaving) => leaveBy(leaving, fresh))],
      outputs: [...body.outputs, ...names.map((leaving) => leavingInfo(node, leaving))],
    };
    let changed = withBody(node, step, opened);
    changed = { ...changed, outputs: [...changed.outputs, ...names.map(({ name }) => name)] };
    if (node.op === 'If') changed = withPlaceholders(changed, step.attribute, names, fresh);
    else if (node.op === 'Scan') changed = withScanOutputs(changed, names.length);
    else if (node.op !== 'Loop') throw closedBody(node, names[0]?.value ?? '');
    return { ...around, nodes: around.nodes.with(at, changed) };
  });
}

function leaveBy(
  { value, inner, measured }: Leaving & { readonly inner: string },
  fresh: FreshNames,
): Node[] {
  if (measured === undefined) return [insertedNode('Identity', [value], [inner])];
  const [one, dims, rank] = ['one', 'dims', 'rank'].map((what) => fresh.next(`${value}~${what}`));
  if (one === undefined || dims === undefined || rank === undefined) return [];
  const axis = { name: 'axis', value: { type: 'int', value: 0 } } as const;
  return [
    constantNode(one, { ...intsInitializer('', [1], [1]), origin: 'attribute' }),
    insertedNode('Shape', [value], [dims]),
    // The shape of a shape is how many axes there are.
    ...(measured === 'rank' ? [insertedNode('Shape', [dims], [rank])] : []),
    insertedNode('Concat', [one, measured === 'rank' ? rank : dims], [inner], [axis]),
  ];
}

/** A Scan gives out only what has a known number of axes, which it may not infer behind an intervention. */
function leavingInfo(node: Node, { inner, dtype, rank }: Leaving & { readonly inner: string }): ValueInfo {
  if (node.op !== 'Scan' || dtype === undefined || rank === undefined) return untyped(inner);
  return { name: inner, type: { kind: 'tensor', dtype, shape: new Array<null>(rank).fill(null) } };
}

function untyped(name: string): ValueInfo {
  return { name, type: { kind: 'unknown' } };
}

function withPlaceholders(node: Node, taken: string, names: readonly Leaving[], fresh: FreshNames): Node {
  const other = taken === 'then_branch' ? 'else_branch' : 'then_branch';
  const step = { node: node.index, attribute: other, place: 0 };
  const body = bodyOf(node, step);
  const placeholders = names.map(({ value, dtype, otherwise }) => {
    if (dtype === undefined) throw unknownType(node, value);
    const name = fresh.next(`${value}~none`);
    const nodes =
      otherwise === undefined ? [emptyConstant(name, dtype)] : zeros(name, dtype, otherwise, fresh);
    return { name, nodes };
  });
  return withBody(node, step, {
    ...body,
    nodes: [...body.nodes, ...placeholders.flatMap(({ nodes }) => nodes)],
    outputs: [...body.outputs, ...placeholders.map(({ name }) => untyped(name))],
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
