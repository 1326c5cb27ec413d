/** Streams take eight rows at a time where they can: what comes out is what one row at a time gives. */
import assert from 'node:assert/strict';
import { uniform } from '../../../src/data/random';
import { vectorised } from '../../../src/tensor/streaming/kernels';
import { Moments } from '../../../src/tensor/streaming/moments';
import { pieceOf, type Piece } from '../../../src/tensor/streaming/piece';
import { Top } from '../../../src/tensor/streaming/top';

const UNITS = 5;

/** Rows of units: ties, zeros of both signs, infinities and NaN among random numbers; the last unit is all NaN at first. */
function values(seed: number, rows: number): Float32Array {
  const random = uniform(seed);
  return Float32Array.from({ length: rows * UNITS }, (_, i) => {
    const [kind, row, unit] = [Math.floor(random() * 24), Math.floor(i / UNITS), i % UNITS];
    if (unit === UNITS - 1 && row < 9) return NaN;
    if (unit === 3) return [1e-30, 0, -0, Infinity, -Infinity, NaN][kind] ?? -1e-30;
    if (unit === 2) return Math.max(0, random() - 0.5);
    return unit === 1 ? Math.floor(random() * 4) : 1000 + random();
  });
}

/** Like `values`, over as many units as vectors need; the third in four has zeros as a ReLU leaves them. */
function many(seed: number, rows: number, units: number, rare: boolean): Float32Array {
  const random = uniform(seed);
  return Float32Array.from({ length: rows * units }, (_, i) => {
    const unit = i % units;
    if (rare && random() < 0.002)
      return [Infinity, -Infinity, NaN, -0, 1e38, -1e38][Math.floor(random() * 6)] ?? 0;
    if (unit % 4 === 3) return Math.floor(random() * 40) - 20;
    return unit % 4 === 2 ? Math.max(0, random() - 0.5) : (random() - 0.5) * 10 ** (unit % 7);
  });
}

describe('streams of rows', () => {
  it('run on vectors of the machine', () => {
    assert.ok(vectorised());
  });

  for (const [units, rare] of [
    [4, true],
    [12, false],
    [12, true],
    [1000, true],
    [40_000, true],
  ] as const)
    it(`give the same bits with vectors and without, for ${String(units)} units, ${rare ? 'some' : 'none'} not finite`, () => {
      const reducers = [true, false].map((vectors) => [
        new Moments(units, vectors),
        new Top(units, 3, false, vectors),
        new Top(units, 5, true, vectors),
      ]);
      let first = 0;
      for (const rows of units > 2000 ? [40, 19] : [3, 8, 640, 21, 300]) {
        const piece = pieceOf(many(first + units, rows * 2, units, rare), [rows, 2, units], 2, rows, first);
        for (const reducer of reducers.flat()) reducer.add(piece);
        first += rows;
      }
      const [fast, slow] = reducers.map((three) => three.map((reducer) => reducer.finish()));
      assert.deepEqual(fast, slow);
    });

  for (const rows of [1, 7, 8, 9, 16, 61])
    it(`give the same for ${String(rows)} rows together as one by one`, () => {
      const together = [new Moments(UNITS), new Top(UNITS, 6, false), new Top(UNITS, 6, true)] as const;
      const single = [new Moments(UNITS), new Top(UNITS, 6, false), new Top(UNITS, 6, true)] as const;
      for (let push = 0; push < 4; push++) {
        const all = values(rows * 10 + push, rows);
        const take = (numbers: Float32Array, examples: number, first: number): Piece =>
          pieceOf(numbers, [examples, UNITS], 1, examples, first);
        for (const reducer of together) reducer.add(take(all, rows, push * rows));
        for (let row = 0; row < rows; row++)
          for (const reducer of single)
            reducer.add(take(all.subarray(row * UNITS, (row + 1) * UNITS), 1, push * rows + row));
      }
      assert.deepEqual(together[1].finish(), single[1].finish());
      assert.deepEqual(together[2].finish(), single[2].finish());
      const [ours, theirs] = [together[0].finish(), single[0].finish()];
      for (const key of ['count', 'min', 'max', 'zeros', 'nonFinite'] as const)
        assert.deepEqual(ours[key], theirs[key], key);
      for (const key of ['mean', 'std'] as const)
        ours[key].forEach((number, unit) => {
          const other = theirs[key][unit] ?? NaN;
          const near = Math.abs(number - other) <= 1e-12 * Math.max(1e-3, Math.abs(other));
          assert.ok(
            Object.is(number, other) || near,
            `${key} of ${String(unit)}: ${String(number)} ${String(other)}`,
          );
        });
    });
});
