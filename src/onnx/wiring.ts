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
  readonly #inputStart: Int32Array;
  readonly #inputs: Int32Array;
  readonly #outputStart: Int32Array;
  readonly #outputs: Int32Array;
  readonly #bodyOutputs = new Map<string, readonly number[]>();
  readonly #owners = new Map<string, Node>();
  /** Value ids of each graph's formal inputs. */
  readonly #formals = new Map<string, readonly number[]>();

  constructor(private readonly skeleton: Skeleton) {
    const { nodes } = skeleton;
    this.#inputStart = new Int32Array(nodes.length + 1);
    this.#outputStart = new Int32Array(nodes.length + 1);
    let [inputs, outputs] = [0, 0];
    for (let id = 0; id < nodes.length; id++) {
      inputs += nodes[id]?.inputs.length ?? 0;
      outputs += nodes[id]?.outputs.length ?? 0;
      this.#inputStart[id + 1] = inputs;
      this.#outputStart[id + 1] = outputs;
    }
    this.#inputs = new Int32Array(inputs).fill(-1);
    this.#outputs = new Int32Array(outputs).fill(-1);
  }

  run(): Wiring {
    const { graph, functions } = this.skeleton;
    const main = this.#define(graph, null, null);
    const graphInputs = this.#formals.get('') ?? [];
    this.#connect(graph, main);
    const graphOutputs = graph.outputs.map(({ name }) => this.#resolve(name, main));
    const callers = callersOf(this.skeleton);
    for (const fn of functions) {
      const calls = callers.get(fn) ?? [];
      const [only] = calls;
      if (calls.length === 1 && only !== undefined && only.graph !== fn.graph.path)
        this.#owners.set(fn.graph.path, only);
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
      (this.#formals.get(fn.graph.path) ?? []).forEach((value, index) => this.#alias(value, caller, index));
    }
    return {
      values: this.#values,
      inputStart: this.#inputStart,
      inputs: this.#inputs,
      outputStart: this.#outputStart,
      outputs: this.#outputs,
      graphInputs,
      graphOutputs,
      bodyOutputs: this.#bodyOutputs,
      owners: this.#owners,
    };
  }

  /** Gives ids to everything a graph defines: initializers, inputs, node outputs. */
  #define(graph: Graph, outer: Frame | null, owner: Node | null): Frame {
    const names: Names = new Map();
    for (const weight of graph.initializers.values())
      names.set(weight.name, this.#add(weight.name, -1, 0, -1, weight, null));
    for (const [name, { values }] of graph.sparseInitializers)
      names.set(name, this.#add(name, -1, 0, -1, values, null));
    const isMain = graph.path === '';
    const formals = graph.inputs.map(({ name, type }, index) => {
      const id = this.#add(name, -1, 0, isMain ? index : -1, null, type);
      names.set(name, id);
      return id;
    });
    this.#formals.set(graph.path, formals);
    if (owner !== null)
      formals.forEach((value, index) => this.#alias(value, owner, operandOf(owner, graph, index)));
    const types = new Map(graph.outputs.map(({ name, type }) => [name, type]));
    const hasTypes = graph.values.size > 0;
    for (const { id, outputs } of graph.nodes) {
      const at = this.#outputStart[id] ?? 0;
      for (let slot = 0; slot < outputs.length; slot++) {
        const name = outputs[slot] ?? '';
        if (name === '') continue;
        const type = types.get(name) ?? (hasTypes ? (graph.values.get(name)?.type ?? null) : null);
        const value = this.#add(name, id, slot, -1, null, type);
        names.set(name, value);
        this.#outputs[at + slot] = value;
      }
    }
    return { names, outer };
  }

  #add(
    name: string,
    producer: number,
    slot: number,
    input: number,
    weight: WeightRef | null,
    type: ValueType | null,
  ): number {
    return this.#values.push({ name, producer, slot, input, weight, type, alias: -1 }) - 1;
  }

  /** Resolves what a graph's nodes read, then what their bodies do. */
  #connect(graph: Graph, frame: Frame): void {
    for (const node of graph.nodes) {
      const at = this.#inputStart[node.id] ?? 0;
      for (let i = 0; i < node.inputs.length; i++)
        this.#inputs[at + i] = this.#resolve(node.inputs[i] ?? '', frame);
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
    const id = this.#add(name, -1, 0, -1, null, null);
    frame.names.set(name, id);
    return id;
  }

  /** A formal input stands for input `index` of the node that holds or calls it. */
  #alias(value: number, owner: Node, index: number): void {
    if (index < 0 || index >= owner.inputs.length) return;
    const of = this.#inputs[(this.#inputStart[owner.id] ?? 0) + index] ?? -1;
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
