/** How the comparison panel's table arranges its rows and draws its bars. */
import assert from 'node:assert/strict';
import type { CompareRow, CompareTable } from '../../../src/contract/compareApi';
import { arranged, shareOf } from '../../../webview/compare/rows';

const row = (...cells: CompareRow['cells']): CompareRow => ({
  mark: 'same',
  cells,
  floor: null,
  target: null,
  hint: cells[0] === 'b' ? 'The shapes differ.' : '',
});

const table: CompareTable = {
  id: 'values',
  title: 'Values',
  columns: [
    { title: 'Value', kind: 'text' },
    { title: 'Relative error', kind: 'share' },
  ],
  rows: [row('a10', 0.5), row('a9', Infinity), row('b', null), row('c', 1e-7), row('d', NaN)],
  empty: '',
  control: '',
};

const names = (rows: readonly CompareRow[]): unknown[] => rows.map(({ cells }) => cells[0]);

describe("a comparison's table", () => {
  it('keeps the order of computing until it is sorted, and gives it back', () => {
    assert.deepEqual(names(arranged(table, '', { column: -1, descending: true })), [
      'a10',
      'a9',
      'b',
      'c',
      'd',
    ]);
    arranged(table, '', { column: 1, descending: true });
    assert.deepEqual(names(table.rows), ['a10', 'a9', 'b', 'c', 'd']);
  });

  it('puts what was not measured last, whichever way it is sorted', () => {
    assert.deepEqual(names(arranged(table, '', { column: 1, descending: true })), [
      'a9',
      'a10',
      'c',
      'b',
      'd',
    ]);
    assert.deepEqual(names(arranged(table, '', { column: 1, descending: false })), [
      'c',
      'a10',
      'a9',
      'b',
      'd',
    ]);
  });

  it('sorts names as people count', () => {
    assert.deepEqual(names(arranged(table, 'a', { column: 0, descending: false })).slice(0, 2), [
      'a9',
      'a10',
    ]);
  });

  it('filters by any cell, and by why something was not compared', () => {
    assert.deepEqual(names(arranged(table, ' A1', { column: -1, descending: true })), ['a10']);
    assert.deepEqual(names(arranged(table, 'shapes', { column: -1, descending: true })), ['b']);
  });

  it('draws errors on a logarithmic scale from one to a hundred-millionth', () => {
    assert.deepEqual([1, 10, Infinity, 1e-8, 1e-12, 0, NaN].map(shareOf), [1, 1, 1, 0, 0, 0, 0]);
    assert.ok(Math.abs(shareOf(1e-4) - 0.5) < 1e-12);
  });
});
