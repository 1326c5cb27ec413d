/**
 * Where a sweep can start: the values that nothing swept reaches, and from which everything asked for follows. They are
 * computed once and handed in. Pure.
 */
import type { Graph, Node } from '../../contract/skeleton';
import { producersOf } from './cut';
import { readNames } from './names';

/**
 * The values to hand in, looking up from `reads`. `canHandIn` says which may be: others are computed again from what is
 * above them. Inputs of the model that are reached are part of the answer.
 */
export function frontierOf(
  graph: Graph,
  reads: readonly string[],
  swept: ReadonlySet<string>,
  canHandIn: (value: string) => boolean,
): readonly string[] {
  const producer = producersOf(graph);
  const touched = touchedBy(graph, swept);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const frontier = new Set<string>();
  const seen = new Set<string>();
  const queue = [...reads];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    // What a swept value was before its interventions is untouched: it can be handed in under its own name.
    const before = swept.has(value) && !touched.has(value);
    const open = before || !touched.has(value);
    if (inputs.has(value) || (open && producer.has(value) && canHandIn(value))) {
      frontier.add(value);
      continue;
    }
    const node = producer.get(value);
    if (node !== undefined) queue.push(...readNames(node));
  }
  return [...frontier];
}

/**
 * Values that something swept reaches. A swept value itself counts only where another one reaches it. Nothing goes through
 * a node that is `closed`.
 */
export function touchedBy(
  graph: Graph,
  swept: ReadonlySet<string>,
  closed: (node: Node) => boolean = () => false,
): ReadonlySet<string> {
  const producer = producersOf(graph);
  const known = new Map<string, boolean>();
  const isTouched = (value: string): boolean => {
    const stack = [value];
    while (stack.length > 0) {
      const current = stack.at(-1) ?? '';
      if (known.has(current)) {
        stack.pop();
        continue;
      }
      const node = producer.get(current);
      const reads = node === undefined || closed(node) ? [] : readNames(node);
      const next = reads.find((name) => !swept.has(name) && !known.has(name));
      if (next !== undefined) {
        stack.push(next);
        continue;
      }
      known.set(
        current,
        reads.some((name) => swept.has(name) || known.get(name) === true),
      );
      stack.pop();
    }
    return known.get(value) === true;
  };
  const touched = new Set<string>();
  for (const node of graph.nodes)
    for (const value of node.outputs) if (value !== '' && isTouched(value)) touched.add(value);
  return touched;
}
