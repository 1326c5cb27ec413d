import assert from 'node:assert/strict';
import type { Selection } from '../../../src/contract/hostApi';
import { selectionAfter } from '../../../src/editor/selectionAfter';
import { ValueIndex } from '../../../src/editor/valueIndex';
import { buildScopes } from '../../../src/onnx/scopes';
import { read } from '../onnx/memory';
import { info, modelOf, node, type NodeInit } from '../onnx/seeds';

async function version(nodes: NodeInit[], inputs: string[], outputs: string[]) {
  const skeleton = await read(
    modelOf({
      name: 'g',
      node: nodes,
      input: inputs.map((x) => info(x)),
      output: outputs.map((x) => info(x)),
    }),
  );
  return { skeleton, scopes: buildScopes(skeleton), names: new ValueIndex(skeleton) };
}

describe('a selection, after the file changed', () => {
  it('is the same thing by its name, wherever it stands now, or nothing', async () => {
    const named = (op: string, from: string, to: string): NodeInit =>
      node(op, [from], [to], { name: `/body/${to}/${op}` });
    const before = await version([named('Relu', 'x', 'a'), named('Tanh', 'a', 'b')], ['x'], ['b', 'a']);
    const now = await version(
      [named('Neg', 'w', 'v'), named('Relu', 'v', 'a'), named('Sigmoid', 'a', 'b')],
      ['w', 'x'],
      ['a'],
    );
    const after = (selection: Selection): Selection => selectionAfter(selection, before, now);
    const none = { kind: 'none' } as const;
    assert.deepEqual(after({ kind: 'node', id: 0 }), { kind: 'node', id: 1 });
    assert.deepEqual(after({ kind: 'node', id: 1 }), none, 'another operator makes b');
    assert.deepEqual(after({ kind: 'node', id: -1 }), { kind: 'node', id: -2 }, 'x is the second input');
    assert.deepEqual(after({ kind: 'node', id: -1_000_002 }), { kind: 'node', id: -1_000_001 });
    assert.deepEqual(after({ kind: 'node', id: -1_000_001 }), none, 'b is no output any more');
    assert.deepEqual(after({ kind: 'value', name: 'a' }), { kind: 'value', name: 'a' });
    assert.deepEqual(selectionAfter({ kind: 'value', name: 'v' }, now, before), none);
    const scope = before.scopes.scopes.at(-1)?.path ?? '';
    assert.deepEqual(selectionAfter({ kind: 'scope', path: scope }, before, before), {
      kind: 'scope',
      path: scope,
    });
    assert.deepEqual(after({ kind: 'scope', path: 'gone' }), none);
  });
});
