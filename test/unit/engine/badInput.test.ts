/** Bad input to the engine: one clear sentence each that says what is wrong, where, and what to do; and it lives on. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { isFailure } from '../../../src/base/errors';
import type { FailureCode } from '../../../src/base/errors';
import type { Intervention, RunRequest } from '../../../src/contract/run';
import { call, floats, info, model, modelWith, node, tensor, tinyModel } from './models';
import { testEngine } from './testEngine';

const RELU = {
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [info('x', 'float32', [1, 3])],
  outputs: [info('y', 'float32', [1, 3])],
};

describe('bad input to the engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-bad-'));
  const api = testEngine({ sessionBudget: 1 << 24, tensorBudget: 1 << 24 });
  let count = 0;

  after(() => rmSync(folder, { recursive: true }));

  const save = (bytes: Uint8Array): string => {
    const file = join(folder, `${String(count++)}.onnx`);
    writeFileSync(file, bytes);
    return file;
  };
  const refuses = async (
    bytes: Uint8Array,
    request: Partial<RunRequest>,
    code: FailureCode,
    sentence: RegExp,
  ): Promise<void> => {
    const { id } = await api.open(save(bytes));
    await assert.rejects(api.run(id, { feeds: {}, capture: [], ...request }), (error) => {
      assert.ok(isFailure(error), String(error));
      assert.deepEqual([error.code, sentence.test(error.message)], [code, true], error.message);
      return true;
    });
  };
  const tiny = (request: Partial<RunRequest>, code: FailureCode, sentence: RegExp): Promise<void> =>
    refuses(tinyModel(), request, code, sentence);

  it('names a missing input and what to feed it', () =>
    tiny({}, 'bad-feed', /^The input "x" was not given\. Feed it float32 n×3\.$/));

  it('names an input the model has not, and the nearest it has', () =>
    tiny({ feeds: { X: floats([1, 3], 0) } }, 'bad-feed', /no input "X"\. Did you mean "x"\?/));

  it('says that a file is of a newer format, or of a newer opset, than the runtime knows', async () => {
    const { ir, opset } = { ir: fromBinary(ModelProtoSchema, tinyModel()), opset: model(RELU, 99) };
    ir.irVersion = 99n;
    const feeds = { x: floats([1, 3], 0) };
    await refuses(
      toBinary(ModelProtoSchema, ir),
      { feeds },
      'unsupported',
      /^The model says version 99 of ONNX's file format \(ir_version\); .* up to (\d+)\. Set ir_version to \1 when/,
    );
    await refuses(
      opset,
      { feeds },
      'unsupported',
      /^The model says opset 99 of ai\.onnx; .* Export it again/,
    );
  });

  it('says which type and shape an input takes', async () => {
    const wrongType = { dtype: 'int64' as const, dims: [1, 3], data: new BigInt64Array(3) };
    await tiny(
      { feeds: { x: wrongType } },
      'bad-feed',
      /"x" takes float32 n×3, but int64 1×3 was given: the type/,
    );
    await tiny(
      { feeds: { x: floats([3], 0) } },
      'bad-feed',
      /but float32 3 was given: the number of axes differs/,
    );
    await tiny({ feeds: { x: floats([1, 4], 0) } }, 'bad-feed', /axis 1 must be 3/);
    const short = { dtype: 'float32' as const, dims: [2, 3], data: new Float32Array(5) };
    await tiny({ feeds: { x: short } }, 'bad-feed', /it holds 5 elements/);
  });

  it('names an output the model has not', () =>
    tiny({ outputs: ['z'] }, 'usage', /no output "z"\. Its outputs are y\./));

  it('holds a value at no number that its type cannot hold, and says what can be done with int8', async () => {
    const bytes = model({
      nodes: [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']),
        node('DequantizeLinear', ['q', 's', 'z'], ['y']),
      ],
      inputs: [info('x', 'float32', [1, 3])],
      outputs: [info('y', 'float32', [1, 3])],
      weights: [
        tensor('s', { dtype: 'float32', dims: [], data: Float32Array.of(0.5) }),
        tensor('z', { dtype: 'int8', dims: [], data: Int8Array.of(0) }),
      ],
    });
    const feeds = { x: floats([1, 3], 0) };
    const refused = (intervention: Intervention, sentence: RegExp): Promise<void> =>
      refuses(bytes, { feeds, interventions: [intervention] }, 'bad-intervention', sentence);
    const set = (site: string, value: number): Intervention => ({ kind: 'set', site, value });
    for (const value of [300, -129, 1.5, NaN, Infinity])
      await refused(set('q', value), /"q" is int8, which cannot hold .* whole numbers from -128 to 127\.$/);
    await refused(set('y', 1e39), /"y" is float32, which cannot hold 1e\+39\. Numbers up to 3\.40/);
    await refused(
      { kind: 'scale', site: 'q', factor: 2 },
      /to scale it would round or wrap around\. Use set/,
    );
    const single = { dtype: 'float64', dims: [], data: Float64Array.of(4) } as const;
    await refused({ kind: 'add', site: 'q', value: single }, /to add to it would round or wrap around/);
    const { id } = await api.open(save(bytes));
    const replaced = await api.run(id, {
      feeds,
      capture: ['q'],
      interventions: [{ kind: 'replace', site: ' q ', value: single }],
    });
    assert.deepEqual([replaced.captures[0]?.dtype, replaced.captures[0]?.summary?.mean], ['int8', 4]);
    const rounded = { dtype: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } as const;
    await refused(
      { kind: 'replace', site: 'q', value: rounded },
      /is int8, but float32 was given\. Give int8/,
    );
  });

  it('intervenes at no value as it was before interventions', () =>
    tiny(
      { feeds: { x: floats([1, 3], 0) }, interventions: [{ kind: 'set', site: 'h#0!raw', value: 1 }] },
      'bad-intervention',
      /^"h#0!raw" is the value as it was before interventions.*Intervene at "h#0"\.$/,
    ));

  it('takes NaN and infinities, and counts them', async () => {
    const { id } = await api.open(save(tinyModel()));
    const data = Float32Array.of(NaN, Infinity, -Infinity, 3, 4, 5);
    const { captures, check } = await api.run(id, {
      feeds: { x: { dtype: 'float32', dims: [2, 3], data } },
      capture: ['d'],
    });
    assert.deepEqual([captures[0]?.summary?.nan, captures[0]?.summary?.inf, check], [1, 2, 'equal']);
  });

  it('names the node and operator the runtime has not', async () => {
    const io = { inputs: [info('x', 'float32', [2])], outputs: [info('y', 'float32', [2])] };
    await refuses(
      model({ nodes: [node('NoSuchOp', ['x'], ['y'])], ...io }),
      { feeds: { x: floats([2], 0) } },
      'unsupported',
      /no operator NoSuchOp in version 17: node 0 \(NoSuchOp "NoSuchOp_y"\)\. .*can be looked at but not run/,
    );
    await refuses(
      modelWith([], { nodes: [call('Custom', ['x'], ['y'])], ...io }),
      { feeds: { x: floats([2], 0) } },
      'unsupported',
      /no operator Custom of "pc" in version 1: node 0 .*Custom operators need a library/,
    );
  });

  it('runs what lies before an operator that the runtime has not, and says what it was not compared with', async () => {
    const { id } = await api.open(
      save(
        modelWith([], {
          nodes: [node('Relu', ['x'], ['h']), call('Custom', ['h'], ['m']), node('Neg', ['m'], ['y'])],
          inputs: [info('x', 'float32', ['n'])],
          outputs: [info('y', 'float32', ['n'])],
        }),
      ),
    );
    const feeds = { x: floats([2], -1) };
    const interventions: Intervention[] = [{ kind: 'set', site: 'h#0', value: 4 }];
    const { captures, check, notes } = await api.run(id, {
      feeds,
      capture: ['h'],
      interventions,
      outputs: [],
    });
    assert.deepEqual([...(await api.tensor(captures[0]?.handle ?? '')).data], [4, 0]);
    assert.equal(check, 'not-comparable');
    assert.match(notes.join(), /^No output of the model can be computed here with these inputs/);
    // Another question of the same model and feeds.
    const again = await api.run(id, { feeds, capture: ['h', 'x'], outputs: [] });
    assert.equal(again.check, 'not-comparable');
    // As many places as are asked about first, whether they fit in memory.
    const many = await api.run(id, { feeds: { x: floats([600], 0) }, capture: ['h'], outputs: [] });
    assert.deepEqual(many.captures[0]?.dims, [600]);
    const known = (await api.infer(id)).map(({ name }) => name);
    assert.deepEqual(known, ['h']);
    for (const request of [
      { capture: ['m'], outputs: [] },
      { capture: ['h'], outputs: [], interventions: [{ kind: 'scale', site: 'm', factor: 2 }] as const },
      { capture: ['h'] },
    ])
      await assert.rejects(api.run(id, { feeds, ...request }), {
        code: 'unsupported',
        message: /no operator Custom of "pc" .* values before that node can be recorded without the outputs/,
      });
  });

  it('asks for no input that the question does not need', async () => {
    const { id } = await api.open(
      save(
        model({
          nodes: [node('Relu', ['a'], ['h']), node('Neg', ['h'], ['y']), node('Add', ['h', 'b'], ['z'])],
          inputs: [info('a', 'float32', [2]), info('b', 'float32', [2])],
          outputs: [info('y', 'float32', [2]), info('z', 'float32', [2])],
        }),
      ),
    );
    const feeds = { a: floats([2], -1) };
    const inside = await api.run(id, { feeds, capture: ['h'], outputs: [] });
    assert.deepEqual([...(await api.tensor(inside.captures[0]?.handle ?? '')).data], [0, 0]);
    // One output can be computed: what was captured is held against it.
    assert.deepEqual([inside.check, inside.notes], ['equal', []]);
    const one = await api.run(id, { feeds, capture: ['h'], outputs: ['y'] });
    assert.equal(one.check, 'equal');
    await assert.rejects(api.run(id, { feeds, capture: ['h'] }), {
      message: /^The input "b" was not given\./,
    });
  });

  it('names the node at which a run stopped, and the shapes', async () => {
    const bytes = model({
      nodes: [node('Relu', ['x'], ['h']), node('MatMul', ['h', 'w'], ['y'])],
      inputs: [info('x', 'float32', ['n', 'k'])],
      outputs: [info('y', 'float32', ['n', 2])],
      weights: [tensor('w', floats([3, 2], 0))],
    });
    await refuses(
      bytes,
      { feeds: { x: floats([1, 4], 0) } },
      'runtime',
      /stopped at node 1 \(MatMul "MatMul_y"\)/,
    );
  });

  it('refuses a cycle and a missing input of a node with the runtime’s reason', async () => {
    const io = { inputs: [info('x', 'float32', [2])], outputs: [info('y', 'float32', [2])] };
    const feeds = { x: floats([2], 0) };
    const cycle = model({
      nodes: [node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b']), node('Neg', ['a'], ['y'])],
      ...io,
    });
    await refuses(
      cycle,
      { feeds },
      'runtime',
      /^Preparing .* failed: .* The file has a fault: The graph has a cycle: .* export the model again\./,
    );
    const loose = model({ nodes: [node('Add', ['x', 'nowhere'], ['y'])], ...io });
    await refuses(loose, { feeds }, 'runtime', /^Preparing .* failed: .*nowhere/);
  });

  it('does not choose between two nodes that make one value: it names both', async () => {
    const twice = model({
      nodes: [node('Neg', ['x'], ['y']), node('Abs', ['x'], ['y'])],
      inputs: [info('x', 'float32', [2])],
      outputs: [info('y', 'float32', [2])],
    });
    const sentence =
      /^The model cannot run: the value "y" is made twice, by node 0 \(Neg .*\) and node 1 \(Abs /;
    const feeds = { x: floats([2], 0) };
    await refuses(twice, { feeds }, 'bad-model', sentence);
    await refuses(twice, { feeds, capture: ['y'], outputs: [] }, 'bad-model', sentence);
  });

  it('says which opset the runtime does not know, without its signatures', async () => {
    const future = model({
      nodes: [node('Neg', ['x'], ['y'])],
      inputs: [info('x', 'float32', [2])],
      outputs: [info('y', 'float32', [2]), info('gone', 'float32', [2])],
    });
    const proto = fromBinary(ModelProtoSchema, future);
    for (const opset of proto.opsetImport) opset.version = 999n;
    const feeds = { x: floats([2], 0) };
    await refuses(
      toBinary(ModelProtoSchema, proto),
      { feeds, outputs: ['y'] },
      'unsupported',
      /^The model says opset 999 of ai\.onnx; the runtime knows those up to \d+\. Export it again/,
    );
    await refuses(
      future,
      { feeds },
      'runtime',
      /^Preparing \S+ failed: This is an invalid model\. Graph output/,
    );
  });

  it('refuses to run a file that changed since it was opened, and never writes to it', async () => {
    const file = save(tinyModel());
    const { id } = await api.open(file);
    utimesSync(file, new Date(), new Date(Date.now() + 5000));
    await assert.rejects(api.run(id, { feeds: { x: floats([1, 3], 0) }, capture: [] }), {
      code: 'file-unreadable',
      message: /has changed since it was opened\. Open it again\.$/,
    });
  });

  it('goes on after every one of them', async () => {
    const { id } = await api.open(save(tinyModel()));
    const result = await api.run(id, { feeds: { x: floats([1, 3], 0) }, capture: [] });
    assert.equal(result.outputs.length, 1);
  });
});
