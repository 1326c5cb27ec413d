/**
 * One order of a model's nodes that does not depend on the file's: depth first from the outputs, operands by position,
 * every node after what it reads. What is put in or taken out shifts nothing else.
 */
import type { Skeleton } from '../contract/skeleton';
import { bodiesOf } from '../onnx/walk';
import type { Wiring } from '../onnx/wiring';

export function postorder(skeleton: Skeleton, wiring: Wiring): Int32Array {
  const count = skeleton.nodes.length;
  const order = new Int32Array(count);
  let filled = 0;
  /** 0 not met, 1 waiting for its operands, 2 placed. */
  const state = new Uint8Array(count);
  const stack: number[] = [];
  const visit = (root: number): void => {
    if (root < 0 || state[root] !== 0) return;
    stack.push(root);
    while (stack.length > 0) {
      const node = stack.at(-1) ?? 0;
      if (state[node] !== 0) {
        stack.pop();
        if (state[node] === 1) {
          state[node] = 2;
          order[filled++] = node;
        }
        continue;
      }
      state[node] = 1;
      const read = readBy(skeleton, wiring, node);
      for (let i = read.length - 1; i >= 0; i--) {
        const producer = read[i] ?? -1;
        if (producer >= 0 && state[producer] === 0) stack.push(producer);
      }
    }
  };
  for (const value of wiring.graphOutputs) visit(producerOf(wiring, value));
  for (const fn of skeleton.functions) {
    for (const value of wiring.bodyOutputs.get(fn.graph.path) ?? []) visit(producerOf(wiring, value));
  }
  // What leads to no output, from its ends; then what only a cycle holds.
  const used = new Uint8Array(count);
  for (const value of wiring.inputs) {
    const producer = producerOf(wiring, value);
    if (producer >= 0) used[producer] = 1;
  }
  for (let node = 0; node < count; node++) if (used[node] === 0) visit(node);
  for (let node = 0; node < count; node++) visit(node);
  return order;
}

function readBy(skeleton: Skeleton, wiring: Wiring, node: number): number[] {
  const read: number[] = [];
  const to = wiring.inputStart[node + 1] ?? 0;
  for (let at = wiring.inputStart[node] ?? 0; at < to; at++)
    read.push(producerOf(wiring, wiring.inputs[at] ?? -1));
  const found = skeleton.nodes[node];
  for (const body of found === undefined ? [] : bodiesOf(found)) {
    for (const value of wiring.bodyOutputs.get(body.path) ?? []) read.push(producerOf(wiring, value));
  }
  return read;
}

function producerOf(wiring: Wiring, value: number): number {
  let found = wiring.values[value];
  for (let steps = 0; found !== undefined && found.producer < 0 && found.alias >= 0 && steps < 256; steps++)
    found = wiring.values[found.alias];
  return found?.producer ?? -1;
}
