import assert from 'node:assert/strict';
import { feedSpecs } from '../../../src/editor/feedSpecs';
import { mayBeClasses } from '../../../src/editor/outputKinds';
import { read } from '../onnx/memory';
import { floats, info, modelOf, node } from '../onnx/seeds';

describe('inputs to feed', () => {
  it('are those of the model, then those it has a value for', async () => {
    const bytes = modelOf(
      {
        name: 'g',
        node: [node('Add', ['x', 'w'], ['y'])],
        initializer: [floats('w', [3])],
        input: [info('x', [1, 3]), info('w', [3])],
        output: [info('y', [1, 3])],
      },
      { irVersion: 3n },
    );
    const specs = feedSpecs(await read(bytes));
    assert.deepEqual(
      specs.map(({ name, optional, shape }) => [name, optional, shape]),
      [
        ['x', false, [1, 3]],
        ['w', true, [3]],
      ],
    );
  });
});

describe('outputs that may be classes', () => {
  const output = (
    shape: readonly (number | string | null)[] | null,
    dtype: 'float32' | 'int64' = 'float32',
  ) => mayBeClasses({ name: 'y', dtype, shape, optional: false });

  it('are rows of floats and batches of them, however wide', () => {
    assert.equal(output([1, 1000]), true);
    assert.equal(output(['batch', 21841]), true);
    assert.equal(output([10]), true);
    assert.equal(output(['batch', 'classes']), true);
  });

  it('are neither single numbers, nor images, nor whole numbers', () => {
    assert.equal(output([1, 1]), false);
    assert.equal(output([1, 3, 224, 224]), false);
    assert.equal(output([1, 10], 'int64'), false);
    assert.equal(output(null), false);
  });
});
