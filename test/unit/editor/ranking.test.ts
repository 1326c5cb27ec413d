import assert from 'node:assert/strict';
import { ranking } from '../../../src/editor/ranking';

const letter = (index: number): string => 'abc'[index] ?? '';

describe('ranked classes', () => {
  it('order by value and share by softmax', () => {
    const { entries, shareIs } = ranking(Float32Array.of(0, Math.log(3), -Infinity), letter, 2, 'softmax');
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['b', 'a'],
    );
    assert.ok(Math.abs((entries[0]?.share ?? 0) - 0.75) < 1e-6);
    assert.equal(shareIs, 'softmax');
  });

  it('take an output that already is a distribution as it is', () => {
    const { entries, shareIs } = ranking(Float32Array.of(0.25, 0.75), letter, 5, 'softmax');
    assert.equal(entries[0]?.share, 0.75);
    assert.equal(shareIs, '');
  });

  it('leave out NaN and keep ties in order', () => {
    const { entries } = ranking(Float32Array.of(Number.NaN, 1, 1), letter, 5, 'softmax');
    assert.deepEqual(
      entries.map(({ index }) => index),
      [1, 2],
    );
  });
});
