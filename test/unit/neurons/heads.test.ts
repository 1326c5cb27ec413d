/** Attention heads: which layers have them, how many, and which unit of a value comes out of attention as which. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '../../../src/contract/tensor';
import { partedBy } from '../../../src/onnx/neurons/heads';
import { info, model, node, tensor } from '../engine/models';
import { lab, noise } from './lab';

const tokens: TensorData = {
  dtype: 'int64',
  dims: [1, 6],
  data: BigInt64Array.from([1n, 5n, 2n, 8n, 3n, 4n]),
};

describe('attention heads', () => {
  it('are found in trained transformers of both exporters, in queries, keys, values and what attention gives', async () => {
    for (const file of ['capitals.onnx', 'capitals.torchscript.onnx']) {
      const of = await lab(`media/samples/capitals/${file}`, { input_ids: tokens });
      try {
        // model.py: four blocks, four heads.
        const parted = of.layers.filter(({ heads }) => heads !== null);
        const count = (kind: string): number => parted.filter((layer) => layer.kind === kind).length;
        assert.deepEqual([count('dense'), count('attention'), parted.length], [12, 4, 16], file);
        for (const { heads, units } of parted)
          assert.deepEqual([heads?.count, (heads?.size ?? 0) * 4], [4, units]);
        for (const layer of parted.filter(({ kind }) => kind === 'attention')) {
          // Attention gives the projection what it made of the values, unit by unit.
          const [values] = layer.sources;
          const [projection] = layer.targets;
          assert.equal(of.layers[values ?? -1]?.heads?.count, 4);
          assert.equal(of.layers[projection ?? -1]?.kind, 'dense');
          const [from] = await of.connections.incoming(layer.id, 9);
          assert.deepEqual([from?.layer, Number.isNaN(from?.weight[9])], [values, true]);
          assert.ok(await of.connections.activity(layer.id));
        }
      } finally {
        await of.close();
      }
    }
  });

  it('are what an operator of attention says of itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pc-heads-'));
    const file = join(folder, 'model.onnx');
    writeFileSync(
      file,
      model(
        {
          nodes: [
            node('MatMul', ['x', 'wq'], ['q']),
            node('MatMul', ['x', 'wk'], ['k']),
            node('MatMul', ['x', 'wv'], ['v']),
            node('Attention', ['q', 'k', 'v'], ['y'], { q_num_heads: 4, kv_num_heads: 2 }),
          ],
          inputs: [info('x', 'float32', [1, 5, 6])],
          outputs: [info('y', 'float32', [1, 5, 16])],
          weights: [
            tensor('wq', noise([6, 16], 1)),
            tensor('wk', noise([6, 8], 2)),
            tensor('wv', noise([6, 8], 3)),
          ],
        },
        23,
      ),
    );
    const of = await lab(file, { x: noise([1, 5, 6], 4) });
    try {
      const heads = (value: string): unknown => of.layer(value).heads;
      assert.deepEqual(
        [heads('q'), heads('k')],
        [
          { count: 4, size: 4 },
          { count: 2, size: 4 },
        ],
      );
      assert.deepEqual(heads('v'), heads('k'));
    } finally {
      await of.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('are told from other reshapes', async () => {
    assert.deepEqual(partedBy([undefined, undefined, 4, 16], 64), { count: 4, size: 16 });
    assert.deepEqual(partedBy([1, undefined, 3, 4, 16], 192), { count: 4, size: 16 });
    assert.equal(partedBy([2, 64], 64), null);
    assert.equal(partedBy([2, 8, 1, 64], 64), null);
    assert.equal(partedBy([2, 8, 5, 13], 64), null);
    // A convolutional network has none.
    const of = await lab('media/samples/digits/digits.onnx', { image: noise([1, 1, 28, 28], 1) });
    try {
      assert.ok(of.layers.every(({ heads }) => heads === null));
    } finally {
      await of.close();
    }
  });
});
