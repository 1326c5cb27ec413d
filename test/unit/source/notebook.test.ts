/** A notebook as one file: cells in order, magics out of the way, lines carried over and back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { LinkTable, NodeLink, SourcePlace } from '../../../src/contract/link';
import type { Skeleton } from '../../../src/contract/skeleton';
import { openLocal } from '../../../src/onnx/files';
import { readOutline } from '../../../src/source/python/outline';
import { cellAt, codeCells, notebookText } from '../../../src/source/notebook';
import { link, rootOf } from './fixtures';

const NOTEBOOK = JSON.stringify({
  metadata: { kernelspec: { language: 'python' } },
  cells: [
    { cell_type: 'markdown', source: ['# Title\n', 'words'] },
    { cell_type: 'code', source: ['%matplotlib inline\n', 'import torch\n', '!pip list'] },
    { cell_type: 'code', source: 'class Net(nn.Module):\n    def forward(self, x):\n        return x\n' },
    { cell_type: 'code', source: ['%%bash\n', 'class Not(nn.Module): pass'] },
    { cell_type: 'code', source: ['%%time\n', 'net = Net()'] },
  ],
});

describe('a notebook as source', () => {
  const cells = codeCells(NOTEBOOK);
  const whole = notebookText(cells);

  it('keeps code cells with their places among all cells', () => {
    assert.deepEqual(
      cells.map(({ index }) => index),
      [1, 2, 3, 4],
    );
  });

  it('turns magics into comments of the same length', () => {
    const lines = whole.text.split('\n');
    assert.equal(lines[0], '#matplotlib inline');
    assert.equal(lines[2], '#pip list');
    assert.ok(lines.includes('#lass Not(nn.Module): pass'));
    assert.ok(lines.includes('net = Net()'));
    const names = readOutline('a.ipynb', whole.text).definitions();
    assert.deepEqual(
      names.map(({ name }) => name),
      ['Net', 'Net.forward'],
    );
  });

  it('carries lines over and back', () => {
    const at = whole.text.split('\n').findIndex((line) => line.startsWith('class Net')) + 1;
    assert.deepEqual(cellAt(whole, at), { index: 2, line: 1 });
    assert.deepEqual(cellAt(whole, at + 2), { index: 2, line: 3 });
    assert.deepEqual(cellAt(whole, 1), { index: 1, line: 1 });
    for (const { index, before, lines } of whole.cells)
      for (let line = 1; line <= lines; line++)
        assert.deepEqual(cellAt(whole, before + line), { index, line });
  });

  it('is empty for a file of another form, and for another language', () => {
    assert.deepEqual(codeCells('{"cells": 3}'), []);
    assert.deepEqual(codeCells('not json'), []);
    assert.deepEqual(codeCells('[]'), []);
    const julia = {
      metadata: { kernelspec: { language: 'julia' } },
      cells: [{ cell_type: 'code', source: 'x' }],
    };
    assert.deepEqual(codeCells(JSON.stringify(julia)), []);
  });
});

describe('a model whose classes are in a notebook', () => {
  const FOLDER = 'test/fixtures/notebook';
  const whole = notebookText(codeCells(readFileSync(`${FOLDER}/analysis.ipynb`, 'utf8')));
  const lines = whole.text.split('\n');
  let skeleton: Skeleton;
  let table: LinkTable;
  before(async () => {
    const opened = await openLocal(`${FOLDER}/analysis.onnx`);
    await opened.source.close();
    ({ skeleton } = opened);
    table = await link(skeleton, rootOf({ 'analysis.ipynb': whole.text, 'other.ipynb': 'x = 1\n' }));
  });

  const textAt = (place: SourcePlace | undefined): string =>
    place === undefined ? '' : (lines[place.line - 1] ?? '').slice(place.column, place.endColumn);
  const linksOf = (op: string): readonly NodeLink[] =>
    table.links.filter(({ node }) => skeleton.nodes[node]?.op === op);

  it('leads to the cells, inferred and never exact', () => {
    assert.equal(table.counts.exact, 0);
    assert.equal(table.counts.none, 0);
    const norms = linksOf('LayerNormalization');
    assert.equal(norms.length, 3);
    for (const { call, definition } of norms) {
      assert.equal(call?.place.file, 'analysis.ipynb');
      assert.equal(textAt(call.place), 'self.norm(x)');
      assert.equal(textAt(definition?.place), 'nn.LayerNorm(width)');
      assert.match(call.evidence.join(), /found in a cell/);
    }
    assert.deepEqual(
      linksOf('Tanh').map(({ call }) => textAt(call?.place)),
      ['torch.tanh(self.embed(x))'],
    );
  });

  it('leads nowhere where two notebooks hold the same cells', async () => {
    const twice = await link(skeleton, rootOf({ 'a.ipynb': whole.text, 'b.ipynb': whole.text }));
    assert.equal(twice.counts.exact, 0);
    assert.ok(twice.links.every(({ call }) => call === null || call.confidence === 'inferred'));
  });
});
