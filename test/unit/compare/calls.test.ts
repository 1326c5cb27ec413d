/** Modules that are called more than once, under the names that the two exporters give to later calls. */
import assert from 'node:assert/strict';
import { byCall, callsIn, outputsOfCalls } from '../../../src/compare/calls';
import type { Modules } from '../../../src/compare/modules';

/** A tree from paths, each below the one before its last dot that is there; a node directly in each. */
function treeOf(...paths: readonly string[]): Modules {
  const all = ['', ...paths];
  const parentOf = (path: string): number => {
    for (let at = path; at.includes('.');) {
      at = at.slice(0, at.lastIndexOf('.'));
      if (all.includes(at)) return all.indexOf(at);
    }
    return 0;
  };
  const scopes = all.map((path, id) => ({ id, parent: id === 0 ? -1 : parentOf(path), path }));
  return { scopes, scopeOf: Int32Array.from(all.keys()) };
}

/** Where the node directly in `path` is now, from the root on. */
function placeOf(before: Modules, after: Modules, path: string): string[] {
  const at = before.scopes.findIndex((scope) => scope.path === path);
  const way: string[] = [];
  for (let id = after.scopeOf[at] ?? 0; id > 0; id = after.scopes[id]?.parent ?? 0)
    way.unshift(after.scopes[id]?.path ?? '');
  return way;
}

describe('calls of a module', () => {
  it('are counted by what was recorded', () => {
    assert.deepEqual(
      [...callsIn(['a', 'a.b', 'a.b@1', 'a@1', 'a.b@2', 'c'])],
      [
        ['a', 2],
        ['a.b', 3],
        ['c', 1],
      ],
    );
  });

  // Names of an exported AlbertForSequenceClassification, whose one layer is called twice.
  it('are put together from what the older exporter writes one by one', () => {
    const tree = treeOf(
      'g',
      'g.layer',
      'g.layer.attn',
      'g.layer.attn.norm',
      'g.layer.attn_1',
      'g.layer.attn.norm_1',
    );
    const recorded = ['g', 'g.layer', 'g.layer.attn', 'g.layer.attn.norm'];
    const calls = callsIn(recorded.flatMap((path) => [path, `${path}@1`]));
    const split = byCall(tree, calls);
    const inner = placeOf(tree, split, 'g.layer.attn.norm_1');
    assert.deepEqual(inner, ['g@1', 'g.layer@1', 'g.layer.attn@1', 'g.layer.attn.norm@1']);
    assert.deepEqual(placeOf(tree, split, 'g.layer.attn_1'), inner.slice(0, 3));
    assert.deepEqual(placeOf(tree, split, 'g.layer.attn.norm'), recorded);
  });

  it('belong to the call around them by how often each was called', () => {
    const tree = treeOf('a', 'a.b', 'a.b_1', 'a.b_2', 'a.b_3', 'a_1');
    const calls = callsIn(['a', 'a@1', 'a.b', 'a.b@1', 'a.b@2', 'a.b@3']);
    const split = byCall(tree, calls);
    assert.deepEqual(placeOf(tree, split, 'a.b_1'), ['a', 'a.b@1']);
    assert.deepEqual(placeOf(tree, split, 'a.b_2'), ['a@1', 'a.b@2']);
    assert.deepEqual(placeOf(tree, split, 'a.b_3'), ['a@1', 'a.b@3']);
  });

  it('are not taken from modules that are named so', () => {
    const tree = treeOf('conv', 'conv_1', 'norm_1');
    assert.equal(byCall(tree, callsIn(['conv', 'conv@1', 'conv_1', 'norm_1'])), tree);
    assert.equal(byCall(tree, callsIn(['conv'])), tree);
  });

  it('give what the model has for each, wherever it writes which call it is', () => {
    const model = new Map([
      ['a.b', ['first']],
      ['a@1.b', ['second']],
      ['c', ['one', 'two']],
      ['d', ['last']],
      ['e', ['only']],
    ]);
    const calls = callsIn(['a', 'a@1', 'a.b', 'a.b@1', 'c', 'c@1', 'd', 'd@1', 'e']);
    const given = outputsOfCalls(model, calls);
    const said = (...paths: string[]): unknown[] => paths.map((path) => given(path).join(' '));
    assert.deepEqual(said('a.b', 'a.b@1'), ['first', 'second']);
    // The model holds both calls as one module: what leaves it is told apart, or is the last one's.
    assert.deepEqual(said('c', 'c@1', 'd', 'd@1', 'e', 'f'), ['one', 'two', '', 'last', 'only', '']);
  });
});
