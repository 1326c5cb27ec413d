/** From lines to nodes: shared lines, calls on one line, modules that hold others, and what a disk gives back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { LinkTable } from '../../../src/contract/link';
import type { ScopeTree } from '../../../src/contract/scopes';
import { LineIndex, type LineEntry } from '../../../src/editor/lineIndex';
import { openLocal } from '../../../src/onnx/files';
import { buildScopes } from '../../../src/onnx/scopes';
import { linkModel } from '../../../src/source/linkModel';

const FILE = 'model.py';
const text = readFileSync('media/samples/digits/model.py', 'utf8');

function lineOf(part: string): number {
  const at = text.split('\n').findIndex((line) => line.includes(part));
  assert.ok(at >= 0, part);
  return at + 1;
}

function columnOf(part: string, word: string): number {
  return (text.split('\n')[lineOf(part) - 1] ?? '').indexOf(word);
}

function within({ scopes }: ScopeTree, path: string): number[] {
  return scopes
    .filter((scope) => scope.path === path || scope.path.startsWith(`${path}.`))
    .flatMap(({ nodes }) => nodes)
    .sort((a, b) => a - b);
}

describe('the index from lines to nodes', () => {
  let table: LinkTable;
  let scopes: ScopeTree;
  let index: LineIndex;
  before(async () => {
    const { skeleton, source } = await openLocal('media/samples/digits/digits.onnx');
    await source.close();
    scopes = buildScopes(skeleton);
    table = await linkModel(skeleton, scopes, {
      list: () => Promise.resolve([FILE]),
      read: () => Promise.resolve(text),
    });
    index = LineIndex.of(table, (path) => within(scopes, path));
  });

  const at = (part: string, word: string): LineEntry => {
    const [entry] = index.at(FILE, lineOf(part), columnOf(part, word) + 1);
    assert.ok(entry !== undefined, `${part} at ${word}`);
    return entry;
  };

  it('tells several calls on one line apart by the column', () => {
    const line = 'return self.norm(self.conv(x))';
    const [norm, conv] = [at(line, 'norm'), at(line, 'conv')];
    assert.ok(norm.claim.place.column < conv.claim.place.column);
    assert.equal(norm.nodes.filter((id) => conv.nodes.includes(id)).length, 0);
  });

  it('gives one place for all modules that share a line', () => {
    const { nodes } = at('return self.norm(self.conv(x))', 'conv');
    const paths = new Set(nodes.map((id) => scopes.scopes[scopes.scopeOf[id] ?? 0]?.path));
    assert.ok(paths.size >= 9, [...paths].join());
  });

  it('knows the call of a module that only holds others', () => {
    const stem = at('x = self.stem(image)', 'stem');
    assert.deepEqual([stem.kind, stem.modules, stem.confidence], ['call', ['stem'], 'inferred']);
    assert.deepEqual(stem.nodes, within(scopes, 'stem'));
    const stages = at('x = stage(x)', 'stage');
    assert.deepEqual(stages.modules, ['stages.0', 'stages.1', 'stages.2']);
    const conv = at('return self.pool(F.relu(self.conv(image)))', 'conv');
    assert.deepEqual(conv.modules, ['stem.conv']);
  });

  it('leaves the calls that nodes name themselves to the nodes', () => {
    const pool = at('return self.pool(F.relu(self.conv(image)))', 'pool');
    assert.deepEqual(pool.modules, []);
    assert.equal(pool.nodes.length, 1);
  });

  it('is the same when it comes back from a disk', () => {
    const entries = JSON.parse(JSON.stringify(index.entries)) as LineEntry[];
    const back = LineIndex.from(entries);
    assert.deepEqual(back.inFile(FILE), index.inFile(FILE));
    assert.deepEqual([...back.files], [...index.files]);
  });
});
