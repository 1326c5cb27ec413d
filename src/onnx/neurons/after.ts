/** Where the units of a value lie once a node has worked on it. Pure. */
import type { Node } from '../../contract/skeleton';
import type { NodeFacts } from './nodeFacts';
import { BINARY, REDUCTIONS, SPATIAL, UNARY } from './operators';
import { shapeAfter } from './shapes';
import {
  flatten,
  insertAxes,
  reduceAxes,
  removeAxes,
  reshape,
  transpose,
  type KnownDims,
  type UnitMap,
} from './unitMap';

/** undefined where the units are lost. */
export function unitsAfter(
  node: Node,
  input: string,
  map: UnitMap,
  facts: NodeFacts,
  dims: (value: string) => KnownDims,
): UnitMap | undefined {
  if (UNARY.has(node.op) || BINARY.has(node.op)) return map;
  if (SPATIAL.has(node.op)) {
    const first = map.rank !== undefined && map.axis === 1 - map.rank;
    return first && facts.int(node, 'channels_last', 0) === 0 ? map : undefined;
  }
  const axes = (): readonly number[] | undefined =>
    facts.intsAttribute(node, 'axes') ?? facts.ints(node.inputs[1] ?? '');
  if (REDUCTIONS.has(node.op)) {
    const reduced = axes();
    if (reduced === undefined) return undefined;
    return facts.int(node, 'keepdims', 1) === 0 ? removeAxes(map, reduced) : reduceAxes(map, reduced);
  }
  switch (node.op) {
    case 'Transpose': {
      const perm = facts.intsAttribute(node, 'perm');
      return perm === undefined ? undefined : transpose(map, perm);
    }
    case 'Flatten':
      return flatten(map, facts.int(node, 'axis', 1));
    case 'Squeeze': {
      const removed = axes();
      return removed === undefined ? undefined : removeAxes(map, removed);
    }
    case 'Unsqueeze': {
      const inserted = axes();
      return inserted === undefined ? undefined : insertAxes(map, inserted);
    }
    case 'Reshape':
      return reshape(map, dims(input), shapeAfter(node, facts, dims));
    default:
      return undefined;
  }
}
