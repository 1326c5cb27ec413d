/**
 * Interventions: nodes put between a value and everything that reads it. Their numbers are inputs of the model, so that
 * moving a slider is a run and not a new session. Pure.
 *
 * The node that made `x` makes `x~raw` instead, and the last inserted node makes `x`: no reader has to be rewired, in
 * the graph, in a body or among the outputs. An identity changes no bit: x * 1, x + (-0), nothing scattered. (The
 * runtime's `Where` would not do: it turns -0 into 0.)
 */
import { assertNever, must } from '../../base/assert';
import type { Graph, GraphPath, Node, ValueInfo } from '../../contract/skeleton';
import type { Dtype } from '../../tensor/dtype';
import { changeGraph } from './graphPath';
import type { FreshNames } from './names';
import { castNode, insertAfter, insertedNode, intsInitializer } from './nodes';

/**
 * How a step computes. `scatter` writes elements into a copy of x; `pick` does the same through `Gather` over x and the
 * new elements, for opsets without `ScatterND`. `swap` leaves x unread and takes the operand whole.
 */
export type StepForm = 'multiply' | 'add' | 'scatter' | 'pick' | 'swap';

/** One intervention, as the graph sees it. */
export interface Step {
  readonly path: GraphPath;
  readonly value: string;
  /** The type the step computes in. */
  readonly dtype: Dtype;
  /** The value's own type, where it is another one: cast to `dtype` before the step and back after it. */
  readonly own?: Dtype;
  readonly form: StepForm;
}

/** Names of the model inputs that carry a step's numbers. */
export interface StepInputs {
  /** `multiply`: factors. `add`: what is added. `scatter`, `pick`, `swap`: new elements; for `pick` along one axis. */
  readonly operand: string;
  /** Places (int64). `scatter`: as ScatterND takes them. `pick`: in x followed by the operand, in x's shape. */
  readonly choice: string | null;
}

export interface Intervened {
  readonly graph: Graph;
  /** In the order of the steps. */
  readonly inputs: readonly StepInputs[];
  /** Name of each touched value before its interventions, by path and value. */
  readonly raw: (path: GraphPath, value: string) => string;
  /** New names of inputs of the model. */
  readonly renamedInputs: ReadonlyMap<string, string>;
}

/** Inserts the steps; those on one value apply in the order given. */
export function insertSteps(graph: Graph, steps: readonly Step[], fresh: FreshNames): Intervened {
  const inputs: StepInputs[] = [];
  const added: ValueInfo[] = [];
  const raws = new Map<string, string>();
  const key = (path: GraphPath, value: string): string => JSON.stringify([path, value]);
  const bySite = new Map<string, { readonly step: Step; readonly nodes: Node[]; last: string }>();
  let needsFlat = false;
  const flat = fresh.next('~flat');
  for (const step of steps) {
    const id = key(step.path, step.value);
    let site = bySite.get(id);
    if (site === undefined) {
      const raw = fresh.next(`${step.value}~raw`);
      raws.set(id, raw);
      site = { step, nodes: [], last: raw };
      bySite.set(id, site);
    }
    const operand = fresh.next(`${step.value}~operand`);
    added.push(tensorInfo(operand, step.dtype));
    let choice: string | null = null;
    if (step.form === 'scatter' || step.form === 'pick') {
      choice = fresh.next(`${step.value}~choice`);
      added.push(tensorInfo(choice, 'int64'));
    }
    const output = fresh.next(`${step.value}~step`);
    if (step.own === undefined) {
      site.nodes.push(...stepNodes(step.form, { x: site.last, operand, choice, output, flat, fresh }));
    } else {
      const [x, y] = [fresh.next(`${step.value}~cast`), fresh.next(`${step.value}~uncast`)];
      site.nodes.push(castNode(site.last, x, step.dtype));
      site.nodes.push(...stepNodes(step.form, { x, operand, choice, output: y, flat, fresh }));
      site.nodes.push(castNode(y, output, step.own));
    }
    site.last = output;
    needsFlat ||= step.form === 'pick';
    inputs.push({ operand, choice });
  }
  const renamedInputs = new Map<string, string>();
  let result = graph;
  for (const [id, { step, nodes, last }] of bySite) {
    const raw = must(raws.get(id), 'a touched value has a raw name');
    if (step.path === '' && isInput(graph, step.value)) renamedInputs.set(step.value, raw);
    // The last step makes the value under its own name.
    const chain = nodes.map((node) => ({
      ...node,
      outputs: node.outputs.map((name) => (name === last ? step.value : name)),
    }));
    result = changeGraph(result, step.path, (body) =>
      insertAfter(renameSource(body, step.value, raw), raw, chain),
    );
  }
  result = { ...result, inputs: [...result.inputs, ...added] };
  if (needsFlat) {
    const initializers = new Map(result.initializers).set(flat, intsInitializer(flat, [-1], [1]));
    result = { ...result, initializers };
  }
  return {
    graph: result,
    inputs,
    renamedInputs,
    raw: (path, value) => raws.get(key(path, value)) ?? value,
  };
}

interface StepNames {
  readonly x: string;
  readonly operand: string;
  readonly choice: string | null;
  readonly output: string;
  readonly flat: string;
  readonly fresh: FreshNames;
}

function stepNodes(form: StepForm, { x, operand, choice, output, flat, fresh }: StepNames): Node[] {
  switch (form) {
    case 'multiply':
      return [insertedNode('Mul', [x, operand], [output])];
    case 'add':
      return [insertedNode('Add', [x, operand], [output])];
    case 'scatter':
      return [insertedNode('ScatterND', [x, must(choice, 'a scatter has places'), operand], [output])];
    case 'swap':
      return [insertedNode('Identity', [operand], [output])];
    case 'pick': {
      const line = fresh.next(`${x}~line`);
      const both = fresh.next(`${x}~both`);
      const axis = { name: 'axis', value: { type: 'int', value: 0 } } as const;
      return [
        insertedNode('Reshape', [x, flat], [line]),
        insertedNode('Concat', [line, operand], [both], [axis]),
        insertedNode('Gather', [both, must(choice, 'a pick has places')], [output], [axis]),
      ];
    }
    default:
      return assertNever(form);
  }
}

function tensorInfo(name: string, dtype: Dtype): ValueInfo {
  return { name, type: { kind: 'tensor', dtype, shape: null } };
}

function isInput(graph: Graph, value: string): boolean {
  return graph.overridable.includes(value) || graph.inputs.some(({ name }) => name === value);
}

/** Gives what defines `value` (a node, an input or a weight) another name; readers keep the old one. */
function renameSource(graph: Graph, value: string, raw: string): Graph {
  const rename = (name: string): string => (name === value ? raw : name);
  const renamed = <T extends object>(
    map: ReadonlyMap<string, T>,
    change: (item: T) => T,
  ): ReadonlyMap<string, T> =>
    map.has(value)
      ? new Map([...map].map(([name, item]) => (name === value ? [raw, change(item)] : [name, item])))
      : map;
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.outputs.includes(value) ? { ...node, outputs: node.outputs.map(rename) } : node,
    ),
    inputs: graph.inputs.map((info) => (info.name === value ? { ...info, name: raw } : info)),
    initializers: renamed(graph.initializers, (weight) => ({ ...weight, name: raw })),
    sparseInitializers: renamed(graph.sparseInitializers, (sparse) => ({
      ...sparse,
      values: { ...sparse.values, name: raw },
    })),
    overridable: graph.overridable.map(rename),
  };
}
