/** Values that are unlike the others: of types with few numbers, stored sparsely, in loops that do not turn, no tensors. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, SparseTensorProtoSchema, TypeProtoSchema } from 'onnx-buf';
import type { Intervention, RunRequest, RunResult } from '../../../src/contract/run';
import type { TensorData } from '../../../src/contract/tensor';
import { runtimeFailure } from '../../../src/engine/child/failures';
import { floats, graph, info, model, node, tensor, tinyModel } from './models';
import { testEngine } from './testEngine';

describe('odd values', () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchclamp-odd-'));
  const api = testEngine({ sessionBudget: 1 << 24, tensorBudget: 1 << 24 });
  let count = 0;

  after(() => rmSync(folder, { recursive: true }));

  const open = async (bytes: Uint8Array): Promise<string> => {
    const file = join(folder, `${String(count++)}.onnx`);
    writeFileSync(file, bytes);
    return (await api.open(file)).id;
  };
  const run = (id: string, request: Partial<RunRequest>): Promise<RunResult> =>
    api.run(id, { feeds: {}, capture: [], ...request });
  const numbers = async ({ captures, outputs }: RunResult, site: string): Promise<number[]> => {
    const handle = [...captures, ...outputs].find((captured) => captured.site === site)?.handle;
    assert.ok(handle, `"${site}" was given out`);
    return Array.from((await api.tensor(handle)).data as ArrayLike<number | bigint>, Number);
  };
  const set = (site: string, value: number): Intervention => ({ kind: 'set', site, value });
  const bytes = (...values: number[]): TensorData => ({
    dtype: 'int8',
    dims: [values.length],
    data: Int8Array.from(values),
  });

  it('of 64 bits are set to no number that would wrap around', async () => {
    const io = { inputs: [info('x', 'int64', [2])], outputs: [info('y', 'int64', [2])] };
    const id = await open(
      model({
        nodes: [node('Cast', ['x'], ['u'], { to: 13 }), node('Cast', ['u'], ['y'], { to: 7 })],
        ...io,
      }),
    );
    const feeds = { x: { dtype: 'int64' as const, dims: [2], data: BigInt64Array.of(1n, 2n) } };
    const refused = (site: string, value: number, sentence: RegExp): Promise<void> =>
      assert.rejects(run(id, { feeds, interventions: [set(site, value)] }), {
        code: 'bad-intervention',
        message: sentence,
      });
    await refused(
      'y',
      2 ** 63,
      /"y" is int64, which cannot hold 9223372036854775808\. .* to 9223372036854774784\.$/,
    );
    await refused('u', 2 ** 64, /"u" is uint64, which cannot hold 18446744073709551616\./);
    await refused('u', -1, /"u" is uint64, which cannot hold -1\./);
    const least = await run(id, { feeds, interventions: [set('y', -(2 ** 63))] });
    assert.deepEqual(await numbers(least, 'y'), [-(2 ** 63), -(2 ** 63)]);
  });

  it('of four bits are fixed whole and in part, and held at what they can hold', async () => {
    const weights = [
      tensor('s', { dtype: 'float32', dims: [], data: Float32Array.of(0.5) }),
      tensor('w', { dtype: 'int4', dims: [4], data: Int8Array.of(1, -2, 3, -4) }),
    ];
    const proto = fromBinary(
      ModelProtoSchema,
      model(
        {
          nodes: [node('DequantizeLinear', ['w', 's'], ['d']), node('Mul', ['d', 'x'], ['y'])],
          inputs: [info('x', 'float32', [4])],
          outputs: [info('y', 'float32', [4])],
          weights,
        },
        21,
      ),
    );
    proto.irVersion = 10n;
    const id = await open(toBinary(ModelProtoSchema, proto));
    const feeds = { x: { dtype: 'float32' as const, dims: [4], data: Float32Array.of(2, 2, 2, 2) } };
    const changed = async (intervention: Intervention): Promise<number[]> => {
      const result = await run(id, { feeds, interventions: [intervention] });
      assert.equal(result.check, 'equal');
      return numbers(result, 'y');
    };
    assert.deepEqual(await changed(set('w#1', 7)), [1, 7, 3, -4]);
    assert.deepEqual(await changed(set('w', -8)), [-8, -8, -8, -8]);
    assert.deepEqual(await changed({ kind: 'replace', site: 'w', value: bytes(7, -7, 0, 1) }), [7, -7, 0, 1]);
    const refused = (intervention: Intervention, message: RegExp): Promise<void> =>
      assert.rejects(changed(intervention), { code: 'bad-intervention', message });
    await refused(set('w', 8), /"w" is int4, which cannot hold 8\. It takes whole numbers from -8 to 7\.$/);
    await refused(
      { kind: 'replace', site: 'w', value: bytes(8, 0, 0, 0) },
      /"w" is int4, which cannot hold 8\./,
    );
    await refused({ kind: 'scale', site: 'w', factor: 2 }, /"w" is int4: to scale it would round or wrap/);
  });

  it('of few floating numbers are set to none beyond the largest', async () => {
    const io = { inputs: [info('x', 'float32', [2])], outputs: [info('y', 'float32', [2])] };
    const through = (to: number): Uint8Array =>
      model(
        { nodes: [node('Cast', ['x'], ['b'], { to }), node('Cast', ['b'], ['y'], { to: 1 })], ...io },
        19,
      );
    for (const [to, most] of [
      [17, 448],
      [18, 240],
      [19, 57_344],
      [20, 57_344],
    ] as const) {
      const id = await open(through(to));
      const feeds = { x: floats([2], 1) };
      const result = await run(id, { feeds, interventions: [set('b', most)] });
      assert.deepEqual(await numbers(result, 'y'), [most, most]);
      await assert.rejects(run(id, { feeds, interventions: [set('b', most * 2)] }), {
        code: 'bad-intervention',
        message: new RegExp(`which cannot hold ${String(most * 2)}\\. Numbers up to ${String(most)} fit`),
      });
    }
  });

  it('that Node has no array for are changed where they come in', async () => {
    const id = await open(
      model({
        nodes: [node('Cast', ['x'], ['y'], { to: 1 })],
        inputs: [info('x', 'bfloat16', [2])],
        outputs: [info('y', 'float32', [2])],
      }),
    );
    // 1 and 2.
    const feeds = { x: { dtype: 'bfloat16' as const, dims: [2], data: Uint16Array.of(0x3f80, 0x4000) } };
    for (const [intervention, expected] of [
      [{ kind: 'scale', site: 'x', factor: 3 }, [3, 6]],
      [set('x#1', 5), [1, 5]],
      [set('x', 5), [5, 5]],
    ] as const) {
      const result = await run(id, { feeds, capture: ['x!raw'], interventions: [intervention] });
      assert.deepEqual([await numbers(result, 'y'), result.check], [expected, 'equal']);
      assert.deepEqual(await numbers(result, 'x!raw'), [1, 2]);
    }
  });

  it('that are stored sparsely are changed like others', async () => {
    const proto = fromBinary(
      ModelProtoSchema,
      model({
        nodes: [node('Add', ['x', 'w'], ['y'])],
        inputs: [info('x', 'float32', [3])],
        outputs: [info('y', 'float32', [3])],
      }),
    );
    const values = tensor('w', { dtype: 'float32', dims: [1], data: Float32Array.of(5) });
    const indices = tensor('', { dtype: 'int64', dims: [1], data: BigInt64Array.of(1n) });
    proto.graph?.sparseInitializer.push(create(SparseTensorProtoSchema, { values, indices, dims: [3n] }));
    const id = await open(toBinary(ModelProtoSchema, proto));
    const feeds = { x: floats([3], 0) };
    const changed = async (intervention: Intervention): Promise<number[]> => {
      const result = await run(id, { feeds, capture: ['w!raw'], interventions: [intervention] });
      assert.deepEqual([await numbers(result, 'w!raw'), result.check], [[0, 5, 0], 'equal']);
      return numbers(result, 'y');
    };
    assert.deepEqual(await changed({ kind: 'scale', site: 'w', factor: 2 }), [0, 11, 2]);
    assert.deepEqual(await changed(set('w#2', 7)), [0, 6, 9]);
    assert.deepEqual(await changed(set('w', 1)), [1, 2, 3]);
  });

  it('with names that mean something to JavaScript are values like others', async () => {
    const id = await open(
      model({
        nodes: [
          node('Neg', ['x'], ['__proto__']),
          node('Neg', ['__proto__'], ['constructor']),
          node('Neg', ['constructor'], ['toString']),
        ],
        inputs: [info('x', 'float32', [2])],
        outputs: [info('toString', 'float32', [2]), info('__proto__', 'float32', [2])],
      }),
    );
    const feeds = { x: floats([2], 1) };
    const names = ['__proto__', '__proto__#1', 'constructor', 'toString', 'x'];
    const plain = await run(id, { feeds, capture: names });
    const values = await Promise.all(names.map((name) => numbers(plain, name)));
    assert.deepEqual([values, plain.check], [[[-1, -2], [-2], [1, 2], [-1, -2], [1, 2]], 'equal']);
    const changes: Intervention[] = [set('__proto__', 5), set('__proto__#0', 5), set('constructor', 5)];
    const changed = await Promise.all(
      changes.map(async (intervention) =>
        numbers(await run(id, { feeds, interventions: [intervention] }), 'toString'),
      ),
    );
    assert.deepEqual(changed, [
      [5, 5],
      [5, -2],
      [-5, -5],
    ]);
  });

  it('of examples that an intervention changes are reduced one by one, and that is said', async () => {
    const id = await open(tinyModel());
    const stream = await api.stream(id, {
      reductions: [{ kind: 'moments', site: 'y' }],
      interventions: [set('h', 2)],
    });
    await api.push(
      stream,
      [0, 1, 2].map((from) => ({ x: floats([1, 3], from) })),
    );
    const { ridden, notes, reduced } = await api.reduced(stream);
    assert.deepEqual([ridden, notes], [1, ['With interventions, examples run one by one.']]);
    assert.ok(reduced[0]?.kind === 'moments' && reduced[0].mean[0] === 6 && reduced[0].std[0] === 0);
    api.endStream(stream);
  });

  it('of no example in particular are reduced one example at a time', async () => {
    const id = await open(
      model({
        nodes: [
          node('Neg', ['w'], ['bias']),
          node('Add', ['x', 'bias'], ['y']),
          node('Size', ['bias'], ['size']),
          node('Squeeze', ['bias'], ['line']),
        ],
        inputs: [info('x', 'float32', ['n', 3])],
        outputs: [info('y', 'float32', ['n', 3])],
        weights: [tensor('w', floats([1, 3], 1))],
      }),
    );
    // Three examples share a run after the first, and "line" has three elements by chance.
    const examples = [0, 1, 2, 3].map((from) => ({ x: floats([1, 3], from) }));
    for (const [site, mean] of [
      ['bias', -2],
      ['size', 3],
      ['line', -2],
    ] as const) {
      const stream = await api.stream(id, { reductions: [{ kind: 'moments', site }] });
      await api.push(stream, examples);
      const { examples: seen, ridden, notes, reduced } = await api.reduced(stream);
      assert.deepEqual([seen, ridden], [4, 1]);
      assert.deepEqual(notes, [`"${site}" has no row for each example. Examples ran one by one.`]);
      assert.ok(reduced[0]?.kind === 'moments' && reduced[0].mean[0] === mean, site);
      assert.equal(reduced[0].count[0], site === 'size' ? 4 : 12);
      api.endStream(stream);
    }
  });

  it('whose shape another intervention changes are not fixed in the shape they had', async () => {
    const id = await open(
      model({
        nodes: [
          node('Identity', ['shape'], ['size']),
          node('Expand', ['x', 'size'], ['wide']),
          node('ReduceSum', ['wide'], ['y'], { keepdims: 0 }),
        ],
        inputs: [info('x', 'float32', [1])],
        outputs: [info('y', 'float32', [])],
        weights: [tensor('shape', { dtype: 'int64', dims: [1], data: BigInt64Array.of(3n) })],
      }),
    );
    const feeds = { x: floats([1], 1) };
    const changed = (...interventions: Intervention[]): Promise<RunResult> =>
      run(id, { feeds, interventions });
    assert.deepEqual(await numbers(await changed(set('size', 5)), 'y'), [5]);
    assert.deepEqual(
      await numbers(await changed(set('size', 5), { kind: 'scale', site: 'wide', factor: 2 }), 'y'),
      [10],
    );
    for (const fixing of [set('wide', 2), set('wide@0=0', 2)]) {
      assert.equal((await changed(fixing)).check, 'equal');
      // The same size as before changes nothing.
      assert.equal((await changed(fixing, set('size', 3))).check, 'equal');
      await assert.rejects(changed(fixing, set('size', 5)), {
        code: 'bad-intervention',
        message: /is 3, and 5 once the other interventions are at work/,
      });
    }
    // What a run with it has recorded says nothing of the shape without.
    const recorded = await run(id, { feeds, capture: ['wide'], interventions: [set('size', 5)] });
    assert.deepEqual(recorded.captures[0]?.dims, [5]);
    assert.deepEqual(await numbers(await changed(set('wide', 2)), 'y'), [6]);
  });

  it('that are sequences are refused as what they are', async () => {
    const id = await open(
      model({
        nodes: [
          node('SequenceConstruct', ['x', 'x'], ['both']),
          node('ConcatFromSequence', ['both'], ['y'], { axis: 0 }),
        ],
        inputs: [info('x', 'float32', [2])],
        outputs: [info('y', 'float32', [4])],
      }),
    );
    await assert.rejects(run(id, { feeds: { x: floats([2], 0) }, interventions: [set('both', 1)] }), {
      code: 'bad-intervention',
      message: /^"both" is a sequence, a map or an optional, and only tensors can be changed\./,
    });
  });

  it('that are elements of a sequence are fed from the first on', async () => {
    const sequence = info('xs', 'float32', [2]);
    const proto = fromBinary(
      ModelProtoSchema,
      model({
        nodes: [node('ConcatFromSequence', ['xs'], ['y'], { axis: 0 })],
        inputs: [sequence],
        outputs: [info('y', 'float32', ['n'])],
      }),
    );
    const [input] = proto.graph?.input ?? [];
    assert.ok(input?.type !== undefined && sequence.type !== undefined);
    input.type = create(TypeProtoSchema, {
      value: { case: 'sequenceType', value: { elemType: sequence.type } },
    });
    const id = await open(toBinary(ModelProtoSchema, proto));
    const both = await run(id, { feeds: { 'xs[1]': floats([2], 5), 'xs[0]': floats([1], 1) } });
    assert.deepEqual(await numbers(both, 'y'), [1, 5, 6]);
    const refused = (feeds: RunRequest['feeds'], message: RegExp): Promise<void> =>
      assert.rejects(run(id, { feeds }), { code: 'bad-feed', message });
    await refused({ 'xs[1]': floats([2], 5) }, /^Elements of a sequence .* "xs\[0\]" was not given\./);
    await refused({ xs: floats([2], 5) }, /^The input "xs" is a sequence\. Feed its elements as "xs\[0\]"/);
  });

  it('in a loop that makes no iteration are not computed, and cannot be changed', async () => {
    const body = graph({
      nodes: [node('Identity', ['go'], ['going']), node('Add', ['acc', 'acc'], ['next'])],
      inputs: [info('i', 'int64', []), info('go', 'bool', []), info('acc', 'float32', ['n'])],
      outputs: [info('going', 'bool', []), info('next', 'float32', ['n'])],
    });
    const id = await open(
      model({
        nodes: [node('Loop', ['trips', '', 'x'], ['y'], { body })],
        inputs: [info('x', 'float32', ['n']), info('trips', 'int64', [])],
        outputs: [info('y', 'float32', ['n'])],
      }),
    );
    const trips = (n: bigint): TensorData => ({ dtype: 'int64', dims: [], data: BigInt64Array.of(n) });
    const none = { x: floats([2], 0), trips: trips(0n) };
    const { captures, notes } = await run(id, { feeds: none, capture: ['next#1'] });
    assert.equal(captures[0]?.handle, null);
    assert.deepEqual(notes, ['"next#1" was not computed: the loop around it made no iteration.']);
    await assert.rejects(run(id, { feeds: none, interventions: [set('next#1', 1)] }), {
      code: 'bad-intervention',
      message: /^"next" is not computed with these inputs: the loop around it makes no iteration\./,
    });
    const twice = { x: floats([2], 0), trips: trips(2n) };
    assert.deepEqual(await numbers(await run(id, { feeds: twice, capture: ['next#1'] }), 'next#1'), [2, 4]);
  });

  it('are asked for: a model without outputs gives those, and a run of nothing is refused', async () => {
    const id = await open(
      model({ nodes: [node('Neg', ['x'], ['y'])], inputs: [info('x', 'float32', [2])], outputs: [] }),
    );
    const feeds = { x: floats([2], 1) };
    const result = await run(id, { feeds, capture: ['y'], interventions: [set('x#0', 5)] });
    assert.deepEqual([await numbers(result, 'y'), result.check], [[-5, -2], 'equal']);
    await assert.rejects(run(id, { feeds }), {
      code: 'usage',
      message: / has no outputs\. Name a value to capture\.$/,
    });
    const tiny = await open(tinyModel());
    await assert.rejects(run(tiny, { feeds: { x: floats([1, 3], 0) }, outputs: [] }), {
      code: 'usage',
      message: /asks for no output .* and for no value/,
    });
  });

  it('ride in a sweep that scales them whole, though the file does not state their shape', async () => {
    const id = await open(tinyModel());
    const cells = [2, 3, 4].map((factor): Intervention[] => [{ kind: 'scale', site: 'h', factor }]);
    const swept = await api.sweep(id, { feeds: { x: floats([1, 3], 2) }, cells, read: ['y'] });
    assert.deepEqual([swept.ridden, swept.runs, swept.notes], [3, 1, []]);
    const { data } = await api.tensor(swept.cells[0]?.handle ?? '');
    assert.deepEqual([...data], [0, 6, 12, 0, 9, 18, 0, 12, 24]);
  });

  it('of a provider that has no device: the sentence names the provider, not the model', () => {
    const skeleton = { nodes: [], warnings: [] } as never;
    const said = new Error('Failed to get a WebGPU adapter: No supported adapters.');
    assert.match(
      runtimeFailure(said, skeleton, 'Preparing m.onnx').message,
      /^The execution provider webgpu cannot be used on this machine: Failed to get a WebGPU adapter/,
    );
  });
});
