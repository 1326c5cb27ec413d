/** Search, going back and forward, and what was open, without a screen. */
import assert from 'node:assert/strict';
import type { Openness } from '../../../webview/graph/openness';
import {
  initialOpenness,
  loadOpenness,
  saveOpenness,
  withOpen,
  withRepeat,
} from '../../../webview/graph/openness';
import { Finder, readPattern } from '../../../webview/graph/finder';
import { Journey, type Place } from '../../../webview/graph/journey';
import { Searching } from '../../../webview/graph/searching';
import { GraphBuilder } from '../../fixtures/layout/builder';
import { transformer } from '../../fixtures/layout/zoo';

describe('search', () => {
  it('finds nodes by name and operator and modules by path, as a pattern', () => {
    const model = transformer(2, true);
    const found = new Finder(model).find(readPattern('^Softmax$') ?? /-/);
    assert.equal(found.nodes.length, 2);
    const names = new Finder(model).find(readPattern('mlp/(up|down)') ?? /-/);
    assert.equal(names.nodes.length, 4);
    assert.deepEqual(
      new Finder(model)
        .find(readPattern('layers\\.1$') ?? /-/)
        .scopes.map((scope) => model.strings[model.scopes.path[scope] ?? 0]),
      ['layers.1'],
    );
  });

  it('finds the same whether a text is typed or there at once', () => {
    const model = transformer(3, true);
    const finder = new Finder(model);
    const typed = [
      's',
      'so',
      'soft',
      'softm',
      'sof',
      'S',
      'So',
      'Soft',
      'soft',
      'Softmax',
      'm',
      'mlp',
      'mlp/',
      'mlp/u',
    ];
    typed.push(
      'mlp/up',
      'lp/up',
      'l',
      'l.',
      'l.y',
      'ly',
      'layers\\.',
      'layers',
      'layers.1',
      'layers|s',
      'a',
      'at',
      'att',
      '',
    );
    for (const text of typed) {
      const pattern = readPattern(text) ?? /-/;
      assert.deepEqual(finder.find(pattern), new Finder(model).find(pattern), text);
    }
  });

  it('minds case only when the pattern does', () => {
    assert.ok(readPattern('softmax')?.test('Softmax'));
    assert.ok(readPattern('SoftMax')?.test('Softmax') === false);
  });

  it('says that a half-typed pattern is not valid yet and finds nothing', () => {
    const searching = new Searching();
    searching.use(transformer(1, false));
    searching.search('(mat');
    assert.equal(searching.invalid, true);
    assert.equal(searching.step(1, null), null);
    searching.search('(mat)');
    assert.equal(searching.invalid, false);
    assert.notEqual(searching.step(1, null), null);
  });

  it('steps through matches in file order and around the ends', () => {
    const searching = new Searching();
    searching.use(transformer(3, true));
    searching.search('^Softmax$');
    const first = searching.step(1, null);
    const second = searching.step(1, first);
    const third = searching.step(1, second);
    assert.ok((first ?? 0) < (second ?? 0) && (second ?? 0) < (third ?? 0));
    assert.equal(searching.step(1, third), first);
    assert.equal(searching.step(-1, first), third);
  });
});

describe('back and forward', () => {
  const open: Openness = {
    expanded: new Set(),
    foldRepeats: true,
    foldPlumbing: true,
    repeatShown: new Map(),
  };
  const place = (x: number): Place => ({ open, camera: { x, y: 0, zoom: 1 }, selection: { kind: 'none' } });

  it('goes back, forward, and forgets what lay ahead once one goes elsewhere', () => {
    const journey = new Journey();
    for (const x of [1, 2, 3]) journey.arrive(place(x));
    assert.equal(journey.go(-1)?.camera.x, 2);
    assert.equal(journey.go(1)?.camera.x, 3);
    journey.go(-1);
    journey.arrive(place(9));
    assert.equal(journey.canGoForward, false);
    assert.equal(journey.go(-1)?.camera.x, 2);
  });
});

describe('what is open', () => {
  it('is kept by path, so that a model exported anew finds it again', () => {
    const one = transformer(2, true);
    const other = transformer(3, false);
    const scope = one.scopes.path.findIndex((path) => one.strings[path] === 'layers.1');
    const again = loadOpenness(
      JSON.parse(JSON.stringify(saveOpenness(withOpen(initialOpenness(one), scope, true), one))),
      other,
    );
    const paths = [...(again?.expanded ?? [])].map((row) => other.strings[other.scopes.path[row] ?? 0]);
    assert.ok(paths.includes('layers.1'));
  });

  it('moves with the block that is shown of a folded run', () => {
    const model = transformer(3, true);
    const row = (path: string): number => model.scopes.path.findIndex((at) => model.strings[at] === path);
    const run = ['layers.0', 'layers.1', 'layers.2'].map(row);
    const open = withOpen(
      withOpen(initialOpenness(model), row('layers.0'), true),
      row('layers.0.attn'),
      true,
    );
    const moved = withRepeat(open, model, run, 2);
    assert.ok(moved.expanded.has(row('layers.2')) && moved.expanded.has(row('layers.2.attn')));
    assert.equal(moved.repeatShown.get(row('layers.0')), 2);
  });

  it('rejects a saved state that is none', () => {
    const model = new GraphBuilder().build();
    for (const saved of [null, 3, 'x', {}, { open: 'a' }])
      assert.equal(loadOpenness(saved, model), undefined);
  });
});

describe('search beyond the graph', () => {
  const model = transformer(2, true);
  const texts = {
    strings: ['axis=-1', 'model.py:42 return self.softmax(scores)'],
    attributes: Int32Array.from(model.nodes.op, (op) => (model.strings[op] === 'Softmax' ? 0 : -1)),
    source: Int32Array.from(model.nodes.op, (op) => (model.strings[op] === 'Softmax' ? 1 : -1)),
  };

  it('finds nodes by attribute and by their line of source', () => {
    const finder = new Finder(model, texts);
    for (const pattern of ['axis=-1', 'model\\.py:42', 'self\\.softmax'])
      assert.equal(finder.find(readPattern(pattern) ?? /-/).nodes.length, 2);
    assert.equal(new Finder(model).find(/axis=-1/).nodes.length, 0);
  });

  it('ignores texts of another model', () => {
    const other = transformer(3, true);
    assert.equal(new Finder(other, texts).find(/axis=-1/).nodes.length, 0);
  });
});
