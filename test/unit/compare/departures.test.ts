/** When an error counts as a departure: beyond the threshold and its floor, and beyond what the numbers can hold. */
import assert from 'node:assert/strict';
import { differenceBetween } from '../../../src/compare/activations';
import { departuresOf } from '../../../src/compare/departures';
import { factsOf } from '../../../src/compare/facts';
import { buildScopes } from '../../../src/onnx/scopes';
import { read } from '../onnx/memory';
import { info, modelOf, node } from '../onnx/seeds';

describe('a departure', () => {
  const departs = async (a: number[], b: number[], floor: number | null = null): Promise<boolean> => {
    const ports = { input: [info('x', [2])], output: [info('y', [2])] };
    const skeleton = await read(modelOf({ name: 'one', node: [node('Relu', ['x'], ['y'])], ...ports }));
    const tensor = (data: number[]) =>
      ({ dtype: 'float32', dims: [2], data: Float32Array.from(data) }) as const;
    const numbers = differenceBetween(tensor(a), tensor(b));
    assert.ok(typeof numbers !== 'string');
    const row = { site: 'y', other: 'relu', node: 0, dims: [2], numbers, problem: null, floor };
    return departuresOf(factsOf(skeleton, buildScopes(skeleton)), [row], 1e-4).first !== null;
  };

  it('is an error beyond the threshold, and beyond ten times its floor', async () => {
    assert.equal(await departs([1, 2], [1, 2.001]), true);
    assert.equal(await departs([1, 2], [1, 2.0001]), false);
    assert.equal(await departs([1, 2], [1, 2.001], 1e-4), false);
    assert.equal(await departs([1, 2], [1, NaN]), true);
  });

  it('is none where numbers are too small to hold more digits, and one where just one of them is', async () => {
    assert.equal(await departs([3e-44, 7e-44], [3e-44, 6e-44]), false);
    assert.equal(await departs([3e-37, 7e-44], [2e-37, 6e-44]), true);
  });
});
