/** Completing sites: what is offered parses, names come before what holds them, and marks in names are escaped. */
import assert from 'node:assert/strict';
import { parseSite } from '../../../src/onnx/site';
import { completeSite } from '../../../src/onnx/siteCompletion';
import { read } from '../onnx/memory';
import { info, model, node } from './models';

describe('site completion', () => {
  it('offers names, then suffixes, and all of it parses', async () => {
    const skeleton = await read(
      model({
        nodes: [
          node('Relu', ['x'], ['mlp.act']),
          node('Neg', ['mlp.act'], ['act#2']),
          node('Neg', ['act#2'], ['y']),
        ],
        inputs: [info('x', 'float32', [1, 2])],
        outputs: [info('y', 'float32', [1, 2])],
      }),
    );
    assert.deepEqual(completeSite(skeleton, 'act', 9), ['act#2', 'mlp.act']);
    assert.deepEqual(completeSite(skeleton, 'MLP', 9), ['mlp.act']);
    assert.deepEqual(completeSite(skeleton, 'nothing', 9), []);
    const axes = (): readonly string[] => ['batch', 'unit'];
    const offered = completeSite(skeleton, 'act#2', 9, axes);
    assert.deepEqual(offered, ['act\\#2#0', 'act\\#2@batch=0', 'act\\#2!raw']);
    for (const text of offered) assert.equal(parseSite(skeleton, text).value, 'act#2');
    assert.equal(completeSite(skeleton, '', 2).length, 2);
  });
});
