/**
 * Who makes and who reads each value, over all graphs of a skeleton: names resolved once, as ONNX scopes them (a body
 * sees the graphs around it). Columns of typed arrays; node and value ids index them.
 */
import type { FunctionDef, Graph, Node, Skeleton, ValueType, WeightRef } from '../contract/skeleton';
import { bodiesOf } from './walk';

export interface Value {
  readonly name: string;
  /** Node id of its producer, or -1. */
  readonly producer: number;
  /** Position among its producer's outputs. */
  readonly slot: number;
  /** Position among the main graph's inputs, or -1. */
  readonly input: number;
  readonly weight: WeightRef | null;
  readonly type: ValueType | null;
  /** For a formal input of a body or function: the value it stands for, where that is one value; else -1. */
  alias: number;
}

export interface Wiring {
  readonly values: readonly Value[];
  /** Inputs of node n are inputs[inputStart[n]] … inputs[inputStart[n + 1]]: value ids, -1 where left out. */
  readonly inputStart: Int32Array;
  readonly inputs: Int32Array;
  /** Value ids of each node's outputs, likewise; -1 for ''. */
  readonly outputStart: Int32Array;
  readonly outputs: Int32Array;
  /** Value ids of the main graph's inputs (those that need a feed) and outputs. */
  readonly graphInputs: readonly number[];
  readonly graphOutputs: readonly number[];
  /** By graph path: value ids of a body's or function's outputs. */
  readonly bodyOutputs: ReadonlyMap<string, readonly number[]>;
  /** By graph path: the node that holds the body, or the only node that calls the function. */
  readonly owners: ReadonlyMap<string, Node>;
}

type Names = Map<string, number>;

interface Frame {
  readonly names: Names;
  readonly outer: Frame | null;
}

/** Resolves every name of a skeleton. */
export function wire(skeleton: Skeleton): Wiring {
  return new Wirer(skeleton).run();
}

class Wirer {
  readonly #values: Value[] = [];
  readonly #inputsOf: Int32Array[];
  readonly #outputsOf: Int32Array[];
  readonly #bodyOutputs = new Map<string, readonly number[]>();
  readonly #owners = new Map<string, Node>();

  constructor(private readonly skeleton: Skeleton) {
    this.#inputsOf = new Array<Int32Array>(skeleton.nodes.length).fill(new Int32Array(0));
    this.#outputsOf = this.#inputsOf.slice();
  }

  run(): Wiring {
    const { graph, functions, nodes } = this.skeleton;
    const main = this.#define(graph, null, null);
    const graphInputs = graph.inputs.map(({ name }) => main.names.get(name) ?? -1);
    this.#connect(graph, main);
    const graphOutputs = graph.outputs.map(({ name }) => this.#resolve(name, main));
    const callers = callersOf(this.skeleton);
    for (const fn of functions) {
      const calls = callers.get(fn) ?? [];
      const [only] = calls;
      const caller = calls.length === 1 && only !== undefined && only.graph !== fn.graph.path ? only : null;
      if (caller !== null) this.#owners.set(fn.graph.path, caller);
      const frame = this.#define(fn.graph, null, null);
      this.#connect(fn.graph, frame);
      this.#bodyOutputs.set(
        fn.graph.path,
        fn.outputs.map((name) => this.#resolve(name, frame)),
      );
    }
    // Aliases last: a caller may itself lie in a function further down.
    for (const fn of functions) {
      const caller = this.#owners.get(fn.graph.path);
      if (caller === undefined) continue;
      const given = this.#inputsOf[caller.id];
      const formals = this.#formals.get(fn.graph.path) ?? [];
      formals.forEach((value, index) => this.#alias(value, given?.[index] ?? -1));
    }
    return {
      values: this.#values,
      ...flatten('input', this.#inputsOf, nodes.length),
      ...flatten('output', this.#outputsOf, nodes.length),
      graphInputs,
      graphOutputs,
      bodyOutputs: this.#bodyOutputs,
      owners: this.#owners,
    };
  }

  readonly #formals = new Map<string, readonly number[]>();

  /** Gives ids to everything a graph defines: inputs, initializers, node outputs. */
  #define(graph: Graph, outer: Frame | null, owner: Node | null): Frame {
    const names: Names = new Map();
    const frame = { names, outer };
    const add = (value: Value): number => {
      const id = this.#values.length;
      this.#values.push(value);
      names.set(value.name, id);
      return id;
    };
    const plain = { producer: -1, slot: 0, input: -1, weight: null, alias: -1 };
    for (const weight of graph.initializers.values())
      add({ ...plain, name: weight.name, weight, type: null });
    for (const [name, sparse] of graph.sparseInitializers)
      add({ ...plain, name, weight: sparse.values, type: null });
    const isMain = graph.path === '';
    const formals = graph.inputs.map(({ name, type }, index) =>
      add({ ...plain, name, type, input: isMain ? index : -1 }),
    );
    this.#formals.set(graph.path, formals);
    if (owner !== null) {
      const given = this.#inputsOf[owner.id];
      formals.forEach((value, index) => this.#alias(value, given?.[operandOf(owner, graph, index)] ?? -1));
    }
    const types = new Map(graph.outputs.map(({ name, type }) => [name, type]));
    for (const node of graph.nodes) {
      this.#outputsOf[node.id] = Int32Array.from(node.outputs, (name, slot) => {
        if (name === '') return -1;
        const type = types.get(name) ?? graph.values.get(name)?.type ?? null;
        return add({ ...plain, name, producer: node.id, slot, type });
      });
    }
    return frame;
  }

  /** Resolves what a graph's nodes read, then what their bodies do. */
  #connect(graph: Graph, frame: Frame): void {
    for (const node of graph.nodes) {
      this.#inputsOf[node.id] = Int32Array.from(node.inputs, (name) => this.#resolve(name, frame));
      for (const body of bodiesOf(node)) {
        this.#owners.set(body.path, node);
        const inner = this.#define(body, frame, node);
        this.#connect(body, inner);
        this.#bodyOutputs.set(
          body.path,
          body.outputs.map(({ name }) => this.#resolve(name, inner)),
        );
      }
    }
  }

  /** The value a name means here; what nothing makes gets a value of its own. */
  #resolve(name: string, frame: Frame): number {
    if (name === '') return -1;
    for (let at: Frame | null = frame; at !== null; at = at.outer) {
      const id = at.names.get(name);
      if (id !== undefined) return id;
    }
    const id = this.#values.length;
    this.#values.push({ name, producer: -1, slot: 0, input: -1, weight: null, type: null, alias: -1 });
    frame.names.set(name, id);
    return id;
  }

  #alias(value: number, of: number): void {
    const found = this.#values[value];
    if (found !== undefined && of >= 0 && of !== value) found.alias = of;
  }
}

/** Which of the owner's inputs the body's input `index` stands for, or -1. */
function operandOf(owner: Node, body: Graph, index: number): number {
  switch (owner.op) {
    // Loop(M, cond, v…) has the body (iteration, cond, v…).
    case 'Loop':
      return index === 0 ? -1 : index;
    case 'Scan':
    case 'SequenceMap':
      return index + Math.max(0, owner.inputs.length - body.inputs.length);
    default:
      return -1;
  }
}

/** The nodes that call each local function, over all graphs. */
export function callersOf(skeleton: Skeleton): ReadonlyMap<FunctionDef, readonly Node[]> {
  const byKey = new Map(skeleton.functions.map((fn) => [`${fn.domain}\n${fn.name}\n${fn.overload}`, fn]));
  const callers = new Map<FunctionDef, Node[]>();
  if (byKey.size === 0) return callers;
  for (const node of skeleton.nodes) {
    const fn = byKey.get(`${node.domain}\n${node.op}\n${node.overload}`);
    if (fn === undefined) continue;
    const known = callers.get(fn);
    if (known === undefined) callers.set(fn, [node]);
    else known.push(node);
  }
  return callers;
}

function flatten<K extends 'input' | 'output'>(
  kind: K,
  lists: readonly Int32Array[],
  count: number,
): Record<`${K}Start` | `${K}s`, Int32Array> {
  const start = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) start[i + 1] = (start[i] ?? 0) + (lists[i]?.length ?? 0);
  const all = new Int32Array(start[count] ?? 0);
  lists.forEach((list, i) => all.set(list, start[i] ?? 0));
  return { [`${kind}Start`]: start, [`${kind}s`]: all } as Record<`${K}Start` | `${K}s`, Int32Array>;
}
