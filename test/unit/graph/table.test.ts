/** The table of nodes: the same numbers as on the graph, sorted and unitised as a person reads them. */
import assert from 'node:assert/strict';
import type { RunSnapshot } from '../../../src/contract/hostApi';
import { chosenKind, Columns } from '../../../webview/app/columns';
import { allRows, firstValues, sortRows, textOf } from '../../../webview/app/tableRows';
import { transformer } from '../../fixtures/layout/zoo';

const model = transformer(2, true);
const titles = { weights: 'Bytes of weights', time: 'Time per node' };
const run: RunSnapshot = {
  revision: 1,
  id: 'r',
  name: 'Run 1',
  overlays: [
    {
      kind: 'magnitude',
      title: 'Magnitude',
      unit: '',
      signed: false,
      byValue: Float32Array.from({ length: model.values.count }, (_unused, row) =>
        row % 7 === 0 ? Number.NaN : row,
      ),
      from: 0,
      to: 10,
      clipped: true,
    },
  ],
  types: [],
  notes: [],
};
const first = firstValues(model);
const text = (node: number, key: 'op' | 'name' | 'module' | 'type'): string =>
  textOf(model, first, null, node, key);

describe('the table of nodes', () => {
  it('shows a number for the node that makes the value', () => {
    const [column] = new Columns().of(model, run, null, titles);
    for (const node of allRows(model)) {
      const value = first[node] ?? -1;
      const shown = column?.overlay.byNode[node] ?? Number.NaN;
      if (value >= 0 && value % 7 !== 0) assert.equal(shown, value);
    }
  });

  it('keeps its columns while nothing changes, so that nothing is drawn anew', () => {
    const columns = new Columns();
    assert.equal(columns.of(model, run, null, titles), columns.of(model, run, null, { ...titles }));
    assert.notEqual(columns.of(model, run, null, titles), columns.of(model, { ...run }, null, titles));
  });

  it('states times in a unit that suits the slowest node, and adds modules up', () => {
    const byNode = new Float32Array(model.nodes.count).fill(Number.NaN);
    byNode[3] = 2500;
    byNode[4] = 500;
    const columns = new Columns().of(model, null, { revision: 1, byNode, total: 3000, elsewhere: 0 }, titles);
    const time = columns.find(({ kind }) => kind === 'time')?.overlay;
    assert.ok(time);
    assert.equal(time.unit, 'ms');
    assert.equal(time.byNode[3], 2.5);
    assert.equal(time.byNode[4], 0.5);
    assert.equal(time.combine, 'sum');
    assert.ok(Number.isNaN(time.byNode[5]));
  });

  it('sorts by a number either way, and puts what has none last', () => {
    const columns = new Columns().of(model, run, null, titles);
    const numbers = columns[0]?.overlay.byNode ?? new Float32Array();
    for (const down of [true, false]) {
      const sorted = [...sortRows(allRows(model), { key: 0, down }, columns, text)].map(
        (node) => numbers[node] ?? Number.NaN,
      );
      const known = sorted.filter((number) => !Number.isNaN(number));
      assert.ok(known.length > 10 && known.length < sorted.length);
      assert.deepEqual(known, sorted.slice(0, known.length));
      assert.deepEqual(
        known,
        [...known].sort((a, b) => (down ? b - a : a - b)),
      );
    }
  });

  it('sorts texts as people count, and keeps file order among equals', () => {
    const sorted = [...sortRows(allRows(model), { key: 'op', down: false }, [], text)];
    const ops = sorted.map((node) => text(node, 'op'));
    const named = ops.filter((op) => op !== '');
    assert.deepEqual(named, [...named].sort(new Intl.Collator(undefined, { numeric: true }).compare));
    sorted.forEach((node, at) => {
      if (at > 0 && ops[at] === ops[at - 1]) assert.ok(node > (sorted[at - 1] ?? 0));
    });
  });

  it('colours by the difference where two runs are compared, and by nothing a model has not got', () => {
    const columns = new Columns().of(model, run, null, titles);
    assert.equal(chosenKind('magnitude', columns), 'magnitude');
    assert.equal(chosenKind('difference', columns), 'magnitude');
    assert.equal(chosenKind('time', columns), null);
    assert.equal(chosenKind(null, columns), null);
  });
});
