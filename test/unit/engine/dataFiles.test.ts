/** Weights beside the model: a file that changes under the engine is noticed, wherever below the model's folder it lies. */
import assert from 'node:assert/strict';
import { linkSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttributeProto_AttributeType as Kind } from 'onnx-buf';
import { Engine } from '../../../src/engine/child/engine';
import { dataFilesOf, lacksData } from '../../../src/onnx/dataFiles';
import { memoryFolder, read } from '../onnx/memory';
import { attribute, externalTensor, info, modelOf, node, plain } from '../onnx/seeds';
import { floats } from './models';
import { withEngine } from './testEngine';

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

  it('of several names, which the runtime refuses, are handed over, up to a limit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patchclamp-linked-'));
    try {
      await withEngine({ sessionBudget: 1 << 24, tensorBudget: 1 << 24 }, async (api) => {
        mkdirSync(join(folder, 'data'));
        const data = join(folder, 'data/w.bin');
        writeFileSync(data, new Uint8Array(Float32Array.of(1, 2, 3).buffer));
        linkSync(data, join(folder, 'another name'));
        const file = join(folder, 'm.onnx');
        writeFileSync(file, modelOf(graph));
        linkSync(file, join(folder, 'm2.onnx'));
        const { id } = await api.open(file);
        const feeds = { x: floats([1, 3], 0) };
        const result = await api.run(id, { feeds, capture: ['sum'] });
        assert.equal(result.check, 'equal');
        assert.deepEqual((await api.tensor(result.outputs[0]?.handle ?? '')).data, Float32Array.of(1, 3, 5));

        const large = { ...plain(), initializer: [externalTensor('w', [1, 75_000_000], 'large.bin')] };
        writeFileSync(join(folder, 'large.bin'), '');
        truncateSync(join(folder, 'large.bin'), 300_000_000);
        linkSync(join(folder, 'large.bin'), join(folder, 'large2.bin'));
        writeFileSync(join(folder, 'l.onnx'), modelOf(large));
        const opened = await api.open(join(folder, 'l.onnx'));
        await assert.rejects(api.run(opened.id, { feeds, capture: [] }), {
          code: 'bad-external-data',
          message: /has several names on this disk \(hard links\).*300 MB of weights.*open the copy/,
        });
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
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
