/**
 * Keeps every value of a float16 (or bfloat16) model as narrow as the file says. Where the runtime has no kernel for such
 * numbers it computes in float32 and casts, and leaves two casts out where they meet: a value is then rounded if somebody
 * looks at it and not otherwise. Two `Identity` nodes behind each node keep the casts apart, so that looking changes
 * nothing: one alone would be computed in float32 with its neighbours. Pure; a model without such numbers comes back as
 * it is.
 */
import type { Attribute, Graph, Node } from '../../contract/skeleton';
import { dtypeCode, type Dtype } from '../../tensor/dtype';
import { bodiesOf, tensorsOf } from '../walk';
import { FreshNames } from './names';
import { insertedNode } from './nodes';

const NARROW = ['float16', 'bfloat16'] as const;
export type Narrow = (typeof NARROW)[number];

/** What they make may be no tensor, or comes from a body that is pinned itself. */
const LEFT = new Set([
  'If',
  'Loop',
  'Scan',
  'SequenceAt',
  'SequenceConstruct',
  'SequenceEmpty',
  'SequenceErase',
  'SequenceInsert',
  'SequenceMap',
  'SplitToSequence',
  'Optional',
  'OptionalGetElement',
  'ZipMap',
  'Constant',
  'Identity',
  // To a type that another value has, which may be one that the runtime cannot even pass on.
  'CastLike',
]);

export function pinHalves(graph: Graph): Graph {
  return narrowIn(graph) === null ? graph : pinned(graph, new FreshNames(graph));
}

/** The narrowest of these types that comes in, lies in the model, or is made by a cast; null where none does. */
export function narrowIn(graph: Graph): Narrow | null {
  const known = narrowest.get(graph);
  if (known !== undefined) return known;
  const found = new Set<Dtype>();
  look(graph, found);
  const narrow = found.has('bfloat16') ? 'bfloat16' : found.has('float16') ? 'float16' : null;
  narrowest.set(graph, narrow);
  return narrow;
}

const narrowest = new WeakMap<Graph, Narrow | null>();

function look(graph: Graph, found: Set<Dtype>): void {
  for (const { dtype } of graph.initializers.values()) found.add(dtype);
  for (const { type } of graph.inputs) if (type.kind === 'tensor') found.add(type.dtype);
  for (const node of graph.nodes) {
    const to = castsTo(node);
    if (to !== undefined) found.add(to);
    for (const { dtype } of tensorsOf(node)) found.add(dtype);
    for (const body of bodiesOf(node)) look(body, found);
  }
}

/** The type that a Cast rounds to; undefined where it is none of these. */
function castsTo({ op, attributes }: Node): Narrow | undefined {
  if (op !== 'Cast') return undefined;
  const to = attributes.find(({ name }) => name === 'to')?.value;
  return to?.type === 'int' ? NARROW.find((dtype) => dtypeCode(dtype) === Number(to.value)) : undefined;
}

function pinned(graph: Graph, fresh: FreshNames): Graph {
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const inner = withBodies(node, (body) => pinned(body, fresh));
    if (LEFT.has(node.op) || (node.op === 'Cast' && castsTo(node) === undefined)) {
      nodes.push(inner);
      continue;
    }
    const outputs = node.outputs.map((name) => (name === '' ? '' : fresh.next(`${name}~made`)));
    nodes.push({ ...inner, outputs });
    outputs.forEach((made, at) => {
      const name = node.outputs[at] ?? '';
      if (name === '') return;
      const narrow = fresh.next(`${name}~narrow`);
      nodes.push(insertedNode('Identity', [made], [narrow]), insertedNode('Identity', [narrow], [name]));
    });
  }
  return { ...graph, nodes };
}

function withBodies(node: Node, change: (body: Graph) => Graph): Node {
  if (bodiesOf(node).length === 0) return node;
  const attributes = node.attributes.map((attribute): Attribute => {
    const { name, value } = attribute;
    if (value.type === 'graph') return { name, value: { type: 'graph', value: change(value.value) } };
    if (value.type === 'graphs') return { name, value: { type: 'graphs', value: value.value.map(change) } };
    return attribute;
  });
  return { ...node, attributes };
}
