import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openLocal } from '../../../src/onnx/files';
import { buildGraphModel } from '../../../src/onnx/graphModel';
import { buildScopes } from '../../../src/onnx/scopes';
import { WeightReader } from '../../../src/onnx/weights';
import { compareWithFullDecode } from '../../unit/onnx/oracle';
import { testModels } from '../engine/testdata';

describe('every model of libonnx-testdata', function () {
  this.timeout(120_000);

  it('opens without a warning and says the same as a full decode: nodes, attributes, every byte of every tensor', async () => {
    const total = { models: 0, nodes: 0, attributes: 0, tensors: 0, tensorBytes: 0 };
    for (const { name, file } of testModels()) {
      const { skeleton, source, folder } = await openLocal(file);
      assert.deepEqual(skeleton.warnings, [], name);
      const reader = new WeightReader(source, folder);
      const counted = await compareWithFullDecode(skeleton, reader, readFileSync(file));
      buildGraphModel(skeleton, buildScopes(skeleton));
      total.models++;
      total.nodes += counted.nodes;
      total.attributes += counted.attributes;
      total.tensors += counted.tensors;
      total.tensorBytes += counted.tensorBytes;
      await reader.close();
      await source.close();
    }
    assert.ok(total.models > 1000, `${total.models} models`);
    assert.ok(total.nodes > 2000 && total.attributes > 1500 && total.tensors > 300, JSON.stringify(total));
  });
});
