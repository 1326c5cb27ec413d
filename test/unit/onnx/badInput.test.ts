import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { GraphProtoSchema } from 'onnx-buf';
import { isFailure, type Failure } from '../../../src/base/errors';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { buildGraphModel } from '../../../src/onnx/graphModel';
import { buildScopes } from '../../../src/onnx/scopes';
import { memoryFolder, read } from './memory';
import {
  encode,
  externalTensor,
  floats,
  info,
  modelOf,
  node,
  plain,
  type GraphInit,
  type TensorInit,
} from './seeds';

/** The one warning a model is expected to have; the model must survive everything built on it. */
async function warningOf(bytes: Uint8Array, folder = memoryFolder({})): Promise<string> {
  const skeleton = await read(bytes, folder);
  buildGraphModel(skeleton, buildScopes(skeleton));
  assert.equal(skeleton.warnings.length, 1, JSON.stringify(skeleton.warnings));
  return skeleton.warnings[0]?.message ?? '';
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
  return assert.fail('It should have failed.');
}

/** The plain model with some fields of its graph replaced. */
const withGraph = (change: GraphInit): Uint8Array => modelOf({ ...plain(), ...change });
const withWeight = (tensor: TensorInit): Uint8Array => withGraph({ initializer: [tensor] });

describe('bad input', () => {
  it('says what a file is that is no model', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['version https://git-lfs.github.com/spec/v1\noid sha256:1\n', /Git LFS pointer.*git lfs pull/],
      ['PK\x03\x04abcdefgh', /zip archive or a PyTorch checkpoint/],
      ['{"model": 1}', /JSON file/],
      ['<!DOCTYPE html><html>', /web page/],
      ['\x89HDF\r\n\x1a\n', /HDF5/],
      ['Dear reader,\nthis is prose.\n', /text file/],
    ];
    for (const [text, expected] of cases) {
      const failure = await failureOf(read(Buffer.from(text, 'latin1')));
      assert.equal(failure.code, 'not-onnx');
      assert.match(failure.message, expected);
    }
    assert.match((await failureOf(read(new Uint8Array(0)))).message, /is empty \(0 bytes\)/);
    assert.equal((await failureOf(read(Uint8Array.of(1, 2, 3, 4, 0xff, 0xff)))).code, 'not-onnx');
  });

  it('opens what a truncated file still holds, and says where it ends', async () => {
    const whole = modelOf({ ...plain(), initializer: [floats('w', [3]), floats('big', [1000, 100])] });
    const skeleton = await read(whole.slice(0, whole.length - 100_000));
    assert.equal(skeleton.graph.nodes.length, 2);
    assert.match(
      skeleton.warnings[0]?.message ?? '',
      /^The file is cut off: it ends after 300 kB .* 2 nodes/,
    );
    assert.ok(skeleton.warnings.some(({ message }) => /"big" is cut off/.test(message)));
    // The inputs come after the weights in this file, and the opsets at its end: that they are missing is no other fault.
    assert.equal(skeleton.warnings.length, 2, JSON.stringify(skeleton.warnings));
    for (let size = whole.length - 1; size > whole.length - 60; size--) {
      const [first, ...others] = (await read(whole.slice(0, size))).warnings;
      // Between two fields nothing shows that there were more.
      assert.match(first?.message ?? '', /^The file is cut off|^The model does not say which opset/);
      assert.deepEqual(others, [], String(size));
    }
  });

  it('fails in one sentence where nothing is left to show', async () => {
    const whole = modelOf(plain());
    const failure = await failureOf(read(whole.slice(0, 24)));
    assert.equal(failure.code, 'truncated');
    assert.match(failure.message, /is cut off: it ends after 24 B, before its first node\. Download/);
  });

  it('opens a model of which only one node is damaged', async () => {
    const bytes = modelOf(plain());
    const at = Buffer.from(bytes).indexOf('Relu');
    // The operator's length now passes the end of its node.
    bytes[at - 1] = 0x7f;
    const skeleton = await read(bytes);
    assert.deepEqual(
      skeleton.graph.nodes.map(({ op }) => op),
      ['Add'],
    );
    assert.match(
      skeleton.warnings[0]?.message ?? '',
      /^Node 1 of the graph cannot be read and was left out: a length of 127/,
    );
  });

  it('names a tensor whose length disagrees with its shape', async () => {
    const message = await warningOf(withWeight({ ...floats('w', [3]), dims: [4n] }));
    assert.match(message, /"w" does not fit its shape: float32 4 takes 16 bytes, but 12 are stored/);
    const typed = await warningOf(withWeight({ name: 'w', dataType: 7, dims: [3n], int64Data: [1n] }));
    assert.match(typed, /int64 3 takes 3 numbers, but 1/);
    const huge = await warningOf(
      withWeight({ name: 'w', dataType: 1, dims: [2n ** 40n, 2n ** 40n], floatData: [1] }),
    );
    assert.match(huge, /impossible shape/);
    const negative = await warningOf(withWeight({ name: 'w', dataType: 1, dims: [-3n], floatData: [1] }));
    assert.match(negative, /impossible shape \(-3\)/);
    const unknown = await warningOf(
      withWeight({ name: 'w', dataType: 99, dims: [1n], rawData: Uint8Array.of(1) }),
    );
    assert.match(unknown, /element type 99/);
    const nothing = await warningOf(withWeight({ name: 'w', dataType: 1, dims: [5n] }));
    assert.match(nothing, /no data/);
  });

  it('refuses external data outside the folder without asking for it', async () => {
    for (const location of [
      '../secret.bin',
      '/etc/passwd',
      'C:\\secret.bin',
      '\\\\server\\share',
      'a/../../b',
      '.',
      'a\0b',
    ]) {
      const asked: string[] = [];
      const message = await warningOf(
        withWeight(externalTensor('w', [3], location)),
        memoryFolder({}, asked),
      );
      assert.match(message, /external data file .* so it is not read/);
      assert.deepEqual(asked, []);
    }
  });

  it('checks offset and length of external data against its file', async () => {
    const folder = memoryFolder({ 'w.bin': new Uint8Array(16) });
    const outside = await warningOf(withWeight(externalTensor('w', [3], 'w.bin', 8)), folder);
    assert.match(outside, /"w" lies outside its file: bytes 8 to 20 of "w.bin", which has 16/);
    const disagrees = await warningOf(withWeight(externalTensor('w', [3], 'w.bin', 0, 16)), folder);
    assert.match(disagrees, /takes 12 bytes, but 16 bytes are stated/);
    const missing = await warningOf(withWeight(externalTensor('w', [3], 'other.bin')), folder);
    assert.match(missing, /"other.bin" is not in the model's folder/);
    const tensor = externalTensor('w', [3], 'w.bin');
    tensor.externalData = [
      { key: 'location', value: 'w.bin' },
      { key: 'offset', value: '-4' },
    ];
    assert.match(await warningOf(withWeight(tensor), folder), /offset or length that is not a number/);
  });

  it('finds cycles, missing inputs and names used twice', async () => {
    const cycle = await warningOf(
      withGraph({ node: [node('Add', ['x', 'b'], ['y']), node('Add', ['y', 'w'], ['b'])] }),
    );
    assert.match(cycle, /cycle: node \d \(Add\) and node \d \(Add\) need each other's outputs/);
    const self = await warningOf(withGraph({ node: [node('Add', ['x', 'y'], ['y'])] }));
    assert.match(self, /node 0 \(Add\) needs its own output/);
    const missing = await warningOf(withGraph({ node: [node('Add', ['x', 'ghost'], ['y'], { name: 'n' })] }));
    assert.match(missing, /^Node 0 \(Add "n"\) reads "ghost", which no node, input or initializer provides/);
    const twice = await warningOf(
      withGraph({ node: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])] }),
    );
    assert.match(twice, /"y" is made twice, by node 0 \(Relu\) and node 1 \(Neg\)/);
    const names = await warningOf(
      withGraph({
        node: [node('Relu', ['x'], ['h'], { name: 'n' }), node('Neg', ['h'], ['y'], { name: 'n' })],
      }),
    );
    assert.match(names, /name "n" is used by node 0 \(Relu "n"\) and node 1/);
    const order = await warningOf(
      withGraph({ node: [node('Neg', ['h'], ['y']), node('Relu', ['x'], ['h'])] }),
    );
    assert.match(order, /reads "h" before node 1 \(Relu\) makes it/);
    const output = await warningOf(withGraph({ node: [node('Relu', ['x'], ['h'])] }));
    assert.match(output, /names "y" as an output, but nothing makes it/);
    const twoWeights = await warningOf(withGraph({ initializer: [floats('w', [3]), floats('w', [3])] }));
    assert.match(twoWeights, /Two initializers of the graph are named "w"/);
  });

  it('opens a graph without nodes, and one without opset', async () => {
    const empty = await read(modelOf({ name: 'none', input: [info('x')], output: [info('x')] }));
    assert.match(empty.warnings[0]?.message ?? '', /has no nodes, so it computes nothing/);
    const nothing = await failureOf(read(modelOf({ name: 'none' })));
    assert.match(nothing.message, /whose graph is empty: it has no nodes, .* Check what was exported/);
    assert.equal(buildGraphModel(empty, buildScopes(empty)).nodes.count, 2);
    const none = encode({ graph: create(GraphProtoSchema, plain()), opsetImport: [] });
    assert.match(await warningOf(none), /does not say which opset/);
    const foreign = await warningOf(withGraph({ node: [node('Magic', ['x'], ['y'], { domain: 'acme' })] }));
    assert.match(foreign, /domain "acme", first at node 0 \(Magic\)/);
  });

  it('tells of functions that call themselves, at once or through others', async () => {
    const opsetImport = [
      { domain: '', version: 17n },
      { domain: 'my', version: 1n },
    ];
    const calling = (calls: Readonly<Record<string, string>>): Uint8Array =>
      modelOf(
        { ...plain(), initializer: [], node: [node('F', ['x'], ['y'], { domain: 'my' })] },
        {
          opsetImport,
          functions: Object.entries(calls).map(([name, called]) => ({
            name,
            domain: 'my',
            input: ['a'],
            output: ['b'],
            node: [node(called, ['a'], ['b'], { domain: called === 'Relu' ? '' : 'my' })],
            opsetImport,
          })),
        },
      );
    assert.match(
      await warningOf(calling({ F: 'F' })),
      /The function "my:F" calls itself, so it would never end/,
    );
    assert.match(
      await warningOf(calling({ F: 'G', G: 'H', H: 'G' })),
      /The function "my:G" calls itself through "my:H",/,
    );
    assert.deepEqual((await read(calling({ F: 'G', G: 'H', H: 'Relu' }))).warnings, []);
  });

  it('opens a model whose bodies are nested a thousand deep, down to a limit', async () => {
    // Wrapped by hand from the inside out: encoders run out of stack on such a model.
    const field = (number: number, bytes: Uint8Array): Uint8Array => {
      const length: number[] = [];
      let rest = bytes.length;
      for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
      return Uint8Array.from([(number << 3) | 2, ...length, rest, ...bytes]);
    };
    const text = (number: number, value: string): Uint8Array => field(number, Buffer.from(value));
    const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
    let graph = field(1, join(text(1, 'x'), text(2, 'out'), text(4, 'Relu')));
    for (let depth = 0; depth < 1000; depth++) {
      const body = field(5, join(text(1, 'then_branch'), field(6, graph), Uint8Array.of(0xa0, 1, 5)));
      graph = field(1, join(text(1, 'x'), text(2, 'out'), text(4, 'If'), body));
    }
    const bytes = join(
      Uint8Array.of(8, 10),
      field(7, join(graph, field(11, text(1, 'x')))),
      field(8, Uint8Array.of(16, 20)),
    );
    const skeleton = await read(bytes);
    const message = skeleton.warnings.find(({ message: text }) => /nested more than 64 deep/.test(text));
    assert.ok(message !== undefined);
    assert.equal(skeleton.nodes.length, 65);
    buildGraphModel(skeleton, buildScopes(skeleton));
  });

  it('lists ten warnings of a kind and counts the rest', async () => {
    const nodes = Array.from({ length: 50 }, (_unused, i) =>
      node('Add', ['x', `ghost${i}`], [i === 0 ? 'y' : `v${i}`]),
    );
    const skeleton = await read(withGraph({ node: nodes }));
    assert.equal(skeleton.warnings.length, 11);
    assert.match(skeleton.warnings[10]?.message ?? '', /And 40 more: inputs that nothing makes/);
  });

  it('keeps names like __proto__ harmless', async () => {
    const skeleton = await read(
      withGraph({
        node: [
          node('Relu', ['x'], ['y'], {
            name: '__proto__',
            metadataProps: [
              { key: '__proto__', value: 'x' },
              { key: 'constructor', value: 'y' },
            ],
          }),
        ],
      }),
    );
    assert.equal(Object.getPrototypeOf(skeleton.graph.nodes[0]?.metadata), Object.prototype);
    buildGraphModel(skeleton, buildScopes(skeleton));
  });
});

describe('bad files on disk', () => {
  let dir = '';
  before(() => (dir = mkdtempSync(joinPath(tmpdir(), 'patchclamp-'))));
  after(() => rmSync(dir, { recursive: true }));

  const warnings = async (file: string): Promise<Skeleton> => {
    const model = await openLocal(file);
    await model.source.close();
    return model.skeleton;
  };

  it('says so when a file does not exist or is a folder', async () => {
    assert.match(
      (await failureOf(openLocal(joinPath(dir, 'none.onnx')))).message,
      /does not exist\. Check the path/,
    );
    assert.match((await failureOf(openLocal(dir))).message, /is a folder/);
    assert.equal((await failureOf(openLocal('/dev/null'))).code, 'file-unreadable');
  });

  it('follows a link to the model, and finds the data beside the real file', async () => {
    mkdirSync(joinPath(dir, 'blobs'));
    writeFileSync(joinPath(dir, 'blobs', 'model'), withWeight(externalTensor('w', [3], 'w.bin')));
    writeFileSync(joinPath(dir, 'blobs', 'w.bin'), new Uint8Array(12));
    symlinkSync(joinPath(dir, 'blobs', 'model'), joinPath(dir, 'model.onnx'));
    const skeleton = await warnings(joinPath(dir, 'model.onnx'));
    assert.deepEqual(skeleton.warnings, []);
    assert.equal(skeleton.graph.initializers.get('w')?.where.kind, 'file');
  });

  it('refuses external data that is a link, or lies behind one', async () => {
    writeFileSync(joinPath(dir, 'outside.bin'), new Uint8Array(12));
    mkdirSync(joinPath(dir, 'in'));
    mkdirSync(joinPath(dir, 'elsewhere'));
    writeFileSync(joinPath(dir, 'elsewhere', 'w.bin'), new Uint8Array(12));
    symlinkSync(joinPath(dir, 'outside.bin'), joinPath(dir, 'in', 'link.bin'));
    symlinkSync(joinPath(dir, 'elsewhere'), joinPath(dir, 'in', 'folder'));
    for (const location of ['link.bin', 'folder/w.bin']) {
      writeFileSync(joinPath(dir, 'in', 'model.onnx'), withWeight(externalTensor('w', [3], location)));
      const skeleton = await warnings(joinPath(dir, 'in', 'model.onnx'));
      assert.match(skeleton.warnings[0]?.message ?? '', /is reached through a symbolic link/);
      assert.equal(skeleton.graph.initializers.get('w')?.where.kind, 'missing');
    }
  });
});
