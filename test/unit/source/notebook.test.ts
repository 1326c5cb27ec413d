/** A notebook as one file: cells in order, magics out of the way, lines carried over and back. */
import assert from 'node:assert/strict';
import { readOutline } from '../../../src/source/python/outline';
import { cellAt, codeCells, notebookText } from '../../../src/source/notebook';

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
