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

const NARROW: ReadonlySet<Dtype> = new Set(['float16', 'bfloat16']);

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
  return hasNarrow(graph) ? pinned(graph, new FreshNames(graph)) : graph;
}

/** Whether numbers of these types come in, lie in the model, or are made by a cast. */
function hasNarrow(graph: Graph): boolean {
  for (const { dtype } of graph.initializers.values()) if (NARROW.has(dtype)) return true;
  for (const { type } of graph.inputs) if (type.kind === 'tensor' && NARROW.has(type.dtype)) return true;
  return graph.nodes.some(
    (node) =>
      castsTo(node) ||
      tensorsOf(node).some(({ dtype }) => NARROW.has(dtype)) ||
      bodiesOf(node).some(hasNarrow),
  );
}

const CODES: ReadonlySet<number> = new Set([...NARROW].map(dtypeCode));

function castsTo({ op, attributes }: Node): boolean {
  if (op !== 'Cast') return false;
  const to = attributes.find(({ name }) => name === 'to')?.value;
  return to?.type === 'int' && CODES.has(Number(to.value));
}

function pinned(graph: Graph, fresh: FreshNames): Graph {
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const inner = withBodies(node, (body) => pinned(body, fresh));
    if (LEFT.has(node.op) || (node.op === 'Cast' && !castsTo(node))) {
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
