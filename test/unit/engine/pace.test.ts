/** How many rows share a run: as many as their arithmetic allows, whatever the clock says, unless it says far too long. */
import assert from 'node:assert/strict';
import { nextTake, rowsFor, RUN_WORK } from '../../../src/engine/child/pace';

describe('the rows of a run', () => {
  it('follow from the work of one, as a power of two that stays below the bound', () => {
    for (const work of [1, 1e4, 3e6, 1.1e7, 1e9, 1.01e9, 3e9, 1e12]) {
      const rows = rowsFor(work);
      assert.ok(
        Number.isInteger(Math.log2(rows)) && rows >= 1 && rows <= 256,
        `${String(work)}: ${String(rows)}`,
      );
      if (rows > 1) assert.ok(rows * work <= RUN_WORK);
      if (rows < 256) assert.ok(2 * rows * work > RUN_WORK);
    }
  });

  it('are few where nobody knows what one takes', () => {
    assert.equal(rowsFor(null), 4);
  });

  it('stay, however fast or slow the machine is for a moment', () => {
    for (const took of [0.01, 3, 100, 199]) assert.equal(nextTake(64, 64, took, 64), 64);
    assert.equal(nextTake(64, 12, 190, 64), 64);
  });

  it('go down by halves where runs last far too long, and to no less than one', () => {
    assert.equal(nextTake(64, 52, 900, 64), 32);
    assert.equal(nextTake(64, 64, 900, 64), 32);
    assert.equal(nextTake(8, 9, 900, 64), 8);
    assert.equal(nextTake(1, 1, 5000, 64), 1);
  });

  it('come back once runs are quick again, up to what was wanted', () => {
    assert.equal(nextTake(16, 16, 40, 64), 32);
    assert.equal(nextTake(32, 32, 60, 64), 64);
    assert.equal(nextTake(64, 64, 80, 64), 64);
    // Neither slow nor quick, or less than was due: no word on it.
    assert.equal(nextTake(32, 32, 150, 64), 32);
    assert.equal(nextTake(32, 5, 20, 64), 32);
  });
});
