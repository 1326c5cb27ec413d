/** Arithmetic told from shapes: what multiply-adds a few operators take is known by hand. */
import assert from 'node:assert/strict';
import { workOf } from '../../../src/engine/child/work';
import { read } from '../onnx/memory';
import { info, model, node, tensor } from './models';

const shapes: Readonly<Record<string, readonly number[]>> = {
  x: [2, 3, 8, 8],
  c: [2, 6, 8, 8],
  r: [2, 6, 8, 8],
  a: [5, 7],
  b: [7, 11],
  m: [5, 11],
  g: [11, 5],
};

async function workFor(nodes: Parameters<typeof model>[0]['nodes']): Promise<number> {
  const weight = { dtype: 'float32' as const, dims: [6, 3, 3, 3], data: new Float32Array(162) };
  const { graph } = await read(
    model({
      nodes,
      inputs: ['x', 'a', 'b'].map((name) => info(name, 'float32', [...(shapes[name] ?? [])])),
      outputs: [],
      weights: [tensor('w', weight)],
    }),
  );
  return workOf(graph, (value) => {
    const shape = shapes[value];
    return shape === undefined ? undefined : { kind: 'tensor', dtype: 'float32', shape };
  });
}

describe('the work of a run', () => {
  it('is a product per output element and summed element of matrices, however they lie', async () => {
    assert.equal(await workFor([node('MatMul', ['a', 'b'], ['m'])]), 5 * 11 * 7);
    const work = await workFor([node('Gemm', ['b', 'a'], ['g'], { transA: 1, transB: 1 })]);
    assert.ok(Math.abs(work - 5 * 11 * 7) < 1e-9);
  });

  it('is a product per output element and weight of its channel for convolutions', async () => {
    assert.equal(await workFor([node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] })]), 768 * 27);
  });

  it('grows with the elements that are moved, and says nothing of what has no shape', async () => {
    const relu = await workFor([node('Relu', ['c'], ['r'])]);
    const twice = await workFor([
      node('Relu', ['c'], ['r']),
      node('Relu', ['c'], ['r2']),
      node('Relu', ['r'], ['c']),
    ]);
    assert.equal(twice, 2 * relu);
  });
});
