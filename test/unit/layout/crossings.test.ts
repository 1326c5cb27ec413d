/** The crossing counter against counting every pair by hand. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countCrossings, type DrawnLines } from '../../../src/layout/crossings';

type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

function lines(segments: readonly Segment[], value = segments.map((_segment, index) => index)): DrawnLines {
  return {
    count: segments.length,
    value: Int32Array.from(value),
    tag: new Uint8Array(segments.length),
    offset: Int32Array.from({ length: segments.length + 1 }, (_unused, index) => 2 * index),
    points: Float32Array.from(segments.flat()),
  };
}

function byHand(segments: readonly Segment[]): number {
  const side = (o: readonly number[], p: readonly number[], q: readonly number[]): number =>
    Math.sign(
      ((p[0] ?? 0) - (o[0] ?? 0)) * ((q[1] ?? 0) - (o[1] ?? 0)) -
        ((p[1] ?? 0) - (o[1] ?? 0)) * ((q[0] ?? 0) - (o[0] ?? 0)),
    );
  let count = 0;
  segments.forEach(([a, b, c, d], i) => {
    for (const [e, f, g, h] of segments.slice(i + 1)) {
      const apart = side([a, b], [c, d], [e, f]) * side([a, b], [c, d], [g, h]);
      const other = side([e, f], [g, h], [a, b]) * side([e, f], [g, h], [c, d]);
      if (apart < 0 && other < 0) count++;
    }
  });
  return count;
}

describe('counting crossings', () => {
  it('agrees with counting every pair', () => {
    const at = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(fc.array(fc.tuple(at, at, at, at), { maxLength: 40 }), (segments) => {
        assert.equal(countCrossings(lines(segments)), byHand(segments));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('does not count lines that only meet', () => {
    assert.equal(
      countCrossings(
        lines([
          [0, 0, 10, 10],
          [10, 10, 20, 0],
        ]),
      ),
      0,
    );
    assert.equal(
      countCrossings(
        lines([
          [0, 0, 10, 10],
          [5, 5, 20, 5],
        ]),
      ),
      0,
    );
  });

  it('counts what two edges of one tensor share once', () => {
    const rail: Segment = [5, 0, 5, 100];
    const shorter: Segment = [5, 0, 5, 60];
    const across: Segment = [0, 20, 10, 30];
    assert.equal(countCrossings(lines([rail, shorter, across], [0, 0, 1])), 1);
    assert.equal(countCrossings(lines([rail, shorter, across], [0, 2, 1])), 2);
  });

  it('leaves tags out', () => {
    const crossed = lines([
      [0, 0, 10, 10],
      [0, 10, 10, 0],
    ]);
    assert.equal(countCrossings(crossed), 1);
    assert.equal(countCrossings({ ...crossed, tag: Uint8Array.from([1, 0]) }), 0);
  });
});
