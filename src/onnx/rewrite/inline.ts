/**
 * Local functions written out where they are called, so that what happens inside them can be captured and changed. A
 * value `h` of the function that node 12 calls becomes `n12.fn/h`, an ordinary value of the graph around it; formal
 * inputs and outputs take the names they are called with. The runtime does the same before it runs. Pure.
 */
import type {
  Attribute,
  FunctionDef,
  Graph,
  GraphPath,
  Node,
  Skeleton,
  ValueInfo,
} from '../../contract/skeleton';
import { bodiesOf } from '../walk';
import { definedNames } from './names';

/** One call of a function, by what its values became. */
export interface InlinedCall {
  /** Graph the values now lie in. */
  readonly path: GraphPath;
  /** `n12.fn` */
  readonly prefix: string;
  /** New name of each value of the function. */
  readonly names: ReadonlyMap<string, string>;
}

export interface Inlined {
  readonly skeleton: Skeleton;
  /** By the path of the function's graph. */
  readonly calls: ReadonlyMap<GraphPath, readonly InlinedCall[]>;
}

/** Models that would grow beyond this many nodes stay as they are: values in their functions cannot be reached. */
const MOST_NODES = 200_000;

/** Writes out every call of a local function. A model without functions comes back as it is. */
export function inlineFunctions(skeleton: Skeleton): Inlined {
  if (skeleton.functions.length === 0) return { skeleton, calls: new Map() };
  const inliner = new Inliner(skeleton.functions);
  const graph = inliner.graph(skeleton.graph, '');
  if (inliner.count > MOST_NODES) return { skeleton, calls: new Map() };
  const graphs = new Map<GraphPath, Graph>();
  const collect = (current: Graph): void => {
    graphs.set(current.path, current);
    for (const node of current.nodes) bodiesOf(node).forEach(collect);
  };
  collect(graph);
  return { skeleton: { ...skeleton, graph, functions: [], graphs }, calls: inliner.calls };
}

/** How the names (and attributes) of a function or a body are said where it is written out. */
export interface Call {
  readonly prefix: string;
  readonly names: ReadonlyMap<string, string>;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

class Inliner {
  readonly calls = new Map<GraphPath, InlinedCall[]>();
  readonly #functions: ReadonlyMap<string, FunctionDef>;
  /** Functions being written out: one that calls itself is left as a call, which the runtime refuses. */
  readonly #open = new Set<FunctionDef>();
  count = 0;

  constructor(functions: readonly FunctionDef[]) {
    this.#functions = new Map(functions.map((fn) => [keyOf(fn.domain, fn.name, fn.overload), fn]));
  }

  /** A graph of the model with its calls written out. */
  graph(graph: Graph, path: GraphPath): Graph {
    let next = graph.nodes.length;
    const nodes: Node[] = [];
    const values = new Map(graph.values);
    const put = (node: Node): void => {
      this.count++;
      nodes.push(node);
    };
    const write = (node: Node, index: number, call: Call | null): void => {
      const named = call === null ? node : renamed(node, call);
      const fn = this.#functions.get(keyOf(node.domain, node.op, node.overload));
      if (fn === undefined || this.#open.has(fn) || this.count > MOST_NODES) {
        const at = call === null ? index : next++;
        put(this.#withBodies({ ...named, index: at, graph: path }, path));
        return;
      }
      const base = call === null ? path : call.prefix;
      const inner = callOf(fn, named, `${base === '' ? '' : `${base}/`}n${String(node.index)}.fn`);
      const known = this.calls.get(fn.graph.path) ?? [];
      this.calls.set(fn.graph.path, [...known, { path, prefix: inner.prefix, names: inner.names }]);
      for (const [value, info] of fn.graph.values) {
        const name = inner.names.get(value);
        if (name !== undefined && !values.has(name)) values.set(name, { ...info, name });
      }
      this.#open.add(fn);
      for (const each of fn.graph.nodes) write(each, each.index, inner);
      this.#open.delete(fn);
    };
    for (const node of graph.nodes) write(node, node.index, null);
    return { ...graph, path, nodes, values };
  }

  #withBodies(node: Node, path: GraphPath): Node {
    if (bodiesOf(node).length === 0) return node;
    const base = `${path === '' ? '' : `${path}/`}n${String(node.index)}`;
    const attributes = node.attributes.map((attribute): Attribute => {
      const { name, value } = attribute;
      if (value.type === 'graph') {
        return { name, value: { type: 'graph', value: this.graph(value.value, `${base}.${name}`) } };
      }
      if (value.type !== 'graphs') return attribute;
      const graphs = value.value.map((body, place) => this.graph(body, `${base}.${name}[${String(place)}]`));
      return { name, value: { type: 'graphs', value: graphs } };
    });
    return { ...node, attributes };
  }
}

function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}

/** What a call gives the function's names and attributes. */
function callOf(fn: FunctionDef, node: Node, prefix: string): Call {
  const names = new Map<string, string>();
  for (const value of definedNames(fn.graph)) names.set(value, `${prefix}/${value}`);
  // A function that gives out its own input is refused by the runtime, so a formal has one meaning.
  fn.outputs.forEach((formal, index) => {
    const actual = node.outputs[index] ?? '';
    if (actual !== '') names.set(formal, actual);
  });
  fn.inputs.forEach((formal, index) => names.set(formal, node.inputs[index] ?? ''));
  const attributes = new Map<string, Attribute>();
  for (const attribute of fn.attributeDefaults) attributes.set(attribute.name, attribute);
  for (const attribute of node.attributes) attributes.set(attribute.name, attribute);
  return { prefix, names, attributes };
}

/** A node of a function with the names and attributes of the call. */
export function renamed(node: Node, call: Call): Node {
  const name = (value: string): string => call.names.get(value) ?? value;
  const attributes = node.attributes.flatMap((attribute): Attribute[] => {
    const { value } = attribute;
    if (value.type === 'reference') {
      const given = call.attributes.get(value.name);
      return given === undefined ? [] : [{ name: attribute.name, value: given.value }];
    }
    if (value.type === 'graph') {
      return [{ name: attribute.name, value: { type: 'graph', value: renamedBody(value.value, call) } }];
    }
    if (value.type === 'graphs') {
      const graphs = value.value.map((body) => renamedBody(body, call));
      return [{ name: attribute.name, value: { type: 'graphs', value: graphs } }];
    }
    return [attribute];
  });
  // The runtime refuses two nodes of one name; the function's own would come back with every call.
  const own = node.name === '' ? '' : `${call.prefix}/${node.name}`;
  return { ...node, name: own, inputs: node.inputs.map(name), outputs: node.outputs.map(name), attributes };
}

/** A body inside a function: what it takes from the function is renamed, what it defines gets the call's prefix. */
function renamedBody(body: Graph, call: Call): Graph {
  const names = new Map(call.names);
  for (const value of definedNames(body)) names.set(value, `${call.prefix}/${value}`);
  const inner: Call = { ...call, names };
  const name = (value: string): string => names.get(value) ?? value;
  const info = (value: ValueInfo): ValueInfo => ({ ...value, name: name(value.name) });
  const keyed = <T>(map: ReadonlyMap<string, T>, change: (item: T) => T): ReadonlyMap<string, T> =>
    new Map([...map].map(([key, item]) => [name(key), change(item)]));
  return {
    ...body,
    inputs: body.inputs.map(info),
    outputs: body.outputs.map(info),
    values: keyed(body.values, info),
    initializers: keyed(body.initializers, (weight) => ({ ...weight, name: name(weight.name) })),
    sparseInitializers: keyed(body.sparseInitializers, (sparse) => ({
      ...sparse,
      values: { ...sparse.values, name: name(sparse.values.name) },
    })),
    nodes: body.nodes.map((node) => renamed(node, inner)),
    overridable: body.overridable.map(name),
  };
}
