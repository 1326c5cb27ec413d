/**
 * Batch normalisation in training mode gives out new running statistics, and the runtime writes them over the old ones
 * where they are no outputs of the model: over what was fed, or over the weights. A copy of its own for each such node
 * keeps runs apart. Pure.
 */
import type { Graph, Node } from '../../contract/skeleton';
import type { FreshNames } from './names';
import { insertedNode } from './nodes';

/** Inputs of BatchNormalization that hold the running mean and variance. */
const STATISTICS = [3, 4];
const FIRST_AXIS = { name: 'axis', value: { type: 'int', value: 0 } } as const;

/** The graph with copies in front of every training-mode BatchNormalization; itself where there is none. */
export function keepStatistics(graph: Graph, fresh: FreshNames): Graph {
  if (!graph.nodes.some(isTraining)) return graph;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (!isTraining(node)) return [node];
    const copies: Node[] = [];
    const inputs = node.inputs.map((name, index) => {
      if (!STATISTICS.includes(index)) return name;
      const own = fresh.next(`${name}~own`);
      // An Identity would share the memory; a Concat of one always copies.
      copies.push(insertedNode('Concat', [name], [own], [FIRST_AXIS]));
      return own;
    });
    return [...copies, { ...node, inputs }];
  });
  return { ...graph, nodes };
}

function isTraining({ op, attributes }: Node): boolean {
  if (op !== 'BatchNormalization') return false;
  const mode = attributes.find(({ name }) => name === 'training_mode')?.value;
  return mode?.type === 'int' && Number(mode.value) !== 0;
}
