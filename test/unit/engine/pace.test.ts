/** How many examples share a run of a stream: as many as fit into 200 ms, and the same again and again. */
import assert from 'node:assert/strict';
import { nextTake } from '../../../src/engine/child/pace';

/** Rows of each run where a row takes `perRow` ms and every push holds `push` examples. */
function ride(perRow: number, push: number, pushes: number): number[] {
  const rows: number[] = [];
  let take = 4;
  for (let p = 0; p < pushes; p++)
    for (let left = push; left > 0;) {
      const together = Math.min(take, left);
      rows.push(together);
      take = nextTake(take, together, together * perRow);
      left -= together;
    }
  return rows;
}

describe('the pace of a stream', () => {
  it('settles on one size, and what is left of a push does not change it', () => {
    const rows = ride(0.7, 500, 6).slice(-8);
    assert.deepEqual(rows, [128, 128, 128, 116, 128, 128, 128, 116]);
  });

  it('keeps runs within 200 ms where a single row does, and takes rows one by one where it does not', () => {
    for (const perRow of [0.01, 0.3, 1, 7, 60, 199]) {
      const settled = ride(perRow, 1000, 3).slice(-20);
      assert.ok(Math.max(...settled) * perRow <= 200, `${String(perRow)} ms a row: ${settled.join(' ')}`);
    }
    assert.deepEqual(new Set(ride(500, 40, 2).slice(-10)), new Set([1]));
  });

  it('goes down by halves from a size that is no power of two', () => {
    assert.equal(nextTake(64, 52, 300), 32);
    assert.equal(nextTake(64, 64, 300), 32);
    assert.equal(nextTake(8, 9, 300), 8);
  });

  it('takes no more than 256', () => {
    assert.equal(Math.max(...ride(0.001, 5000, 2)), 256);
  });
});
