import assert from 'node:assert/strict';
import { ValueIndex, siteText } from '../../../src/editor/valueIndex';
import { parseSite } from '../../../src/onnx/site';
import { read } from '../onnx/memory';
import { floats, graphAttribute, info, modelOf, node, type GraphInit } from '../onnx/seeds';

/** A branch that adds its own `W` to `x`, and gives `h` out. */
function branch(values: number[]): GraphInit {
  return {
    name: 'branch',
    node: [node('Add', ['x', 'W'], ['h'])],
    initializer: [floats('W', [2, 3], values)],
    output: [info('h')],
  };
}

function twoBranches(): Uint8Array {
  return modelOf({
    name: 'g',
    node: [
      node('Relu', ['x'], ['r']),
      node('If', ['c'], ['h'], {
        attribute: [
          graphAttribute('then_branch', branch([1, 1, 1, 1, 1, 1])),
          graphAttribute('else_branch', branch([2, 2, 2, 2, 2, 2])),
        ],
      }),
    ],
    input: [info('x'), info('c', [], 9)],
    output: [info('h'), info('r')],
  });
}

describe('values and weights of bodies', () => {
  it('keep two branches’ weights of one name apart', async () => {
    const names = new ValueIndex(await read(twoBranches()));
    const weights = [...names.weights()];
    assert.equal(weights.length, 2);
    const keys = weights.map((ref) => names.keyOf(ref));
    assert.notEqual(keys[0], keys[1]);
    assert.deepEqual(
      keys.map((key) => names.weightNamed(key)),
      weights,
    );
  });

  it('have addresses of their own, also where the main graph has a value of their name', async () => {
    const skeleton = await read(twoBranches());
    for (const graph of ['', 'n1.then_branch', 'n1.else_branch']) {
      const site = parseSite(skeleton, siteText({ name: 'h', graph }));
      assert.deepEqual([site.graph, site.value], [graph, 'h']);
    }
    const names = new ValueIndex(skeleton);
    assert.deepEqual(
      ['h', 'x', 'W', 'n1.then_branch/h'].map((name) => names.isTop(name)),
      [true, true, false, false],
    );
  });

  it('are found behind a copy that an exporter makes for another reader, and none behind copies in a ring', async () => {
    const copies = modelOf({
      name: 'g',
      node: [
        node('Identity', ['W'], ['W_copy']),
        node('Identity', ['b'], ['a']),
        node('Identity', ['a'], ['b']),
        node('Add', ['x', 'W_copy'], ['s']),
        node('Add', ['s', 'a'], ['y']),
      ],
      initializer: [floats('W', [3], [1, 2, 3])],
      input: [info('x')],
      output: [info('y')],
    });
    const skeleton = await read(copies);
    const names = new ValueIndex(skeleton);
    const [first, second] = skeleton.nodes.filter(({ op }) => op === 'Add');
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(names.weight(first, 'W_copy')?.name, 'W');
    assert.equal(names.weight(first, 'x'), undefined);
    assert.equal(names.weight(second, 'a'), undefined);
  });

  it('tell who makes and uses a value inside each graph', async () => {
    const names = new ValueIndex(await read(twoBranches()));
    const paths = ['n1.then_branch', 'n1.else_branch'];
    assert.equal(names.producer('h')?.op, 'If');
    for (const path of paths) {
      assert.equal(names.producer('h', path)?.graph, path);
      assert.deepEqual(
        names.consumers('W', path).map(({ graph }) => graph),
        [path],
      );
    }
    assert.equal(names.consumers('W').length, 0, 'the main graph has no W');
    assert.equal(names.consumers('x').length, 3, 'bodies see the values around them');
  });
});
