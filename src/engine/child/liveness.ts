/**
 * How much memory a graph's values take at most while it runs: from their shapes, node by node, each value alive from where
 * it is made to where it is last read. The runtime takes more than that (rounding, workspaces, memory it keeps), so what is
 * told is on the high side; `memory.ts` puts it right by what a first run took. Pure.
 */
import type { Graph, Node, ValueType } from '../../contract/skeleton';
import { producersOf } from '../../onnx/rewrite/cut';
import { readNames } from '../../onnx/rewrite/names';
import { byteLengthOf } from '../../tensor/dtype';
import { isStatic, sizeOf } from '../../tensor/shape';

export interface Liveness {
  /** Most bytes alive at once, outputs to the end. */
  readonly peak: number;
  /** Bytes of the outputs. */
  readonly outputs: number;
  /** Values whose size had to be guessed from what they are made of. */
  readonly guessed: number;
}

/** A value without a size or inputs to guess it from. */
const SMALL = 64;

/** `typeOf` says what is known of a value; `fed` the bytes of inputs and other values given. */
export function livenessOf(
  graph: Graph,
  typeOf: (value: string) => ValueType | undefined,
  fed: ReadonlyMap<string, number>,
): Liveness {
  const order = inOrder(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const lastRead = new Map<string, number>();
  order.forEach((node, at) => {
    for (const name of readNames(node)) lastRead.set(name, at);
  });
  const bytes = new Map<string, number>();
  for (const { name } of graph.inputs) bytes.set(name, fed.get(name) ?? SMALL);
  let guessed = 0;
  const sizeOfValue = (node: Node, name: string): number => {
    const type = typeOf(name);
    if (type?.kind === 'tensor' && isStatic(type.shape)) return byteLengthOf(type.dtype, sizeOf(type.shape));
    guessed++;
    const given = node.inputs.map(
      (input) => bytes.get(input) ?? graph.initializers.get(input)?.byteLength ?? 0,
    );
    return Math.max(SMALL, ...given);
  };
  let alive = graph.inputs.reduce((sum, { name }) => sum + (bytes.get(name) ?? 0), 0);
  let peak = alive;
  const ends = new Map<number, string[]>();
  order.forEach((node, at) => {
    for (const name of node.outputs) {
      if (name === '') continue;
      const size = sizeOfValue(node, name);
      bytes.set(name, size);
      alive += size;
      if (outputs.has(name)) continue;
      const end = lastRead.get(name) ?? at;
      const ending = ends.get(end) ?? [];
      ending.push(name);
      ends.set(end, ending);
    }
    peak = Math.max(peak, alive);
    for (const name of ends.get(at) ?? []) alive -= bytes.get(name) ?? 0;
  });
  const given = [...outputs].reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0);
  return { peak, outputs: given, guessed };
}

/** Nodes after what they read; those on a cycle, which the runtime refuses, are left out. */
function inOrder(graph: Graph): Node[] {
  const producers = producersOf(graph);
  const ordered: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  for (const start of graph.nodes) {
    const stack: Node[] = [start];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const known = state.get(node);
      if (known === undefined) {
        state.set(node, 'open');
        for (const name of readNames(node)) {
          const maker = producers.get(name);
          if (maker !== undefined && !state.has(maker)) stack.push(maker);
        }
        continue;
      }
      stack.pop();
      if (known === 'open') {
        state.set(node, 'done');
        ordered.push(node);
      }
    }
  }
  return ordered;
}
