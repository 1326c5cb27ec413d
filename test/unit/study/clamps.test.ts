import assert from 'node:assert/strict';
import type { Clamp } from '../../../src/contract/clamp';
import type { TensorData } from '../../../src/contract/tensor';
import { clampedOutput, type OutputNames } from '../../../src/study/clampEffect';
import { interventionsOf, isClamp, printClamp } from '../../../src/study/clamps';

const held: Clamp = { id: 'a', site: 'conv#3', kind: 'set', number: 1.5, active: true };
const halved: Clamp = { id: 'b', site: 'act', kind: 'scale', number: 0.5, active: true };

describe('standing interventions', () => {
  it('become those of a run, in their order, without the paused ones', () => {
    const paused = { ...held, id: 'c', active: false };
    assert.deepEqual(interventionsOf([halved, paused, held]), [
      { kind: 'scale', site: 'act', factor: 0.5 },
      { kind: 'set', site: 'conv#3', value: 1.5 },
    ]);
    assert.deepEqual([held, halved].map(printClamp), ['set conv#3 1.5', 'scale act 0.5']);
  });

  it('come back from storage only in their own form', () => {
    assert.ok(isClamp(JSON.parse(JSON.stringify(held))));
    for (const other of [
      null,
      'a',
      {},
      { ...held, kind: 'add' },
      { ...held, number: '1' },
      { ...held, active: 1 },
    ])
      assert.equal(isClamp(other), false);
  });
});

describe('what they do to an output', () => {
  const names: OutputNames = {
    entry: (index, length) => (length === 3 ? ['cat', 'dog', 'eel'][index] : undefined),
    place: (dims, at) => `${dims.join('×')} at ${at.join(',')}`,
    softmax: 'softmax',
  };
  const floats = (dims: readonly number[], ...data: number[]): TensorData => ({
    dtype: 'float32',
    dims,
    data: Float32Array.from(data),
  });

  it('is told of the first row and, of positions, the last, by name', () => {
    const without = floats([1, 2, 3], 9, 9, 9, 0, Math.log(2), Math.log(5));
    const within = floats([1, 2, 3], 9, 9, 9, 0, Math.log(5), Math.log(2));
    const effect = clampedOutput('logits', without, within, names);
    assert.equal(effect?.place, '1×2 at 0,1');
    assert.equal(effect.measure, 'softmax');
    assert.deepEqual(
      effect.entries.map(({ name, without: x, with: y }) => [name, x.toFixed(4), y.toFixed(4)]),
      [
        ['dog', '0.2500', '0.6250'],
        ['eel', '0.6250', '0.2500'],
        ['cat', '0.1250', '0.1250'],
      ],
    );
    assert.equal(effect.largest.toFixed(4), Math.log(2.5).toFixed(4));
    assert.equal(effect.scale, 9);
  });

  it('is nothing where nothing moved, and everything where a number was lost', () => {
    const plain = floats([1, 2], 0.25, 0.75);
    const same = clampedOutput('p', plain, floats([1, 2], 0.25, 0.75), names);
    assert.deepEqual([same?.largest, same?.measure], [0, '']);
    assert.equal(clampedOutput('p', plain, floats([1, 2], 0.25, NaN), names)?.largest, Infinity);
  });

  it('is told by the numbers that moved most where nothing says that they are classes', () => {
    const map = (...data: number[]): TensorData => floats([1, 1, 2, 4], ...data);
    const effect = clampedOutput('map', map(0, 0, 0, 0, 1, 2, 3, 4), map(0, 0, 0, 9, 1, 2, 8, NaN), names);
    assert.deepEqual(
      [effect?.place, effect?.measure, effect?.entries],
      [
        '',
        '',
        [
          { name: '[0,0,1,3]', without: 4, with: NaN },
          { name: '[0,0,0,3]', without: 0, with: 9 },
          { name: '[0,0,1,2]', without: 3, with: 8 },
        ],
      ],
    );
    const ramp = map(...Array.from({ length: 8 }, (_, i) => i));
    const moved = clampedOutput('map', map(0, 0, 0, 0, 0, 0, 0, 0), ramp, names)?.entries;
    assert.deepEqual(
      moved?.map((entry) => entry.with),
      [7, 6, 5, 4, 3, 2],
    );
    assert.deepEqual(clampedOutput('map', ramp, ramp, names)?.entries, []);
  });

  it('is not told of strings, or of what changed its shape', () => {
    const text: TensorData = { dtype: 'string', dims: [1], data: ['a'] };
    assert.equal(clampedOutput('t', text, text, names), null);
    assert.equal(clampedOutput('y', floats([1], 1), floats([2], 1, 2), names), null);
  });
});
