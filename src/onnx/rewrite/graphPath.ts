/**
 * Finding and replacing a body inside a graph by its path (`n12.then_branch/n40.body`). Pure: a change makes new graphs
 * along the way down and shares everything else.
 */
import { must } from '../../base/assert';
import type { Attribute, Graph, GraphPath, Node } from '../../contract/skeleton';

/** One step down: the body in attribute `attribute` (place `place` where that is a list) of the node at index `node`. */
export interface PathStep {
  readonly node: number;
  readonly attribute: string;
  readonly place: number;
}

const STEP = /^n(\d+)\.(.+?)(?:\[(\d+)\])?$/;

/** The steps of a body's path from the main graph, or null for a path through a function. */
export function stepsOf(path: GraphPath): PathStep[] | null {
  if (path === '') return [];
  const steps: PathStep[] = [];
  for (const part of path.split('/')) {
    const match = STEP.exec(part);
    if (match === null) return null;
    steps.push({ node: Number(match[1]), attribute: match[2] ?? '', place: Number(match[3] ?? 0) });
  }
  return steps;
}

/** Path of the graph around a body, and the body's own step. */
export function parentOf(path: GraphPath): { readonly path: GraphPath; readonly step: PathStep } {
  const steps = must(stepsOf(path), `"${path}" is the path of a body`);
  const step = must(steps.at(-1), 'a body has a step');
  return { path: path.slice(0, Math.max(0, path.lastIndexOf('/'))), step };
}

/** The body that a step leads to from a graph. */
export function bodyAt(graph: Graph, step: PathStep): Graph {
  const node = must(
    graph.nodes.find((candidate) => candidate.index === step.node),
    `node ${String(step.node)} is in its graph`,
  );
  return bodyOf(node, step);
}

/** The body in a node's attribute. */
export function bodyOf(node: Node, step: PathStep): Graph {
  const attribute = node.attributes.find((candidate) => candidate.name === step.attribute);
  const value = must(attribute, `node ${String(node.index)} has the attribute "${step.attribute}"`).value;
  if (value.type === 'graph') return value.value;
  return must(value.type === 'graphs' ? value.value[step.place] : undefined, 'the attribute holds a graph');
}

/** A copy of the node with that body replaced. */
export function withBody(node: Node, step: PathStep, body: Graph): Node {
  const attributes = node.attributes.map((attribute): Attribute => {
    const { name, value } = attribute;
    if (name !== step.attribute) return attribute;
    if (value.type === 'graph') return { name, value: { type: 'graph', value: body } };
    if (value.type !== 'graphs') return attribute;
    return { name, value: { type: 'graphs', value: value.value.with(step.place, body) } };
  });
  return { ...node, attributes };
}

/** A copy of the graph in which `change` has replaced the graph at `path`. */
export function changeGraph(graph: Graph, path: GraphPath, change: (graph: Graph) => Graph): Graph {
  const steps = must(stepsOf(path), `"${path}" is the path of a body`);
  const descend = (current: Graph, depth: number): Graph => {
    const step = steps[depth];
    if (step === undefined) return change(current);
    const at = current.nodes.findIndex((node) => node.index === step.node);
    const node = must(current.nodes[at], `node ${String(step.node)} is in its graph`);
    const body = descend(bodyOf(node, step), depth + 1);
    return { ...current, nodes: current.nodes.with(at, withBody(node, step, body)) };
  };
  return descend(graph, 0);
}

/** The graph at `path`, below `graph`. */
export function graphAt(graph: Graph, path: GraphPath): Graph {
  return must(stepsOf(path), `"${path}" is the path of a body`).reduce(bodyAt, graph);
}
