/**
 * Which values and weights lie between some sites and an objective, in the main graph. A walk over names: nothing runs.
 * Layers are groups of weights that belong together by name (`blocks.0.mlp.fc_in`) or by the node that uses them.
 */
import type { Graph, Node, WeightRef } from '../contract/skeleton';
import { isFloat } from '../tensor/dtype';

/** Operators through whose output no content of the input passes, only its shape. */
const SHAPE_ONLY = /^(Shape|Size)$/;
/** Operators whose inputs from this place on are floats that say a shape: no weights. */
const SETTINGS_FROM: Readonly<Record<string, number>> = { Resize: 1, Upsample: 1 };

export interface Between {
  /** In execution order. */
  readonly nodes: readonly Node[];
  /** What those nodes compute, in order. */
  readonly values: readonly string[];
}

/** Nodes that depend on one of `from` and on which one of `to` depends. */
export function between(graph: Graph, from: readonly string[], to: readonly string[]): Between {
  const reached = reachedFrom(graph, from);
  const needed = new Set(to);
  const nodes: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (node === undefined || !node.outputs.some((name) => needed.has(name))) continue;
    for (const name of node.inputs) needed.add(name);
    if (node.inputs.some((name) => reached.has(name)) && !SHAPE_ONLY.test(node.op)) nodes.push(node);
  }
  nodes.reverse();
  const values = nodes.flatMap((node) => node.outputs.filter((name) => name !== '' && needed.has(name)));
  return { nodes, values };
}

/** Names that depend on the content of one of `from`, those included. */
export function reachedFrom(graph: Graph, from: readonly string[]): Set<string> {
  const reached = new Set(from);
  for (const node of graph.nodes) {
    if (SHAPE_ONLY.test(node.op) || !node.inputs.some((name) => name !== '' && reached.has(name))) continue;
    for (const name of node.outputs) if (name !== '') reached.add(name);
  }
  return reached;
}

export interface Layer {
  readonly name: string;
  /** Names of initializers and constants. */
  readonly weights: readonly string[];
  readonly bytes: number;
}

/** Layers with float weights used by these nodes, in the order in which they are first used. */
export function layersOf(graph: Graph, nodes: readonly Node[]): Layer[] {
  const constants = new Map<string, WeightRef>(graph.initializers);
  for (const node of graph.nodes) {
    const value = node.attributes.find(({ name }) => name === 'value')?.value;
    const [output] = node.outputs;
    if (node.op === 'Constant' && value?.type === 'tensor' && output !== undefined)
      constants.set(output, value.value);
  }
  const layers = new Map<string, { weights: string[]; bytes: number }>();
  const seen = new Set<string>();
  for (const node of nodes) {
    for (const name of node.inputs.slice(0, SETTINGS_FROM[node.op])) {
      const ref = constants.get(name);
      if (ref === undefined || seen.has(name) || !isFloat(ref.dtype) || ref.count < 2) continue;
      seen.add(name);
      const layer = layerName(name, node);
      const known = layers.get(layer) ?? { weights: [], bytes: 0 };
      known.weights.push(name);
      known.bytes += ref.byteLength;
      layers.set(layer, known);
    }
  }
  return [...layers].map(([name, { weights, bytes }]) => ({ name, weights, bytes }));
}

function layerName(weight: string, node: Node): string {
  const dotted = /^(?!onnx::)(.+)\.[^./]+$/.exec(weight)?.[1];
  return dotted ?? (node.name === '' ? (node.outputs[0] ?? node.op) : node.name);
}
