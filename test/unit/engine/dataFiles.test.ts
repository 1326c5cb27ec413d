/** Weights beside the model: a file that changes under the engine is noticed, wherever below the model's folder it lies. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttributeProto_AttributeType as Kind } from 'onnx-buf';
import { Engine } from '../../../src/engine/child/engine';
import { dataFilesOf, lacksData } from '../../../src/onnx/dataFiles';
import { memoryFolder, read } from '../onnx/memory';
import { attribute, externalTensor, info, modelOf, node, plain } from '../onnx/seeds';
import { floats } from './models';

describe('data files', () => {
  const graph = { ...plain(), initializer: [externalTensor('w', [3], 'data/w.bin')] };

  it('are those of initializers and of constants', async () => {
    const constant = node('Constant', [], ['w'], {
      attribute: [attribute('value', Kind.TENSOR, { t: externalTensor('', [3], 'more/c.bin') })],
    });
    const bytes = modelOf({
      name: 'g',
      node: [constant, node('Add', ['x', 'w'], ['s']), node('Add', ['s', 'v'], ['y'])],
      initializer: [externalTensor('v', [3], 'data/w.bin')],
      input: [info('x', [1, 3])],
      output: [info('y', [1, 3])],
    });
    const files = { 'data/w.bin': new Uint8Array(12), 'more/c.bin': new Uint8Array(12) };
    const skeleton = await read(bytes, memoryFolder(files));
    assert.deepEqual([...dataFilesOf(skeleton)].sort(), ['data/w.bin', 'more/c.bin']);
    assert.equal(lacksData(skeleton), false);
    assert.equal(lacksData(await read(bytes, memoryFolder({}))), true);
  });

  it('that change since the model was opened stop a run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchclamp-data-'));
    const options = { sessionBudget: 1 << 24, tensorBudget: 1 << 24, threads: 1 };
    const api = new Engine(options, () => undefined).api();
    try {
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'data/w.bin'), new Uint8Array(12));
      writeFileSync(join(folder, 'm.onnx'), modelOf(graph));
      const { id } = await api.open(join(folder, 'm.onnx'));
      writeFileSync(join(folder, 'data/w.bin'), new Uint8Array(16));
      const feeds = { x: floats([1, 3], 0) };
      await assert.rejects(api.run(id, { feeds, capture: [] }), {
        code: 'file-unreadable',
        message: /a file its weights lie in has changed since it was opened/,
      });
      await api.close(id);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
