/**
 * A model as the straight line it is for one input: control flow between the sites and the objective is written out the
 * way it goes. Which way that is, runs of the model say; a copy is kept for every way met.
 */
import { must } from '../../../base/assert';
import { Failure } from '../../../base/errors';
import { Lru } from '../../../base/lru';
import type { Graph, Node } from '../../../contract/skeleton';
import type { TensorData } from '../../../contract/tensor';
import { describeNode } from '../../../onnx/names';
import { readNames } from '../../../onnx/rewrite/names';
import { bodyOf, unroll, type Course } from '../../../onnx/rewrite/unroll';
import type { Executor, Settings } from '../executor';
import type { EngineModel } from '../model';
import { overriddenBy } from './observe';

export interface Straight {
  readonly model: EngineModel;
  /** Values that decide the way. */
  readonly steering: readonly string[];
}

/** Control flow within control flow, this deep. */
const DEEPEST = 12;
const KEPT = 8;

export class Straightener {
  readonly #kept: Lru<string, Straight>;
  #next = 1;

  constructor(private readonly executor: Executor) {
    this.#kept = new Lru(KEPT, ({ model }) => {
      executor.forget(model);
      void model.weights.close();
    });
  }

  /** The model itself where nothing on the way branches or turns. Throws `no-gradient` where that cannot be written out. */
  async of(
    model: EngineModel,
    feeds: Readonly<Record<string, TensorData>>,
    from: readonly string[],
    to: readonly string[],
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Straight> {
    let straight: Straight = { model, steering: [] };
    let way = model.id;
    for (let depth = 0; ; depth++) {
      const nodes = turningNodes(straight.model.skeleton.graph, from, to);
      if (nodes.length === 0) return straight;
      if (depth === DEEPEST) throw tooDeep(must(nodes[0], 'a node turns'));
      const courses = await this.#courses(straight.model, nodes, feeds, settings, signal);
      way = JSON.stringify([way, [...courses]]);
      const known = this.#kept.get(way);
      if (known === undefined) {
        const { skeleton, steering } = unroll(straight.model.skeleton, courses);
        const copy = model.withSkeleton(`${model.id}~straight${String(this.#next++)}`, skeleton);
        straight = { model: copy, steering: [...straight.steering, ...steering] };
        this.#kept.set(way, straight);
      } else straight = known;
    }
  }

  async #courses(
    model: EngineModel,
    nodes: readonly Node[],
    feeds: Readonly<Record<string, TensorData>>,
    settings: Settings,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Course>> {
    const captures = nodes.map((node) => {
      if (node.op === 'If') return { path: '', value: node.inputs[0] ?? '', raw: false };
      if (node.op === 'Loop') {
        const counter = must(bodyOf(node, 'body').inputs[0], 'a loop counts its turns').name;
        return { path: `n${String(node.index)}.body`, value: counter, raw: false };
      }
      return { path: '', value: scannedInput(node), raw: false };
    });
    const { graph } = model.skeleton;
    const known = captures.map(({ path, value }) => (path === '' ? feeds[value] : undefined));
    const asked = captures.filter(
      ({ path, value }, i) => known[i] === undefined && !(path === '' && graph.initializers.has(value)),
    );
    const plan = {
      outputs: [],
      captures: asked,
      steps: [],
      given: [],
      overridden: overriddenBy(model, feeds),
    };
    const run =
      asked.length === 0
        ? undefined
        : await this.executor.run(model, { plan, given: new Map() }, [], feeds, settings, signal);
    const courses = new Map<number, Course>();
    for (const [i, node] of nodes.entries()) {
      const capture = must(captures[i], 'one per node');
      const at = asked.indexOf(capture);
      let tensor = known[i] ?? run?.captures[at] ?? null;
      const weight = graph.initializers.get(capture.value);
      if (tensor === null && weight !== undefined) tensor = await model.weights.read(weight, signal);
      courses.set(node.index, courseOf(node, tensor));
    }
    return courses;
  }
}

function courseOf(node: Node, tensor: TensorData | null): Course {
  if (node.op === 'If')
    return { kind: 'branch', taken: Number(tensor?.data[0] ?? 0) === 0 ? 'else_branch' : 'then_branch' };
  if (node.op === 'Loop') return { kind: 'turns', count: tensor?.dims[0] ?? 0 };
  const value = node.attributes.find(({ name }) => name === 'scan_input_axes')?.value;
  const axis = value?.type === 'ints' ? Number(value.value[0] ?? 0) : 0;
  const dims = tensor?.dims ?? [];
  return { kind: 'turns', count: dims[axis < 0 ? axis + dims.length : axis] ?? 0 };
}

function scannedInput(node: Node): string {
  const value = node.attributes.find(({ name }) => name === 'num_scan_inputs')?.value;
  const scanned = value?.type === 'int' ? Number(value.value) : 0;
  return node.inputs[node.inputs.length - scanned] ?? '';
}

/** Control flow that depends on a site and on which the objective depends. */
function turningNodes(graph: Graph, from: readonly string[], to: readonly string[]): Node[] {
  if (!graph.nodes.some(turns)) return [];
  const reached = new Set(from);
  for (const node of graph.nodes) {
    if (!readNames(node).some((name) => reached.has(name))) continue;
    for (const name of node.outputs) if (name !== '') reached.add(name);
  }
  const needed = new Set(to);
  const found: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (node === undefined || !node.outputs.some((name) => needed.has(name))) continue;
    for (const name of readNames(node)) needed.add(name);
    if (turns(node) && node.outputs.some((name) => reached.has(name))) found.push(node);
  }
  return found.reverse();
}

function turns({ domain, op }: Node): boolean {
  return domain === '' && (op === 'If' || op === 'Loop' || op === 'Scan');
}

function tooDeep(node: Node): Failure {
  return new Failure({
    code: 'no-gradient',
    message: `${describeNode(node)} lies within more than ${String(DEEPEST)} branches and loops.`,
    remedy: 'Take the gradient of what a body computes, or export the model without nested control flow.',
  });
}
