/** A recording against a model, where several recorded modules claim one value. */
import assert from 'node:assert/strict';
import { factsOf } from '../../../src/compare/facts';
import { recordedArray } from '../../../src/compare/recorded';
import { compareWithRecording } from '../../../src/compare/recording';
import type { TensorData } from '../../../src/contract/tensor';
import { buildScopes } from '../../../src/onnx/scopes';
import { read } from '../onnx/memory';
import { info, modelOf, node } from '../onnx/seeds';

const tensor = (...dims: number[]): TensorData => ({
  dtype: 'float32',
  dims,
  data: Float32Array.from({ length: 6 }, (_, i) => i),
});

describe('a recording', () => {
  it('names a module as not found whose tensor has not the shape of its value, which is another’s', async () => {
    const nodes = [node('Relu', ['x'], ['y'], { name: '/outer/inner/Relu' })];
    const skeleton = await read(
      modelOf({ name: 'one', node: nodes, input: [info('x', [2, 3])], output: [info('y', [2, 3])] }),
    );
    const arrays: Readonly<Record<string, TensorData>> = {
      'module:outer': tensor(2, 3),
      'module:outer.inner': tensor(6),
    };
    const scopes = buildScopes(skeleton);
    const { departures, missing } = await compareWithRecording(
      factsOf(skeleton, scopes),
      scopes,
      { arrays: Object.keys(arrays).map(recordedArray), read: (key) => arrays[key] ?? tensor(6) },
      () => Promise.resolve(new Map([['y', tensor(2, 3)]])),
      1e-4,
    );
    assert.deepEqual(
      departures.rows.map(({ other, departs }) => [other, departs]),
      [['outer', false]],
    );
    assert.deepEqual(missing, ['outer.inner']);
  });
});
